package relay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/obs"
	"rostrum/mediaedge/audio"
	relayv1 "rostrum/proto/rostrum/relay/v1"
)

const (
	// heartbeatEvery is the longest that a healthy upstream says nothing.
	heartbeatEvery = audio.BatchDuration
	// maxHops bounds how often a pull is redirected.
	maxHops = 3
	// findTimeout bounds the first request and the search for its room.
	findTimeout = 5 * time.Second
)

// finder knows the rooms of a node.
type finder interface {
	// Find answers a room that is held here; *Moved where it is elsewhere. Faults: not_found, not_live, ended,
	// unavailable.
	Find(ctx context.Context, app id.App, room id.Room) (*Room, error)
}

// Moved says that a room is at another node.
type Moved struct {
	Address string // gRPC
	Node    id.Node
	Epoch   audio.Epoch // of the program there; 0: not known
}

func (m *Moved) Error() string { return fmt.Sprintf("the room is at %s, %s", m.Node, m.Address) }

// ServerConfig is what a Server needs.
type ServerConfig struct {
	Rooms   finder
	Log     *slog.Logger          // may be nil
	Metrics prometheus.Registerer // may be nil
	// SlowAfter is how long one item may wait for a downstream before it is cut; default 5 s.
	SlowAfter time.Duration
}

// Server streams rooms to the nodes below.
type Server struct {
	relayv1.UnimplementedRelayServer
	cfg     ServerConfig
	ends    *prometheus.CounterVec
	open    prometheus.Gauge
	closing chan struct{}
	once    sync.Once
	work    sync.WaitGroup
}

// NewServer makes a server. The error is a metric that is registered already.
func NewServer(cfg ServerConfig) (*Server, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.SlowAfter <= 0 {
		cfg.SlowAfter = 5 * time.Second
	}
	s := &Server{
		cfg: cfg, closing: make(chan struct{}),
		ends: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rostrum_relay_served_pulls_total", Help: "Pulls that were served, by how they ended.",
		}, []string{"end"}),
		open: prometheus.NewGauge(prometheus.GaugeOpts{Name: "rostrum_relay_serving_pulls", Help: "Pulls being served."}),
	}
	return s, obs.Register(cfg.Metrics, s.ends, s.open)
}

// Close ends every pull, so that downstreams look elsewhere, and waits for what the server started.
func (s *Server) Close() error {
	s.once.Do(func() { close(s.closing) })
	s.work.Wait()
	return nil
}

// Pull serves one rendition of one room from a number on; 0 begins a second before the live edge.
func (s *Server) Pull(stream grpc.BidiStreamingServer[relayv1.PullRequest, relayv1.PullItem]) error {
	s.open.Inc()
	defer s.open.Dec()
	end, err := s.pull(stream)
	s.ends.WithLabelValues(end).Inc()
	return fault.Status(err)
}

func (s *Server) pull(stream grpc.BidiStreamingServer[relayv1.PullRequest, relayv1.PullItem]) (end string, err error) {
	requests, broken := s.receive(stream)
	open, err := s.first(stream.Context(), requests, broken)
	if err != nil {
		return "refused", err
	}
	ring, room, err := s.find(stream.Context(), open)
	var moved *Moved
	if errors.As(err, &moved) {
		return "redirected", stream.Send(&relayv1.PullItem{Item: &relayv1.PullItem_Redirect{Redirect: &relayv1.Redirect{
			Address: moved.Address, Node: string(moved.Node), Epoch: uint64(moved.Epoch),
		}}})
	}
	if err != nil {
		return "refused", err
	}
	p := &pull{
		stream: stream, room: room, ring: ring, wake: NewSignal(), opened: time.Now(), next: audio.Number(open.GetFrom()),
		cut: room.cutOff(),
	}
	sent := make(chan error, 1)
	s.work.Go(func() { sent <- p.send() })
	return s.attend(p, requests, broken, sent)
}

