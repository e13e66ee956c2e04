package origin

import (
	"context"
	"time"

	"google.golang.org/grpc"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/mediaedge/audio"
	"rostrum/mediaedge/relay"
	signalingv1 "rostrum/proto/rostrum/signaling/v1"
)

// elsewhereTimeout bounds the question where a room is. A puller waits for it, and can look the home up itself.
const elsewhereTimeout = time.Second

// homes knows where the programs of rooms are in force.
type homes interface {
	FindHome(ctx context.Context, in *signalingv1.FindHomeRequest, opts ...grpc.CallOption) (*signalingv1.FindHomeResponse, error)
}

// Find answers the room's rings for the relay, where the room is or lately was at home here; *relay.Moved where another node
// has it. Fault: unavailable.
func (h *Host) Find(ctx context.Context, app id.App, roomID id.Room) (*relay.Room, error) {
	if rings := h.rings(key{app, roomID}); rings != nil {
		return rings, nil
	}
	if moved := h.elsewhere(ctx, app, roomID); moved != nil {
		return nil, moved
	}
	return nil, fault.New(fault.CodeUnavailable, "this room is not at home here; look its home up again").In(time.Second)
}

func (h *Host) rings(k key) *relay.Room {
	h.mu.Lock()
	defer h.mu.Unlock()
	entry := h.rooms[k]
	if entry == nil || entry.current == nil && !entry.relay.Ended() {
		return nil
	}
	return entry.relay
}

// elsewhere asks the registry, once for all who ask at one time, where a room is that is not here; nil where it does not say,
// or says here.
func (h *Host) elsewhere(ctx context.Context, app id.App, roomID id.Room) *relay.Moved {
	found, _, _ := h.asking.Do(string(app)+"/"+string(roomID), func() (any, error) {
		return h.askHome(context.WithoutCancel(ctx), app, roomID), nil
	})
	moved, _ := found.(*relay.Moved)
	return moved
}

func (h *Host) askHome(ctx context.Context, app id.App, roomID id.Room) *relay.Moved {
	ctx, cancel := context.WithTimeout(ctx, elsewhereTimeout)
	defer cancel()
	found, err := h.cfg.Homes.FindHome(ctx, &signalingv1.FindHomeRequest{App: string(app), Room: string(roomID)})
	if err != nil {
		h.cfg.Log.Debug("the registry does not say where a room is", "room", roomID, "error", err)
		return nil
	}
	home := found.GetHome()
	node, err := id.ParseNode(home.GetNode())
	if err != nil || node == h.cfg.Node || home.GetAddress() == "" {
		return nil
	}
	return &relay.Moved{Address: home.GetAddress(), Node: node, Epoch: audio.Epoch(home.GetEpoch())}
}
