package report

import (
	"maps"
	"slices"
	"time"
)

// Spread counts values in milliseconds. Not safe for concurrent use.
type Spread map[int64]uint64

// Quantiles are of durations, in seconds, to the millisecond above.
type Quantiles struct {
	P50   float64 `json:"p50"`
	P95   float64 `json:"p95"`
	P99   float64 `json:"p99"`
	Max   float64 `json:"max"`
	Count uint64  `json:"count"`
}

// Add counts a duration, rounded up to whole milliseconds.
func (s Spread) Add(d time.Duration) { s[Milliseconds(d)]++ }

// Milliseconds rounds up.
func Milliseconds(d time.Duration) int64 {
	ms := d.Milliseconds()
	if d > time.Duration(ms)*time.Millisecond {
		ms++
	}
	return ms
}

// Merge adds what another spread counted, moved by some milliseconds.
func (s Spread) Merge(other Spread, shift int64) {
	for at, n := range other {
		s[at+shift] += n
	}
}

// Count is how many values were counted.
func (s Spread) Count() uint64 {
	total := uint64(0)
	for _, n := range s {
		total += n
	}
	return total
}

// Least is the smallest value; 0 where there is none.
func (s Spread) Least() int64 {
	first, least := true, int64(0)
	for at := range s {
		if first || at < least {
			first, least = false, at
		}
	}
	return least
}

// Quantiles answers the smallest values that 50, 95, 99 and 100 of a hundred do not exceed (nearest rank).
func (s Spread) Quantiles() Quantiles {
	total := s.Count()
	out := Quantiles{Count: total}
	if total == 0 {
		return out
	}
	targets := []struct {
		rank uint64
		into *float64
	}{{rank(total, 50), &out.P50}, {rank(total, 95), &out.P95}, {rank(total, 99), &out.P99}, {total, &out.Max}}
	seen, next := uint64(0), 0
	for _, at := range slices.Sorted(maps.Keys(s)) {
		for seen += s[at]; next < len(targets) && seen >= targets[next].rank; next++ {
			*targets[next].into = float64(at) / 1000
		}
	}
	return out
}

// rank is the place of a percentile among so many values, from 1.
func rank(total, percent uint64) uint64 { return max(1, (total*percent+99)/100) }
