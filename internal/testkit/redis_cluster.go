package testkit

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	shards       = 3 // each with a master and a replica
	slots        = 16384
	formsWithin  = 60 * time.Second
	forgetsAfter = "1500" // ms after which a server that says nothing is taken for lost
)

// Cluster is a Redis cluster of three masters with a replica each, on this machine.
type Cluster struct {
	Addresses []string // of all six
	servers   []*clusterServer
}

type clusterServer struct {
	address   string
	bus       string // port on which the servers speak with each other
	arguments []string
	client    *redis.Client

	mu      sync.Mutex
	process *Process
}

// RedisCluster starts a cluster and stops it after the test. That takes some seconds; tests that need none of their own
// share one, see SharedCluster.
func RedisCluster(t testing.TB, options ...string) *Cluster {
	t.Helper()
	c, err := startCluster(t.TempDir(), options)
	t.Cleanup(func() {
		if err := c.stop(); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// SharedCluster is a cluster for all tests of a package, which keep apart by their keys. It starts when a test first asks
// for it; TestMain closes it.
type SharedCluster struct {
	once    sync.Once
	cluster *Cluster
	folder  string
	err     error
}

// Start answers the cluster.
func (s *SharedCluster) Start(t testing.TB) *Cluster {
	t.Helper()
	s.once.Do(func() {
		if s.folder, s.err = os.MkdirTemp("", "redis-cluster"); s.err == nil {
			s.cluster, s.err = startCluster(s.folder, nil)
		}
	})
	if s.err != nil {
		t.Fatal(s.err)
	}
	return s.cluster
}

// Close stops the cluster where it was started.
func (s *SharedCluster) Close() error {
	if s.cluster == nil {
		return nil
	}
	return errors.Join(s.cluster.stop(), os.RemoveAll(s.folder))
}

// startCluster answers what it started also where it fails.
func startCluster(folder string, options []string) (*Cluster, error) {
	c := &Cluster{}
	ports, err := freePorts(4 * shards)
	if err != nil {
		return c, err
	}
	for i := range 2 * shards {
		port, bus := ports[2*i], ports[2*i+1]
		own, err := os.MkdirTemp(folder, "server")
		if err != nil {
			return c, err
		}
		s := &clusterServer{address: net.JoinHostPort("127.0.0.1", port), bus: bus, arguments: append([]string{
			"--port", port, "--cluster-port", bus, "--bind", "127.0.0.1", "--dir", own, "--save", "", "--cluster-enabled", "yes",
			"--cluster-node-timeout", forgetsAfter, "--repl-diskless-sync-delay", "0",
			"--repl-ping-replica-period", "1", // nobody is told of a replica that has received nothing yet
		}, options...)}
		s.client = redis.NewClient(&redis.Options{Addr: s.address, MaxRetries: -1, DisableIdentity: true})
		c.servers, c.Addresses = append(c.servers, s), append(c.Addresses, s.address)
		if err := s.start(); err != nil {
			return c, err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), formsWithin)
	defer cancel()
	return c, c.form(ctx)
}

// freePorts answers ports that are free and differ.
func freePorts(n int) ([]string, error) {
	var ports []string
	for range n {
		listener, err := listenAside()
		if err != nil {
			return nil, err
		}
		defer listener.Close() // all at the end: else the same port would come again
		_, port, _ := net.SplitHostPort(listener.Addr().String())
		ports = append(ports, port)
	}
	return ports, nil
}

func (s *clusterServer) start() error {
	process, err := launch(exec.Command("redis-server", s.arguments...))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.process = process
	return err
}

func (s *clusterServer) running() *Process {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.process
}

func (c *Cluster) stop() error {
	var failed []error
	for _, s := range c.servers {
		failed = append(failed, s.client.Close())
		if process := s.running(); process != nil {
			process.Kill()
		}
	}
	return errors.Join(failed...)
}

// Kill ends the master that holds a key, as a loss of power would, and answers its address. Its replica takes its place by
// itself.
func (c *Cluster) Kill(t testing.TB, key string) (address string) {
	t.Helper()
	s, err := c.master(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	s.running().Kill()
	return s.address
}

// TakenOver waits until another server holds a key than the one that was killed.
func (c *Cluster) TakenOver(t testing.TB, key, killed string) {
	t.Helper()
	Eventually(t, formsWithin, func() error {
		s, err := c.master(t.Context(), key)
		if err == nil && s.address == killed {
			err = fmt.Errorf("nobody took the place of %s", killed)
		}
		return err
	})
}

// Revive starts a server again that was killed, without what it held, and waits until every master has its replica. One
// whose place nobody has taken yet is a master again, and its replica forgets everything too.
func (c *Cluster) Revive(t testing.TB, address string) {
	t.Helper()
	for _, s := range c.servers {
		if s.address == address {
			if err := s.start(); err != nil {
				t.Fatal(err)
			}
		}
	}
	Eventually(t, formsWithin, func() error { return c.whole(t.Context()) })
}

// master answers the server that holds a key, as the first says that can be asked.
func (c *Cluster) master(ctx context.Context, key string) (*clusterServer, error) {
	err := errors.New("no server was asked")
	for _, asked := range c.servers {
		var slot int64
		if slot, err = asked.client.ClusterKeySlot(ctx, key).Result(); err != nil {
			continue
		}
		var ranges []redis.ClusterSlot
		if ranges, err = asked.layout(ctx); err != nil {
			continue
		}
		for _, r := range ranges {
			for _, s := range c.servers {
				if r.Start <= int(slot) && int(slot) <= r.End && s.address == r.Nodes[0].Addr {
					return s, nil
				}
			}
		}
		err = fmt.Errorf("nobody holds %s", key)
	}
	return nil, err
}

// layout answers who serves which slots, masters first, without servers that are missed.
func (s *clusterServer) layout(ctx context.Context) ([]redis.ClusterSlot, error) {
	slots := redis.NewClusterSlotsCmd(ctx, "cluster", "slots")
	err := s.client.Process(ctx, slots)
	return slots.Val(), err
}

// whole says what is missing until every server says that all is well and every master has a replica that follows it.
func (c *Cluster) whole(ctx context.Context) error {
	for _, s := range c.servers {
		told, err := s.client.ClusterInfo(ctx).Result()
		if err != nil {
			return err
		}
		if !strings.Contains(told, "cluster_state:ok") || !strings.Contains(told, fmt.Sprintf("cluster_known_nodes:%d", 2*shards)) {
			return fmt.Errorf("%s says %q", s.address, told)
		}
		follows, err := s.client.Info(ctx, "replication").Result()
		if err != nil {
			return err
		}
		if !strings.Contains(follows, "state=online") && !strings.Contains(follows, "master_link_status:up") {
			return fmt.Errorf("%s has no replica or master: %q", s.address, follows)
		}
		ranges, err := s.layout(ctx)
		if err != nil {
			return err
		}
		for _, r := range ranges {
			if len(r.Nodes) != 2 {
				return fmt.Errorf("%s knows for slots from %d on: %v", s.address, r.Start, r.Nodes)
			}
		}
	}
	return nil
}
