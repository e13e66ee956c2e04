package test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"rostrum/client/api"
	"rostrum/client/listener"
	"rostrum/internal/id"
	"rostrum/internal/testkit"
)

// TestWhoIsRemovedHearsNothingAnywhere removes a person who listens at both edges, over both doors. The grants that they
// hold are of no use afterwards either, whatever process is lost.
func TestWhoIsRemovedHearsNothingAnywhere(t *testing.T) {
	t.Parallel()
	a := startApart(t)
	host, unwanted, other := a.person(t, "Host"), a.person(t, "Unwanted"), a.person(t, "Other")
	room := a.liveRoom(t, host, api.CreateRoom{Title: "Removed"})
	held, err := unwanted.Join(bounded(t), room.ID, api.Join{Role: "listener"})
	must(t, err)
	others := a.listen(t, other, room.ID, "voice-32", 200*time.Millisecond)
	if len(held.Edges) != 2 {
		t.Fatalf("the edges are %+v", held.Edges)
	}
	var ears []*recording
	for _, edge := range held.Edges {
		ears = append(ears, record(t, at(edge.URL, room.ID, held.Grant)))
	}
	stream := hearOggToTheEnd(t, held.Edges[1].OggURL)
	for _, ear := range ears {
		ear.more(t, 5)
	}

	done(t)(host.Remove(bounded(t), room.ID, unwanted.Tokens().User.ID))
	removed := time.Now()
	var sockets time.Duration
	for i, ear := range ears {
		after, why := ear.closed(t, removed)
		checkForbidden(t, fmt.Sprint("listening at edge ", i), why)
		sockets = max(sockets, after)
	}
	heard, streams := <-stream, time.Since(removed)
	if max(sockets, streams) > revokedWithin {
		t.Errorf("who was removed listened for %v over a socket, for %v to a stream", sockets, streams)
	}
	report(t, "removed", map[string]any{"socket_ms": sockets.Milliseconds(), "stream_ms": streams.Milliseconds(), "ogg_packets": len(packetsOf(t, heard))})

	a.checkRefused("after the removal", held, room.ID)
	a.kill("edge-1")
	a.restart("edge-1")
	a.checkRefused("at an edge that was started again", held, room.ID)
	a.kill(a.home(room.ID))
	others.more(t, 5)
	moved := time.Now()
	others.until(t, moved.Add(time.Second))
	a.checkRefused("in a room that moved", held, room.ID)
	a.checkReadmitted(host, unwanted, room.ID)
	if stats := others.listener.Stats(); stats.Lost > 0 || stats.Corrupt > 0 {
		t.Errorf("another listener met %+v", stats)
	}
	a.checkNothingPanicked()
}

// hearOggToTheEnd streams a room's listen.ogg. What it had comes when the edge ends it, or after patience.
func hearOggToTheEnd(t *testing.T, url string) <-chan []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	must(t, err)
	answer, err := http.DefaultClient.Do(request)
	must(t, err)
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("listen.ogg answers %s", answer.Status)
	}
	all := make(chan []byte, 1)
	go func() {
		defer answer.Body.Close()
		heard, _ := io.ReadAll(answer.Body) // ends with the stream, which is cut
		all <- heard
	}()
	return all
}

func at(url, room, grant string) listener.Config {
	return listener.Config{URLs: []string{url}, Room: id.Room(room), Grant: grant, Cadence: 200 * time.Millisecond}
}

func checkForbidden(t *testing.T, what string, err error) {
	t.Helper()
	var closed *listener.CloseError
	if !errors.As(err, &closed) || closed.Fault != "forbidden" {
		t.Errorf("%s ended with %v", what, err)
	}
}

// checkRefused wants a grant to be refused at every edge.
func (a *apart) checkRefused(when string, held api.Joined, room string) {
	a.t.Helper()
	for _, edge := range held.Edges {
		l, err := listener.Open(bounded(a.t), at(edge.URL, room, held.Grant))
		if err == nil {
			l.Close()
		}
		checkForbidden(a.t, fmt.Sprintf("a grant %s, at %s,", when, edge.Node), err)
	}
}

// checkReadmitted wants a person who was let in again to hear, with a grant of afterwards. One that was made within the
// second of the removal counts as one of before.
func (a *apart) checkReadmitted(host, person *api.Client, room string) {
	a.t.Helper()
	done(a.t)(host.Readmit(bounded(a.t), room, person.Tokens().User.ID))
	testkit.Eventually(a.t, patience, func() error {
		joined, err := person.Join(bounded(a.t), room, api.Join{Role: "listener"})
		if err != nil {
			return err
		}
		for _, edge := range slices.Backward(joined.Edges) {
			l, err := listener.Open(bounded(a.t), at(edge.URL, room, joined.Grant))
			if err != nil {
				return fmt.Errorf("at %s: %w", edge.Node, err)
			}
			l.Close()
		}
		return nil
	})
}
