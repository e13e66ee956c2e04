package load

import (
	"slices"
	"sync"
	"time"

	"rostrum/cmd/rostrum/report"
)

const (
	// earliest and latest bound how far a marker is from its place in media time: clocks differ a little, and speakers' packets
	// take their way.
	earliest = -150 * time.Millisecond
	latest   = 600 * time.Millisecond
)

// markers are when marker tones were spoken. Safe for concurrent use.
type markers struct {
	mu     sync.Mutex
	spoken [][]time.Time // by room, rising
}

func newMarkers(rooms int) *markers { return &markers{spoken: make([][]time.Time, rooms)} }

// say notes that a marker was spoken.
func (m *markers) say(room int, begin time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.spoken[room] = append(m.spoken[room], begin)
}

// count is how many were spoken.
func (m *markers) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for _, spoken := range m.spoken {
		n += len(spoken)
	}
	return n
}

// find answers the marker that was heard at a moment of media time: the one spoken nearest to it, within bounds.
func (m *markers) find(room int, media time.Time) (time.Time, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if room < 0 || room >= len(m.spoken) {
		return time.Time{}, false
	}
	spoken := m.spoken[room]
	i, _ := slices.BinarySearchFunc(spoken, media.Add(-earliest), time.Time.Compare)
	if i == 0 || media.Sub(spoken[i-1]) > latest {
		return time.Time{}, false
	}
	return spoken[i-1], true
}

// speech is how long speech took to listeners.
type speech struct {
	arrival, playout report.Spread // in ms
	strange          uint64        // tones that nobody spoke
}

// latencies compares the tones that were heard with the markers that were spoken.
func (m *markers) latencies(tones []tone, l *lateness) speech {
	out := speech{arrival: report.Spread{}, playout: report.Spread{}}
	for _, t := range tones {
		k := programKey{t.Room, t.Epoch}
		due, _ := l.due(k)
		media := fromMS(float64(due-l.delay(k)) + t.MediaMS)
		begin, found := m.find(t.Room, media)
		if !found {
			out.strange++
			continue
		}
		out.arrival.Add(fromMS(t.ArriveMS).Sub(begin))
		out.playout.Add(fromMS(t.PlayMS).Sub(begin))
	}
	return out
}

func fromMS(ms float64) time.Time { return time.UnixMicro(int64(ms * 1000)) }
