package config

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// pair writes a certificate and its key into a folder.
func pair(t *testing.T, folder, name string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(folder, name+".pem"), 0o644, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}))
	put(t, filepath.Join(folder, name+".key"), 0o600, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
}

func put(t *testing.T, path string, mode os.FileMode, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // whatever the process's mask
		t.Fatal(err)
	}
}

func TestFilesThatValuesName(t *testing.T) {
	at := t.TempDir()
	pair(t, at, "a")
	pair(t, at, "b")
	put(t, filepath.Join(at, "open.json"), 0o644, []byte("{}"))
	put(t, filepath.Join(at, "keys.json"), 0o640, []byte("{}"))
	put(t, filepath.Join(at, "empty.pem"), 0o600, nil)
	put(t, filepath.Join(at, "large.pem"), 0o600, make([]byte, largestFile+1))
	for _, c := range []struct {
		name string
		set  []string // @ is the folder
		want []string
	}{
		{"all as it should be", []string{
			"tls.certificate=@/a.pem", "tls.private_key=@/a.key", "keys.authority=@/b.pem", "keys.authority_key=@/b.key", "keys.certificate=@/b.pem", "keys.private_key=@/b.key",
			"keys.file=@/keys.json", "store=bolt", "folder=@",
		}, nil},
		{"not there", []string{"keys.file=@/no.json", "store=bolt", "folder=@/no"}, []string{
			`--set keys.file: @/no.json cannot be read: no such file or directory`,
			`--set folder: @/no cannot be read: no such file or directory`,
		}},
		{"of another kind", []string{"keys.file=@", "store=bolt", "folder=@/a.pem"}, []string{
			`--set keys.file: @ is no file`, `--set folder: @/a.pem is no folder`,
		}},
		{"a device", []string{"keys.file=/dev/zero"}, []string{`--set keys.file: /dev/zero is no file`}},
		{"open to everybody", []string{"keys.file=@/open.json", "tls.certificate=@/a.pem", "tls.private_key=@/a.pem"}, []string{
			`--set keys.file: @/open.json is open to everybody (mode 0644): chmod o= @/open.json`,
			`--set tls.private_key: @/a.pem is open to everybody (mode 0644): chmod o= @/a.pem`,
		}},
		{"empty and large", []string{"tls.certificate=@/empty.pem", "tls.private_key=@/large.pem"}, []string{
			`--set tls.certificate: @/empty.pem is empty`, `--set tls.private_key: @/large.pem is larger than 1048576 bytes`,
		}},
		{"another's key", []string{"tls.certificate=@/a.pem", "tls.private_key=@/b.key"}, []string{
			`--set tls.certificate: does not go with tls.private_key: tls: private key does not match public key`,
		}},
		{"no certificate", []string{"keys.authority=@/a.key", "keys.authority_key=@/a.key"}, []string{
			`--set keys.authority: does not go with keys.authority_key: tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched`,
		}},
		{"a folder that nobody asked for", []string{"folder=@/no"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			set := strings.Split(strings.ReplaceAll(strings.Join(c.set, "\n"), "@", at), "\n")
			_, err := Load(Source{Set: set}, nil)
			got := strings.ReplaceAll(strings.Join(lines(t, err, ""), "\n"), at, "@")
			same(t, strings.Split(got, "\n"), c.want)
			if _, err := Load(Source{Set: set, NoFiles: true}, nil); err != nil {
				t.Errorf("files unopened: %v", err)
			}
		})
	}
}

func TestOtherRolesFilesAreNotOpened(t *testing.T) {
	if _, err := Load(Source{Set: []string{"keys.file=/no/such/file", "public_url=https://a", "peers.signaling=a:1"}}, []string{Edge}); err != nil {
		t.Error(err)
	}
}
