package sfu

import (
	"slices"
	"time"

	"rostrum/mediaedge/audio"
)

// contestEvery is how often slots are dealt anew while there are more speakers than slots.
const contestEvery = 40 * time.Millisecond

// heard is what the mixer measured.
type heard struct {
	loudness map[audio.Seat]uint8 // 0 silence to 127
	at       time.Time
}

// Heard says how loud the mixer finds each seat now, in -dBov (0 loudest, 127 silence). For a second it counts more than
// what clients say of themselves. The map is not kept.
func (r *Room) Heard(levels map[audio.Seat]uint8) {
	h := &heard{make(map[audio.Seat]uint8, len(levels)), time.Now()}
	for seat, level := range levels {
		if seat <= audio.MaxSeats {
			h.loudness[seat] = audio.Silence - min(level, audio.Silence)
		}
	}
	r.heard.Store(h)
}

// switchboard deals the slots of a room; all of it is owned by the room's goroutine.
type switchboard struct {
	room    *Room
	ranking ranking
	routes  map[*session][]*slot // where each session's words go now
}

func (r *Room) start() {
	b := &switchboard{room: r, routes: make(map[*session][]*slot)}
	r.running.Go(b.run)
}

func (b *switchboard) run() {
	reports := time.NewTicker(reportEvery)
	defer reports.Stop()
	contest := time.NewTicker(contestEvery)
	defer contest.Stop()
	contest.Stop()
	for contested := false; ; {
		select {
		case <-b.room.stop:
			return
		case now := <-reports.C:
			b.report(now)
			continue
		case <-contest.C:
		case <-b.room.bell:
		}
		if c := b.deal(time.Now()); c != contested {
			contested = c
			contest.Reset(contestEvery)
			if !contested {
				contest.Stop()
			}
		}
	}
}

// deal decides what every slot carries and says whether there are more speakers than slots somewhere.
func (b *switchboard) deal(now time.Time) (contested bool) {
	sessions := b.room.connected()
	b.listen(sessions, now)
	routes := make(map[*session][]*slot, len(sessions))
	var changed []*slot
	var seats []audio.Seat
	others := make([]audio.Seat, 0, len(sessions))
	for _, subscriber := range sessions {
		others = others[:0]
		for _, s := range sessions {
			if s != subscriber {
				others = append(others, s.publisher.seat)
			}
		}
		contested = contested || len(others) > len(subscriber.slots) && len(subscriber.slots) > 0
		b.ranking.choose(subscriber.carried, others)
		for i, seat := range subscriber.carried {
			if seat == 0 {
				continue
			}
			at := slices.IndexFunc(sessions, func(s *session) bool { return s.publisher.seat == seat })
			routes[sessions[at]] = append(routes[sessions[at]], subscriber.slots[i])
			if !slices.Contains(b.routes[sessions[at]], subscriber.slots[i]) {
				changed = append(changed, subscriber.slots[i])
				seats = append(seats, seat)
			}
		}
	}
	b.connect(routes, changed, seats)
	return contested
}

// connect takes slots out of all routes that lose them before it gives them to others.
func (b *switchboard) connect(routes map[*session][]*slot, changed []*slot, seats []audio.Seat) {
	for s, before := range b.routes {
		kept := slices.DeleteFunc(slices.Clone(before), func(slot *slot) bool { return !slices.Contains(routes[s], slot) })
		if len(kept) < len(before) {
			s.publisher.route(s, kept)
		}
	}
	for i, slot := range changed {
		slot.carry(seats[i])
	}
	for s, after := range routes {
		if !slices.Equal(b.routes[s], after) {
			s.publisher.route(s, after)
		}
	}
	b.room.metrics.switches.Add(float64(len(changed)))
	b.routes = routes
}

// listen brings the ranking up to date.
func (b *switchboard) listen(sessions []*session, now time.Time) {
	b.ranking.pass(now)
	measured := b.room.heard.Load()
	if measured != nil && now.Sub(measured.at) > heardFor {
		measured = nil
	}
	for _, s := range sessions {
		seat := s.publisher.seat
		loudness := s.publisher.peak.Swap(0)
		if measured != nil {
			if level, ok := measured.loudness[seat]; ok {
				loudness = uint32(level)
			}
		}
		if s.publisher.speaking() {
			b.ranking.hear(seat, float64(loudness))
		}
	}
}

// report tells every client the time of its slots.
func (b *switchboard) report(now time.Time) {
	for _, s := range b.room.connected() {
		for _, slot := range s.slots {
			if report := slot.report(now, b.room.clock); report != nil {
				s.write(report)
			}
		}
	}
}

// connected answers the sessions whose transport is up, by seat.
func (r *Room) connected() []*session {
	r.mu.Lock()
	defer r.mu.Unlock()
	var up []*session
	for _, s := range r.sessions {
		if s.connected.Load() {
			up = append(up, s)
		}
	}
	slices.SortFunc(up, func(a, b *session) int { return int(a.publisher.seat) - int(b.publisher.seat) })
	return up
}
