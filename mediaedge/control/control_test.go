package control

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/rpc"
	"rostrum/internal/testkit"
	"rostrum/internal/token"
	signalingv1 "rostrum/proto/rostrum/signaling/v1"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// registry is a signaling service of one edge: it answers look-ups from a table and can push.
type registry struct {
	signalingv1.UnimplementedNodesServer

	mu      sync.Mutex
	homes   map[string]string // room to address; "" not live
	hellos  []*signalingv1.EdgeHello
	loads   int
	lookups int
	push    func(*signalingv1.EdgeOrder) error
	cut     context.CancelFunc
}

func (r *registry) Control(stream signalingv1.Nodes_ControlServer) error {
	ctx, cut := context.WithCancel(stream.Context())
	defer cut()
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	r.mu.Lock()
	r.hellos, r.push, r.cut = append(r.hellos, first.GetHello()), stream.Send, cut
	r.mu.Unlock()
	keys := &signalingv1.Keys{Keys: []*signalingv1.PublicKey{{Id: "k1", Ed25519: make([]byte, 32)}}}
	if err := stream.Send(&signalingv1.EdgeOrder{Order: &signalingv1.EdgeOrder_Keys{Keys: keys}}); err != nil {
		return err
	}
	reports := make(chan *signalingv1.EdgeReport)
	go func() {
		defer close(reports)
		for {
			report, err := stream.Recv()
			if err != nil {
				return
			}
			select {
			case reports <- report:
			case <-ctx.Done():
				return
			}
		}
	}()
	for {
		select {
		case report, open := <-reports:
			if !open {
				return nil
			}
			if err := r.answer(stream, report); err != nil {
				return err
			}
		case <-ctx.Done():
			return fault.New(fault.CodeUnavailable, "cut")
		}
	}
}

func (r *registry) answer(stream signalingv1.Nodes_ControlServer, report *signalingv1.EdgeReport) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if report.GetLoad() != nil {
		r.loads++
	}
	if report.GetLookup() == nil {
		return nil
	}
	r.lookups++
	room := report.GetLookup().GetRoom()
	address, known := r.homes[room]
	switch {
	case !known:
		return nil // never answers
	case address == "":
		return stream.Send(&signalingv1.EdgeOrder{Order: &signalingv1.EdgeOrder_NotHome{
			NotHome: &signalingv1.NotHome{App: "main", Room: room, Code: "not_live"},
		}})
	}
	return stream.Send(home(room, address))
}

func home(room, address string) *signalingv1.EdgeOrder {
	return &signalingv1.EdgeOrder{Order: &signalingv1.EdgeOrder_Home{
		Home: &signalingv1.Home{App: "main", Room: room, Node: "sfu-1", Address: address, Epoch: 7},
	}}
}

func open(t *testing.T, r *registry) *Stream {
	t.Helper()
	return openWith(t, r, func(*Config) {})
}

func openWith(t *testing.T, r *registry, change func(*Config)) *Stream {
	t.Helper()
	network := rpc.NewMemory()
	listener, err := network.Listen("signaling")
	if err != nil {
		t.Fatal(err)
	}
	server := rpc.NewServer(slog.New(slog.DiscardHandler), rpc.Options{})
	signalingv1.RegisterNodesServer(server, r)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	conn, err := network.Dial("signaling")
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{
		Signaling: signalingv1.NewNodesClient(conn), Hello: &signalingv1.EdgeHello{Node: "edge-1"},
		Load: func() *signalingv1.Load { return &signalingv1.Load{Listeners: 3} },
		Keys: func([]token.PublicKey) {}, Log: slog.New(slog.DiscardHandler),
	}
	change(&cfg)
	s := Open(cfg)
	t.Cleanup(func() {
		s.Close()
		server.Stop()
		network.Close()
		<-served
	})
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := s.Ready(ctx); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestHomesAreLookedUpOnceAndFollowed(t *testing.T) {
	r := &registry{homes: map[string]string{"rm_a": "10.0.0.1:7010", "rm_b": ""}}
	s := open(t, r)
	ctx := context.Background()
	if address, err := s.Home(ctx, id.Main, "rm_a"); err != nil || address != "10.0.0.1:7010" {
		t.Fatalf("%q, %v", address, err)
	}
	if _, err := s.Home(ctx, id.Main, "rm_b"); !fault.Is(err, fault.CodeNotLive) {
		t.Errorf("a room that is not live: %v", err)
	}
	r.mu.Lock()
	r.homes["rm_b"] = "10.0.0.2:7010"
	push := r.push
	r.mu.Unlock()
	if address, err := s.Home(ctx, id.Main, "rm_b"); err != nil || address != "10.0.0.2:7010" {
		t.Errorf("after it went live: %q, %v", address, err)
	}
	if err := push(home("rm_a", "10.0.0.9:7010")); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, time.Minute, func() error {
		address, err := s.Home(ctx, id.Main, "rm_a")
		if err == nil && address != "10.0.0.9:7010" {
			return fault.New(fault.CodeConflict, "still at %s", address)
		}
		return err
	})
}

