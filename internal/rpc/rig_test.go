package rpc

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/grpc"

	"rostrum/internal/authority"
	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/testkit"
	signalingv1 "rostrum/proto/rostrum/signaling/v1"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// control is a signaling service that tells who called.
type control struct {
	signalingv1.UnimplementedSignalingServer
	signalingv1.UnimplementedNodesServer
	name  string
	delay time.Duration
	ended chan struct{} // control streams end with it
}

// FindEdges answers the names of the server and of the caller.
func (c *control) FindEdges(ctx context.Context, _ *signalingv1.FindEdgesRequest) (*signalingv1.FindEdgesResponse, error) {
	select {
	case <-time.After(c.delay):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	who, _ := Caller(ctx)
	return &signalingv1.FindEdgesResponse{Edges: []*signalingv1.Edge{{Node: c.name}, {Node: string(who.Name)}}}, nil
}

func (c *control) Announce(context.Context, *signalingv1.AnnounceRequest) (*signalingv1.AnnounceResponse, error) {
	return &signalingv1.AnnounceResponse{}, nil
}

func (c *control) Enrol(context.Context, *signalingv1.EnrolRequest) (*signalingv1.EnrolResponse, error) {
	return &signalingv1.EnrolResponse{}, nil
}

// Control answers each report with an order, but nothing to loads.
func (c *control) Control(stream grpc.BidiStreamingServer[signalingv1.EdgeReport, signalingv1.EdgeOrder]) error {
	reports, failed := make(chan *signalingv1.EdgeReport), make(chan error, 1)
	go func() {
		for {
			report, err := stream.Recv()
			if err != nil {
				failed <- err
				return
			}
			select {
			case reports <- report:
			case <-stream.Context().Done():
			}
		}
	}()
	for {
		select {
		case report := <-reports:
			if report.GetLoad() != nil {
				continue
			}
			if err := stream.Send(&signalingv1.EdgeOrder{}); err != nil {
				return err
			}
		case err := <-failed:
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		case <-c.ended:
			return fault.New(fault.CodeUnavailable, "leaving")
		}
	}
}

// start serves a control over TCP.
func start(t *testing.T, c *control, o Options) (address string, server *Server) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server = NewServer(slog.New(slog.DiscardHandler), o)
	signalingv1.RegisterSignalingServer(server, c)
	signalingv1.RegisterNodesServer(server, c)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return listener.Addr().String(), server
}

func dial(t *testing.T, o Options, address string) *grpc.ClientConn {
	t.Helper()
	network := NewTCP(o)
	t.Cleanup(func() { network.Close() })
	conn, err := network.Dial(address)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// find calls and answers the names of the server and of the caller.
func find(conn *grpc.ClientConn) (server, caller string, err error) {
	answer, err := signalingv1.NewSignalingClient(conn).FindEdges(context.Background(), &signalingv1.FindEdgesRequest{})
	if err != nil {
		return "", "", err
	}
	return answer.GetEdges()[0].GetNode(), answer.GetEdges()[1].GetNode(), nil
}

func newAuthority(t *testing.T) *authority.Authority {
	t.Helper()
	a, err := authority.New(time.Now().Add(-24 * time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// secure is the security of a node of a cluster whose certificate was made some time ago, for an hour.
func secure(t *testing.T, a *authority.Authority, ago time.Duration, name id.Node, roles ...authority.Role) *Security {
	t.Helper()
	certificate, err := a.Make(authority.Node{Name: name, Roles: roles}, time.Hour, time.Now().Add(-ago))
	if err != nil {
		t.Fatal(err)
	}
	return &Security{a.Cluster(), func() (*tls.Certificate, error) { return certificate, nil }}
}

// proxy forwards TCP until it is frozen: then nothing moves, and nothing is closed.
type proxy struct {
	target string
	thawed chan struct{} // closed at the end

	mu     sync.Mutex
	frozen bool
	conns  []net.Conn
}

func newProxy(t *testing.T, target string) (*proxy, string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{target: target, thawed: make(chan struct{})}
	var work sync.WaitGroup
	work.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			work.Go(func() { p.forward(conn, &work) })
		}
	})
	t.Cleanup(func() {
		listener.Close()
		close(p.thawed)
		p.mu.Lock()
		for _, conn := range p.conns {
			conn.Close()
		}
		p.mu.Unlock()
		work.Wait()
	})
	return p, listener.Addr().String()
}

func (p *proxy) forward(conn net.Conn, work *sync.WaitGroup) {
	out, err := net.Dial("tcp", p.target)
	if err != nil {
		conn.Close()
		return
	}
	p.mu.Lock()
	p.conns = append(p.conns, conn, out)
	p.mu.Unlock()
	work.Go(func() { p.copy(conn, out) })
	p.copy(out, conn)
}

func (p *proxy) copy(to, from net.Conn) {
	defer to.Close()
	buffer := make([]byte, 16<<10)
	for {
		n, err := from.Read(buffer)
		p.mu.Lock()
		frozen := p.frozen
		p.mu.Unlock()
		if frozen {
			<-p.thawed
			return
		}
		if err != nil {
			return
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

func (p *proxy) freeze() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.frozen = true
}

// lines is a log that can be read while it is written.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func value(t *testing.T, c prometheus.Counter) float64 {
	t.Helper()
	var written dto.Metric
	if err := c.Write(&written); err != nil {
		t.Fatal(err)
	}
	return written.GetCounter().GetValue()
}
