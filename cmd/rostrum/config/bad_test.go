package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// written is a configuration file with a text.
func written(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rostrum.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// lines are what an error says but its first line, without the folder of the file.
func lines(t *testing.T, err error, file string) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	var all *Error
	if !errors.As(err, &all) {
		t.Fatalf("%T: %v", err, err)
	}
	text := err.Error()
	if file != "" {
		text = strings.ReplaceAll(text, file, filepath.Base(file))
	}
	_, rest, _ := strings.Cut(text, "\n")
	return strings.Split(rest, "\n")
}

func same(t *testing.T, got, want []string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("says\n\t%s\nnot\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

func TestBadFiles(t *testing.T) {
	for _, c := range []struct {
		name, file string
		want       []string
	}{
		{"an address without colon", "listen:\n  http: 80\n", []string{`rostrum.yaml:2: listen.http: wants host:port, like ":8080", not "80"`}},
		{"a port too high", "listen: {http: ':70000'}", []string{`rostrum.yaml:1: listen.http: wants host:port, like ":8080", with a port from 0 to 65535, not ":70000"`}},
		{"a port below 0", "listen: {media: -1}", []string{`rostrum.yaml:1: listen.media: wants a port from 0 to 65535, not "-1"`}},
		{"a port with a name", "listen: {media: http}", []string{`rostrum.yaml:1: listen.media: wants a port from 0 to 65535, not "http"`}},
		{"a peer without host", "peers: {room: [':7001']}", []string{`rostrum.yaml:1: peers.room: wants host:port, like "10.0.0.7:7010", not ":7001"`}},
		{"a peer on port 0", "peers: {room: ['a:0']}", []string{`rostrum.yaml:1: peers.room: wants host:port, like "10.0.0.7:7010", with a port from 1 to 65535, not "a:0"`}},
		{"a peer that is a URL", "peers: {room: ['http://a:1']}", []string{`rostrum.yaml:1: peers.room: wants host:port, like "10.0.0.7:7010", not "http://a:1"`}},
		{"a peer twice", "peers: {room: ['a:1', 'a:1']}", []string{`rostrum.yaml:1: peers.room: wants each value once, not "a:1 twice"`}},
		{"one where many belong", "redis:\n  addresses: redis:6379\n", []string{`rostrum.yaml:2: redis.addresses: wants a list, like ["127.0.0.1:6379"], not a value`}},
		{"many where one belongs", "region: [a, b]", []string{`rostrum.yaml:1: region: wants one value, not a list`}},
		{"keys where one value belongs", "region: {a: b}", []string{`rostrum.yaml:1: region: wants one value, not keys`}},
		{"keys in a list", "redis: {addresses: [{a: b}]}", []string{`rostrum.yaml:1: redis.addresses: wants one value, not keys`}},
		{"a value where keys belong", "log: info", []string{`rostrum.yaml:1: log: wants keys with values beneath it, one a line, not a value`}},
		{"no value", "region:\nlog:\n  level: ~\n", []string{
			`rostrum.yaml:1: region: has no value; leave the line out, or write "" for none`,
			`rostrum.yaml:3: log.level: has no value; leave the line out, or write "" for none`,
		}},
		{"an empty value that has a default", "region: ''", []string{`rostrum.yaml:1: region: wants 1 to 32 of a-z, 0-9 and -, not ""`}},
		{"a label in capitals", "node: SFU-1", []string{`rostrum.yaml:1: node: wants 1 to 32 of a-z, 0-9 and -, not "SFU-1"`}},
		{"a word that is none of a few", "log: {level: loud, format: xml}\nstore: mysql\n", []string{
			`rostrum.yaml:1: log.level: wants debug, info, warn or error, not "loud"`,
			`rostrum.yaml:1: log.format: wants text or json, not "xml"`,
			`rostrum.yaml:2: store: wants dynamo or bolt, not "mysql"`,
		}},
		{"another way to hold", "redis: {holding: twice}", []string{`rostrum.yaml:1: redis.holding: wants replica, disk or once, not "twice"`}},
		{"yes for true", "redis: {tls: yes}", []string{`rostrum.yaml:1: redis.tls: wants true or false, not "yes"`}},
		{"a share above the whole", "traces: {sample: 1.5}", []string{`rostrum.yaml:1: traces.sample: wants a number from 0 to 1, not "1.5"`}},
		{"a share that is no number", "traces: {sample: .nan}", []string{`rostrum.yaml:1: traces.sample: wants a number from 0 to 1, not ".nan"`}},
		{"a limit below 0", "limits: {rooms: -5}", []string{`rostrum.yaml:1: limits.rooms: wants a number from 0 to 10000000, not "-5"`}},
		{"a limit beyond numbers", "limits: {rooms: 99999999999999999999}", []string{`rostrum.yaml:1: limits.rooms: wants a number from 0 to 10000000, not "99999999999999999999"`}},
		{"a URL with a path", "public_url: https://a/b", []string{`rostrum.yaml:1: public_url: wants scheme and host, like "https://edge-1.example.org", not "https://a/b"`}},
		{"a URL of another scheme", "public_url: ftp://a", []string{`rostrum.yaml:1: public_url: wants scheme and host, like "https://edge-1.example.org", not "ftp://a"`}},
		{"a URL with a port too high", "public_url: https://a:99999", []string{`rostrum.yaml:1: public_url: wants scheme and host, like "https://edge-1.example.org", not "https://a:99999"`}},
		{"a URL with somebody in it", "profiles: {pyroscope: 'http://me:secret@a'}", []string{`rostrum.yaml:1: profiles.pyroscope: wants a URL without user and query, like "http://pyroscope:4040", not "http://***@a"`}},
		{"an address that is a name", "advertise: {media: [example.org]}", []string{`rostrum.yaml:1: advertise.media: wants an IP address, like "203.0.113.7", not "example.org"`}},
		{"a prefix that tables cannot have", "dynamo: {prefix: 'a b'}", []string{`rostrum.yaml:1: dynamo.prefix: wants at most 64 of a-z, A-Z, 0-9, _, . and -, not "a b"`}},
		{"a secret that is not repeated", "redis:\n  password: |\n    hunter2\n    hunter3\n", []string{`rostrum.yaml:2: redis.password: wants one line of at most 4096 bytes`}},
		{"a long value", "region: " + strings.Repeat("a", 100), []string{`rostrum.yaml:1: region: wants 1 to 32 of a-z, 0-9 and -, not "` + strings.Repeat("a", 64) + `"…`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := written(t, c.file)
			_, err := Load(Source{File: path}, nil)
			same(t, lines(t, err, path), c.want)
		})
	}
}

func TestFilesThatAreNoConfiguration(t *testing.T) {
	for _, c := range []struct {
		name, file string
		want       []string
	}{
		{"unknown keys", "regoin: a\nlisen: {http: ':1'}\nlisten:\n  htpp: ':1'\n  telnet: ':23'\nhttp: ':1'\nlevel: info\n<<: {}\n", []string{
			`rostrum.yaml:1: unknown key "regoin"; did you mean "region"?`,
			`rostrum.yaml:2: unknown key "lisen"; did you mean "listen"?`,
			`rostrum.yaml:4: unknown key "listen.htpp"; did you mean "listen.http"?`,
			`rostrum.yaml:5: unknown key "listen.telnet"; ` + whereAll,
			`rostrum.yaml:6: unknown key "http"; did you mean "listen.http"?`,
			`rostrum.yaml:7: unknown key "level"; did you mean "log.level"?`,
			`rostrum.yaml:8: unknown key "<<"; ` + whereAll,
		}},
		{"keys and sections twice", "region: a\nlog: {level: info}\nregion: b\nlog: {format: text}\nlog.level: warn\n", []string{
			`rostrum.yaml:3: region: is given twice, first in line 1`,
			`rostrum.yaml:4: log: is given twice, first in line 2`,
			`rostrum.yaml:5: log.level: is given twice, first in line 2`,
		}},
		{"an alias", "node: &a x\nregion: *a\nredis: *a\n", []string{
			`rostrum.yaml:2: region: wants one value, not an alias`,
			`rostrum.yaml:3: redis: wants keys with values beneath it, one a line, not an alias`,
		}},
		{"a tag", "region: !env HOME\nnode: !!binary aGk=\n", []string{
			`rostrum.yaml:1: region: has the tag "!env", which means nothing here`,
			`rostrum.yaml:2: node: has the tag "!!binary", which means nothing here`,
		}},
		{"a list", "- a\n- b\n", []string{`rostrum.yaml:1: wants keys with values beneath it, one a line, not a list`}},
		{"a word", "hello", []string{`rostrum.yaml:1: wants keys with values beneath it, one a line, not a value`}},
		{"a key that is a list", "? [a]\n: b\n", []string{`rostrum.yaml:1: wants a name before the colon`}},
		{"a second document", "region: a\n---\nregion: b\n", []string{`rostrum.yaml:2: a second document begins here; one file is one configuration`}},
		{"no YAML", "region: a\nlog: [\n", []string{`rostrum.yaml:2: is not YAML: did not find expected node content`}},
		{"an alias of nothing", "region: *" + strings.Repeat("a", 5000), []string{`rostrum.yaml: is not YAML: unknown anchor '` + strings.Repeat("a", 200-len("unknown anchor '"))}},
		{"bytes", "region: \xff\xfe\n", []string{`rostrum.yaml: is not YAML: invalid leading UTF-8 octet`}},
		{"too much", strings.Repeat("#", largestFile+1), []string{`rostrum.yaml: is larger than 1048576 bytes`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := written(t, c.file)
			_, err := Load(Source{File: path}, nil)
			same(t, lines(t, err, path), c.want)
		})
	}
}

func TestFileThatIsNotThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rostrum.yaml")
	_, err := Load(Source{File: path, Set: []string{"region=B"}}, []string{Edge}) // what the file might say is not missed
	same(t, lines(t, err, path), []string{
		"rostrum.yaml: cannot be read: no such file or directory",
		`--set region: wants 1 to 32 of a-z, 0-9 and -, not "B"`,
	})
}

func TestEmptyFilesSayNothing(t *testing.T) {
	for _, text := range []string{"", "# nothing\n", "---\n", "listen:\n  # http: x\nredis:\n"} {
		if _, err := Load(Source{File: written(t, text)}, nil); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestFiveErrorsAreFive(t *testing.T) {
	path := written(t, "region: eu west\nlisten:\n  sfu: 7010\n  operator: ':7090'\npeers:\n  signaling: ['signaling-1:7003']\nlog: {lvel: info}\n")
	_, err := Load(Source{File: path, Environ: []string{"ROSTRUM_LISTEN_MEDIA=udp"}}, []string{SFU})
	if first, _, _ := strings.Cut(err.Error(), "\n"); first != "the configuration has 5 errors:" {
		t.Errorf("begins with %q", first)
	}
	same(t, lines(t, err, path), []string{
		`rostrum.yaml:1: region: wants 1 to 32 of a-z, 0-9 and -, not "eu west"`,
		`rostrum.yaml:3: listen.sfu: wants host:port, like ":8080", not "7010"`,
		`rostrum.yaml:5: peers.listenerstate is needed by sfu, like ["stage-1:7002"]`,
		`rostrum.yaml:7: unknown key "log.lvel"; did you mean "log.level"?`,
		`environment ROSTRUM_LISTEN_MEDIA: wants a port from 0 to 65535, not "udp"`,
	})
}

func TestManyErrorsAreBounded(t *testing.T) {
	_, err := Load(Source{File: written(t, "region: a\n"+strings.Repeat("region: b\n", 5000))}, nil)
	var all *Error
	if !errors.As(err, &all) || len(all.Problems) != problemsShown || all.More != 4900 {
		t.Fatalf("%v", err)
	}
	if text := err.Error(); !strings.HasPrefix(text, "the configuration has 5000 errors:\n") || !strings.HasSuffix(text, "\nand 4900 more") {
		t.Errorf("says %.80q", text)
	}
}
