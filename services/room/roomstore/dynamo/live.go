package dynamo

import (
	"context"
	"fmt"
	"hash/fnv"
	"iter"
	"strconv"

	"golang.org/x/sync/errgroup"

	"rostrum/internal/dynamo"
	"rostrum/internal/id"
	"rostrum/services/room"
)

// shards are the partitions that live rooms of an app are spread over: one partition alone takes 1000 writes a second.
const shards = 16

func shardOf(r id.Room) uint32 {
	sum := fnv.New32a()
	sum.Write([]byte(r))
	return sum.Sum32() % shards
}

func shardKey(app id.App, shard uint32) string {
	return string(app) + "#live#" + strconv.FormatUint(uint64(shard), 10)
}

// placeText sorts like start times, and rooms of one start time by their ids.
func placeText(p room.Place) string { return dynamo.Moment(p.Started) + "#" + string(p.Room) }

// Live answers at most limit live rooms after a place, newest start first. A room that has just started or ended may
// be missing or listed for a moment: the index follows the table. Fault: unavailable.
func (s *Store) Live(ctx context.Context, app id.App, after room.Place, limit int) ([]room.Room, error) {
	lanes := make([]*lane, shards)
	var work errgroup.Group
	for n := range lanes {
		l := s.lane(ctx, app, uint32(n), after, limit)
		defer l.stop()
		work.Go(l.advance)
		lanes[n] = l
	}
	if err := work.Wait(); err != nil {
		return nil, err
	}
	var rooms []room.Room
	for len(rooms) < limit {
		first := newest(lanes)
		if first == nil {
			break
		}
		rooms = append(rooms, first.head)
		if len(rooms) == limit {
			break
		}
		if err := first.advance(); err != nil {
			return nil, err
		}
	}
	return rooms, nil
}

// lane is what one shard of the index has yet to give.
type lane struct {
	next func() (dynamo.Item, error, bool)
	stop func()
	head room.Room
	left bool // head is one of them
}

func (s *Store) lane(ctx context.Context, app id.App, shard uint32, after room.Place, limit int) *lane {
	values, where := dynamo.Item{}, "#live = :shard"
	values.SetText("shard", shardKey(app, shard))
	if after != (room.Place{}) {
		values.SetText("after", placeText(after))
		where += " AND #since < :after"
	}
	l := &lane{}
	l.next, l.stop = iter.Pull2(s.db.Items(ctx, dynamo.Query{
		Table: dynamo.Rooms, Index: dynamo.LiveIndex, Where: dynamo.Holds(where, values), Backward: true,
		Page: int32(limit/(shards/2) + 4), // seldom more of one shard; if so it is asked again
	}))
	return l
}

// advance takes the next room of the shard.
func (l *lane) advance() error {
	item, err, there := l.next()
	if l.left = there; err != nil || !there {
		return err
	}
	if l.head, err = roomOf(item); err != nil {
		return fmt.Errorf("decode a live room: %w", err)
	}
	return nil
}

// newest answers the lane with the newest head; nil where none has one.
func newest(lanes []*lane) *lane {
	var (
		first *lane
		place string
	)
	for _, l := range lanes {
		if !l.left {
			continue
		}
		if p := placeText(room.Place{Started: l.head.Started, Room: l.head.ID}); p > place {
			first, place = l, p
		}
	}
	return first
}
