package events

import (
	"fmt"
	"testing"

	"rostrum/mobile-api/view"
	listenv1 "rostrum/proto/rostrum/listen/v1"
	v1 "rostrum/proto/rostrum/listenerstate/v1"
)

// crowded is a stage with a full row of seats and a thousand raised hands.
func crowded() *v1.Stage {
	log := newFakeLog(ada, mod)
	for i := range 19 {
		log.stage.Seats = append(log.stage.Seats, &listenv1.Seat{Seat: uint32(i + 2), User: fmt.Sprint("us_seated", i), Name: "Somebody"})
	}
	for i := range 1000 {
		log.happen(raisedBy(fmt.Sprint("us_raised", i), "about tides"))
	}
	log.happen(invitedBy(ada, cem), removedBy(ada, "us_rude"))
	return log.stage
}

// BenchmarkDraw has a stage encoded as everyone of one view is shown it.
func BenchmarkDraw(b *testing.B) {
	s := readStage(crowded())
	for _, v := range []view.Viewer{view.Person, view.Moderator} {
		b.Run(v.String(), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.encode(v); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkRead has a whole stage read.
func BenchmarkRead(b *testing.B) {
	wire := crowded()
	b.ReportAllocs()
	for b.Loop() {
		readStage(wire)
	}
}

// BenchmarkHand has a hand read, encoded and folded.
func BenchmarkHand(b *testing.B) {
	log := newFakeLog(ada)
	up, down := raisedBy(noor, "about tides"), loweredBy(noor, noor)
	log.happen(up, down)
	s := readStage(log.stage)
	b.ReportAllocs()
	for b.Loop() {
		for _, wire := range []*v1.StageEvent{up, down} {
			e := readEvent(wire)
			if _, err := newEntry(e); err != nil {
				b.Fatal(err)
			}
			s.apply(e)
		}
	}
}
