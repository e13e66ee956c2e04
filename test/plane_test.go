package test

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"go.etcd.io/bbolt"
	"google.golang.org/grpc"

	"rostrum/internal/id"
	"rostrum/internal/rpc"
	"rostrum/internal/token"
	"rostrum/mediaedge/control"
	"rostrum/mediaedge/edge"
	"rostrum/mediaedge/origin"
	"rostrum/mediaedge/relay"
	"rostrum/mediaedge/sfu"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
	mediav1 "rostrum/proto/rostrum/media/v1"
	relayv1 "rostrum/proto/rostrum/relay/v1"
	signalingv1 "rostrum/proto/rostrum/signaling/v1"
	"rostrum/services/listenerstate"
	"rostrum/services/listenerstate/stagearchive/bolt"
	"rostrum/services/signaling"
	"rostrum/services/signaling/nodestore"
)

// plane is a media plane put together by hand, so that a test can take one part out: a stage log, signaling, and as many
// SFU nodes and edges as it wants.
type plane struct {
	t       *testing.T
	network rpc.Network
	signer  token.Signer
	redis   *redis.Client
	db      *bbolt.DB
	stage   listenerstatev1.ListenerStateClient
	nodes   signalingv1.NodesClient
	calls   signalingv1.SignalingClient
}

func newPlane(t *testing.T) *plane {
	t.Helper()
	return newPlaneOn(t, rpc.NewMemory(), miniredis.RunT(t).Addr())
}

// newPlaneOn puts a plane on a network and a Redis.
func newPlaneOn(t *testing.T, network rpc.Network, address string) *plane {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: address, DisableIdentity: true})
	t.Cleanup(func() { client.Close() })
	db, err := bbolt.Open(filepath.Join(t.TempDir(), "db"), 0o600, &bbolt.Options{Timeout: time.Second})
	must(t, err)
	t.Cleanup(func() { db.Close() })
	p := &plane{t: t, network: network, signer: token.NewSigner(), redis: client, db: db}
	t.Cleanup(func() { p.network.Close() })
	archive, err := bolt.NewArchive(db, bolt.Config{})
	must(t, err)
	t.Cleanup(archive.Close)
	keyring, err := bolt.NewKeyring(db)
	must(t, err)
	stage, err := listenerstate.New(listenerstate.Config{Redis: client, Archive: archive, Keys: keyring})
	must(t, err)
	t.Cleanup(stage.Close)
	p.serve("listenerstate", func(s *grpc.Server) {
		listenerstatev1.RegisterListenerStateServer(s, listenerstate.NewServer(stage))
	})
	p.stage = listenerstatev1.NewListenerStateClient(p.dial("listenerstate"))
	placing, err := signaling.New(signaling.Config{
		Store: nodestore.New(client), Stage: p.stage, Dialer: p.network, Keys: oneKey(p.signer.Public()),
	})
	must(t, err)
	t.Cleanup(func() { placing.Close() })
	p.serve("signaling", func(s *grpc.Server) { signaling.NewServer(placing).Register(s) })
	p.nodes = signalingv1.NewNodesClient(p.dial("signaling"))
	p.calls = signalingv1.NewSignalingClient(p.dial("signaling"))
	return p
}

// addSFU starts an SFU node; stop ends it as leaving does.
func (p *plane) addSFU(node id.Node, wall func() time.Time) (host *origin.Host, stop func()) {
	p.t.Helper()
	media, err := sfu.New(sfu.Config{Node: node, LoopbackCandidates: true})
	must(p.t, err)
	host, err = origin.NewHost(origin.Config{
		Node: node, BootID: uint64(time.Now().UnixNano()), SFU: media, Stage: p.stage, Programs: p.nodes, Homes: p.nodes, Wall: wall,
		Log: slog.New(slog.DiscardHandler),
	})
	must(p.t, err)
	server, err := relay.NewServer(relay.ServerConfig{Rooms: host})
	must(p.t, err)
	leave := p.serve(string(node), func(s *grpc.Server) {
		mediav1.RegisterMediaServer(s, origin.NewServer(host))
		relayv1.RegisterRelayServer(s, server)
	})
	ctx, cancel := context.WithCancel(context.Background())
	known, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		host.Announce(ctx, p.nodes, string(node), "local", known)
	}()
	<-known
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		<-done
		server.Close()
		leave()
		host.Close()
		media.Close()
	}
	p.t.Cleanup(stop)
	return host, stop
}

// addEdge starts an edge and answers its URL.
func (p *plane) addEdge(node id.Node) string {
	p.t.Helper()
	verifier := token.NewVerifier()
	stream := control.Open(control.Config{
		Signaling: p.nodes, Hello: &signalingv1.EdgeHello{Node: string(node), Region: "local", BootId: 1, Address: string(node)},
		Load: func() *signalingv1.Load { return &signalingv1.Load{} }, Keys: verifier.SetKeys,
		Log: slog.New(slog.DiscardHandler),
	})
	p.t.Cleanup(stream.Close)
	e, err := edge.New(edge.Config{Node: node, Region: "local", Verifier: verifier, Homes: stream, Dialer: p.network})
	must(p.t, err)
	door := httptest.NewServer(e.Handler())
	p.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		_ = e.Close(ctx) // whoever is left is cut
		door.CloseClientConnections()
		door.Close()
	})
	must(p.t, stream.Ready(bounded(p.t)))
	return door.URL
}

// openRoom opens a stage.
func (p *plane) openRoom() (id.Room, id.User) {
	p.t.Helper()
	room, host := id.NewRoom(), id.NewUser()
	p.apply(room, &listenerstatev1.ApplyRequest{
		Actor: &listenerstatev1.Actor{Actor: &listenerstatev1.Actor_Service{Service: "room"}},
		Command: &listenerstatev1.ApplyRequest_OpenRoom{OpenRoom: &listenerstatev1.OpenRoom{
			Host: string(host), Title: "Test", MaxSeats: 10, OpenStage: true,
		}},
	})
	return room, host
}

func (p *plane) apply(room id.Room, request *listenerstatev1.ApplyRequest) {
	p.t.Helper()
	request.App, request.Room, request.CommandId = string(id.Main), string(room), string(id.NewCommand())
	_, err := p.stage.Apply(bounded(p.t), request)
	must(p.t, err)
}

// grant signs a grant for a new person.
func (p *plane) grant(room id.Room, right token.Right) string {
	p.t.Helper()
	now := time.Now()
	text, err := p.signer.Sign(token.Grant{
		App: id.Main, Room: room, Subject: string(id.NewUser()), Right: right, Issued: now, Expires: now.Add(time.Hour),
	})
	must(p.t, err)
	return text
}

func (p *plane) serve(address string, register func(*grpc.Server)) (stop func()) {
	p.t.Helper()
	listener, err := p.network.Listen(address)
	must(p.t, err)
	server := rpc.NewServer(slog.New(slog.DiscardHandler), rpc.Options{})
	register(server.Server)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener) // ends with Stop
	}()
	stop = func() {
		server.Stop()
		<-done
	}
	p.t.Cleanup(stop)
	return stop
}

func (p *plane) dial(address string) *grpc.ClientConn {
	p.t.Helper()
	conn, err := p.network.Dial(address)
	must(p.t, err)
	return conn
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// oneKey is all that grants are signed with.
type oneKey token.PublicKey

func (k oneKey) Public() ([]token.PublicKey, <-chan struct{}) {
	return []token.PublicKey{token.PublicKey(k)}, nil
}
