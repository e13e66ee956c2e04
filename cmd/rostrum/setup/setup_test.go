package setup

import (
	"context"
	"crypto/x509"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"rostrum/internal/authority"
	"rostrum/internal/id"
	"rostrum/internal/testkit"
)

// ask runs a verb of `rostrum setup` and answers what it says.
func ask(t *testing.T, arguments ...string) (string, error) {
	t.Helper()
	var out strings.Builder
	v := Verbs{Out: &out}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel)
	parser, err := kong.New(&v, kong.Bind(&v), kong.BindTo(ctx, (*context.Context)(nil)))
	if err != nil {
		t.Fatal(err)
	}
	line, err := parser.Parse(arguments)
	if err != nil {
		t.Fatal(err)
	}
	err = line.Run(&v)
	return out.String(), err
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// contents are the files below a folder, and what they hold.
func contents(t *testing.T, folder string) map[string]string {
	t.Helper()
	all := map[string]string{}
	must(t, filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		all[path] = string(text)
		return err
	}))
	return all
}

// What is there is never written over: it would end every session, or make every certificate worthless.
func TestWhatIsThereIsLeftAlone(t *testing.T) {
	folder := t.TempDir()
	keys, authorities := filepath.Join(folder, "keys.json"), filepath.Join(folder, "authority")
	for _, verb := range [][]string{
		{"authority", authorities}, {"keys", keys, "--authority", authorities},
		{"certificate", "sfu", "--node", "sfu-1", "--authority", authorities, "--to", folder},
	} {
		_, err := ask(t, verb...)
		must(t, err)
		before := contents(t, folder)
		if said, err := ask(t, verb...); err == nil || said != "" {
			t.Errorf("again, %v says %q and fails with %v", verb, said, err)
		}
		for path, text := range contents(t, folder) {
			if before[path] != text {
				t.Errorf("again, %v writes %s", verb, path)
			}
		}
	}
}

func TestKeysAreRotated(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	if _, err := ask(t, "keys", path, "--rotate"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("rotated keys that are not there: %v", err)
	}
	_, err := ask(t, "keys", path)
	must(t, err)
	before, err := os.ReadFile(path)
	must(t, err)
	said, err := ask(t, "keys", path, "--rotate")
	if err != nil || !strings.Contains(said, "the next, is announced") || !strings.Contains(said, path) {
		t.Errorf("it says %q, %v", said, err)
	}
	after, err := os.ReadFile(path)
	must(t, err)
	if string(before) == string(after) {
		t.Error("the keys stayed")
	}
	if said, err := ask(t, "keys", path, "--rotate"); err == nil {
		t.Errorf("rotated again, it says %q", said)
	}
	if again, err := os.ReadFile(path); err != nil || string(again) != string(after) {
		t.Errorf("a refused rotation wrote the file, %v", err)
	}
}

func TestACertificateSaysTheNodeAndItsRoles(t *testing.T) {
	folder := t.TempDir()
	said, err := ask(t, "authority", folder)
	must(t, err)
	signer, err := authority.Load(files(folder))
	must(t, err)
	if !strings.Contains(said, string(signer.Cluster())) {
		t.Errorf("of cluster %s it says %q", signer.Cluster(), said)
	}
	_, err = ask(t, "certificate", "room,account", "--node", "control-1", "--authority", folder, "--to", folder)
	must(t, err)
	made, err := authority.Read(filepath.Join(folder, "control-1.pem"), filepath.Join(folder, "control-1.key"))
	must(t, err)
	var chain []*x509.Certificate
	for _, der := range made.Certificate {
		certificate, err := x509.ParseCertificate(der)
		must(t, err)
		chain = append(chain, certificate)
	}
	node, err := signer.Cluster().Check(chain, time.Now())
	if err != nil || node.Name != id.Node("control-1") || !node.Is(authority.Room) || !node.Is(authority.Account) || node.Is(authority.SFU) {
		t.Errorf("the certificate is of %+v, %v", node, err)
	}
}

func TestBadWishesMakeNothing(t *testing.T) {
	folder := t.TempDir()
	_, err := ask(t, "authority", filepath.Join(folder, "authority"))
	must(t, err)
	before := len(contents(t, folder))
	for says, verb := range map[string][]string{
		"--node":                    {"certificate", "sfu", "--node", "SFU 1", "--authority", filepath.Join(folder, "authority"), "--to", folder},
		"role":                      {"certificate", "king", "--node", "sfu-1", "--authority", filepath.Join(folder, "authority"), "--to", folder},
		"`rostrum setup authority`": {"certificate", "sfu", "--node", "sfu-1", "--authority", filepath.Join(folder, "nowhere"), "--to", folder},
		"setup authority":           {"keys", filepath.Join(folder, "keys.json"), "--authority", filepath.Join(folder, "nowhere")},
		"no such file":              {"keys", filepath.Join(folder, "nowhere", "keys.json")},
	} {
		if said, err := ask(t, verb...); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v says %q and fails with %v, wanted %q", verb, said, err, says)
		}
	}
	if after := contents(t, folder); len(after) != before {
		t.Errorf("there are %d files", len(after))
	}
}

func TestTheTokenOfAClusterIsInItsKeys(t *testing.T) {
	folder := t.TempDir()
	_, err := ask(t, "authority", folder)
	must(t, err)
	signer, err := authority.Load(files(folder))
	must(t, err)
	said, err := ask(t, "keys", filepath.Join(folder, "keys.json"), "--authority", folder)
	must(t, err)
	_, text, _ := strings.Cut(strings.TrimSpace(said), "keys.enrolment: ")
	token, err := authority.ParseToken(text)
	if err != nil || token.Cluster() != signer.Cluster() {
		t.Errorf("edges are let in with %q of cluster %s, %v", text, token.Cluster(), err)
	}
	kept, err := os.ReadFile(filepath.Join(folder, "keys.json"))
	if err != nil || !strings.Contains(string(kept), text) {
		t.Errorf("the keys lack the token, %v", err)
	}
}

func TestTablesAreMadeOnce(t *testing.T) {
	at := []string{"tables", "--set", "dynamo.endpoint=" + testkit.Dynalite(t), "--set", "dynamo.region=local", "--set", "dynamo.access_key=x", "--set", "dynamo.secret_key=x"}
	for range 2 {
		if said, err := ask(t, at...); err != nil || !strings.Contains(said, "rostrum-") {
			t.Errorf("it says %q, %v", said, err)
		}
	}
	if _, err := ask(t, append(at, "--set", "dynamo.endpoint=http://127.0.0.1:1")...); err == nil {
		t.Error("tables were made nowhere")
	}
}
