package sfu_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"rostrum/mediaedge/sfu"
)

func TestASessionIsFoundOnceAndLostOnce(t *testing.T) {
	s := newStage(t, sfu.Config{})
	ann := s.join(3, "us_ann", 0, nil)
	s.talk(ann, 3)
	s.wantNews(sfu.News{Seat: 3, User: "us_ann"})
	for range 2 {
		before := len(s.ingest.from(3))
		if err := ann.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		eventually(t, func() string {
			if n := len(s.ingest.from(3)); n < before+10 {
				return fmt.Sprintf("%d packets since the restart", n-before)
			}
			return ""
		})
	}
	if news := s.room.News(); len(news) != 0 {
		t.Errorf("an ICE restart is news: %+v", news)
	}
	if err := ann.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.wantNews(sfu.News{Seat: 3, User: "us_ann", Lost: true})
	s.open("us_ann", 0, nil)
	s.wantNews(sfu.News{Seat: 3, User: "us_ann"})
}

func TestNobodyHearsOldNewsOfASeat(t *testing.T) {
	s := newStage(t, sfu.Config{})
	s.join(3, "us_ann", 0, nil)
	s.join(4, "us_bob", 0, nil)
	for range 2 {
		select {
		case <-s.room.HasNews():
		case <-time.After(time.Minute):
			t.Fatal("no news")
		}
		if news := s.room.News(); len(news) == 2 {
			break
		}
	}
	s.room.Deny(3)
	s.join(3, "us_ann", 0, nil)
	s.wantNews(sfu.News{Seat: 3, User: "us_ann"})
	s.room.Deny(3)
	s.room.Allow(4, "us_cem", false) // bob's session ends
	if news := s.room.News(); len(news) != 0 {
		t.Errorf("who lost the seat is news: %+v", news)
	}
}

func TestWhoIsDoubtedIsNotHeardUntilTrusted(t *testing.T) {
	s := newStage(t, sfu.Config{})
	var heard ears
	s.join(1, "us_listens", 3, heard.hear)
	s.talk(s.join(2, "us_before", 0, nil), 2)
	eventually(t, func() string {
		if heard.count(2) < 10 {
			return "seat 2 is not heard"
		}
		return ""
	})
	since := time.Now()
	s.talk(s.join(3, "us_since", 0, nil), 3)
	eventually(t, func() string {
		if heard.count(3) < 10 {
			return "seat 3 is not heard before the doubt"
		}
		return ""
	})
	s.room.Doubt(since)
	doubted := len(s.ingest.from(3))
	late := s.join(4, "us_late", 0, nil)
	s.talk(late, 4)
	s.wantNews(sfu.News{Seat: 1, User: "us_listens"}, sfu.News{Seat: 2, User: "us_before"},
		sfu.News{Seat: 3, User: "us_since"}, sfu.News{Seat: 4, User: "us_late"})
	before := heard.count(2)
	eventually(t, func() string {
		if n := heard.count(2); n < before+20 {
			return fmt.Sprintf("%d packets of seat 2", n-before)
		}
		return ""
	})
	if now, then := len(s.ingest.from(3)), len(s.ingest.from(4)); now != doubted || then != 0 {
		t.Errorf("%d packets of seat 3 and %d of seat 4 were forwarded in doubt", now-doubted, then)
	}
	s.room.Trust()
	eventually(t, func() string {
		if three, four := len(s.ingest.from(3)), heard.count(4); three < doubted+10 || four < 10 {
			return fmt.Sprintf("%d packets of seat 3, %d of seat 4", three-doubted, four)
		}
		return ""
	})
	slot := make(map[uint8]uint16)
	for _, p := range heard.all() {
		if last, begun := slot[p.Seat]; begun && p.Sequence != last+1 {
			t.Errorf("seat %d: number %d after %d: doubt is no loss", p.Seat, p.Sequence, last)
		}
		slot[p.Seat] = p.Sequence
	}
	if err := late.Close(context.Background()); err != nil {
		t.Error(err)
	}
}
