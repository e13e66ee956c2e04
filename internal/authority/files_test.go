package authority

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestFilesAreReadAgainWhenTheyChange(t *testing.T) {
	a := newAuthority(t)
	path := filepath.Join(t.TempDir(), "node.pem")
	put := func(written time.Time) []byte {
		c := made(t, a, "a", SFU)
		text, err := Encode(c)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, written, written); err != nil {
			t.Fatal(err)
		}
		return c.Certificate[0]
	}
	if _, err := NewFiles(path, path); err == nil {
		t.Error("files that are not there were read")
	}
	first := put(noon)
	files, err := NewFiles(path, path)
	if err != nil {
		t.Fatal(err)
	}
	shown := func() string {
		c, err := files.Certificate()
		if err != nil {
			t.Fatal(err)
		}
		return string(c.Certificate[0])
	}
	if shown() != string(first) {
		t.Error("another certificate than the one in the file")
	}
	second := put(noon.Add(time.Minute))
	if shown() != string(second) {
		t.Error("the new certificate is not shown")
	}
	if err := os.WriteFile(path, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if shown() != string(second) {
		t.Error("a half-written file replaced a certificate")
	}
}
