package edge

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"rostrum/client/listener"
	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/testkit"
	"rostrum/internal/token"
	"rostrum/mediaedge/audio"
	"rostrum/mediaedge/ogg"
	"rostrum/mediaedge/relay"
)

func (r *rig) doorGrant(change func(*token.Grant)) string {
	return r.grant(func(g *token.Grant) {
		g.Right, g.Expires = token.RightOgg, time.Now().Add(token.DoorLifetime)
		if change != nil {
			change(g)
		}
	})
}

func (r *rig) ogg(ctx context.Context, d *door, room id.Room, grant string) *http.Response {
	r.t.Helper()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, d.url+"/v1/rooms/"+string(room)+"/"+grant+"/listen.ogg", nil)
	if err != nil {
		r.t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { answer.Body.Close() })
	return answer
}

// frames answers the packets of a batch; one DTX byte each for a number without audio.
func (r *rig) frames(n audio.Number) [][]byte {
	all := make([][]byte, audio.FramesPerBatch)
	if r.ledger[n] == nil {
		return all
	}
	b, err := audio.DecodeBatch(r.ledger[n])
	if err != nil {
		r.t.Fatal(err)
	}
	for i := range b.Frames {
		all[i] = b.Frames[i].Opus
	}
	return all
}

func TestOggPlaysOnOverAGapAndEnds(t *testing.T) {
	r := newRig(t)
	r.speak(30)
	d := r.edge(nil)
	answer := r.ogg(within(t), d, r.room, r.doorGrant(nil))
	for name, want := range map[string]string{
		"Content-Type": "audio/ogg", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "Access-Control-Allow-Origin": "*",
	} {
		if got := answer.Header.Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	packets, err := ogg.NewReader(bufio.NewReader(answer.Body))
	if err != nil {
		t.Fatal(err)
	}
	from := r.next - 5
	r.restart(7)
	r.speak(20)
	last := r.next - 1
	r.held.End()
	for n := from; n <= last; n++ {
		for i, want := range r.frames(n) {
			got, err := packets.Next()
			if err != nil {
				t.Fatalf("number %d, frame %d: %v", n, i, err)
			}
			if want != nil && !bytes.Equal(got, want) || want == nil && len(got) != 1 {
				t.Fatalf("number %d, frame %d: %d bytes differ", n, i, len(got))
			}
		}
	}
	if _, err := packets.Next(); !errors.Is(err, io.EOF) && !errors.Is(err, ogg.ErrMalformed) {
		t.Errorf("after the end: %v", err)
	}
}

func TestOggIsTheSameAtEveryEdge(t *testing.T) {
	r := newRig(t)
	r.speak(30)
	var streams [2][]byte
	for i := range streams {
		d := r.edge(func(c *Config) { c.Node = id.Node(fmt.Sprintf("edge-%d", i)) })
		answer := r.ogg(within(t), d, r.room, r.doorGrant(nil))
		streams[i] = make([]byte, 3000)
		if _, err := io.ReadFull(answer.Body, streams[i]); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(streams[0], streams[1]) {
		t.Error("two edges made two streams")
	}
}

func TestOggRefusals(t *testing.T) {
	r := newRig(t)
	r.speak(5)
	d := r.edge(nil)
	other := newRig(t)
	for name, c := range map[string]struct {
		room  id.Room
		grant string
		want  int
	}{
		"no grant":       {r.room, "x", 401},
		"expired":        {r.room, r.doorGrant(func(g *token.Grant) { g.Issued, g.Expires = g.Issued.Add(-time.Hour), g.Issued }), 401},
		"other door":     {r.room, r.grant(nil), 403},
		"other room":     {other.room, r.doorGrant(nil), 403},
		"never opened":   {other.room, r.doorGrant(func(g *token.Grant) { g.Room = other.room }), 409},
		"no such a name": {"rm_1", r.doorGrant(nil), 404},
	} {
		answer := r.ogg(within(t), d, c.room, c.grant)
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		if f := fault.ReadHTTP(answer.StatusCode, body); answer.StatusCode != c.want || f.Code == fault.CodeInternal {
			t.Errorf("%s: %d %s", name, answer.StatusCode, body)
		}
	}
}

func TestOggListenersAreCountedRevokedAndLetGo(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.speak(5)
	d := r.edge(nil)
	user := "us_00000000000000000000"
	banned := r.ogg(within(t), d, r.room, r.doorGrant(func(g *token.Grant) { g.Subject = user }))
	free := r.ogg(within(t), d, r.room, r.doorGrant(nil))
	l := r.listen(func(*listener.Config) {}, d)
	testkit.Eventually(t, time.Minute, func() error {
		r.speak(1)
		if c := d.Counts(id.Main, r.room); c.GetDoorListeners() != 2 || c.GetListeners() != 1 {
			return fmt.Errorf("counted %v", c)
		}
		return nil
	})
	r.held.Revoke(relay.Revocation{Subject: user, IssuedBefore: time.Now()})
	if _, err := io.Copy(io.Discard, banned.Body); err != nil {
		t.Errorf("the revoked stream ended with %v", err)
	}
	testkit.Eventually(t, time.Minute, func() error {
		if n := d.closes(ReasonRevoked); n != 1 {
			return fmt.Errorf("%d were revoked", n)
		}
		return nil
	})
	l.Close()
	if err := d.Close(within(t)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, free.Body); err != nil {
		t.Errorf("the stream of an edge that left ended with %v", err)
	}
}
