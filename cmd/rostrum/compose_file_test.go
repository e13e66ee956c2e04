package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// composeFile is what compose.yaml says. What it does not have is a mistake in the file, or is to be added and looked at here.
type composeFile struct {
	Name     string                    `yaml:"name"`
	Services map[string]composeService `yaml:"services"`
	Volumes  map[string]any            `yaml:"volumes"`
	More     map[string]any            `yaml:",inline"` // x-…
}

type composeService struct {
	Image       string            `yaml:"image"`
	Build       string            `yaml:"build"`
	Command     []string          `yaml:"command"`
	User        string            `yaml:"user"`
	Environment map[string]string `yaml:"environment"`
	Volumes     []composeVolume   `yaml:"volumes"`
	Ports       []string          `yaml:"ports"`
	Restart     string            `yaml:"restart"`
	ReadOnly    bool              `yaml:"read_only"`
	Tmpfs       []string          `yaml:"tmpfs"`
	CapDrop     []string          `yaml:"cap_drop"`
	Security    []string          `yaml:"security_opt"`
	Ulimits     map[string]int    `yaml:"ulimits"`
	Grace       string            `yaml:"stop_grace_period"`
	DependsOn   map[string]struct {
		Condition string `yaml:"condition"`
	} `yaml:"depends_on"`
	Healthcheck struct {
		Test     []string `yaml:"test"`
		Interval string   `yaml:"interval"`
		Timeout  string   `yaml:"timeout"`
		Start    string   `yaml:"start_period"`
	} `yaml:"healthcheck"`
}

type composeVolume struct {
	Type     string `yaml:"type"`
	Source   string `yaml:"source"`
	Target   string `yaml:"target"`
	ReadOnly bool   `yaml:"read_only"`
	Volume   struct {
		Subpath string `yaml:"subpath"`
		NoCopy  bool   `yaml:"nocopy"`
	} `yaml:"volume"`
}

// UnmarshalYAML reads the short form too, SOURCE:TARGET.
func (v *composeVolume) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		v.Source, v.Target, _ = strings.Cut(node.Value, ":")
		return nil
	}
	type long composeVolume
	return node.Decode((*long)(v))
}

// variable is ${NAME:-default}.
var variable = regexp.MustCompile(`\$\{([A-Z_]+):-([^}]*)\}`)

func readCompose(t *testing.T, given map[string]string) composeFile {
	t.Helper()
	text, err := os.ReadFile("../../compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text = variable.ReplaceAllFunc(text, func(use []byte) []byte {
		parts := variable.FindSubmatch(use)
		if value, ok := given[string(parts[1])]; ok {
			return []byte(value)
		}
		return parts[2]
	})
	var file composeFile
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&file); err != nil {
		t.Fatal(err)
	}
	for name := range file.More {
		if !strings.HasPrefix(name, "x-") {
			t.Errorf("compose.yaml: unknown key %q", name)
		}
	}
	return file
}

// ours are the services that run the image, in order.
func (f composeFile) ours() (names []string) {
	for _, name := range slices.Sorted(maps.Keys(f.Services)) {
		if f.Services[name].Image == "rostrum" {
			names = append(names, name)
		}
	}
	return names
}

// environ is a service's environment as a process has it.
func (s composeService) environ() (all []string) {
	for _, name := range slices.Sorted(maps.Keys(s.Environment)) {
		all = append(all, name+"="+s.Environment[name])
	}
	return all
}

// published is a port of the machine that leads to one of a container.
type published struct{ host, outside, inside, protocol string }

func (s composeService) published(t *testing.T) (all []published) {
	t.Helper()
	for _, text := range s.Ports {
		ports, protocol, found := strings.Cut(text, "/")
		if !found {
			protocol = "tcp"
		}
		parts := strings.Split(ports, ":")
		if len(parts) != 3 {
			t.Fatalf("the port %q is not ADDRESS:PORT:PORT: it would be open to everybody", text)
		}
		all = append(all, published{parts[0], parts[1], parts[2], protocol})
	}
	return all
}

func (p published) String() string {
	return fmt.Sprintf("%s:%s:%s/%s", p.host, p.outside, p.inside, p.protocol)
}
