package signaling

import (
	"context"
	"fmt"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	listenv1 "rostrum/proto/rostrum/listen/v1"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
	mediav1 "rostrum/proto/rostrum/media/v1"
)

const (
	placeTimeout = 5 * time.Second
	hostTimeout  = 3 * time.Second
	// probeTimeout is how long a home whose lease has run out has to prove that it is there.
	probeTimeout = time.Second
	// maxPlacements bounds the nodes asked for one placement, and how often another may come first.
	maxPlacements = 4
)

// PlaceRoom makes sure that a live room has a home and answers it. Calls for one room at one time are one placement.
// Faults: not_found, not_live, ended, unavailable.
func (s *Service) PlaceRoom(ctx context.Context, key RoomKey) (Home, error) {
	placed := s.placing.DoChan(key.String(), func() (any, error) {
		done, err := s.begin()
		if err != nil {
			return Home{}, err
		}
		defer done()
		ctx, cancel := context.WithTimeout(s.ctx, placeTimeout)
		defer cancel()
		home, err := s.place(ctx, key)
		s.metrics.placed(err)
		return home, err
	})
	select {
	case result := <-placed:
		return result.Val.(Home), result.Err
	case <-ctx.Done():
		return Home{}, fmt.Errorf("place room %s: %w", key, ctx.Err())
	}
}

func (s *Service) place(ctx context.Context, key RoomKey) (Home, error) {
	if err := s.mustBeLive(ctx, key); err != nil {
		return Home{}, err
	}
	tried := map[id.Node]bool{}
	for range maxPlacements {
		programs, err := s.store.Programs(ctx, key)
		if err != nil {
			return Home{}, err
		}
		nodes, err := s.store.Nodes(ctx)
		if err != nil {
			return Home{}, err
		}
		node, found := choose(nodes, programs[0], key, tried)
		if !found {
			break
		}
		epoch, err := s.host(ctx, key, node)
		if err == nil {
			return Home{RoomKey: key, Node: node.ID, Address: node.Address, Epoch: epoch}, nil
		}
		f := fault.From(err)
		switch {
		case f.Code == fault.CodeConflict: // another was appointed meanwhile
			continue
		case !isPassing(f.Code):
			return Home{}, f
		case programs[0].Held: // the appointment stands, though we do not reach it
			return programs[0].home(key), nil
		}
		s.log.Warn("a node does not host a room", "room", key.Room, "node", node.ID, "error", err)
		tried[node.ID] = true
	}
	return Home{}, fault.New(fault.CodeUnavailable, "no media node can host the room; try again").In(time.Second)
}

// mustBeLive asks the stage log, which alone decides it.
func (s *Service) mustBeLive(ctx context.Context, key RoomKey) error {
	answer, err := s.stage.GetStage(ctx, &listenerstatev1.GetStageRequest{App: string(key.App), Room: string(key.Room)})
	if err != nil {
		return fmt.Errorf("ask for the stage of %s: %w", key, fault.From(err))
	}
	switch answer.GetStage().GetState() {
	case listenv1.RoomState_ROOM_STATE_LIVE:
		return nil
	case listenv1.RoomState_ROOM_STATE_ENDED:
		return fault.New(fault.CodeEnded, "the room is over")
	}
	return fault.New(fault.CodeNotLive, "the room has not been started")
}

func (s *Service) host(ctx context.Context, key RoomKey, node Node) (uint64, error) {
	timeout := hostTimeout
	if !node.Alive {
		timeout = probeTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	media, err := s.media(node.Address)
	if err != nil {
		return 0, err
	}
	answer, err := media.HostRoom(ctx, &mediav1.HostRoomRequest{App: string(key.App), Room: string(key.Room)})
	return answer.GetEpoch(), err
}

// isPassing says whether another node may do what this one could not.
func isPassing(code fault.Code) bool {
	return code == fault.CodeUnavailable || code == fault.CodeTimeout || code == fault.CodeInternal
}
