// Package lint owns the project's rules about who may import whom, and checks them.
package lint

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const module = "rostrum/"

// layers says, for every part of the tree, which parts of the module it may import. The first prefix that fits counts.
var layers = []struct {
	part string
	may  []string
}{
	{"cmd/rostrum/app", []string{"cmd/rostrum", "services", "mediaedge", "mobile-api", "client", "web", "internal", "proto"}},
	{"cmd/rostrum/demo", []string{"client", "internal/id", "mediaedge/ogg"}},
	{"cmd/rostrum/load", []string{"cmd/rostrum/report", "cmd/rostrum/demo", "client", "internal/id", "proto"}},
	{"cmd/rostrum/report", nil},
	{"cmd/rostrum", []string{"cmd/rostrum", "client", "internal"}},
	{"services/room", []string{"services/room", "internal", "proto"}},
	{"services/listenerstate", []string{"services/listenerstate", "internal", "proto"}},
	{"services/signaling", []string{"services/signaling", "internal", "proto"}},
	{"services/account", []string{"services/account", "internal", "proto"}},
	{"mediaedge/audio", []string{"proto", "internal/id", "internal/fault"}},
	{"mediaedge/jitter", []string{"mediaedge/audio"}},
	{"mediaedge/red", nil},
	{"mediaedge/ogg", []string{"mediaedge/audio", "internal/fault"}},
	{"mediaedge/mix", []string{"mediaedge/mix", "mediaedge/audio"}},
	{"mediaedge", []string{"mediaedge", "internal", "proto"}},
	{"mobile-api", []string{"mobile-api", "internal", "proto"}},
	{"client", []string{"client", "internal/id", "proto"}},
	{"web", []string{"web"}},
	{"internal", []string{"internal", "proto"}},
	{"proto", []string{"proto"}},
	{"test", []string{"test", "cmd/rostrum/report", "client", "internal", "mediaedge", "mobile-api", "services", "proto", "web"}},
}

// only names packages that may be imported in a few places.
var only = map[string][]string{
	"github.com/pion/webrtc/v4":      {"mediaedge/sfu", "client/speaker"},
	"github.com/hraban/opus":         {"mediaedge/mix", "test", "cmd/rostrum/demo", "cmd/rostrum/load"},
	"github.com/gorilla/websocket":   {"mediaedge/edge", "mobile-api", "client", "test", "web", "cmd/rostrum/load"},
	"github.com/redis/go-redis/v9":   {"services", "internal", "cmd/rostrum/app", "test"},
	"github.com/aws/aws-sdk-go-v2":   {"internal/dynamo", "services", "cmd/rostrum/app"},
	"github.com/alicebob/miniredis/": {"cmd/rostrum/app"},
}

// domain are the folders whose files hold rules: all but the named ones import neither wire nor store.
var domain = []string{"services/room", "services/listenerstate", "services/signaling", "services/account"}

// forbiddenInDomain are what a rule must not know.
var forbiddenInDomain = []string{
	"context", "google.golang.org/grpc", "google.golang.org/protobuf", "rostrum/proto/", "github.com/redis/", "github.com/aws/", "go.etcd.io/",
}

// Check answers a sentence for every import below root that breaks a rule, in order of file.
func Check(root string) ([]string, error) {
	var wrong []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (strings.HasPrefix(entry.Name(), ".") && path != root || entry.Name() == "node_modules") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return fmt.Errorf("parse %s: %w", path, err)
		}
		file, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		for _, spec := range parsed.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if reason := judge(filepath.ToSlash(file), imported); reason != "" {
				wrong = append(wrong, fmt.Sprintf("%s imports %s: %s", filepath.ToSlash(file), imported, reason))
			}
		}
		return nil
	})
	return wrong, err
}

// judge answers why a file may not import a package, or "".
func judge(file, imported string) string {
	folder, name, _ := cutLast(file)
	isTest := strings.HasSuffix(name, "_test.go")
	for prefix, places := range only {
		if strings.HasPrefix(imported, prefix) && !isTest && !within(folder, places) {
			return "only " + strings.Join(places, ", ") + " may"
		}
	}
	if !isTest && isDomain(folder, name) {
		for _, prefix := range forbiddenInDomain {
			if imported == prefix || strings.HasPrefix(imported, prefix) && prefix != "context" {
				return "a file of rules knows no wire, store or context; service.go, server.go, store.go, convert*.go, watch.go and *_loop.go do"
			}
		}
	}
	target, ours := strings.CutPrefix(imported, module)
	if !ours || isTest && strings.HasPrefix(target, "internal/") {
		return ""
	}
	for _, layer := range layers {
		if !within(folder, []string{layer.part}) {
			continue
		}
		if isTest && within(target, testsMayImport(folder)) || within(target, layer.may) {
			return ""
		}
		return layer.part + " may import only " + list(layer.may)
	}
	return "the folder has no place among the layers of internal/lint"
}

// testsMayImport are what tests of a folder may import beyond their layer: media tests drive whole paths, the SFU's
// tests speak with the real client, the load test's load the real system.
func testsMayImport(folder string) []string {
	if within(folder, []string{"mediaedge"}) {
		return []string{"mediaedge", "client"}
	}
	if within(folder, []string{"client"}) {
		return []string{"mediaedge"}
	}
	if within(folder, []string{"cmd/rostrum/load"}) {
		return []string{"cmd/rostrum/app"}
	}
	return nil
}

func isDomain(folder, name string) bool {
	if !slices.Contains(domain, folder) {
		return false
	}
	return !slices.Contains([]string{"service.go", "server.go", "store.go", "watch.go"}, name) && !strings.HasPrefix(name, "convert") &&
		!strings.HasSuffix(name, "_loop.go")
}

func within(path string, parts []string) bool {
	return slices.ContainsFunc(parts, func(part string) bool { return path == part || strings.HasPrefix(path, part+"/") })
}

func cutLast(file string) (folder, name string, found bool) {
	i := strings.LastIndexByte(file, '/')
	if i < 0 {
		return "", file, false
	}
	return file[:i], file[i+1:], true
}

func list(parts []string) string {
	if len(parts) == 0 {
		return "the standard library"
	}
	return strings.Join(parts, ", ")
}
