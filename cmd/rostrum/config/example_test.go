package config

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// run runs `rostrum config` with arguments.
func run(t *testing.T, arguments ...string) (string, error) {
	t.Helper()
	t.Setenv("ROSTRUM_CONFIG", "")
	var out strings.Builder
	v := Verbs{Out: &out}
	parser, err := kong.New(&v, kong.Exit(func(int) { t.Error("the parser exits") }))
	if err != nil {
		t.Fatal(err)
	}
	line, err := parser.Parse(arguments)
	if err != nil {
		t.Fatal(err)
	}
	err = line.Run()
	return out.String(), err
}

func TestTheExamplePassesTheCheck(t *testing.T) {
	keysFile := filepath.Join(t.TempDir(), "keys.json")
	put(t, keysFile, 0o600, []byte("{}"))
	whole, err := run(t, "example")
	if err != nil {
		t.Fatal(err)
	}
	path := written(t, whole)
	for _, roles := range append([]string{strings.Join(Roles(), ","), "sfu,edge"}, Roles()...) {
		own, err := run(t, "example", roles)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range []string{path, written(t, own)} {
			for _, more := range [][]string{{"--no-files"}, {"--set", "keys.file=" + keysFile}} {
				if said, err := run(t, append([]string{"check", "--config", file, roles}, more...)...); err != nil || said != "ok\n" {
					t.Errorf("%s: %q, %v", roles, said, err)
				}
			}
		}
	}
}

func TestTheExampleSaysTheDefaults(t *testing.T) {
	text, err := run(t, "example")
	if err != nil {
		t.Fatal(err)
	}
	c, err := Load(Source{File: written(t, text), NoFiles: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := presets()
	for _, k := range keys {
		if k.sample != "" {
			k.value.put(&want, k.split(k.sample), true)
		}
	}
	want.Node = c.Node // made from the host's name
	if !reflect.DeepEqual(c, want) {
		t.Errorf("%+v\nnot\n%+v", c, want)
	}
	for _, k := range keys {
		if !strings.Contains(text, strings.TrimPrefix(k.name, k.section()+".")+": ") {
			t.Errorf("%s is not in it", k.name)
		}
	}
}

func TestTheExampleOfARoleHasWhatItUses(t *testing.T) {
	text, err := run(t, "example", "account")
	if err != nil {
		t.Fatal(err)
	}
	for part, there := range map[string]bool{"dynamo:": true, "  account: \":7004\"": true, "redis:": false, "peers:": false, "  http:": false} {
		if strings.Contains(text, "\n"+part) != there {
			t.Errorf("%q: %v", part, !there)
		}
	}
}

func TestCheckSaysAll(t *testing.T) {
	path := written(t, "listen: {http: 80}\nredis: {pasword: x}\n")
	said, err := run(t, "check", "--config", path, "--set", "region=A,B", "edge")
	if said != "" {
		t.Errorf("says %q", said)
	}
	same(t, lines(t, err, path), []string{
		`rostrum.yaml: public_url is needed by edge, like "https://rooms.example.org"`,
		`rostrum.yaml: peers.signaling is needed by edge, like ["signaling-1:7003"]`,
		`rostrum.yaml:1: listen.http: wants host:port, like ":8080", not "80"`,
		`rostrum.yaml:2: unknown key "redis.pasword"; did you mean "redis.password"?`,
		`--set region: wants 1 to 32 of a-z, 0-9 and -, not "A,B"`,
	})
	if _, err := run(t, "example", "nobody"); err == nil {
		t.Error("an example for a role that is none")
	}
}

func TestPrintIsAConfigurationAgain(t *testing.T) {
	path := written(t, "node: a\nredis:\n  addresses: ['a:1', 'b:2']\n  cluster: true\n  username: 'null'\n  password: hunter2\nadvertise: {media: ['2001:db8::1']}\n")
	t.Setenv("ROSTRUM_LOG_LEVEL", "warn")
	said, err := run(t, "print", "--config", path, "--set", "dynamo.prefix=my-")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		`node: a                                          # ` + path + `:1`, `redis.password: "***"                            # ` + path + `:6`,
		`log.level: warn                                  # environment ROSTRUM_LOG_LEVEL`,
		`dynamo.prefix: my-                               # --set dynamo.prefix`, `listen.http: ":8080"                             # default`,
		`redis.addresses: ["a:1", "b:2"]                  # ` + path + `:3`, `dynamo.secret_key: ""                            # default`,
	} {
		if !strings.Contains("\n"+said, "\n"+line+"\n") {
			t.Errorf("without %q:\n%s", line, said)
		}
	}
	if strings.Contains(said, "hunter2") {
		t.Error("prints a secret")
	}
	again, err := Load(Source{File: written(t, said)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	first, err := Load(Source{File: path, Environ: []string{"ROSTRUM_LOG_LEVEL=warn"}, Set: []string{"dynamo.prefix=my-", "redis.password=***"}}, nil)
	if err != nil || !reflect.DeepEqual(again, first) {
		t.Errorf("%+v\nnot\n%+v, %v", again, first, err)
	}
	if said, err = run(t, "print", "--config", path, "edge"); err == nil {
		t.Errorf("prints what is wrong: %s", said)
	}
}
