package origin

import (
	"context"
	"time"

	"google.golang.org/grpc"

	"rostrum/internal/fault"
	signalingv1 "rostrum/proto/rostrum/signaling/v1"
)

// registry is where an SFU node says that it is there.
type registry interface {
	Announce(ctx context.Context, in *signalingv1.AnnounceRequest, opts ...grpc.CallOption) (*signalingv1.AnnounceResponse, error)
}

// Announce keeps the node's lease at the registry until ctx ends, and closes known when it holds it for the first time.
// A registry that does not answer is asked again.
func (h *Host) Announce(ctx context.Context, to registry, address, region string, known chan<- struct{}) {
	ticker := time.NewTicker(renewEvery)
	defer ticker.Stop()
	said := fault.Code("")
	for {
		err := h.announce(ctx, to, address, region)
		if ctx.Err() != nil {
			return
		}
		if err == nil && known != nil {
			close(known)
			known = nil
		}
		if code := h.noteUnheard(err); code != said {
			if said = code; err != nil {
				h.cfg.Log.Warn("the registry does not hear this node; rooms go on", "code", code, "error", err)
			}
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// Unheard answers why the registry did not take the newest announcement; nil: it did, or none was made yet.
func (h *Host) Unheard() error {
	if f := h.unheard.Load(); f != nil {
		return f
	}
	return nil
}

// noteUnheard keeps what came of an announcement, and answers its code; "": it was taken.
func (h *Host) noteUnheard(err error) fault.Code {
	if err == nil {
		h.unheard.Store(nil)
		return ""
	}
	f := fault.From(err)
	h.unheard.Store(f)
	return f.Code
}

func (h *Host) announce(ctx context.Context, to registry, address, region string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*renewEvery)
	defer cancel()
	_, err := to.Announce(ctx, &signalingv1.AnnounceRequest{
		Node: string(h.cfg.Node), Address: address, Region: region, BootId: h.cfg.BootID,
		Load: &signalingv1.Load{Rooms: uint32(h.hosting()), Sessions: uint32(h.cfg.SFU.Sessions()), Cpu: h.cfg.CPU()},
	})
	return err
}
