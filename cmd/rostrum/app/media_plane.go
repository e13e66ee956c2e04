package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"

	"google.golang.org/grpc"

	"rostrum/internal/obs"
	"rostrum/internal/token"
	"rostrum/mediaedge/control"
	"rostrum/mediaedge/edge"
	"rostrum/mediaedge/origin"
	"rostrum/mediaedge/relay"
	"rostrum/mediaedge/sfu"
	mediav1 "rostrum/proto/rostrum/media/v1"
	relayv1 "rostrum/proto/rostrum/relay/v1"
	signalingv1 "rostrum/proto/rostrum/signaling/v1"
)

func (a *App) startSFU(context.Context) error {
	log := a.roleLog(sfuRole)
	media, err := sfu.New(sfu.Config{
		Node: a.cfg.Node, UDPPort: a.cfg.Listen.Media, TCP: true, AdvertiseIPs: a.mediaAddresses(),
		LoopbackCandidates: len(a.cfg.Advertise.Media) == 0, Log: log, Metrics: a.registry,
	})
	if err != nil {
		return err
	}
	a.onClose(sfuRole, func(context.Context) error { return media.Close() })
	host, err := origin.NewHost(origin.Config{
		Node: a.cfg.Node, BootID: a.bootID, SFU: media, Stage: a.peers.stage, Programs: a.peers.nodes, Homes: a.peers.nodes, CPU: a.cpu.Share, Log: log, Metrics: a.registry,
	})
	if err != nil {
		return err
	}
	a.onClose("origins", func(context.Context) error { return host.Close() })
	a.ledger = host.LedgerHandler()
	server, err := relay.NewServer(relay.ServerConfig{Rooms: host, Log: log, Metrics: a.registry})
	if err != nil {
		return err
	}
	address, err := a.serve(sfuRole, a.cfg.Listen.SFU, func(s *grpc.Server) {
		mediav1.RegisterMediaServer(s, origin.NewServer(host))
		relayv1.RegisterRelayServer(s, server)
	})
	if err != nil {
		return err
	}
	a.onClose("relay", func(context.Context) error { return server.Close() })
	a.needPeers(listenerstate)
	a.announce(host, cmp.Or(a.cfg.Advertise.SFU, address))
	return nil
}

func (a *App) mediaAddresses() (all []net.IP) {
	for _, address := range a.cfg.Advertise.Media {
		all = append(all, address.AsSlice())
	}
	return all
}

// announce keeps the node known to the registry. The process needs to be known once.
func (a *App) announce(host *origin.Host, address string) {
	known := make(chan struct{})
	announcing, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		host.Announce(announcing, a.peers.nodes, address, a.cfg.Region, known)
	}()
	a.onClose("announcing", func(context.Context) error {
		stop()
		<-done
		return nil
	})
	a.need("registry", func(ctx context.Context) error {
		select {
		case <-known:
			return nil
		case <-ctx.Done():
			if err := host.Unheard(); err != nil {
				return fmt.Errorf("signaling has not taken this node's announcement yet: %w", err)
			}
			return errors.New("signaling has not taken this node's announcement yet")
		}
	})
}

func (a *App) startEdge(context.Context) error {
	log := a.roleLog(edgeRole)
	verifier := token.NewVerifier()
	var e *edge.Edge
	opened := make(chan struct{})
	stream := control.Open(control.Config{
		Signaling: a.peers.nodes,
		Hello: &signalingv1.EdgeHello{
			Node: string(a.cfg.Node), Region: a.cfg.Region, BootId: a.bootID,
			PublicUrl: a.cfg.PublicURL, EnrolmentToken: a.cfg.Keys.Enrolment,
		},
		Pass: a.network.pass,
		Load: func() *signalingv1.Load {
			if <-opened; e == nil {
				return &signalingv1.Load{}
			}
			return &signalingv1.Load{Listeners: uint64(e.Listeners()), Cpu: a.cpu.Share()}
		},
		Keys: verifier.SetKeys,
		Log:  log,
	})
	a.onClose("control stream", func(context.Context) error { stream.Close(); return nil })
	e, err := edge.New(edge.Config{
		Node: a.cfg.Node, Region: a.cfg.Region, Verifier: verifier, Homes: stream, Dialer: a.network.nodes, MaxListeners: a.cfg.Limits.Listeners,
		BootID: a.bootID, Log: log, Metrics: a.registry,
	})
	close(opened) // the stream's goroutine waits for it, also where there is no edge
	if err != nil {
		return err
	}
	a.edge = e
	a.onClose(edgeRole, e.Close)
	for _, door := range []string{"GET /v1/rooms/{room}/listen", "GET /v1/rooms/{room}/{grant}/listen.ogg"} {
		a.public.Handle(door, obs.ModuleHandler(edgeRole, e.Handler()))
	}
	a.need("keys of grants", stream.Ready)
	return nil
}