// attend takes counts while the sender works, and cuts the stream when the sender cannot go on.
func (s *Server) attend(p *pull, requests <-chan *relayv1.PullRequest, broken, sent <-chan error) (end string, err error) {
	check := time.NewTicker(max(s.cfg.SlowAfter/5, time.Millisecond))
	defer check.Stop()
	for {
		select {
		case err := <-sent:
			return endOf(err), err
		case request := <-requests:
			if err := s.count(p.room, request); err != nil {
				return "bad_request", err
			}
		case err := <-broken:
			if !errors.Is(err, io.EOF) {
				return "left", err
			}
			broken = nil // it says nothing more and may still listen
		case <-check.C:
			if p.waited() > s.cfg.SlowAfter {
				return "too_slow", fault.New(fault.CodeTooSlow, "nothing could be sent for %v", s.cfg.SlowAfter)
			}
		case <-p.cut:
			return "moved", fault.New(fault.CodeMoved, "the room is no longer at home here; look its home up again")
		case <-s.closing:
			return "closing", fault.New(fault.CodeUnavailable, "this node is leaving")
		case <-p.stream.Context().Done():
			return "left", p.stream.Context().Err()
		}
	}
}

func endOf(err error) string {
	switch {
	case err == nil:
		return "room_ended"
	case fault.Is(err, fault.CodeTooSlow):
		return "fell_behind"
	}
	return "left"
}

func (s *Server) count(room *Room, request *relayv1.PullRequest) error {
	if request.GetCount() == nil {
		return nil // a newer kind of request
	}
	return room.Report(request.GetCount(), time.Now())
}

// receive reads requests until the stream's context ends, which it does when Pull returns.
func (s *Server) receive(stream grpc.BidiStreamingServer[relayv1.PullRequest, relayv1.PullItem]) (<-chan *relayv1.PullRequest, <-chan error) {
	requests, broken := make(chan *relayv1.PullRequest), make(chan error, 1)
	s.work.Go(func() {
		for {
			request, err := stream.Recv()
			if err != nil {
				broken <- err
				return
			}
			select {
			case requests <- request:
			case <-stream.Context().Done():
				return
			}
		}
	})
	return requests, broken
}

func (s *Server) first(ctx context.Context, requests <-chan *relayv1.PullRequest, broken <-chan error) (*relayv1.PullOpen, error) {
	timeout := time.NewTimer(findTimeout)
	defer timeout.Stop()
	select {
	case request := <-requests:
		if request.GetOpen() == nil {
			return nil, fault.New(fault.CodeInvalid, "the first request of a pull opens it")
		}
		return request.GetOpen(), nil
	case err := <-broken:
		return nil, err
	case <-timeout.C:
		return nil, fault.New(fault.CodeTimeout, "a pull opens within %v", findTimeout)
	case <-s.closing:
		return nil, fault.New(fault.CodeUnavailable, "this node is leaving")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// find checks a request and answers what it asks for.
func (s *Server) find(ctx context.Context, open *relayv1.PullOpen) (*Ring, *Room, error) {
	app, err := id.ParseApp(open.GetApp())
	if err != nil {
		return nil, nil, err
	}
	name, err := id.ParseRoom(open.GetRoom())
	if err != nil {
		return nil, nil, err
	}
	if _, err := id.ParseNode(open.GetNode()); err != nil {
		return nil, nil, err
	}
	if open.GetHops() > maxHops {
		return nil, nil, fault.New(fault.CodeUnavailable, "redirected more than %d times", maxHops)
	}
	if audio.Rendition(open.GetRendition()).BitRate() == 0 || open.GetFrom() >= maxNumber {
		return nil, nil, fault.New(fault.CodeInvalid, "rendition must exist and from be a number")
	}
	ctx, cancel := context.WithTimeout(ctx, findTimeout)
	defer cancel()
	room, err := s.cfg.Rooms.Find(ctx, app, name)
	if err != nil {
		return nil, nil, err
	}
	room.Heard(audio.Epoch(open.GetKnownEpoch()), audio.Number(open.GetKnownNumber()), time.Now())
	return room.Ring(audio.Rendition(open.GetRendition())), room, nil
}
