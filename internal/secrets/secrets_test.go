package secrets

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/token"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// made is the path of a new file.
func made(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys.json")
	if err := Make(path, "en_token"); err != nil {
		t.Fatal(err)
	}
	return path
}

// loaded are the keys of a file that nothing follows.
func loaded(t *testing.T, path string) *Keys {
	t.Helper()
	k, err := load(path, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// issued is an access token and a grant that keys have made.
type issued struct{ access, grant string }

func issue(t *testing.T, k *Keys, now time.Time) issued {
	t.Helper()
	access, err := k.Seal(token.Access{App: id.Main, User: id.NewUser(), Name: "Ada", Issued: now, Expires: now.Add(24 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	grant, err := k.Sign(token.Grant{
		App: id.Main, Room: id.NewRoom(), Subject: token.Open, Right: token.RightListen, Issued: now, Expires: now.Add(24 * time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	return issued{access, grant}
}

// believes answers whether keys take both for theirs.
func believes(k *Keys, i issued, now time.Time) error {
	_, access := k.Open(i.access, now)
	_, grant := k.Verify(i.grant, now)
	return errors.Join(access, grant)
}

func TestAFileIsMadeOnceAndForItsOwnerAlone(t *testing.T) {
	path, now := made(t), time.Now()
	if err := Make(path, ""); !errors.Is(err, fs.ErrExist) {
		t.Errorf("made over another: %v", err)
	}
	if file, err := os.Stat(path); err != nil || file.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", file, err)
	}
	if all, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*")); len(all) != 1 {
		t.Errorf("it left %v", all)
	}
	one, two := loaded(t, path), loaded(t, path)
	if err := believes(two, issue(t, one, now), now); err != nil {
		t.Error(err)
	}
	if one.Enrolment() != "en_token" || len(one.Cursor()) != 32 || !bytes.Equal(one.Cursor(), two.Cursor()) {
		t.Errorf("enrolment %q, cursor keys %x and %x", one.Enrolment(), one.Cursor(), two.Cursor())
	}
}

// Over many rotations, whichever of two roles reads the file first, each believes what the other makes; what was made before
// a rotation is good after it.
func TestNothingIsLostByARotation(t *testing.T) {
	path, now := made(t), time.Now()
	first, second := loaded(t, path), loaded(t, path)
	var before []issued
	for range 4 {
		was, replaced := first.Public()
		old := []issued{issue(t, first, now), issue(t, second, now)}
		if _, err := Rotate(path, now); err != nil {
			t.Fatal(err)
		}
		if err := first.look(); err != nil { // second is late
			t.Fatal(err)
		}
		select {
		case <-replaced:
		default:
			t.Fatal("it was not said that the keys were replaced")
		}
		for _, i := range append(old, issue(t, first, now), issue(t, second, now)) {
			if err := errors.Join(believes(first, i, now), believes(second, i, now)); err != nil {
				t.Fatal(err)
			}
		}
		if is, _ := first.Public(); len(is) != 3 || is[0] != was[1] {
			t.Errorf("the keys %v became %v", was, is)
		}
		late := issue(t, second, now.Add(24*time.Hour)) // by the keys before: it has had a day to read the file
		if err := second.look(); err != nil {
			t.Fatal(err)
		}
		if at := now.Add(apart - 2*time.Minute); errors.Join(believes(first, late, at), believes(second, late, at)) != nil {
			t.Fatal("what was made a day after a rotation is not believed until the next")
		}
		before, now = append(before, old...), now.Add(apart)
	}
	if err := believes(first, before[0], now.Add(-3*apart)); !fault.Is(err, fault.CodeUnauthenticated) {
		t.Errorf("what was made two rotations ago is still believed: %v", err)
	}
}

func TestAFileIsFollowed(t *testing.T) {
	path, now := made(t), time.Now()
	k, err := Open(path, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	_, replaced := k.Public()
	if _, err := Rotate(path, now); err != nil {
		t.Fatal(err)
	}
	select {
	case <-replaced:
	case <-time.After(20 * time.Second):
		t.Fatal("the file was not read again")
	}
	if err := believes(loaded(t, path), issue(t, k, now), now); err != nil {
		t.Error(err)
	}
}

func TestKeysAreNotRotatedTooSoon(t *testing.T) {
	path, now := made(t), time.Now()
	if _, err := Rotate(path, now); err != nil {
		t.Fatal(err)
	}
	kept, _ := os.ReadFile(path)
	if _, err := Rotate(path, now.Add(apart-time.Second)); err == nil || !strings.Contains(err.Error(), "rotate after that") {
		t.Errorf("rotated again: %v", err)
	}
	if text, _ := os.ReadFile(path); !bytes.Equal(text, kept) {
		t.Error("the file was changed")
	}
}

func TestAFileWithoutNextKeysGetsSomeFirst(t *testing.T) {
	path, now := made(t), time.Now()
	d, _, err := read(path)
	if err != nil {
		t.Fatal(err)
	}
	d.Next = nil
	text, err := d.text()
	if err != nil {
		t.Fatal(err)
	}
	if err := Replace(path, text); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	did, err := Rotate(path, now)
	if err != nil || !did.Begun || !strings.HasPrefix(d.Signer, did.Used) {
		t.Errorf("%+v, %v", did, err)
	}
	if file, err := os.Stat(path); err != nil || file.Mode().Perm() != 0o640 {
		t.Errorf("%v, %v", file.Mode(), err)
	}
	if did, err = Rotate(path, now.Add(apart)); err != nil || did.Begun || strings.HasPrefix(d.Signer, did.Used) {
		t.Errorf("then %+v, %v", did, err)
	}
}

func TestAFileThatMakesNoSenseChangesNothing(t *testing.T) {
	path, now := made(t), time.Now()
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	k := loaded(t, path)
	i := issue(t, k, now)
	var d document
	if err := json.Unmarshal(good, &d); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"empty": "", "no keys": "{}", "half": string(good[:len(good)/2]), "large": strings.Repeat(" ", maxFile+1) + string(good),
		"another signer": strings.Replace(string(good), d.Signer, "k.", 1), "a short cursor": strings.Replace(string(good), d.Cursor, "AAAA", 1),
		"a bad next": strings.Replace(string(good), d.Next.Access, d.Next.Access[:20], 1),
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := k.look(); err == nil {
			t.Errorf("%s: read", name)
		}
		if _, err := load(path, k.log); err == nil {
			t.Errorf("%s: opened", name)
		}
		if _, err := Rotate(path, now); err == nil {
			t.Errorf("%s: rotated", name)
		}
		if err := believes(k, i, now); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if k.look() == nil || believes(k, i, now) != nil {
		t.Error("a file that is away")
	}
}
