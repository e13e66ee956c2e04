package load

import "slices"

// audit compares what listeners got with what was made. One goroutine owns it.
type audit struct {
	heard []map[uint64]map[string]uint64 // by room, number and xxh64: listeners
	gaps  map[gapHeard]uint64            // without listeners: how many were told
}

func newAudit(rooms int) *audit {
	a := &audit{gaps: map[gapHeard]uint64{}}
	for range rooms {
		a.heard = append(a.heard, map[uint64]map[string]uint64{})
	}
	return a
}

// take adds the news of a process.
func (a *audit) take(n news) {
	for _, h := range n.Heard {
		if h.Room < 0 || h.Room >= len(a.heard) {
			continue
		}
		sums := a.heard[h.Room][h.Number]
		if sums == nil {
			sums = map[string]uint64{}
			a.heard[h.Room][h.Number] = sums
		}
		sums[h.Sum] += h.Listeners
	}
	for _, g := range n.Gaps {
		listeners := g.Listeners
		g.Listeners = 0
		a.gaps[g] += listeners
	}
}

// findings are what an audit found. All but the last two count what single listeners got.
type findings struct {
	verified    uint64 // the bytes are those of a ledger
	wrong       uint64 // the bytes are others than those that a ledger has for the number
	unverified  uint64 // no ledger has the number: its node is gone, or was not asked
	gapsMade    uint64 // numbers told as a gap that a ledger has as a batch
	twoContents uint64 // numbers of which different listeners got different bytes
	numbers     uint64 // that ledgers have
}

// compare looks at everything that was heard.
func (a *audit) compare(l *ledgers) findings {
	l.mu.Lock()
	defer l.mu.Unlock()
	var f findings
	for room, numbers := range a.heard {
		made := l.made[room]
		f.numbers += uint64(len(made))
		for number, sums := range numbers {
			if len(sums) > 1 {
				f.twoContents++
			}
			for sum, listeners := range sums {
				switch known, found := made[number]; {
				case !found:
					f.unverified += listeners
				case slices.Contains(known, sum):
					f.verified += listeners
				default:
					f.wrong += listeners
				}
			}
		}
	}
	for g, listeners := range a.gaps {
		if g.Room < 0 || g.Room >= len(l.made) || g.Last-g.First > maxGap {
			continue
		}
		for number := g.First; number <= g.Last; number++ {
			if _, found := l.made[g.Room][number]; found {
				f.gapsMade += listeners
			}
		}
	}
	return f
}

// maxGap bounds the numbers of a gap that are looked at one by one.
const maxGap = 1 << 20

// told are the gaps, longest first, at most so many.
func (a *audit) told(most int) []gapHeard {
	var out []gapHeard
	for g, listeners := range a.gaps {
		g.Listeners = listeners
		out = append(out, g)
	}
	slices.SortFunc(out, func(x, y gapHeard) int {
		if long := int64(y.Last-y.First) - int64(x.Last-x.First); long != 0 {
			return int(max(-1, min(1, long)))
		}
		return int(int64(x.First) - int64(y.First))
	})
	return out[:min(most, len(out))]
}
