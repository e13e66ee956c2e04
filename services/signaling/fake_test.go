package signaling_test

import (
	"context"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"google.golang.org/grpc"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/rpc"
	"rostrum/internal/token"
	listenv1 "rostrum/proto/rostrum/listen/v1"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
	mediav1 "rostrum/proto/rostrum/media/v1"
	signalingv1 "rostrum/proto/rostrum/signaling/v1"
	"rostrum/services/signaling"
	"rostrum/services/signaling/nodestore"
)

const patience = time.Minute

// world is a registry, a stage log and a network that instances of the service and nodes share. The registry's clock stands
// still: on a busy machine too, whoever is there has a lease.
type world struct {
	t       *testing.T
	now     time.Time // in the registry
	network *rpc.Memory
	redis   *miniredis.Miniredis
	stages  *stages
	signer  token.Signer
	keys    *keys
}

func newWorld(t *testing.T) *world {
	w := &world{
		t: t, now: time.Now(), network: rpc.NewMemory(), redis: miniredis.RunT(t), stages: &stages{of: map[string]listenv1.RoomState{}, anchors: map[string]*listenerstatev1.OriginAnchored{}}, signer: token.NewSigner(), keys: &keys{replaced: make(chan struct{})},
	}
	w.keys.now = []token.PublicKey{w.signer.Public()}
	w.redis.SetTime(w.now)
	t.Cleanup(func() { w.network.Close() })
	server := w.serve("stage", func(s grpc.ServiceRegistrar) { listenerstatev1.RegisterListenerStateServer(s, w.stages) })
	t.Cleanup(server.Stop)
	return w
}

// lapse lets the leases of all nodes run out. Those that are there soon have another.
func (w *world) lapse() {
	w.now = w.now.Add(signaling.LeaseTime)
	w.redis.SetTime(w.now)
}

// start runs an instance of the service under a name.
func (w *world) start(name, enrolment string) (*signaling.Service, signalingv1.SignalingClient, signalingv1.NodesClient) {
	w.t.Helper()
	client := redis.NewClient(&redis.Options{Addr: w.redis.Addr()})
	service, err := signaling.New(signaling.Config{
		Store: nodestore.New(client), Stage: listenerstatev1.NewListenerStateClient(w.dial("stage")), Dialer: w.network,
		Keys: w.keys, EnrolmentToken: enrolment,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	server := w.serve(name, signaling.NewServer(service).Register)
	w.t.Cleanup(func() {
		service.Close()
		server.Stop()
		client.Close()
	})
	return service, signalingv1.NewSignalingClient(w.dial(name)), signalingv1.NewNodesClient(w.dial(name))
}

func (w *world) serve(address string, register func(grpc.ServiceRegistrar)) *grpc.Server {
	w.t.Helper()
	listener, err := w.network.Listen(address)
	if err != nil {
		w.t.Fatal(err)
	}
	server := rpc.NewServer(slog.New(slog.DiscardHandler), rpc.Options{})
	register(server)
	serveUntilStopped(w.t, server.Server, listener)
	return server.Server
}

func serveUntilStopped(t *testing.T, server *grpc.Server, listener net.Listener) {
	served := make(chan struct{})
	go func() {
		defer close(served)
		server.Serve(listener)
	}()
	t.Cleanup(func() {
		server.Stop()
		<-served
	})
}

func (w *world) dial(address string) *grpc.ClientConn {
	w.t.Helper()
	conn, err := w.network.Dial(address)
	if err != nil {
		w.t.Fatal(err)
	}
	return conn
}

func (w *world) liveRoom() id.Room {
	room := id.NewRoom()
	w.stages.set(room, listenv1.RoomState_ROOM_STATE_LIVE)
	return room
}

// keys are what grants are signed with.
type keys struct {
	mu       sync.Mutex
	now      []token.PublicKey
	replaced chan struct{}
}

func (k *keys) Public() ([]token.PublicKey, <-chan struct{}) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.now, k.replaced
}

func (k *keys) replace(now ...token.PublicKey) {
	k.mu.Lock()
	defer k.mu.Unlock()
	close(k.replaced)
	k.now, k.replaced = now, make(chan struct{})
}

// stages is a stage log that knows states only.
type stages struct {
	listenerstatev1.UnimplementedListenerStateServer
	mu      sync.Mutex
	of      map[string]listenv1.RoomState
	anchors map[string]*listenerstatev1.OriginAnchored
}

// anchor notes an origin as the stage log does.
func (s *stages) anchor(room id.Room, node string, epoch uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.anchors[string(room)] = &listenerstatev1.OriginAnchored{Node: node, Epoch: epoch}
}

func (s *stages) set(room id.Room, state listenv1.RoomState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.of[string(room)] = state
}

func (s *stages) GetStage(_ context.Context, in *listenerstatev1.GetStageRequest) (*listenerstatev1.GetStageResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	state, found := s.of[in.GetRoom()]
	if !found {
		return nil, fault.New(fault.CodeNotFound, "no such room")
	}
	return &listenerstatev1.GetStageResponse{Stage: &listenerstatev1.Stage{State: state, Anchor: s.anchors[in.GetRoom()]}}, nil
}

// node is an SFU node that announces itself and renews the programs it has, and answers sessions with their offer.
type node struct {
	mediav1.UnimplementedMediaServer
	id    id.Node
	nodes signalingv1.NodesClient
	rooms uint32 // as it says of itself
	kill  func()

	mu     sync.Mutex
	epochs map[string]uint64
	hosted int // calls
	closed []string
}

func (w *world) startNode(name id.Node, nodes signalingv1.NodesClient, rooms uint32) *node {
	w.t.Helper()
	n := &node{id: name, nodes: nodes, rooms: rooms, epochs: map[string]uint64{}}
	server := w.serve(n.address(), func(s grpc.ServiceRegistrar) { mediav1.RegisterMediaServer(s, n) })
	ctx, cancel := context.WithCancel(context.Background())
	if err := n.live(ctx); err != nil {
		w.t.Fatal(err)
	}
	var loop sync.WaitGroup
	loop.Go(func() {
		ticker := time.NewTicker(200 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				n.live(ctx) // fails only where the registry is away, as in life
			case <-ctx.Done():
				return
			}
		}
	})
	n.kill = sync.OnceFunc(func() {
		server.Stop()
		cancel()
		loop.Wait()
	})
	w.t.Cleanup(n.kill)
	return n
}

