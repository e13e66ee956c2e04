package edge

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"rostrum/client/listener"
	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/testkit"
	"rostrum/internal/token"
	"rostrum/mediaedge/audio"
	"rostrum/mediaedge/relay"
	listenv1 "rostrum/proto/rostrum/listen/v1"
	relayv1 "rostrum/proto/rostrum/relay/v1"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// origin is a node that has rooms and serves them over real gRPC.
type origin struct {
	t       testing.TB
	room    id.Room
	held    *relay.Room
	address string
	conn    *grpc.ClientConn
	fault   atomic.Pointer[fault.Fault]
	ledger  map[audio.Number][]byte // what voice-32 holds
	epoch   audio.Epoch
	next    audio.Number
}

func newOrigin(t testing.TB) *origin {
	t.Helper()
	o := &origin{t: t, room: id.NewRoom(), ledger: map[audio.Number][]byte{}, epoch: 1_790_000_000_000, next: 8_640_000}
	o.held = relay.NewRoom(id.Main, o.room)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server, err := relay.NewServer(relay.ServerConfig{Rooms: o})
	if err != nil {
		t.Fatal(err)
	}
	served, door := sync.WaitGroup{}, grpc.NewServer()
	relayv1.RegisterRelayServer(door, server)
	served.Go(func() { _ = door.Serve(listener) })
	o.address = listener.Addr().String()
	if o.conn, err = grpc.NewClient(o.address, grpc.WithTransportCredentials(insecure.NewCredentials())); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		o.conn.Close()
		door.Stop()
		server.Close()
		served.Wait()
	})
	o.held.SetCard(o.card(1, "first title"))
	return o
}

func (o *origin) card(revision uint64, title string) *listenv1.RoomCard {
	return &listenv1.RoomCard{App: string(id.Main), Room: string(o.room), Title: title, Epoch: uint64(o.epoch), Revision: revision}
}

func (o *origin) Find(context.Context, id.App, id.Room) (*relay.Room, error) { return o.held, nil }

func (o *origin) Moved(id.App, id.Room, string) <-chan struct{} { return nil }

func (o *origin) Home(_ context.Context, _ id.App, room id.Room) (string, error) {
	if room != o.room {
		return "", fault.New(fault.CodeNotFound, "there is no such room")
	}
	if f := o.fault.Load(); f != nil {
		return "", f
	}
	return o.address, nil
}

func (o *origin) Forget(id.App, id.Room) {}

func (o *origin) Dial(string) (*grpc.ClientConn, error) { return o.conn, nil }

// batch makes a batch as large as a real one of the rendition.
func batch(t testing.TB, number audio.Number, epoch audio.Epoch, rendition audio.Rendition) []byte {
	t.Helper()
	b := &audio.Batch{Number: number, Epoch: epoch, Rendition: rendition}
	random := mathrand.New(mathrand.NewPCG(uint64(number), uint64(epoch)))
	for i := range b.Frames {
		b.Frames[i].Opus = make([]byte, rendition.BitRate()/8/50-8+random.IntN(16))
		for k := range b.Frames[i].Opus {
			b.Frames[i].Opus[k] = byte(random.Uint32())
		}
	}
	encoded, err := b.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

// speak appends batches to both renditions.
func (o *origin) speak(batches int) {
	o.t.Helper()
	for range batches {
		for _, rendition := range audio.Renditions {
			encoded := batch(o.t, o.next, o.epoch, rendition)
			if rendition == audio.Voice32 {
				o.ledger[o.next] = encoded
			}
			if err := o.held.Ring(rendition).AppendBatch(encoded); err != nil {
				o.t.Fatal(err)
			}
		}
		o.next++
	}
}

// restart begins a higher epoch after a hole.
func (o *origin) restart(hole int) {
	o.t.Helper()
	o.epoch += 1000
	gap := audio.Gap{First: o.next, Last: o.next + audio.Number(hole) - 1, Epoch: o.epoch, Reason: audio.GapNewOrigin}
	for _, rendition := range audio.Renditions {
		if err := o.held.Ring(rendition).AppendGap(gap); err != nil {
			o.t.Fatal(err)
		}
	}
	o.next = gap.Last + 1
}

// rig is an origin and edges in front of it.
type rig struct {
	*origin
	signer token.Signer
	pool   *x509.CertPool
	tiny   bool // sockets of edges hold next to nothing
}

func newRig(t testing.TB) *rig { return &rig{origin: newOrigin(t), signer: token.NewSigner()} }

// door is an edge with an HTTP server.
type door struct {
	*Edge
	url      string
	registry *prometheus.Registry
}

func (r *rig) edge(change func(*Config)) *door {
	listener := r.tcp()
	return r.edgeOn(listener, "http://"+listener.Addr().String(), change)
}

func (r *rig) edgeOn(listener net.Listener, url string, change func(*Config)) *door {
	r.t.Helper()
	d := &door{url: url, registry: prometheus.NewRegistry()}
	cfg := Config{
		Node: "edge-1", Region: "eu", Verifier: token.NewVerifier(r.signer.Public()), Homes: r, Dialer: r, Metrics: d.registry, Shards: 2,
	}
	if change != nil {
		change(&cfg)
	}
	var err error
	if d.Edge, err = New(cfg); err != nil {
		r.t.Fatal(err)
	}
	server := &http.Server{Handler: d.Handler(), ReadHeaderTimeout: 5 * time.Second}
	var served sync.WaitGroup
	served.Go(func() { _ = server.Serve(listener) })
	r.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := d.Close(ctx); err != nil {
			r.t.Errorf("close edge: %v", err)
		}
		server.Close()
		served.Wait()
	})
	return d
}