func TestKeysReplaceThoseOfBefore(t *testing.T) {
	r := &registry{homes: map[string]string{}}
	keys := make(chan int, 4)
	openWith(t, r, func(cfg *Config) {
		cfg.Keys = func(all []token.PublicKey) { keys <- len(all) }
	})
	if n := <-keys; n != 1 {
		t.Errorf("%d keys", n)
	}
	bad := &signalingv1.PublicKey{Id: "short", Ed25519: make([]byte, 3)}
	for _, all := range [][]*signalingv1.PublicKey{
		{bad}, nil, // neither takes away what is known
		{{Id: "k1", Ed25519: make([]byte, 32)}, {Id: "k2", Ed25519: make([]byte, 32)}, bad},
	} {
		r.mu.Lock()
		err := r.push(&signalingv1.EdgeOrder{Order: &signalingv1.EdgeOrder_Keys{Keys: &signalingv1.Keys{Keys: all}}})
		if err == nil {
			err = r.push(&signalingv1.EdgeOrder{}) // of a later protocol
		}
		r.mu.Unlock()
		if err != nil {
			t.Fatal(err)
		}
	}
	if n := <-keys; n != 2 {
		t.Errorf("then %d keys", n)
	}
}

func TestALostStreamIsOpenedAgainAndForgetsNothing(t *testing.T) {
	r := &registry{homes: map[string]string{"rm_a": "10.0.0.1:7010"}}
	s := open(t, r)
	if _, err := s.Home(context.Background(), id.Main, "rm_a"); err != nil {
		t.Fatal(err)
	}
	r.mu.Lock()
	r.homes["rm_a"] = "10.0.0.5:7010" // moved while the stream is down
	cut := r.cut
	r.mu.Unlock()
	cut()
	if address, err := s.Home(context.Background(), id.Main, "rm_a"); err != nil || address == "" {
		t.Errorf("while the stream is down: %q, %v", address, err)
	}
	testkit.Eventually(t, time.Minute, func() error {
		if address, err := s.Home(context.Background(), id.Main, "rm_a"); err != nil || address != "10.0.0.5:7010" {
			return fault.New(fault.CodeConflict, "%q, %v", address, err)
		}
		return nil
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.hellos) < 2 || r.hellos[1].GetNode() != "edge-1" {
		t.Errorf("hellos: %v", r.hellos)
	}
}

func TestAnAnswerThatNeverComesIsUnavailable(t *testing.T) {
	s := open(t, &registry{homes: map[string]string{}})
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := s.Home(ctx, id.Main, "rm_z"); !fault.Is(err, fault.CodeUnavailable) {
		t.Errorf("got %v", err)
	}
}

func TestWhoGivesUpTakesNoAnswerFromOthers(t *testing.T) {
	r := &registry{homes: map[string]string{}}
	s := open(t, r)
	hasty, cancel := context.WithCancel(context.Background())
	gone := make(chan error, 1)
	go func() {
		_, err := s.Home(hasty, id.Main, "rm_z")
		gone <- err
	}()
	answered := make(chan string, 1)
	go func() {
		address, _ := s.Home(context.Background(), id.Main, "rm_z")
		answered <- address
	}()
	testkit.Eventually(t, time.Minute, func() error { return s.waiting("rm_z", 2) })
	cancel()
	if err := <-gone; !fault.Is(err, fault.CodeUnavailable) {
		t.Errorf("who gave up: %v", err)
	}
	r.mu.Lock()
	err := r.push(home("rm_z", "10.0.0.1:7010"))
	r.mu.Unlock()
	if address := <-answered; err != nil || address != "10.0.0.1:7010" {
		t.Errorf("who waited: %q, %v", address, err)
	}
}

// waiting says how the calls that wait for a room differ from a number.
func (s *Stream) waiting(room id.Room, want int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.homes[key{id.Main, room}]
	if a == nil || a.waiting != want {
		return fault.New(fault.CodeConflict, "not %d calls wait", want)
	}
	return nil
}

func TestEndedRoomsLeaveNothingBehind(t *testing.T) {
	r := &registry{homes: map[string]string{"rm_a": "10.0.0.1:7010"}}
	s := open(t, r)
	if _, err := s.Home(context.Background(), id.Main, "rm_a"); err != nil {
		t.Fatal(err)
	}
	r.mu.Lock()
	err := r.push(&signalingv1.EdgeOrder{Order: &signalingv1.EdgeOrder_NotHome{
		NotHome: &signalingv1.NotHome{App: "main", Room: "rm_a", Code: "ended"},
	}})
	r.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, time.Minute, func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(s.homes) > 0 {
			return fault.New(fault.CodeConflict, "%d homes are kept", len(s.homes))
		}
		return nil
	})
}

func TestEveryHomeIsAskedForAgain(t *testing.T) {
	r := &registry{homes: map[string]string{}}
	s := open(t, r)
	const rooms = 3 * reportQueue
	for range rooms {
		room := id.NewRoom()
		r.mu.Lock()
		r.homes[string(room)] = "10.0.0.1:7010"
		r.mu.Unlock()
		if _, err := s.Home(context.Background(), id.Main, room); err != nil {
			t.Fatal(err)
		}
	}
	r.mu.Lock()
	r.lookups = 0
	cut := r.cut
	r.mu.Unlock()
	cut()
	testkit.Eventually(t, time.Minute, func() error {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.lookups < rooms {
			return fault.New(fault.CodeConflict, "asked for %d of %d", r.lookups, rooms)
		}
		return nil
	})
}
