package setup

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"rostrum/cmd/rostrum/config"
	"rostrum/internal/authority"
)

// run runs `rostrum setup nodes` and answers what it says.
func run(t *testing.T, arguments ...string) (string, error) {
	t.Helper()
	var out strings.Builder
	v := Verbs{Out: &out}
	parser, err := kong.New(&v, kong.Bind(&v))
	if err != nil {
		t.Fatal(err)
	}
	line, err := parser.Parse(append([]string{"nodes"}, arguments...))
	if err != nil {
		t.Fatal(err)
	}
	err = line.Run(&v)
	return out.String(), err
}

// tree are the files below a folder, and what they hold.
func tree(t *testing.T, folder string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		state, err := entry.Info()
		if err != nil {
			return err
		}
		if secret := filepath.Base(path) != authorityFile; secret && state.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", path, state.Mode())
		}
		text, err := os.ReadFile(path)
		name, _ := filepath.Rel(folder, path)
		all[filepath.ToSlash(name)] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestEachNodeIsGivenWhatItsRolesUse(t *testing.T) {
	folder := t.TempDir()
	said, err := run(t, folder, "signaling=signaling", "sfu-1=sfu", "home=room,account", "edge-1=edge")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(said, "en_") {
		t.Errorf("a secret is said: %s", said)
	}
	want := []string{
		"authority/authority.key", "authority/authority.pem", "edge-1/node.pem", "home/keys.json", "home/node.pem", "keys.json", "sfu-1/node.pem",
		"signaling/authority.key", "signaling/authority.pem", "signaling/keys.json", "signaling/node.pem",
	}
	var got []string
	for name := range tree(t, folder) {
		got = append(got, name)
	}
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Errorf("made %q, not %q", got, want)
	}
	for role, set := range map[string][]string{
		"signaling": {"keys.file=keys.json", "keys.authority=authority.pem", "keys.authority_key=authority.key", "redis.addresses=a:1", "peers.listenerstate=a:1"},
		"sfu-1=sfu": {"peers.signaling=a:1", "peers.listenerstate=a:1"},
	} {
		name, role, found := strings.Cut(role, "=")
		if !found {
			role = name
		}
		t.Chdir(filepath.Join(folder, name))
		source := config.Source{Set: append(set, "keys.certificate=node.pem", "keys.private_key=node.pem")}
		if _, err := config.Load(source, []string{role}); err != nil {
			t.Errorf("a process cannot start with the folder of %s: %v", name, err)
		}
	}
}

func TestWhatIsThereIsKept(t *testing.T) {
	folder := t.TempDir()
	nodes := []string{"room=room", "edge-1=edge"}
	if _, err := run(t, append([]string{folder}, nodes...)...); err != nil {
		t.Fatal(err)
	}
	before := tree(t, folder)
	said, err := run(t, append([]string{folder, "sfu-1=sfu"}, nodes...)...)
	if err != nil || strings.Count(said, "\n") != 1 || !strings.HasPrefix(said, "sfu-1: ") {
		t.Errorf("%q, %v", said, err)
	}
	after := tree(t, folder)
	for name, text := range before {
		if after[name] != text {
			t.Errorf("%s was made anew", name)
		}
	}
	if _, err := run(t, folder, "room=room,account", "edge-1=edge"); err != nil {
		t.Fatal(err)
	}
	other := tree(t, folder)
	if other["room/node.pem"] == before["room/node.pem"] || other["edge-1/node.pem"] != before["edge-1/node.pem"] {
		t.Error("of a node whose roles changed, and one whose did not, the wrong one has another certificate")
	}
}

func TestRotatedKeysAreGivenToWhoeverUsesThem(t *testing.T) {
	folder := t.TempDir()
	nodes := []string{folder, "room=room", "edge-1=edge"}
	if _, err := run(t, nodes...); err != nil {
		t.Fatal(err)
	}
	before := tree(t, folder)
	if _, err := ask(t, "keys", filepath.Join(folder, secretsFile), "--rotate"); err != nil {
		t.Fatal(err)
	}
	if _, err := run(t, nodes...); err != nil {
		t.Fatal(err)
	}
	after := tree(t, folder)
	for name, text := range after {
		if rotated := filepath.Base(name) == secretsFile; rotated == (before[name] == text) {
			t.Errorf("%s: rotated %v, the file was left alone: %v", name, rotated, before[name] == text)
		}
	}
	if after["room/keys.json"] != after["keys.json"] || after["edge-1/keys.json"] != "" {
		t.Error("the keys did not go to those who use them")
	}
}

func TestACertificateIsReplacedInTheLastThirdOfItsLife(t *testing.T) {
	folder, now := t.TempDir(), time.Now()
	signer, err := authority.New(now)
	if err != nil {
		t.Fatal(err)
	}
	other, err := authority.New(now)
	if err != nil {
		t.Fatal(err)
	}
	node := authority.Node{Name: "sfu-1", Roles: []authority.Role{authority.SFU}}
	path := filepath.Join(folder, nodeFile)
	for _, c := range []struct {
		what   string
		signer *authority.Authority
		at     time.Time
		made   bool
	}{
		{"none yet", signer, now, true},
		{"made just now", signer, now, false},
		{"31 days left", signer, now.AddDate(0, 0, 59), false},
		{"29 days left", signer, now.AddDate(0, 0, 61), true},
		{"another cluster's", other, now.AddDate(0, 0, 61), true},
	} {
		var out strings.Builder
		if err := certify(&Verbs{Out: &out}, c.signer, node, folder, c.at); err != nil {
			t.Fatalf("%s: %v", c.what, err)
		}
		if made := out.Len() > 0; made != c.made {
			t.Errorf("%s: made anew: %v", c.what, made)
		}
	}
	if err := os.WriteFile(path, []byte("half a file"), 0o600); err != nil {
		t.Fatal(err)
	}
	if keeps(path, other.Cluster(), node, now) {
		t.Error("half a file is kept")
	}
}

func TestBadNodes(t *testing.T) {
	for argument, want := range map[string]string{
		"sfu-1":           `"sfu-1" is not NAME=ROLE`,
		"sfu_1=sfu":       `"sfu_1=sfu": `,
		"../x=sfu":        `"../x=sfu": `,
		"sfu-1=":          `"sfu-1=": "" is no role; the roles are room, `,
		"sfu-1=sfu,judge": `"sfu-1=sfu,judge": "judge" is no role`,
		"room=account":    `"room=account": the name is taken`,
		"authority=sfu":   `"authority=sfu": the name is taken`,
	} {
		folder := filepath.Join(t.TempDir(), "nodes")
		if _, err := run(t, folder, "room=room", argument); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v", argument, err)
		}
		if _, err := os.Stat(folder); err == nil {
			t.Errorf("%s: something was made all the same", argument)
		}
	}
}
