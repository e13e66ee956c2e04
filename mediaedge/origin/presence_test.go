package origin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
)

// desk is a presence whose made-up sessions are called x.1, x.2.
func desk() (*presence, *int) {
	made, overtaken := 0, new(int)
	return newPresence(
		func() id.Session { made++; return id.Session(fmt.Sprint("x.made", made)) },
		func(n int) { *overtaken += n },
	), overtaken
}

func (p *presence) commands() []string {
	var out []string
	for _, r := range p.waiting {
		out = append(out, string(r.user)+" "+strings.TrimPrefix(r.command(), "media:"))
	}
	return out
}

func TestWhatIsSaidOfMicrophones(t *testing.T) {
	for _, c := range []struct {
		name      string
		notes     func(p *presence)
		want      []string
		overtaken int
	}{
		{"found", func(p *presence) { p.found("ann", "n.s1") }, []string{"ann s1:found"}, 0},
		{"connected again", func(p *presence) { p.found("ann", "n.s1"); p.found("ann", "n.s1") }, []string{"ann s1:found"}, 0},
		{"found and lost", func(p *presence) { p.found("ann", "n.s1"); p.lost("ann"); p.lost("ann") }, []string{"ann s1:found", "ann s1:lost"}, 0},
		{"lost before it was found", func(p *presence) { p.lost("ann") }, nil, 0},
		{"another session takes the place of all", func(p *presence) { p.found("ann", "n.s1"); p.lost("ann"); p.found("ann", "n.s2") },
			[]string{"ann s2:found"}, 2},
		{"a session that never came up took the place of one", func(p *presence) {
			p.found("ann", "n.s1")
			p.done(report{"ann", "n.s1", false, 0})
			p.lost("ann")
		}, []string{"ann s1:lost"}, 0},
		{"two people", func(p *presence) { p.found("ann", "n.s1"); p.found("bob", "n.s2"); p.lost("ann") },
			[]string{"ann s1:found", "bob s2:found", "ann s1:lost"}, 0},
		{"unseated", func(p *presence) { p.found("ann", "n.s1"); p.forget("ann"); p.lost("ann") }, nil, 1},
		{"missing", func(p *presence) { p.missing("ann") }, []string{"ann made1:found", "ann made1:lost"}, 0},
		{"missing and found", func(p *presence) { p.missing("ann"); p.found("ann", "n.s1") }, []string{"ann s1:found"}, 2},
		{"not missing", func(p *presence) { p.found("ann", "n.s1"); p.missing("ann") }, []string{"ann s1:found"}, 0},
		{"a whole stage while it waits", func(p *presence) { p.found("ann", "n.s1"); p.again("ann", true) }, []string{"ann s1:found"}, 0},
		{"a whole stage after it was told", func(p *presence) {
			p.found("ann", "n.s1")
			p.done(report{"ann", "n.s1", false, 0})
			p.again("ann", false)
		}, []string{"ann s1:found:1"}, 0},
		{"a whole stage that forgot a loss", func(p *presence) {
			p.found("ann", "n.s1")
			p.lost("ann")
			p.done(report{"ann", "n.s1", false, 0})
			p.done(report{"ann", "n.s1", true, 0})
			p.again("ann", true)
			p.again("ann", false)
		}, []string{"ann s1:found:1", "ann s1:lost:1"}, 0},
		{"a whole stage with a stranger", func(p *presence) { p.again("ann", false) }, nil, 0},
	} {
		p, overtaken := desk()
		c.notes(p)
		if got := p.commands(); !slices.Equal(got, c.want) || *overtaken != c.overtaken {
			t.Errorf("%s: %q with %d overtaken, want %q with %d", c.name, got, *overtaken, c.want, c.overtaken)
		}
	}
}

func TestCommandsOfLongNamesAreCommands(t *testing.T) {
	session := id.NewSession(id.Node(strings.Repeat("n", 32)))
	if _, err := id.ParseSession(string(session)); err != nil {
		t.Fatal(err)
	}
	for _, r := range []report{{session: session}, {session: session, lost: true, round: 1 << 30}} {
		if _, err := id.ParseCommand(r.command()); err != nil {
			t.Errorf("%q: %v", r.command(), err)
		}
	}
}

func TestNewsOfMicrophonesOutlivesAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &reportDesk{answer: fault.Unavailable(errors.New("away"), "the stage log is away")}
		metrics, err := newMetrics(nil)
		must(t, err)
		p, _ := desk()
		r := &room{app: id.Main, id: id.NewRoom(), log: slog.New(slog.DiscardHandler), metrics: metrics, presence: p}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); r.report(ctx, d) }()
		p.found("ann", "n.s1")
		p.found("bob", "n.s2")
		<-time.After(time.Minute)
		if tries := d.tries(); tries < 20 || tries > 80 {
			t.Errorf("%d tries in a minute", tries)
		}
		p.lost("bob")
		p.found("ann", "n.s3")
		d.say(nil)
		<-time.After(5 * time.Second)
		synctest.Wait()
		want := []string{"media:s2:found", "media:s2:lost", "media:s3:found"}
		if !slices.Equal(d.media, want) || d.most != 1 || p.left() != 0 {
			t.Errorf("told %q, want %q; %d at once, %d left", d.media, want, d.most, p.left())
		}
		d.say(fault.New(fault.CodeEnded, "the room is over"))
		d.tries()
		p.lost("ann")
		<-time.After(time.Minute)
		if tries := d.tries(); tries != 1 || p.left() != 0 {
			t.Errorf("a refused report was sent %d times, %d left", tries, p.left())
		}
		d.say(errors.New("a bug"))
		d.tries()
		p.found("ann", "n.s4")
		<-time.After(5 * time.Minute)
		if tries := d.tries(); tries != internalTries+1 || p.left() != 0 {
			t.Errorf("a report that cannot be taken was sent %d times, %d left", tries, p.left())
		}
		cancel()
		<-ended
	})
}

// A room that is busy refuses calls for a moment. Whoever is heard must not lose the seat for that.
func TestNewsOfMicrophonesOutlivesABusyRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &reportDesk{answer: fault.New(fault.CodeRateLimited, "too many calls wait for this room")}
		metrics, err := newMetrics(nil)
		must(t, err)
		p, _ := desk()
		r := &room{app: id.Main, id: id.NewRoom(), log: slog.New(slog.DiscardHandler), metrics: metrics, presence: p}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); r.report(ctx, d) }()
		p.found("ann", "n.s1")
		<-time.After(time.Second)
		d.say(nil)
		<-time.After(5 * time.Second)
		synctest.Wait()
		if want := []string{"media:s1:found"}; !slices.Equal(d.media, want) || p.left() != 0 {
			t.Errorf("told %q, want %q; %d left", d.media, want, p.left())
		}
		cancel()
		<-ended
	})
}
