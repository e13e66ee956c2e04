package test

import (
	"bytes"
	"crypto/tls"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"rostrum/client/api"
	"rostrum/client/listener"
	"rostrum/internal/id"
	"rostrum/internal/testkit"
	"rostrum/mediaedge/ogg"
)

// TestTLS speaks over https and listens over wss and https.
func TestTLS(t *testing.T) {
	t.Parallel()
	s := startSystem(t, "--no-demo", "--tls")
	trusting := &tls.Config{InsecureSkipVerify: true} // the certificate was made a moment ago
	transport := &http.Transport{TLSClientConfig: trusting}
	defer transport.CloseIdleConnections()
	s.http = &http.Client{Transport: transport}
	host := s.person(t, "Host")
	room := s.liveRoom(t, host, api.CreateRoom{Title: "TLS"})
	joined, err := host.Join(bounded(t), room.ID, api.Join{Role: "listener"})
	must(t, err)
	place := joined.Edges[0]
	if !strings.HasPrefix(place.ListenURL, "wss://") || !strings.HasPrefix(place.OggURL, "https://") {
		t.Errorf("the edge is at %s and %s", place.ListenURL, place.OggURL)
	}
	ear := record(t, listener.Config{
		URLs: []string{place.URL}, Room: id.Room(room.ID), Grant: joined.Grant, Cadence: 200 * time.Millisecond,
		Dialer: &websocket.Dialer{TLSClientConfig: trusting, HandshakeTimeout: patience},
	})
	ear.more(t, 3)
	player := openOgg(t, s.http, place.OggURL)
	speaking := s.seat(t, host, room.ID)
	said := readClip(t, "speech1").first(4 * time.Second)
	must(t, speaking.voice.Play(bounded(t), slices.Values(said.packets)))
	ear.until(t, time.Now().Add(2*time.Second))
	streamed := player()
	for name, heard := range map[string][]float32{"wss": ear.pcm(t), "listen.ogg": decode(t, packetsOf(t, streamed))} {
		got := testkit.Compare(said.pcm, heard)
		if got.Correlation < 0.85 {
			t.Errorf("%s: what is heard is %.3f alike, wanted 0.85", name, got.Correlation)
		}
		report(t, name, map[string]any{"likeness": round(got.Correlation)})
	}
	s.checkLog(t)
}

// openOgg streams an Ogg URL; the answer ends the stream and gives what it had.
func openOgg(t testing.TB, client *http.Client, url string) func() []byte {
	t.Helper()
	answer, err := client.Get(url)
	must(t, err)
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("listen.ogg answers %s", answer.Status)
	}
	var heard bytes.Buffer
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(&heard, answer.Body) // ends when the body is closed, or with the server
	}()
	return func() []byte {
		answer.Body.Close()
		<-done
		return heard.Bytes()
	}
}

// packetsOf are the Opus packets of a stream that may end within a page.
func packetsOf(t testing.TB, stream []byte) [][]byte {
	t.Helper()
	if last := bytes.LastIndex(stream, []byte("OggS")); last > 0 {
		stream = stream[:last]
	}
	reader, err := ogg.NewReader(bytes.NewReader(stream))
	must(t, err)
	var packets [][]byte
	for {
		packet, err := reader.Next()
		if err == io.EOF {
			return packets
		}
		must(t, err)
		packets = append(packets, packet)
	}
}
