package relay

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/testkit"
	"rostrum/mediaedge/audio"
	listenv1 "rostrum/proto/rostrum/listen/v1"
	relayv1 "rostrum/proto/rostrum/relay/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// node serves a relay on loopback.
type node struct {
	address string
	find    atomic.Pointer[func() (*Room, error)]
	server  *Server
	grpc    *grpc.Server
}

func (n *node) Find(context.Context, id.App, id.Room) (*Room, error) { return (*n.find.Load())() }

func (n *node) answer(find func() (*Room, error)) { n.find.Store(&find) }

func newNode(t *testing.T, find func() (*Room, error)) *node {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &node{address: listener.Addr().String(), grpc: grpc.NewServer()}
	n.answer(find)
	if n.server, err = NewServer(ServerConfig{Rooms: n, SlowAfter: 500 * time.Millisecond}); err != nil {
		t.Fatal(err)
	}
	serve(t, n.grpc, listener, n.server)
	t.Cleanup(func() { n.server.Close() })
	return n
}

func serve(t *testing.T, server *grpc.Server, listener net.Listener, relay relayv1.RelayServer) {
	relayv1.RegisterRelayServer(server, relay)
	var served sync.WaitGroup
	served.Go(func() {
		if err := server.Serve(listener); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { server.Stop(); served.Wait() })
}

// network dials and says where the room is.
type network struct {
	t     *testing.T
	home  atomic.Pointer[string]
	fault atomic.Pointer[fault.Fault]
	asked atomic.Int32
	mu    sync.Mutex
	conns map[string]*grpc.ClientConn
}

func newNetwork(t *testing.T, home string) *network {
	n := &network{t: t, conns: map[string]*grpc.ClientConn{}}
	n.home.Store(&home)
	t.Cleanup(func() {
		for _, conn := range n.conns {
			conn.Close()
		}
	})
	return n
}

func (n *network) Moved(id.App, id.Room, string) <-chan struct{} { return nil }

func (n *network) Home(context.Context, id.App, id.Room) (string, error) {
	n.asked.Add(1)
	if f := n.fault.Load(); f != nil {
		return "", f
	}
	return *n.home.Load(), nil
}

func (n *network) Forget(id.App, id.Room) {}

func (n *network) Dial(address string) (*grpc.ClientConn, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if conn := n.conns[address]; conn != nil {
		return conn, nil
	}
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	n.conns[address] = conn
	return conn, err
}

func newPuller(t *testing.T, n *network, cfg PullConfig) (*Puller, *Room) {
	t.Helper()
	room := NewRoom(id.Main, testRoom)
	cfg.Node, cfg.Homes, cfg.Dialer = "edge-1", n, n
	if cfg.Metrics == nil {
		cfg.Metrics, _ = NewPullMetrics(nil)
	}
	p := NewPuller(room, cfg)
	t.Cleanup(func() { p.Close() })
	return p, room
}

func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func counted(c prometheus.Counter) float64 {
	var m dto.Metric
	if c.Write(&m) != nil {
		return -1
	}
	return m.GetCounter().GetValue()
}

// same answers how a ring differs from the one it was pulled from.
func same(from, to *Ring) error {
	a, b := from.View(), to.View()
	if a.Newest() != b.Newest() {
		return fmt.Errorf("newest %d, want %d", b.Newest(), a.Newest())
	}
	for n := max(a.Oldest(), b.Oldest()); n <= a.Newest(); n++ {
		x, _ := a.At(n)
		y, ok := b.At(n)
		if !ok || !bytes.Equal(x.Batch, y.Batch) || x.Batch == nil && x.Gap() != y.Gap() {
			return fmt.Errorf("number %d is %+v, want %+v", n, y, x)
		}
	}
	return nil
}

func TestAnEdgeHoldsWhatTheOriginHolds(t *testing.T) {
	t.Parallel()
	origin := NewRoom(id.Main, testRoom)
	n := newNode(t, func() (*Room, error) { return origin, nil })
	mustAppend(t, origin.Ring(audio.Voice32), 1000, 1400, 5)
	p, room := newPuller(t, newNetwork(t, n.address), PullConfig{Counts: func() *listenv1.Counts {
		return &listenv1.Counts{Listeners: 7, DoorListeners: 2}
	}})
	p.Want(audio.Voice32)
	if err := p.Ready(within(t), audio.Voice32); err != nil {
		t.Fatal(err)
	}
	if got := room.Ring(audio.Voice32).View(); got.Oldest() != 1101 || got.Newest() != 1400 {
		t.Errorf("ready with %d to %d, want the last 300", got.Oldest(), got.Newest())
	}
	p.Want(audio.Voice16)
	mustAppend(t, origin.Ring(audio.Voice16), 1300, 1400, 5)
	if err := origin.Ring(audio.Voice32).AppendGap(audio.Gap{First: 1401, Last: 1420, Epoch: 6, Reason: audio.GapNewOrigin}); err != nil {
		t.Fatal(err)
	}
	mustAppend(t, origin.Ring(audio.Voice32), 1421, 1430, 6)
	card := &listenv1.RoomCard{
		App: string(id.Main), Room: string(testRoom), Title: "title", Epoch: 6,
		Seats:  []*listenv1.Seat{{Seat: 1, User: "us_x", Role: listenv1.Role_ROLE_SPEAKER, Muted: true, Held: true, Away: true}},
		Policy: &listenv1.Policy{HandMode: listenv1.HandMode_HAND_MODE_CLOSED},
	}
	newer := protowire.AppendVarint(protowire.AppendTag(nil, 99, protowire.VarintType), 7) // a field of a later version
	card.ProtoReflect().SetUnknown(newer)
	card.Seats[0].ProtoReflect().SetUnknown(newer)
	origin.SetCard(card)
	origin.Revoke(Revocation{Subject: "us_x", IssuedBefore: time.Unix(1000, 0)})
	testkit.Eventually(t, 10*time.Second, func() error {
		if err := same(origin.Ring(audio.Voice32), room.Ring(audio.Voice32)); err != nil {
			return err
		}
		if !bytes.Equal(room.CardFrame(), origin.CardFrame()) || !proto.Equal(room.Card(), card) {
			return fmt.Errorf("the card came as %v", room.Card())
		}
		if !room.Revoked("us_x", time.Unix(999, 0)) || room.Revoked("us_x", time.Unix(1000, 0)) {
			return errors.New("card or revocation missing")
		}
		if c := origin.Counts(time.Now()); c.GetListeners() != 7 || c.GetDoorListeners() != 2 {
			return fmt.Errorf("counts %v: each node is counted once", c)
		}
		// Epoch 5 in the other rendition came after 6 was seen here, or before: either is right, but nothing in between.
		return nil
	})
	origin.End()
	testkit.Eventually(t, 10*time.Second, func() error {
		if !room.Ended() {
			return errors.New("the edge does not know that the room is over")
		}
		return nil
	})
}

func TestASilentUpstreamIsLeft(t *testing.T) {
	t.Parallel()
	first, second := NewRoom(id.Main, testRoom), NewRoom(id.Main, testRoom)
	mustAppend(t, first.Ring(audio.Voice32), 10, 20, 1)
	mustAppend(t, second.Ring(audio.Voice32), 10, 30, 1)
	good := newNode(t, func() (*Room, error) { return second, nil })
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	mute := &scripted{script: func(stream grpc.BidiStreamingServer[relayv1.PullRequest, relayv1.PullItem]) error {
		err := stream.Send(&relayv1.PullItem{Item: &relayv1.PullItem_Opened{Opened: &relayv1.PullOpened{Epoch: 1}}})
		<-stream.Context().Done()
		return err
	}}
	serve(t, grpc.NewServer(), listener, mute)
	net := newNetwork(t, listener.Addr().String())
	metrics, _ := NewPullMetrics(nil)
	p, room := newPuller(t, net, PullConfig{Metrics: metrics})
	p.Want(audio.Voice32)
	testkit.Eventually(t, 10*time.Second, func() error {
		if counted(metrics.lost.WithLabelValues("silent")) == 0 {
			return errors.New("the silent upstream was not left")
		}
		return nil
	})
	net.home.Store(&good.address)
	testkit.Eventually(t, 10*time.Second, func() error { return same(second.Ring(audio.Voice32), room.Ring(audio.Voice32)) })
}

// scripted is an upstream that misbehaves.
type scripted struct {
	relayv1.UnimplementedRelayServer
	script func(grpc.BidiStreamingServer[relayv1.PullRequest, relayv1.PullItem]) error
}

func (s *scripted) Pull(stream grpc.BidiStreamingServer[relayv1.PullRequest, relayv1.PullItem]) error {
	return s.script(stream)
}

func TestGarbageReachesNoRing(t *testing.T) {
	good := func(n audio.Number) []byte { return encode(t, n, 5, audio.Voice32) }
	bad := good(12)
	bad[20] ^= 4
	items := []*relayv1.PullItem{
		{Item: &relayv1.PullItem_Opened{Opened: &relayv1.PullOpened{Epoch: 5, Newest: 14}}},
		{},
		{Item: &relayv1.PullItem_Batch{Batch: good(10)}},
		{Item: &relayv1.PullItem_Batch{Batch: bad}},
		{Item: &relayv1.PullItem_Batch{Batch: good(10)}},
		{Item: &relayv1.PullItem_Batch{Batch: good(11)}},
		{Item: &relayv1.PullItem_Batch{Batch: encode(t, 12, 4, audio.Voice32)}},
		{Item: &relayv1.PullItem_Batch{Batch: encode(t, 12, 5, audio.Voice16)}},
		{Item: &relayv1.PullItem_Batch{Batch: good(13)}},
		{Item: &relayv1.PullItem_Batch{Batch: good(12)}},
		{Item: &relayv1.PullItem_Gap{Gap: &listenv1.Gap{First: 20, Last: 19, Epoch: 5, Reason: 1}}},
		{Item: &relayv1.PullItem_Card{Card: &listenv1.RoomCard{Title: "not ours"}}},
		{Item: &relayv1.PullItem_Revocation{Revocation: &listenv1.Revocation{Room: "rm_x", Subject: "us_x", IssuedBefore: 1 << 40}}},
		{Item: &relayv1.PullItem_Batch{Batch: good(14)}},
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serve(t, grpc.NewServer(), listener, &scripted{script: func(stream grpc.BidiStreamingServer[relayv1.PullRequest, relayv1.PullItem]) error {
		for _, item := range items {
			if err := stream.Send(item); err != nil {
				return err
			}
		}
		<-stream.Context().Done()
		return nil
	}})
	metrics, _ := NewPullMetrics(nil)
	p, room := newPuller(t, newNetwork(t, listener.Addr().String()), PullConfig{Metrics: metrics, Silence: time.Minute})
	p.Want(audio.Voice32)
	if err := p.Ready(within(t), audio.Voice32); err != nil {
		t.Fatal(err)
	}
	v := room.Ring(audio.Voice32).View()
	for n, want := range map[audio.Number][]byte{10: good(10), 11: good(11), 12: nil, 13: good(13), 14: good(14)} {
		if got, ok := v.At(n); !ok || !bytes.Equal(got.Batch, want) {
			t.Errorf("number %d is %+v", n, got)
		}
	}
	for reason, want := range map[Refusal]float64{RefusedMalformed: 2, RefusedRepeat: 2, RefusedEpoch: 1, RefusedRendition: 1} {
		if got := counted(metrics.refused.WithLabelValues(string(reason))); got != want {
			t.Errorf("%s: counted %v, want %v", reason, got, want)
		}
	}
	if room.Card() != nil || room.Revoked("us_x", time.Unix(0, 0)) {
		t.Error("another room's card or revocation was taken")
	}
}

func TestRedirectsAreFollowedAndBounded(t *testing.T) {
	t.Parallel()
	origin := NewRoom(id.Main, testRoom)
	mustAppend(t, origin.Ring(audio.Voice32), 1, 10, 1)
	home := newNode(t, func() (*Room, error) { return origin, nil })
	second := newNode(t, func() (*Room, error) { return nil, &Moved{Address: home.address, Node: "sfu-2"} })
	first := newNode(t, func() (*Room, error) { return nil, &Moved{Address: second.address, Node: "sfu-1"} })
	p, room := newPuller(t, newNetwork(t, first.address), PullConfig{})
	p.Want(audio.Voice32)
	if err := p.Ready(within(t), audio.Voice32); err != nil {
		t.Fatal(err)
	}
	if err := same(origin.Ring(audio.Voice32), room.Ring(audio.Voice32)); err != nil {
		t.Error(err)
	}
	circle := newNode(t, nil)
	var asked atomic.Int32
	circle.answer(func() (*Room, error) { asked.Add(1); return nil, &Moved{Address: circle.address, Node: "sfu-3"} })
	lost, _ := NewPullMetrics(nil)
	q, _ := newPuller(t, newNetwork(t, circle.address), PullConfig{Metrics: lost})
	q.Want(audio.Voice32)
	testkit.Eventually(t, 10*time.Second, func() error {
		if counted(lost.lost.WithLabelValues("redirects")) == 0 {
			return errors.New("still going round in a circle")
		}
		return nil
	})
	if n := asked.Load(); n < maxHops || n > 3*(maxHops+1) {
		t.Errorf("asked %d times", n)
	}
}

func TestReadySaysWhyNot(t *testing.T) {
	for _, code := range []fault.Code{fault.CodeNotFound, fault.CodeNotLive, fault.CodeEnded} {
		net := newNetwork(t, "")
		net.fault.Store(fault.New(code, "no"))
		p, _ := newPuller(t, net, PullConfig{})
		p.Want(audio.Voice32)
		if err := p.Ready(within(t), audio.Voice32); !fault.Is(err, code) {
			t.Errorf("home says %s: %v", code, err)
		}
		p.Want(audio.Voice32)
		if n := net.asked.Load(); n != 1 {
			t.Errorf("asked %d times within a second", n)
		}
		upstream := newNode(t, func() (*Room, error) { return nil, fault.New(code, "no") })
		q, _ := newPuller(t, newNetwork(t, upstream.address), PullConfig{})
		q.Want(audio.Voice32)
		if err := q.Ready(within(t), audio.Voice32); !fault.Is(err, code) {
			t.Errorf("upstream says %s: %v", code, err)
		}
	}
}

func TestALowerEpochIsLeftAndAHigherContinues(t *testing.T) {
	t.Parallel()
	old, fresh := NewRoom(id.Main, testRoom), NewRoom(id.Main, testRoom)
	mustAppend(t, old.Ring(audio.Voice32), 1, 20, 1)
	mustAppend(t, fresh.Ring(audio.Voice32), 15, 18, 2)
	a, b := newNode(t, func() (*Room, error) { return old, nil }), newNode(t, func() (*Room, error) { return fresh, nil })
	net := newNetwork(t, a.address)
	p, room := newPuller(t, net, PullConfig{})
	p.Want(audio.Voice32)
	if err := p.Ready(within(t), audio.Voice32); err != nil {
		t.Fatal(err)
	}
	a.answer(func() (*Room, error) { return nil, fault.New(fault.CodeUnavailable, "gone") })
	net.home.Store(&b.address)
	a.server.Close()
	mustAppend(t, fresh.Ring(audio.Voice32), 19, 25, 2)
	testkit.Eventually(t, 10*time.Second, func() error {
		if v := room.Ring(audio.Voice32).View(); v.Newest() != 25 || v.Epoch() != 2 {
			return fmt.Errorf("holds up to %d of epoch %d", v.Newest(), v.Epoch())
		}
		return nil
	})
	v := room.Ring(audio.Voice32).View()
	for n := audio.Number(1); n <= 25; n++ {
		want := audio.Epoch(1)
		if n > 20 {
			want = 2
		}
		if entry, _ := v.At(n); entry.Epoch != want || entry.Batch == nil {
			t.Errorf("number %d is of epoch %d: a number has one content", n, entry.Epoch)
		}
	}
	if epoch, number := fresh.HeardMost(); epoch != 1 || number != 20 {
		t.Errorf("the new origin heard of %d, %d", epoch, number)
	}
}

// A room that is no longer at home somewhere must not be heard there as silence for ever: heartbeats went on.
func TestACutRoomIsLookedForElsewhere(t *testing.T) {
	t.Parallel()
	old, fresh := NewRoom(id.Main, testRoom), NewRoom(id.Main, testRoom)
	mustAppend(t, old.Ring(audio.Voice32), 1, 20, 1)
	mustAppend(t, fresh.Ring(audio.Voice32), 21, 25, 2)
	a, b := newNode(t, func() (*Room, error) { return old, nil }), newNode(t, func() (*Room, error) { return fresh, nil })
	net := newNetwork(t, a.address)
	p, room := newPuller(t, net, PullConfig{})
	p.Want(audio.Voice32)
	if err := p.Ready(within(t), audio.Voice32); err != nil {
		t.Fatal(err)
	}
	net.home.Store(&b.address)
	old.Cut()
	testkit.Eventually(t, 10*time.Second, func() error { return same(fresh.Ring(audio.Voice32), room.Ring(audio.Voice32)) })
	net.home.Store(&a.address)
	fresh.Cut()
	old.Serve()
	mustAppend(t, old.Ring(audio.Voice32), 26, 30, 3)
	testkit.Eventually(t, 10*time.Second, func() error {
		if newest := room.Ring(audio.Voice32).View().Newest(); newest != 30 {
			return fmt.Errorf("holds up to %d", newest)
		}
		return nil
	})
}

func TestASlowDownstreamIsCut(t *testing.T) {
	t.Parallel()
	origin := NewRoom(id.Main, testRoom)
	ring := origin.Ring(audio.Voice32)
	n := newNode(t, func() (*Room, error) { return origin, nil })
	mustAppend(t, ring, 1, 300, 1)
	net := newNetwork(t, n.address)
	conn, err := net.Dial(n.address)
	if err != nil {
		t.Fatal(err)
	}
	stream, err := relayv1.NewRelayClient(conn).Pull(within(t))
	if err != nil {
		t.Fatal(err)
	}
	open := &relayv1.PullOpen{App: string(id.Main), Room: string(testRoom), Rendition: string(audio.Voice32), From: 1, Node: "edge-9"}
	if err := stream.Send(&relayv1.PullRequest{Request: &relayv1.PullRequest_Open{Open: open}}); err != nil {
		t.Fatal(err)
	}
	// Nothing is received: the sender fills the windows and waits, while the ring goes on.
	testkit.Eventually(t, 10*time.Second, func() error {
		if counted(n.server.ends.WithLabelValues("too_slow"))+counted(n.server.ends.WithLabelValues("fell_behind")) == 0 {
			return errors.New("not cut")
		}
		return nil
	})
	for {
		if _, err = stream.Recv(); err != nil {
			break
		}
	}
	if f := fault.From(err); f.Code != fault.CodeTooSlow {
		t.Errorf("cut with %v", err)
	}
}

func TestBadOpeningsAreRefused(t *testing.T) {
	n := newNode(t, func() (*Room, error) { return NewRoom(id.Main, testRoom), nil })
	conn, err := newNetwork(t, n.address).Dial(n.address)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*relayv1.PullOpen){
		"app": func(o *relayv1.PullOpen) { o.App = "A B" }, "room": func(o *relayv1.PullOpen) { o.Room = "x" },
		"rendition": func(o *relayv1.PullOpen) { o.Rendition = "video" }, "node": func(o *relayv1.PullOpen) { o.Node = "" },
		"hops": func(o *relayv1.PullOpen) { o.Hops = 4 }, "from": func(o *relayv1.PullOpen) { o.From = 1 << 63 },
	} {
		stream, err := relayv1.NewRelayClient(conn).Pull(within(t))
		if err != nil {
			t.Fatal(err)
		}
		open := &relayv1.PullOpen{App: string(id.Main), Room: string(testRoom), Rendition: string(audio.Voice32), Node: "edge-9"}
		change(open)
		if err := stream.Send(&relayv1.PullRequest{Request: &relayv1.PullRequest_Open{Open: open}}); err != nil {
			t.Fatal(err)
		}
		if item, err := stream.Recv(); err == nil {
			t.Errorf("a wrong %s was answered with %v", name, item)
		}
	}
}

func TestCountsAreMergedByNode(t *testing.T) {
	room, now := NewRoom(id.Main, testRoom), time.Unix(1000, 0)
	say := func(node string, boot, sequence, listeners uint64) error {
		return room.Report(&relayv1.CountReport{
			Node: node, BootId: boot, Sequence: sequence, ValidMs: 4000, Counts: &listenv1.Counts{Listeners: listeners},
		}, now)
	}
	for _, err := range []error{say("a", 1, 1, 10), say("b", 1, 1, 5), say("a", 1, 3, 20), say("a", 1, 2, 99), say("b", 2, 1, 7), say("b", 1, 9, 99)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if say("B!", 1, 1, 1) == nil || say("c", 1, 1, 1<<50) == nil {
		t.Error("a report that cannot be meant was taken")
	}
	if n := room.Counts(now).GetListeners(); n != 27 {
		t.Errorf("%d listeners, want 27", n)
	}
	if n := room.Counts(now.Add(4 * time.Second)).GetListeners(); n != 0 {
		t.Errorf("%d listeners after the reports have lapsed", n)
	}
}

func FuzzIntake(f *testing.F) {
	for _, item := range []*relayv1.PullItem{
		{Item: &relayv1.PullItem_Opened{Opened: &relayv1.PullOpened{Epoch: 1, Newest: 3}}},
		{Item: &relayv1.PullItem_Batch{Batch: encode(f, 3, 1, audio.Voice32)}},
		{Item: &relayv1.PullItem_Gap{Gap: &listenv1.Gap{First: 4, Last: 9, Epoch: 2, Reason: 1}}},
		{Item: &relayv1.PullItem_Redirect{Redirect: &relayv1.Redirect{Address: "127.0.0.1:1"}}},
	} {
		encoded, err := proto.Marshal(item)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(encoded, true)
	}
	f.Fuzz(func(t *testing.T, raw []byte, opened bool) {
		var item relayv1.PullItem
		if proto.Unmarshal(raw, &item) != nil {
			return
		}
		room := NewRoom(id.Main, testRoom)
		p := NewPuller(room, PullConfig{})
		defer p.Close()
		in := &intake{lane: &lane{puller: p, ring: room.Ring(audio.Voice32), ready: make(chan struct{})}, opened: opened}
		_ = in.take(&item)
		_ = in.take(&item)
		frames, _ := room.Ring(audio.Voice32).View().Slice(0, 1<<20)
		for _, m := range cut(t, frames) {
			if batch := m.GetBatch(); batch != nil && (batch.GetEpoch() == 0 || batch.GetRendition() != string(audio.Voice32)) {
				t.Fatalf("a ring took %v", batch)
			}
		}
	})
}
