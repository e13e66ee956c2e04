package listener

import (
	"context"
	"errors"
	"time"

	"github.com/gorilla/websocket"
	"google.golang.org/protobuf/proto"

	listenv1 "rostrum/proto/rostrum/listen/v1"
)

// ErrHole says that a connection left a number out; what is missing is asked for elsewhere.
var ErrHole = errors.New("the edge left a number out")

// read takes one message and acknowledges when it is time.
func (l *Listener) read(ctx context.Context, conn *websocket.Conn) error {
	raw, err := l.receive(ctx, conn)
	if err != nil {
		return err
	}
	now := time.Now()
	m, err := parse(raw, l.cfg.Batches)
	if err != nil {
		l.count(func(s *Stats) { s.Corrupt++ })
		return err
	}
	l.count(func(s *Stats) { s.Bytes += uint64(len(raw)) })
	switch {
	case m.batch != nil:
		err = l.takeBatch(m, now)
	case m.gap != nil:
		err = l.takeGap(m.gap)
	case m.card != nil:
		l.takeCard(m.card)
	}
	if err != nil {
		return err
	}
	if now.Sub(l.acked) >= l.cfg.AckEvery {
		l.acked = now
		return l.send(conn, &listenv1.ClientMessage{Message: &listenv1.ClientMessage_Ack{Ack: &listenv1.Ack{Number: l.playing()}}})
	}
	return nil
}

func (l *Listener) takeBatch(m message, now time.Time) error {
	if m.batch.GetRendition() != l.cfg.Rendition {
		l.count(func(s *Stats) { s.Corrupt++ })
		return &corrupt{"a batch of another rendition"}
	}
	number := m.batch.GetNumber()
	taken, err := l.judge(m.batch.GetEpoch(), number, number)
	if taken {
		l.count(func(s *Stats) { s.Batches++ })
		l.queue = append(l.queue, Item{Batch: &Batch{Batch: m.batch, Encoded: m.encoded, Received: now}})
	}
	return err
}

func (l *Listener) takeGap(gap *listenv1.Gap) error {
	first := l.sequence.next
	taken, err := l.judge(gap.GetEpoch(), gap.GetFirst(), gap.GetLast())
	if taken {
		clipped := proto.CloneOf(gap)
		clipped.First = max(gap.GetFirst(), first)
		l.count(func(s *Stats) { s.Gaps++ })
		l.queue = append(l.queue, Item{Gap: clipped})
	}
	return err
}

// judge applies the rules and counts. A hole is a fault of the connection, up to a bound: then what is missing is lost.
func (l *Listener) judge(epoch, first, last uint64) (taken bool, err error) {
	verdict := l.sequence.judge(epoch, first, last)
	if verdict == hole {
		l.count(func(s *Stats) { s.Holes++ })
		if l.hole != l.sequence.next {
			l.hole, l.holes = l.sequence.next, 0
		}
		if l.holes++; l.holes < maxSameHole {
			return false, ErrHole
		}
		l.lose(l.sequence.start(first))
		verdict = l.sequence.judge(epoch, first, last)
	}
	switch verdict {
	case repeat:
		l.count(func(s *Stats) { s.Repeats++ })
	case lowerEpoch:
		falls := epoch < l.brought
		l.count(func(s *Stats) {
			s.LowerEpochs++
			if falls {
				s.EpochFalls++
			}
		})
	}
	l.brought = max(l.brought, epoch)
	return verdict == take, nil
}

func (l *Listener) lose(lost *Lost) {
	if lost != nil {
		l.count(func(s *Stats) { s.Lost += lost.Last - lost.First + 1 })
		l.queue = append(l.queue, Item{Lost: lost})
	}
}

func (l *Listener) takeCard(card *listenv1.RoomCard) {
	if l.card != nil && !laterCard(card, l.card) {
		return
	}
	l.card = card
	l.count(func(s *Stats) { s.Cards++ })
	l.queue = append(l.queue, Item{Card: card})
}

// laterCard orders cards by epoch, position and revision.
func laterCard(a, b *listenv1.RoomCard) bool {
	p, q := a.GetPosition(), b.GetPosition()
	for _, pair := range [][2]uint64{
		{a.GetEpoch(), b.GetEpoch()}, {p.GetTerm(), q.GetTerm()}, {p.GetOffset(), q.GetOffset()}, {a.GetRevision(), b.GetRevision()},
	} {
		if pair[0] != pair[1] {
			return pair[0] > pair[1]
		}
	}
	return false
}

func (l *Listener) count(change func(*Stats)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change(&l.stats)
}

func (l *Listener) playing() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.heard > 0 {
		return l.heard
	}
	return max(l.sequence.next, 1) - 1
}
