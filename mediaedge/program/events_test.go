package program

import (
	"strings"
	"testing"

	"rostrum/mediaedge/audio"
)

func at(term, offset uint64) audio.Position { return audio.Position{Term: term, Offset: offset} }

func muted(offset uint64) audio.TimedEvent {
	return audio.TimedEvent{Position: at(3, offset), Kind: audio.EventMuted, Seat: 1}
}

func TestEventsRideInTheBatchOfTheirTime(t *testing.T) {
	r := newRoom(t)
	start := r.program.Next().Start()
	r.program.SetLog(at(3, 4))
	r.program.Note(muted(5), start+100)
	r.program.Note(muted(6), start+audio.BatchTicks+7)
	r.program.Note(muted(6), start+audio.BatchTicks+7) // told twice
	r.program.SetLog(at(3, 6))
	for n, want := range []struct {
		offset uint64
		ticks  uint16
		log    audio.Position
	}{{5, 100, at(3, 5)}, {6, 7, at(3, 6)}} {
		for _, b := range r.batch() {
			if len(b.Events) != 1 || b.Events[0].Position.Offset != want.offset || b.Events[0].Ticks != want.ticks || b.Log != want.log {
				t.Errorf("batch %d: %+v, log %v", n, b.Events, b.Log)
			}
		}
	}
	r.program.Note(muted(7), start) // its batch has been made
	r.program.SetLog(at(3, 9))
	if b := r.batch()[0]; len(b.Events) != 1 || b.Events[0].Ticks != 0 || b.Log != at(3, 9) {
		t.Errorf("%+v, log %v", b.Events, b.Log)
	}
	r.program.SetLog(at(3, 2))
	if b := r.batch()[0]; len(b.Events) != 0 || b.Log != at(3, 9) {
		t.Errorf("the position went back: %v, %v", b.Events, b.Log)
	}
}

func TestTooManyEventsWaitInOrder(t *testing.T) {
	r := newRoom(t)
	start := r.program.Next().Start()
	for n := range uint64(70) {
		r.program.Note(muted(n+1), start+audio.Time(70-n))
	}
	var got []uint64
	for _, wanted := range []int{32, 32, 6} {
		b := r.batch()[0]
		if len(b.Events) != wanted {
			t.Errorf("%d events, want %d", len(b.Events), wanted)
		}
		ticks := uint16(0)
		for _, e := range b.Events {
			got = append(got, e.Position.Offset)
			if e.Ticks < ticks {
				t.Errorf("event %d is before the one before it", e.Position.Offset)
			}
			ticks = e.Ticks
		}
		if b.Log != at(3, got[len(got)-1]) {
			t.Errorf("log %v after %d", b.Log, got[len(got)-1])
		}
	}
	for i, offset := range got {
		if offset != uint64(i+1) {
			t.Fatalf("events came as %v", got)
		}
	}
}

func TestWaitingEventsAreBounded(t *testing.T) {
	r := newRoom(t)
	for n := range uint64(maxWaiting + 10) {
		r.program.Note(muted(n+1), 1<<40)
	}
	if n := r.counted()["dropped_events_total"]; n != 10 || len(r.program.events.waiting) != maxWaiting {
		t.Errorf("%v dropped, %d wait", n, len(r.program.events.waiting))
	}
}

// TestEveryBatchCanBeSent fills batches with the largest events and a full stage.
func TestEveryBatchCanBeSent(t *testing.T) {
	c := readClip(t, "a.ogg")
	var crowd []*speaker
	for seat := range audio.Seat(40) {
		crowd = append(crowd, &speaker{clip: c, seat: seat + 1})
	}
	r := newRoom(t, crowd...)
	for n := range uint64(100) {
		e := audio.TimedEvent{Position: at(1<<63, 1<<62+n), Kind: audio.EventSeated, Seat: 100}
		if n%2 == 1 {
			e.Kind = audio.EventChanged
		}
		e.Occupant = audio.Occupant{
			Seat: 100, User: strings.Repeat("u", 300), Name: strings.Repeat("ä", 5000), Role: audio.RoleHost, Muted: true, Held: true, Away: true,
		}
		r.program.Note(e, 0)
	}
	told := 0
	for range 40 {
		for _, b := range r.batch() {
			encoded, err := b.Encode()
			if err != nil {
				t.Fatal(err)
			}
			again, err := audio.DecodeBatch(encoded)
			if err != nil {
				t.Fatal(err)
			}
			told += len(again.Events)
		}
	}
	if told != 200 {
		t.Errorf("%d events were told in two renditions", told)
	}
}
