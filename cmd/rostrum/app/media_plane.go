package app

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc"

	"rostrum/internal/id"
	"rostrum/internal/token"
	"rostrum/mediaedge/control"
	"rostrum/mediaedge/edge"
	"rostrum/mediaedge/origin"
	"rostrum/mediaedge/relay"
	"rostrum/mediaedge/sfu"
	listenv1 "rostrum/proto/rostrum/listen/v1"
	mediav1 "rostrum/proto/rostrum/media/v1"
	relayv1 "rostrum/proto/rostrum/relay/v1"
	signalingv1 "rostrum/proto/rostrum/signaling/v1"
)

// readyTimeout bounds how long a role may take to find the registry.
const readyTimeout = 10 * time.Second

func (a *App) startSFU(ctx context.Context) error {
	log := a.roleLog(sfuRole)
	media, err := sfu.New(sfu.Config{
		Node: a.cfg.Node, UDPPort: a.cfg.UDP, TCP: true, LoopbackCandidates: true, Log: log, Metrics: a.registry,
	})
	if err != nil {
		return err
	}
	a.onClose(sfuRole, func(context.Context) error { return media.Close() })
	host, err := origin.NewHost(origin.Config{
		Node: a.cfg.Node, BootID: a.bootID, SFU: media, Stage: a.peers.stage, Programs: a.peers.nodes, Log: log, Metrics: a.registry,
	})
	if err != nil {
		return err
	}
	a.onClose("origins", func(context.Context) error { return host.Close() })
	server, err := relay.NewServer(relay.ServerConfig{Rooms: host, Log: log, Metrics: a.registry})
	if err != nil {
		return err
	}
	if err := a.serve(sfuRole, func(s *grpc.Server) {
		mediav1.RegisterMediaServer(s, origin.NewServer(host))
		relayv1.RegisterRelayServer(s, server)
	}); err != nil {
		return err
	}
	a.onClose("relay", func(context.Context) error { return server.Close() })
	return a.announce(ctx, host)
}

// announce keeps the node known to the registry, and returns when it is known for the first time.
func (a *App) announce(ctx context.Context, host *origin.Host) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	known := make(chan struct{})
	announcing, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		host.Announce(announcing, a.peers.nodes, sfuRole, a.cfg.Region, known)
	}()
	a.onClose("announcing", func(context.Context) error {
		stop()
		<-done
		return nil
	})
	select {
	case <-known:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("announce the SFU: %w", ctx.Err())
	}
}

func (a *App) startEdge(ctx context.Context) error {
	log := a.roleLog(edgeRole)
	verifier := token.NewVerifier()
	var e *edge.Edge
	opened := make(chan struct{})
	stream := control.Open(control.Config{
		Signaling: a.peers.nodes,
		Hello: &signalingv1.EdgeHello{
			Node: string(a.cfg.Node), Region: a.cfg.Region, Address: edgeRole, BootId: a.bootID,
		},
		Load: func() *signalingv1.Load {
			if <-opened; e == nil {
				return &signalingv1.Load{}
			}
			return &signalingv1.Load{Listeners: uint64(e.Listeners())}
		},
		Keys: verifier.SetKeys,
		Revoke: func(r *listenv1.Revocation) {
			if <-opened; e == nil {
				return
			}
			e.Revoke(id.App(r.GetApp()), id.Room(r.GetRoom()), relay.Revocation{
				Subject: r.GetSubject(), IssuedBefore: time.Unix(r.GetIssuedBefore(), 0),
			})
		},
		Log: log,
	})
	a.onClose("control stream", func(context.Context) error { stream.Close(); return nil })
	e, err := edge.New(edge.Config{
		Node: a.cfg.Node, Region: a.cfg.Region, Verifier: verifier, Homes: stream, Dialer: a.network,
		BootID: a.bootID, Log: log, Metrics: a.registry,
	})
	close(opened) // the stream's goroutine waits for it, also where there is no edge
	if err != nil {
		return err
	}
	a.edge = e
	a.onClose(edgeRole, e.Close)
	for _, door := range []string{"GET /v1/rooms/{room}/listen", "GET /v1/rooms/{room}/{grant}/listen.ogg"} {
		a.public.Handle(door, e.Handler())
	}
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	return stream.Ready(ctx)
}
