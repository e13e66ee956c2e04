package load

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"rostrum/client/api"
	"rostrum/cmd/rostrum/report"
)

const (
	// setUpWithin bounds one call while people come in, with the waiting that a gateway asks for.
	setUpWithin = 2 * time.Minute
	// atOnce is how many people come in at the same time.
	atOnce = 8
	// openRights is how many open grants are asked for where listeners have no identity.
	openRights = 16
)

// house is the rooms of a run and the people in them.
type house struct {
	plan  plan
	calls *http.Client
	note  func(now time.Time, format string, args ...any)

	host    *api.Client // nil: the room is another's
	rooms   []jobRoom
	talkers []*api.Client // those of a room after those of the one before
	joins   report.Spread // how long joining took, in ms
}

// open makes the people and the rooms, and gets the rights to hear them.
func (h *house) open(ctx context.Context) error {
	if h.plan.room != "" {
		h.rooms = []jobRoom{{Room: h.plan.room}}
	} else if err := h.openRooms(ctx); err != nil {
		return err
	}
	h.talkers = make([]*api.Client, h.plan.speakers*len(h.rooms))
	if err := each(ctx, len(h.talkers), func(ctx context.Context, i int) (err error) {
		h.talkers[i], err = h.person(ctx, fmt.Sprint("Speaker ", i+1))
		return err
	}); err != nil {
		return err
	}
	many := h.plan.identities
	if many == 0 {
		many = openRights * len(h.rooms)
	}
	rights, took := make([]right, many), make([]time.Duration, many)
	if err := each(ctx, len(rights), func(ctx context.Context, i int) (err error) {
		rights[i], took[i], err = h.enter(ctx, i)
		return err
	}); err != nil {
		return err
	}
	h.joins = report.Spread{}
	for i := range rights {
		room := &h.rooms[i%len(h.rooms)]
		room.Rights = append(room.Rights, rights[i])
		h.joins.Add(took[i])
	}
	return nil
}

// openRooms makes rooms in which everybody may listen and speak.
func (h *house) openRooms(ctx context.Context) (err error) {
	if h.host, err = h.person(ctx, "Host"); err != nil {
		return err
	}
	for i := range h.plan.rooms {
		ctx, cancel := context.WithTimeout(ctx, setUpWithin)
		room, err := h.host.CreateRoom(ctx, api.CreateRoom{
			Title: fmt.Sprint("Load ", i+1), OpenListening: true, OpenStage: true, MaxSeats: min(100, max(20, h.plan.speakers)),
		})
		if err == nil {
			h.rooms = append(h.rooms, jobRoom{Room: room.ID})
			_, err = h.host.Start(ctx, room.ID)
		}
		cancel()
		if err != nil {
			return fmt.Errorf("open a room: %w", err)
		}
	}
	return nil
}

// close ends the rooms, where they are this run's.
func (h *house) close(ctx context.Context) error {
	if h.host == nil || h.plan.keep {
		return nil
	}
	var failed []error
	for _, room := range h.rooms {
		if _, err := h.host.End(ctx, room.Room); err != nil {
			failed = append(failed, fmt.Errorf("end %s: %w", room.Room, err))
		}
	}
	return errors.Join(failed...)
}

// person is a new guest. Where the gateway wants no more of them for now, it waits.
func (h *house) person(ctx context.Context, name string) (*api.Client, error) {
	ctx, cancel := context.WithTimeout(ctx, setUpWithin)
	defer cancel()
	client := api.New(h.plan.url, api.WithHTTPClient(h.calls))
	for {
		_, err := client.Guest(ctx, name)
		if err == nil {
			return client, nil
		}
		var refused *api.Error
		if !errors.As(err, &refused) || refused.Code != "rate_limited" {
			return nil, fmt.Errorf("make a guest: %w", err)
		}
		h.note(time.Now(), "the gateway makes no more guests for %v", refused.RetryAfter.Round(time.Second))
		select {
		case <-time.After(max(refused.RetryAfter, 100*time.Millisecond)):
		case <-ctx.Done():
			return nil, fmt.Errorf("make a guest: %w", err)
		}
	}
}

// enter joins a room as the i-th identity, or as nobody.
func (h *house) enter(ctx context.Context, i int) (right, time.Duration, error) {
	client, access := api.New(h.plan.url, api.WithHTTPClient(h.calls)), ""
	if h.plan.identities > 0 {
		var err error
		if client, err = h.person(ctx, fmt.Sprint("Listener ", i+1)); err != nil {
			return right{}, 0, err
		}
		access = client.Token()
	}
	ctx, cancel := context.WithTimeout(ctx, setUpWithin)
	defer cancel()
	begun := time.Now()
	joined, err := client.Join(ctx, h.rooms[i%len(h.rooms)].Room, api.Join{Role: "listener"})
	if err != nil {
		return right{}, 0, fmt.Errorf("join as a listener: %w", err)
	}
	return rightOf(joined, access), time.Since(begun), nil
}

// each calls do with 0 to n-1, a few at the same time.
func each(ctx context.Context, n int, do func(ctx context.Context, i int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for i := range n {
		group.Go(func() error { return do(ctx, i) })
	}
	return group.Wait()
}