func (n *node) address() string { return string(n.id) + ":7010" }

// live announces the node and renews its programs.
func (n *node) live(ctx context.Context) error {
	_, err := n.nodes.Announce(ctx, &signalingv1.AnnounceRequest{
		Node: string(n.id), Address: n.address(), BootId: 1, Load: &signalingv1.Load{Rooms: n.rooms},
	})
	if err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for room, epoch := range n.epochs {
		_, err := n.nodes.RenewProgram(ctx, &signalingv1.RenewProgramRequest{
			App: string(id.Main), Room: room, Node: string(n.id), Epoch: epoch, Reserve: 10,
		})
		if fault.Is(fault.From(err), fault.CodeConflict) {
			delete(n.epochs, room)
		}
	}
	return nil
}

// end gives a room's program back.
func (n *node) end(room id.Room) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	epoch := n.epochs[string(room)]
	delete(n.epochs, string(room))
	_, err := n.nodes.ReleaseProgram(context.Background(), &signalingv1.ReleaseProgramRequest{
		App: string(id.Main), Room: string(room), Node: string(n.id), Epoch: epoch,
	})
	return err
}

func (n *node) calls() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.hosted
}

func (n *node) HostRoom(ctx context.Context, in *mediav1.HostRoomRequest) (*mediav1.HostRoomResponse, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.hosted++
	if epoch := n.epochs[in.GetRoom()]; epoch != 0 {
		return &mediav1.HostRoomResponse{Epoch: epoch}, nil
	}
	lease, err := n.nodes.AcquireProgram(ctx, &signalingv1.AcquireProgramRequest{
		App: in.GetApp(), Room: in.GetRoom(), Node: string(n.id), BootId: 1, KnownEpoch: in.GetKnownEpoch(),
	})
	if err != nil {
		return nil, err
	}
	n.epochs[in.GetRoom()] = lease.GetEpoch()
	return &mediav1.HostRoomResponse{Epoch: lease.GetEpoch()}, nil
}

func (n *node) Offer(_ context.Context, in *mediav1.OfferRequest) (*mediav1.OfferResponse, error) {
	if in.GetOffer() == "garbage" {
		return nil, fault.New(fault.CodeBadSDP, "no audio")
	}
	return &mediav1.OfferResponse{
		Session: string(id.NewSession(n.id)), Answer: "answer to " + in.GetOffer(), Etag: `"1"`, Seat: 3,
	}, nil
}

func (n *node) Restart(_ context.Context, in *mediav1.RestartRequest) (*mediav1.RestartResponse, error) {
	if in.GetIfMatch() != `"1"` {
		return nil, fault.New(fault.CodePreconditionFailed, "another ICE session is in force")
	}
	return &mediav1.RestartResponse{Fragment: string(n.id) + " to " + in.GetFragment(), Etag: `"2"`}, nil
}

func (n *node) Close(_ context.Context, in *mediav1.CloseRequest) (*mediav1.CloseResponse, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.closed = append(n.closed, in.GetSession())
	return &mediav1.CloseResponse{}, nil
}
