package room

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"rostrum/client/api"
	"rostrum/client/stage"
)

// newShow chooses how a stage is shown: JSON for scripts, a picture on a terminal, else lines. known are people whom the stage
// may not name.
func (v *Verbs) newShow(room Room, known ...api.User) (s show, end func()) {
	if v.JSON {
		return &records{json.NewEncoder(v.out())}, func() {}
	}
	if terminal := newScreen(v.out()); terminal != nil {
		return &picture{screen: terminal, view: newView(room, known...)}, terminal.close
	}
	return &lines{out: v.out(), view: newView(room, known...)}, func() {}
}

// records writes one JSON object a line, with the types and fields of docs/protocol.md section 10.2.
type records struct{ out *json.Encoder }

func (r *records) item(item stage.Item) error {
	switch {
	case item.Snapshot != nil:
		return r.out.Encode(struct {
			Type string `json:"type"`
			api.Stage
		}{"snapshot", item.Snapshot.Stage})
	case item.Event != nil:
		return r.out.Encode(item.Event)
	case item.Place != nil:
		return r.out.Encode(struct {
			Type string `json:"type"`
			stage.Place
		}{"place", *item.Place})
	}
	return r.out.Encode(struct {
		Type     string        `json:"type"`
		Position *api.Position `json:"position"`
	}{"enforced", item.Enforced})
}

func (r *records) tick(func() stage.Stage, string) error { return nil }

// lines writes one line an event.
type lines struct {
	out  io.Writer
	view *view
	note string
}

func (l *lines) item(item stage.Item) error {
	switch {
	case item.Snapshot != nil:
		s := *item.Snapshot
		l.view.show(s)
		_, err := fmt.Fprintf(l.out, "%s  %s  %s: %s, %d on stage, %s up, hands %s\n", time.Now().Format(time.TimeOnly), s.Position,
			clean(s.Title), clean(s.State), len(s.Seats), count(s.HandCount, "hand", "hands"), clean(string(s.HandMode)))
		return err
	case item.Event != nil:
		text := l.view.event(*item.Event)
		_, err := fmt.Fprintf(l.out, "%s  %s  %s\n", item.Event.At.Local().Format(time.TimeOnly), item.Event.Position, text)
		return err
	case item.Place != nil && item.Place.Place > 0:
		_, err := fmt.Fprintf(l.out, "%s  you are %s of %d\n", time.Now().Format(time.TimeOnly), ordinal(item.Place.Place), item.Place.Of)
		return err
	}
	return nil
}

func (l *lines) tick(_ func() stage.Stage, note string) error {
	if note == l.note {
		return nil
	}
	l.note = note
	if note == "" {
		note = "connected"
	}
	_, err := fmt.Fprintf(l.out, "%s  %s\n", time.Now().Format(time.TimeOnly), clean(note))
	return err
}

// picture draws the stage in place.
type picture struct {
	screen *screen
	view   *view
	drawn  time.Time
	dirty  bool
}

func (p *picture) item(item stage.Item) error {
	if item.Event != nil {
		p.view.event(*item.Event)
	}
	p.dirty = true
	return nil
}

// tick draws where something changed, and once a second for the clocks in the picture.
func (p *picture) tick(now func() stage.Stage, note string) error {
	if note == p.view.note && !p.dirty && time.Since(p.drawn) < time.Second {
		return nil
	}
	p.view.show(now())
	p.view.note, p.dirty, p.drawn = note, false, time.Now()
	width, height := p.screen.size()
	return p.screen.show(draw(p.view, p.drawn, width, height, p.screen.ink))
}
