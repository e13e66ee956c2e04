package listenerstate

import (
	"fmt"
	"testing"

	"rostrum/internal/id"
	"rostrum/services/listenerstate/chain"
)

// lived makes the records of a room in which a person takes and leaves a seat, again and again.
func lived(t *testing.T, key chain.Key, user id.User, a archived, n int) []chain.Record {
	t.Helper()
	var records []chain.Record
	stage, head := a.stage, a.head
	for i := range n {
		var command Command = TakeSeat{}
		switch {
		case head.Offset == 0:
			command = OpenRoom{Host: host, OpenStage: true}
		case i%2 == 1:
			command = LeaveSeat{user}
		}
		b := decideAll(key, stage, head, []*call{newCall(request(user, command))}, noon)
		if len(b.records) != 1 {
			t.Fatalf("%+v: %v", command, b.calls[0].outcome.refusal)
		}
		stage, head, records = b.stage, b.head, append(records, b.records...)
	}
	return records
}

// after is what an archive has that has these records.
func after(t *testing.T, key chain.Key, a archived, records []chain.Record) archived {
	t.Helper()
	var err error
	if a.stage, a.head, err = fold(key, a.stage, a.head, records); err != nil {
		t.Fatal(err)
	}
	return a
}

func TestARepairTakesTheLongestThatWasAcknowledged(t *testing.T) {
	key := chain.Key{App: id.Main, Room: id.NewRoom()}
	first := lived(t, key, host, archived{}, 1)
	a := after(t, key, archived{}, first)
	chained, forked := lived(t, key, speaker, a, 6), lived(t, key, stranger, a, 4)
	whole := append(append([]chain.Record{}, first...), chained...)
	redis := func(n int, acked uint64) shelf {
		return shelf{there: true, fits: true, records: chained[:n], acked: acked}
	}
	claimed := a
	claimed.head.Term++
	for name, c := range map[string]struct {
		found  shelf
		a      archived
		offers [][]chain.Record
		best   int // of chained; -1: it is fine
		fork   int // of forked
	}{
		"nobody has anything":                 {redis(0, 1), a, nil, -1, 0},
		"redis alone":                         {redis(3, 4), a, nil, -1, 0},
		"redis has what was offered":          {redis(6, 4), a, [][]chain.Record{chained[:4], nil, whole[:5]}, -1, 0},
		"redis is lost":                       {shelf{}, a, [][]chain.Record{chained[:2], whole, chained[:5]}, 6, 0},
		"redis is lost, and nobody has more":  {shelf{}, a, nil, 0, 0},
		"redis is older":                      {redis(2, 3), a, [][]chain.Record{chained[:5]}, 5, 0},
		"redis is another":                    {shelf{there: true, acked: 99}, a, [][]chain.Record{chained[:5]}, 5, 0},
		"redis went on unacknowledged":        {redis(6, 1), a, [][]chain.Record{forked[:2]}, 0, 2},
		"redis went on, and acknowledged":     {redis(6, 7), a, [][]chain.Record{forked[:2]}, 6, 0},
		"an offer with a hole":                {redis(1, 2), a, [][]chain.Record{chained[2:]}, 1, 0},
		"an offer of what the archive has":    {redis(1, 2), a, [][]chain.Record{first}, -1, 0},
		"an offer from before another repair": {shelf{}, claimed, [][]chain.Record{chained}, 0, 0},
	} {
		best, fine := c.found.judge(key, c.a, c.offers)
		want := chained[:max(c.best, 0)]
		if c.fork > 0 {
			want = forked[:c.fork]
		}
		if fine != (c.best < 0) || len(best) != len(want) || len(want) > 0 && !sameRecord(best[len(best)-1], want[len(want)-1]) {
			t.Errorf("%s: fine %v, %d records, want %d", name, fine, len(best), len(want))
		}
	}
}

func TestAPeerThatFallsSilentIsGone(t *testing.T) {
	p := newPeers("me")
	p.said("a", false)
	p.said("b", false)
	has := func(names ...string) bool {
		among := map[string]bool{}
		for _, name := range names {
			among[name] = true
		}
		return p.all(among)
	}
	if has("a") || !has("a", "b") {
		t.Error("a and b are there")
	}
	for range peerSilence {
		p.said("me", false)
		p.said("a", false)
	}
	if has("a") {
		t.Error("b is taken for gone too early")
	}
	p.said("me", false)
	if !has("a") || has() {
		t.Error("a is there, and b is gone")
	}
	p.said("a", true)
	if !has() {
		t.Error("a has left")
	}
	for n := range 2 * peersMost {
		p.said(fmt.Sprint(n), false)
	}
	if len(p.silent) != peersMost {
		t.Errorf("%d peers are known", len(p.silent))
	}
}
