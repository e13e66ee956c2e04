package testkit

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"time"
)

// Pair is a redis-server and its replica. Promote changes which is which.
type Pair struct {
	Master, Replica *Server
	serving         atomic.Pointer[Server]
}

// RedisPair starts a pair and stops it after the test. It answers when the replica follows.
func RedisPair(t testing.TB, options ...string) *Pair {
	t.Helper()
	p := &Pair{Master: RedisServer(t, options...), Replica: RedisServer(t, options...)}
	p.serving.Store(p.Master)
	p.Join(t)
	return p
}

// Dial connects to the server that is the master now, as what watches over a pair would tell.
func (p *Pair) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	var dialer net.Dialer
	return dialer.DialContext(ctx, "tcp", p.serving.Load().Address)
}

// Join has the replica follow the master again, and waits until it does.
func (p *Pair) Join(t testing.TB) {
	t.Helper()
	p.follow(t, p.Master.Address)
	Eventually(t, 60*time.Second, func() error {
		up, err := p.Replica.follows()
		if err == nil && !up {
			err = errors.New("the replica does not follow")
		}
		return err
	})
}

// Cut ends the connection of the replica to its master: it keeps what it has, and gets nothing more.
func (p *Pair) Cut(t testing.TB) {
	t.Helper()
	p.follow(t, FreePort(t))
}

// Promote makes the replica the master that is dialled from now on. The old one, where it runs, is left as it is but for
// its clients, whose connections it ends.
func (p *Pair) Promote(t testing.TB) {
	t.Helper()
	if err := p.Replica.Client.ReplicaOf(context.Background(), "NO", "ONE").Err(); err != nil {
		t.Fatal(err)
	}
	p.Master, p.Replica = p.Replica, p.Master
	p.serving.Store(p.Master)
	for _, kind := range []string{"normal", "pubsub"} {
		// A server that was killed has none.
		_ = p.Replica.Client.Do(context.Background(), "CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes").Err()
	}
}

func (p *Pair) follow(t testing.TB, address string) {
	t.Helper()
	host, port, _ := net.SplitHostPort(address)
	if err := p.Replica.Client.ReplicaOf(context.Background(), host, port).Err(); err != nil {
		t.Fatal(err)
	}
}
