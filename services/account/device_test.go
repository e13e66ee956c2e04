package account

import (
	"strings"
	"testing"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestAUserHasAFewDevices(t *testing.T) {
	var u User
	for i := range maxDevices + 3 {
		u = u.with(Device{ID: newDeviceID(), Name: string(rune('a' + i))})
	}
	if len(u.Devices) != maxDevices || u.Devices[0].Name != "d" || u.Devices[maxDevices-1].Name != "m" {
		t.Errorf("kept %+v", u.Devices)
	}
	before := u
	again := u.with(Device{ID: u.Devices[3].ID, Name: "renamed"})
	if len(again.Devices) != maxDevices || again.Devices[3].Name != "renamed" || before.Devices[3].Name == "renamed" {
		t.Errorf("replaced %+v, before %+v", again.Devices, before.Devices)
	}
	if left := u.without(u.Devices[0].ID); len(left.Devices) != maxDevices-1 || len(u.Devices) != maxDevices {
		t.Errorf("left %d of %d", len(left.Devices), len(u.Devices))
	}
	if _, known := (User{Devices: []Device{{}}}).device(""); known {
		t.Error("a device without an id was found")
	}
}

// A device that is asked again and again, whatever arrives of the answers, keeps few tokens and always the newest.
func TestADeviceKeepsFewTokens(t *testing.T) {
	hash := func(i int) [32]byte { return [32]byte{byte(i), byte(i >> 8)} }
	d := Device{}.issued(hash(0), noon)
	good := true
	for i := 1; i <= 100 && good; i++ { // one token, whose answers are all lost
		d, good = d.rotated(hash(0), hash(i), noon.Add(time.Duration(i)*100*time.Millisecond))
	}
	if !good || len(d.Tokens) != 1+maxFresh {
		t.Fatalf("%v, %d tokens", good, len(d.Tokens))
	}
	d, good = d.rotated(hash(100), hash(101), noon.Add(20*time.Second))
	if !good || len(d.Tokens) != maxFresh+1 {
		t.Fatalf("%v, %d tokens", good, len(d.Tokens))
	}
	for i, want := range map[int]bool{0: false, 92: false, 93: true, 99: true, 100: true, 101: true} {
		if _, good := d.rotated(hash(i), hash(200), noon.Add(30*time.Second)); good != want {
			t.Errorf("token %d is good: %v", i, good)
		}
	}
	for i := 102; i < 200 && good; i++ { // and one after the other
		d, good = d.rotated(hash(i-1), hash(i), noon.Add(time.Hour))
		if len(d.Tokens) > 2*maxFresh {
			t.Fatalf("%d tokens", len(d.Tokens))
		}
	}
	if !good || len(d.Tokens) != 2 {
		t.Errorf("%v, %d tokens", good, len(d.Tokens))
	}
}

func TestARefreshTokenIsItsText(t *testing.T) {
	token := newRefreshToken(id.NewUser(), newDeviceID())
	back, err := parseRefreshToken(token.text())
	if err != nil || back != token || len(token.text()) != 73 {
		t.Errorf("%q became %+v, %v", token.text(), back, err)
	}
	if other := newRefreshToken(token.user, token.device); other.hash() == token.hash() {
		t.Error("two tokens are one")
	}
}

func FuzzParseRefreshToken(f *testing.F) {
	f.Add("rt_0123456789abcdefghjk.0123456789abcdef.0123456789abcdefghjkmnpqrstvwxyz")
	f.Add("rt_0123456789abcdefghjk.0123456789abcde\n.0123456789abcdefghjkmnpqrstvwxyz")
	f.Add("rt_...")
	f.Add("us_" + strings.Repeat("a", 1000))
	f.Fuzz(func(t *testing.T, text string) {
		token, err := parseRefreshToken(text)
		if err != nil {
			if !fault.Is(err, fault.CodeUnauthenticated) {
				t.Fatal(err)
			}
			return
		}
		if token.text() != text {
			t.Fatalf("%q was read as %q", text, token.text())
		}
	})
}