func (r *rig) tcp() net.Listener {
	r.t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		r.t.Fatal(err)
	}
	if r.tiny {
		return tinyListener{listener}
	}
	return listener
}

// tinyListener has the kernel take a few kilobytes at a time.
type tinyListener struct{ net.Listener }

func (l tinyListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return conn, conn.(*net.TCPConn).SetWriteBuffer(4096)
}

// secureEdge serves TLS with a certificate of its own.
func (r *rig) secureEdge(change func(*Config)) *door {
	r.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		r.t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		r.t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		r.t.Fatal(err)
	}
	r.pool = x509.NewCertPool()
	r.pool.AddCert(parsed)
	tcp := r.tcp()
	config := &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	return r.edgeOn(tls.NewListener(Listener(tcp), config), "https://"+tcp.Addr().String(), change)
}

func (r *rig) grant(change func(*token.Grant)) string {
	r.t.Helper()
	return r.grantBy(r.signer, change)
}

func (r *rig) grantBy(signer token.Signer, change func(*token.Grant)) string {
	r.t.Helper()
	g := token.Grant{
		App: id.Main, Room: r.room, Subject: token.Open, Right: token.RightListen,
		Issued: time.Now().Add(-time.Minute), Expires: time.Now().Add(time.Hour),
	}
	if change != nil {
		change(&g)
	}
	text, err := signer.Sign(g)
	if err != nil {
		r.t.Fatal(err)
	}
	return text
}

func (r *rig) open(ctx context.Context, change func(*listener.Config), doors ...*door) (*listener.Listener, error) {
	cfg := listener.Config{Room: r.room, Grant: r.grant(nil)}
	for _, d := range doors {
		cfg.URLs = append(cfg.URLs, d.url)
	}
	if r.pool != nil {
		cfg.Dialer = r.dialer()
	}
	if change != nil {
		change(&cfg)
	}
	return listener.Open(ctx, cfg)
}

// dialer trusts the rig's certificate.
func (r *rig) dialer() *websocket.Dialer {
	return &websocket.Dialer{TLSClientConfig: &tls.Config{RootCAs: r.pool}, HandshakeTimeout: time.Minute}
}

func (r *rig) listen(change func(*listener.Config), doors ...*door) *listener.Listener {
	r.t.Helper()
	l, err := r.open(within(r.t), change, doors...)
	if err != nil {
		r.t.Fatalf("open listener: %v", err)
	}
	r.t.Cleanup(func() { l.Close() })
	return l
}

func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// hear reads until a number was heard and answers what of it was batches, by number, and the gaps; everything is
// compared with what the origin appended.
func (r *rig) hear(l *listener.Listener, until audio.Number) (batches map[audio.Number][]byte, gaps []*listenv1.Gap) {
	r.t.Helper()
	batches = map[audio.Number][]byte{}
	ctx := within(r.t)
	for {
		item, err := l.Next(ctx)
		if err != nil {
			r.t.Fatalf("after %d batches, before %d: %v (%+v)", len(batches), until, err, l.Stats())
		}
		switch {
		case item.Lost != nil:
			r.t.Fatalf("lost %+v", item.Lost)
		case item.Gap != nil:
			gaps = append(gaps, item.Gap)
			if item.Gap.Last >= uint64(until) {
				return batches, gaps
			}
		case item.Batch != nil:
			n := audio.Number(item.Batch.GetNumber())
			if batches[n] = item.Batch.Encoded; string(r.ledger[n]) != string(item.Batch.Encoded) {
				r.t.Fatalf("batch %d differs from the origin's", n)
			}
			if n >= until {
				return batches, gaps
			}
		}
	}
}

// closes answers how many connections of an edge ended for a reason.
func (d *door) closes(reason Reason) int {
	var m dto.Metric
	if d.metrics.closes.WithLabelValues(string(reason)).Write(&m) != nil {
		return -1
	}
	return int(m.GetCounter().GetValue())
}

// code answers the close code in an error.
func code(err error) string {
	var told *listener.CloseError
	if !errors.As(err, &told) {
		return fmt.Sprint(err)
	}
	return fmt.Sprintf("%d %s", told.Code, told.Fault)
}
