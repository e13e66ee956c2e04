package test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"rostrum/client/api"
	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/testkit"
	"rostrum/internal/token"
)

// TestBadInput brings to every door what no client should, and wants the documented answer each time. Meanwhile somebody
// listens to somebody else in the same room, and must not notice.
func TestBadInput(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ear := w.listen(t, w.host, w.live.ID, "voice-32", 200*time.Millisecond)
	voice := w.speak(t, w.host, w.live.ID)
	ear.more(t, 5)
	said := readClip(t, "speech1").first(10 * time.Second)
	played, begun := make(chan error, 1), time.Now()
	go func() { played <- voice.Play(t.Context(), slices.Values(said.packets)) }()
	t.Run("doors", func(t *testing.T) {
		t.Run("HTTP", w.badCalls)
		t.Run("WebSocket", w.badListeners)
		t.Run("WHIP", w.badOffers)
	})
	must(t, <-played)
	ear.until(t, later(begun.Add(said.duration()+2*time.Second), time.Now()))
	got := testkit.Compare(said.pcm, ear.pcm(t))
	stats := ear.listener.Stats()
	if got.Correlation < 0.8 || stats.Connections != 1 || stats.Lost+stats.Gaps+stats.Holes+stats.Corrupt+stats.Repeats > 0 {
		t.Errorf("another listener heard it %.3f alike, and met %+v", got.Correlation, stats)
	}
	w.checkLog(t)
	report(t, "another listener", map[string]any{"likeness": round(got.Correlation), "batches": stats.Batches})
}

// world is a system with a room of every kind, and the keys with which it signs.
type world struct {
	*system
	keys

	host, guest, stranger          *api.Client
	live, other, scheduled, ended  api.Room
	guestUser                      string
	guestListens, listensElsewhere string    // grants
	guestSpeaks, speaksElsewhere   string    // grants
	seated                         time.Time // the guest, lately
}

// keys are what a system signs with.
type keys struct {
	access token.AccessKeys
	signer token.Signer
}

func newWorld(t *testing.T) *world {
	t.Helper()
	folder := t.TempDir()
	s := startSystem(t, "--no-demo", "--data", folder)
	w := &world{system: s, keys: readKeys(t, folder), host: s.person(t, "Host"), stranger: s.person(t, "Stranger")}
	w.guest = api.New(s.url)
	guest, err := w.guest.Guest(bounded(t), "Guest")
	must(t, err)
	w.guestUser = guest.User.ID
	w.live = s.liveRoom(t, w.host, api.CreateRoom{Title: "Live", MaxSeats: 2, OpenStage: true})
	w.other = s.liveRoom(t, w.host, api.CreateRoom{Title: "Other"})
	w.ended = s.liveRoom(t, w.host, api.CreateRoom{Title: "Ended"})
	w.ended, err = w.host.End(bounded(t), w.ended.ID)
	must(t, err)
	w.scheduled, err = w.host.CreateRoom(bounded(t), api.CreateRoom{Title: "Scheduled"})
	must(t, err)
	for person, room := range map[*api.Client]string{w.guest: w.live.ID, w.host: w.other.ID} {
		joined, err := person.Join(bounded(t), room, api.Join{Role: "speaker"})
		must(t, err)
		if person == w.guest {
			w.guestListens, w.guestSpeaks = joined.Grant, joined.SpeakGrant
		} else {
			w.listensElsewhere, w.speaksElsewhere = joined.Grant, joined.SpeakGrant
		}
	}
	return w
}

// seatGuest has the guest take a seat, also again: one without a microphone is kept for 30 s.
func (w *world) seatGuest(t testing.TB) {
	t.Helper()
	if time.Since(w.seated) < 5*time.Second {
		return
	}
	w.seated = time.Now()
	_, err := w.guest.Join(bounded(t), w.live.ID, api.Join{Role: "speaker"})
	must(t, err)
}

// readKeys reads the keys of a data folder.
func readKeys(t testing.TB, folder string) keys {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, "keys.json"))
	must(t, err)
	var file struct{ Access, Signer string }
	must(t, json.Unmarshal(text, &file))
	access, err := token.ParseAccessKey(file.Access)
	must(t, err)
	signer, err := token.ParseSigner(file.Signer)
	must(t, err)
	return keys{token.AccessKeys{access}, signer}
}

// signed is a grant of the guest's as only the system could sign it, issued an age ago and good for an hour.
func (w *world) signed(t testing.TB, room string, right token.Right, age time.Duration) string {
	return w.signedBy(t, w.signer, room, right, age)
}

func (w *world) signedBy(t testing.TB, signer token.Signer, room string, right token.Right, age time.Duration) string {
	t.Helper()
	issued := time.Now().Add(-age)
	text, err := signer.Sign(token.Grant{
		App: id.Main, Room: id.Room(room), Subject: w.guestUser, Right: right, Issued: issued, Expires: issued.Add(time.Hour),
	})
	must(t, err)
	return text
}

// forger signs with a key of its own under the system's key id.
func (w *world) forger(t testing.TB) token.Signer {
	t.Helper()
	own := token.NewSigner()
	forged, err := token.ParseSigner(w.signer.String() + own.Text()[len(own.String()):])
	must(t, err)
	return forged
}

// accessToken is an access token of the guest's under some keys, issued an age ago and good for a day.
func (w *world) accessToken(t testing.TB, keys token.AccessKeys, age time.Duration) string {
	t.Helper()
	issued := time.Now().Add(-age)
	text, err := keys.Seal(token.Access{
		App: id.Main, User: id.User(w.guestUser), Name: "Guest", Guest: true, Issued: issued, Expires: issued.Add(token.GuestLifetime),
	})
	must(t, err)
	return text
}

// refused compares an answer with what is documented.
func refused(t testing.TB, status int, answer []byte, want fault.Code) {
	t.Helper()
	if got := fault.ReadHTTP(status, answer); got.Code != want || status != fault.HTTPStatus(want) || got.Message == "" {
		t.Errorf("answered %d %.300s, wanted %d %s", status, answer, fault.HTTPStatus(want), want)
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
