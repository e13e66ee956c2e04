package signaling

import (
	"context"
	"fmt"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/obs"
	listenv1 "rostrum/proto/rostrum/listen/v1"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
	mediav1 "rostrum/proto/rostrum/media/v1"
)

const (
	placeTimeout = 5 * time.Second
	hostTimeout  = 3 * time.Second
	// probeTimeout is how long a room's home has to prove that it is there. One that is answers within milliseconds; a frozen one
	// must not keep a room from moving.
	probeTimeout = 600 * time.Millisecond
	// maxPlacements bounds the nodes asked for one placement, and how often another may come first.
	maxPlacements = 4
)

// PlaceRoom makes sure that a live room has a home and answers it. Calls for one room at one time are one placement.
// Faults: not_found, not_live, ended, unavailable.
func (s *Service) PlaceRoom(ctx context.Context, key RoomKey) (Placement, error) {
	placed := s.placing.DoChan(key.String(), func() (any, error) {
		done, err := s.begin()
		if err != nil {
			return Placement{}, err
		}
		defer done()
		ctx, cancel := context.WithTimeout(obs.Follow(s.ctx, ctx), placeTimeout)
		defer cancel()
		ctx, span := obs.Span(ctx, "signaling.place")
		placement, err := s.place(ctx, key)
		obs.End(span, err)
		s.metrics.placed(placement, err)
		return placement, err
	})
	select {
	case result := <-placed:
		return result.Val.(Placement), result.Err
	case <-ctx.Done():
		return Placement{}, fmt.Errorf("place room %s: %w", key, ctx.Err())
	}
}

func (s *Service) place(ctx context.Context, key RoomKey) (Placement, error) {
	anchored, err := s.mustBeLive(ctx, key)
	if err != nil {
		return Placement{}, err
	}
	tried := map[id.Node]bool{}
	for range maxPlacements {
		p, nodes, err := s.registered(ctx, key, anchored)
		if err != nil {
			return Placement{}, err
		}
		node, why, found := choose(nodes, p, key, tried)
		if !found {
			break
		}
		if why == ReasonMoved && !p.Released {
			if doubt := s.standing.doubt(time.Now()); doubt > 0 {
				return Placement{}, fault.New(fault.CodeUnavailable, "the room's home does not answer, and may yet; try again").In(min(doubt, time.Second))
			}
		}
		patience := hostTimeout
		if node.ID == p.Node.ID {
			patience = probeTimeout
		}
		epoch, err := s.host(ctx, key, node, p.Epoch, patience)
		if err == nil {
			return s.explain(Home{RoomKey: key, Node: node.ID, Address: node.Address, Epoch: epoch}, p, why, nodes), nil
		}
		f := fault.From(err)
		switch {
		case f.Code == fault.CodeConflict: // another was appointed meanwhile
			continue
		case !isPassing(f.Code):
			return Placement{}, f
		case p.Held: // the appointment stands, though we do not reach it
			return Placement{Home: p.home(key), Reason: ReasonKept}, nil
		}
		s.log.WarnContext(ctx, "a node does not host a room", "room", key.Room, "node", node.ID, "error", err)
		tried[node.ID] = true
	}
	return Placement{}, fault.New(fault.CodeUnavailable, "no media node can host the room; try again").In(time.Second)
}

// registered answers a room's appointment and all nodes. An appointment that the registry has forgotten is the one that the
// stage log knows of.
func (s *Service) registered(ctx context.Context, key RoomKey, anchored Program) (Program, []Node, error) {
	programs, err := s.store.Programs(ctx, key)
	if err != nil {
		return Program{}, nil, err
	}
	nodes, err := s.store.Nodes(ctx)
	if err != nil {
		return Program{}, nil, err
	}
	if programs[0].Epoch == 0 && anchored.Epoch > 0 {
		return recall(anchored, nodes), nodes, nil
	}
	return programs[0], nodes, nil
}

// explain says why a room is where it is, and writes it down where that is new.
func (s *Service) explain(home Home, p Program, why Reason, nodes []Node) Placement {
	placement := Placement{Home: home, Reason: why}
	if why == ReasonFirst || why == ReasonMoved {
		placement.Among = describe(nodes)
	}
	if home.Epoch != p.Epoch {
		s.log.Info("room placed", "room", home.Room, "node", home.Node, "epoch", home.Epoch, "reason", string(why), "before", p.Node.ID, "among", placement.Among)
	}
	return placement
}

// mustBeLive asks the stage log, which alone decides it. The answer is the newest appointment that the log knows of.
func (s *Service) mustBeLive(ctx context.Context, key RoomKey) (Program, error) {
	answer, err := s.stage.GetStage(ctx, &listenerstatev1.GetStageRequest{App: string(key.App), Room: string(key.Room)})
	if err != nil {
		return Program{}, fmt.Errorf("ask for the stage of %s: %w", key, fault.From(err))
	}
	switch answer.GetStage().GetState() {
	case listenv1.RoomState_ROOM_STATE_LIVE:
		return readAnchor(answer.GetStage().GetAnchor()), nil
	case listenv1.RoomState_ROOM_STATE_ENDED:
		return Program{}, fault.New(fault.CodeEnded, "the room is over")
	}
	return Program{}, fault.New(fault.CodeNotLive, "the room has not been started")
}

// host asks a node to be the home of a room whose newest epoch is known.
func (s *Service) host(ctx context.Context, key RoomKey, node Node, known uint64, patience time.Duration) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	media, err := s.media(node.Address)
	if err != nil {
		return 0, err
	}
	answer, err := media.HostRoom(ctx, &mediav1.HostRoomRequest{App: string(key.App), Room: string(key.Room), KnownEpoch: known})
	return answer.GetEpoch(), err
}

// isPassing says whether another node may do what this one could not.
func isPassing(code fault.Code) bool {
	return code == fault.CodeUnavailable || code == fault.CodeTimeout || code == fault.CodeInternal
}
