package test

import (
	"slices"

	"testing"
	"time"

	"github.com/gorilla/websocket"

	"rostrum/client/api"
	"rostrum/client/listener"
	"rostrum/internal/testkit"
)

// TestLeave ends the system while all its doors are in use.
func TestLeave(t *testing.T) {
	t.Parallel()
	s := startSystem(t, "--no-demo")
	host, guest := s.person(t, "Host"), s.person(t, "Guest")
	room := s.liveRoom(t, host, api.CreateRoom{Title: "Leave", OpenStage: true})
	ears := []*recording{
		s.listen(t, host, room.ID, "voice-32", 200*time.Millisecond), s.listen(t, guest, room.ID, "voice-16", time.Second),
	}
	joined, err := guest.Join(bounded(t), room.ID, api.Join{Role: "listener"})
	must(t, err)
	raw := dialListener(t, joined)
	player := openOgg(t, s.http, joined.Edges[0].OggURL)
	said := slices.Values(readClip(t, "speech1").packets)
	for _, person := range []*api.Client{host, guest} {
		voice := s.speak(t, person, room.ID)
		go func() { _ = voice.Play(t.Context(), said) }() // ends with the session
	}
	for _, ear := range ears {
		ear.more(t, 10)
	}
	begun := time.Now()
	if err := s.process.Leave(patience); err != nil {
		t.Errorf("it left with %v", err)
	}
	report(t, "leaving", map[string]any{"ms": time.Since(begun).Milliseconds()})
	if told := raw(); !websocket.IsCloseError(told, websocket.CloseGoingAway) {
		t.Errorf("a listener was told %v, wanted 1001", told)
	}
	if heard := packetsOf(t, player()); len(heard) < 50 {
		t.Errorf("the Ogg stream had %d packets", len(heard))
	}
	s.checkLog(t)
}

// dialListener listens without resuming; the answer waits for the end and says how it came.
func dialListener(t testing.TB, joined api.Joined) func() error {
	t.Helper()
	dialer := &websocket.Dialer{Subprotocols: []string{listenProtocol, joined.Grant}, HandshakeTimeout: patience}
	conn, _, err := dialer.DialContext(bounded(t), joined.Edges[0].ListenURL, nil)
	must(t, err)
	ended := make(chan error, 1)
	go func() {
		defer conn.Close()
		for {
			if _, _, err := conn.ReadMessage(); err != nil {
				ended <- err
				return
			}
		}
	}()
	return func() error { return <-ended }
}

// TestRestart ends the system and starts it again on the same port and data: to a listener it is one gap.
func TestRestart(t *testing.T) {
	t.Parallel()
	arguments := []string{"--no-demo", "--data", t.TempDir(), "--http", testkit.FreePort(t)}
	s := startSystem(t, arguments...)
	host := s.person(t, "Host")
	room := s.liveRoom(t, host, api.CreateRoom{Title: "Restart"})
	ear := s.listen(t, host, room.ID, "voice-32", 200*time.Millisecond)
	before := s.seat(t, host, room.ID)
	ear.more(t, 10)
	must(t, s.process.Leave(patience))
	s.checkLog(t)

	again := startSystem(t, arguments...)
	begun := time.Now()
	found, err := host.Room(bounded(t), room.ID)
	must(t, err)
	if found.State != "live" || len(found.Speakers) != 1 || found.Speakers[0].Seat != int(before.number) || found.Speakers[0].Name != "Host" {
		t.Errorf("after the restart the room is %+v", found)
	}
	after := again.seat(t, host, room.ID)
	if after.number != before.number {
		t.Errorf("the seat was %d and is %d", before.number, after.number)
	}
	ear.until(t, begun)
	ear.more(t, 5)
	said := readClip(t, "speech1").first(4 * time.Second)
	must(t, after.voice.Play(bounded(t), slices.Values(said.packets)))
	ear.until(t, time.Now().Add(2*time.Second))
	checkOneContentANumber(t, []*recording{ear})
	checkHoles(t, 0, ear)
	all := ear.all()
	first := slices.IndexFunc(all, func(b *listener.Batch) bool { return b.GetEpoch() > all[0].GetEpoch() })
	if first < 0 {
		t.Fatalf("the epoch is %d still", all[0].GetEpoch())
	}
	var packets [][]byte
	for _, b := range all[first:] {
		for _, frame := range b.GetFrames() {
			packets = append(packets, frame.GetOpus())
		}
	}
	got := testkit.Compare(said.pcm, decode(t, packets))
	if got.Correlation < 0.85 {
		t.Errorf("after the restart what is heard is %.3f alike, wanted 0.85", got.Correlation)
	}
	if stats := ear.listener.Stats(); stats.Corrupt > 0 {
		t.Errorf("the listener met %+v", stats)
	}
	again.checkLog(t)
	report(t, "restart", map[string]any{"likeness": round(got.Correlation), "back_after_ms": all[first].Received.Sub(all[first-1].Received).Milliseconds()})
}
