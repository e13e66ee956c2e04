package relay

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// network dials and says where the room is.
type network struct {
	t     *testing.T
	home  atomic.Pointer[string]
	fault atomic.Pointer[fault.Fault]
	asked atomic.Int32
	// moved answers what Moved does; nil: never.
	moved func(address string) <-chan struct{}
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

func (n *network) Moved(_ id.App, _ id.Room, address string) <-chan struct{} {
	if n.moved == nil {
		return nil
	}
	return n.moved(address)
}

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
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
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
