package web

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/evanw/esbuild/pkg/api"
)

// TestLogic runs the client's own tests (test/*.test.ts) with Node.
func TestLogic(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("there is no node here: make deps installs it")
	}
	files, err := filepath.Glob("test/*.test.ts")
	if err != nil || len(files) == 0 {
		t.Fatalf("no tests in test: %v", err)
	}
	out := t.TempDir()
	result := api.Build(api.BuildOptions{
		EntryPoints: files, Outdir: out, OutExtension: map[string]string{".js": ".mjs"}, Bundle: true, Write: true,
		Format: api.FormatESModule, Platform: api.PlatformNode, Target: api.ES2022, Charset: api.CharsetUTF8,
	})
	for _, fault := range result.Errors {
		t.Errorf("%v: %s", fault.Location, fault.Text)
	}
	built, _ := filepath.Glob(filepath.Join(out, "*.mjs"))
	if text, err := exec.Command(node, append([]string{"--test"}, built...)...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
}

// TestTypes checks the types of all TypeScript.
func TestTypes(t *testing.T) {
	compiler := "node_modules/.bin/tsc"
	if _, err := exec.LookPath(compiler); err != nil {
		t.Skip("there is no TypeScript here: make deps installs it")
	}
	if text, err := exec.Command(compiler, "--noEmit", "-p", ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
}
