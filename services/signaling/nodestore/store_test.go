package nodestore

import (
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/redisdb"
	"rostrum/internal/testkit"
	"rostrum/services/signaling"
)

var cluster testkit.SharedCluster

func TestMain(m *testing.M) {
	code := m.Run()
	if err := cluster.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// everywhere runs a test against all that the registry must work on. Tests share the cluster, which is without nodes when
// one begins.
func everywhere(t *testing.T, test func(*testing.T, *Store)) {
	t.Run("miniredis", func(t *testing.T) { test(t, connect(t, miniredis.RunT(t).Addr())) })
	t.Run("redis-server", func(t *testing.T) { test(t, connect(t, testkit.Redis(t))) })
	t.Run("cluster", func(t *testing.T) {
		s := connect(t, cluster.Start(t).Addresses...)
		for _, index := range []string{sfuIndex, edgeIndex} {
			if err := s.redis.Del(t.Context(), index).Err(); err != nil {
				t.Fatal(err)
			}
		}
		test(t, s)
	})
}

func connect(t testing.TB, addresses ...string) *Store {
	t.Helper()
	client, err := redisdb.Open(redisdb.Config{Addresses: addresses, Cluster: len(addresses) > 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return New(client)
}

func bid(key signaling.RoomKey, node id.Node, epoch uint64) signaling.Bid {
	return signaling.Bid{RoomKey: key, Node: node, Boot: 7, Epoch: epoch}
}

func newKey() signaling.RoomKey { return signaling.RoomKey{App: id.Main, Room: id.NewRoom()} }

func TestProgramLease(t *testing.T) {
	everywhere(t, func(t *testing.T, s *Store) {
		ctx, key := t.Context(), newKey()
		first, err := s.AcquireProgram(ctx, bid(key, "a", 0))
		if err != nil || first.Epoch == 0 || first.Reserved != 0 || first.Node.ID != "a" || !first.Held {
			t.Fatalf("a got %+v, %v", first, err)
		}
		if _, err := s.AcquireProgram(ctx, bid(key, "b", first.Epoch+5)); !fault.Is(err, fault.CodeConflict) {
			t.Errorf("b beside a: %v", err)
		}
		renewed, err := s.RenewProgram(ctx, bid(key, "a", first.Epoch), 30)
		if err != nil || renewed.Reserved != 30 || renewed.Epoch != first.Epoch {
			t.Errorf("renewed %+v, %v", renewed, err)
		}
		restarted, err := s.AcquireProgram(ctx, bid(key, "a", first.Epoch+1_000_000))
		if err != nil || restarted.Epoch != first.Epoch+1_000_001 || restarted.Reserved != 30 {
			t.Errorf("a, restarted, got %+v, %v", restarted, err)
		}
		if _, err := s.RenewProgram(ctx, bid(key, "a", first.Epoch), 90); !fault.Is(err, fault.CodeConflict) {
			t.Errorf("the old epoch renewed: %v", err)
		}
		if lower, err := s.RenewProgram(ctx, bid(key, "a", restarted.Epoch), 20); err != nil || lower.Reserved != 30 {
			t.Errorf("reserved fell: %+v, %v", lower, err)
		}
		if err := s.ReleaseProgram(ctx, bid(key, "a", restarted.Epoch)); err != nil {
			t.Error(err)
		}
		next, err := s.AcquireProgram(ctx, bid(key, "b", 0))
		if err != nil || next.Epoch <= restarted.Epoch || next.Reserved != 30 {
			t.Errorf("after the release b got %+v, %v", next, err)
		}
	})
}

func TestTwoNodesRace(t *testing.T) {
	everywhere(t, func(t *testing.T, s *Store) {
		for range 20 {
			var (
				key  = newKey()
				work sync.WaitGroup
				won  [2]error
			)
			for i, node := range []id.Node{"a", "b"} {
				work.Go(func() { _, won[i] = s.AcquireProgram(t.Context(), bid(key, node, 0)) })
			}
			work.Wait()
			if (won[0] == nil) == (won[1] == nil) {
				t.Fatalf("both or none: %v, %v", won[0], won[1])
			}
			for _, err := range won {
				if err != nil && !fault.Is(err, fault.CodeConflict) {
					t.Fatal(err)
				}
			}
		}
	})
}

// The store's clock goes back between appointments, and once the store forgets everything.
func TestEpochsRiseWhateverTheClocksSay(t *testing.T) {
	server := miniredis.RunT(t)
	s, ctx, key := connect(t, server.Addr()), t.Context(), newKey()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	var epoch, reserved uint64
	for i, step := range []time.Duration{0, -3 * time.Second, -time.Hour, -time.Hour, 2 * time.Hour, -24 * time.Hour} {
		now = now.Add(step)
		server.SetTime(now)
		node := id.Node([]string{"a", "b"}[i%2])
		p, err := s.AcquireProgram(ctx, bid(key, node, 0))
		if fault.Is(err, fault.CodeConflict) { // the other's lease is still in force after a step back
			now = now.Add(signaling.LeaseTime)
			server.SetTime(now)
			p, err = s.AcquireProgram(ctx, bid(key, node, 0))
		}
		if err != nil || p.Epoch <= epoch || p.Reserved < reserved {
			t.Fatalf("step %d: %+v, %v after epoch %d, reserved %d", i, p, err, epoch, reserved)
		}
		epoch, reserved = p.Epoch, uint64(100*(i+1))
		if _, err := s.RenewProgram(ctx, bid(key, node, epoch), reserved); err != nil {
			t.Fatal(err)
		}
	}
	server.FlushAll()
	p, err := s.AcquireProgram(ctx, bid(key, "c", epoch))
	if err != nil || p.Epoch <= epoch {
		t.Errorf("a store without memory gave %+v, %v after the known epoch %d", p, err, epoch)
	}
}

func TestRenewingBringsAForgottenProgramBack(t *testing.T) {
	everywhere(t, func(t *testing.T, s *Store) {
		ctx, key := t.Context(), newKey()
		if _, err := s.RenewProgram(ctx, bid(key, "a", 4711), 99); err != nil {
			t.Fatal(err)
		}
		programs, err := s.Programs(ctx, key)
		if err != nil || programs[0].Node.ID != "a" || programs[0].Epoch != 4711 || programs[0].Reserved != 99 || !programs[0].Held {
			t.Errorf("%+v, %v", programs, err)
		}
	})
}

func TestNodes(t *testing.T) {
	everywhere(t, func(t *testing.T, s *Store) {
		ctx, key := t.Context(), newKey()
		want := signaling.Node{
			ID: "a", Address: "a:7010", Region: "eu", BootID: 1 << 63, Alive: true,
			Load: signaling.Load{Rooms: 1, Sessions: 2, Listeners: 3, CPU: 0.25},
		}
		for range 2 {
			if err := s.AnnounceNode(ctx, want); err != nil {
				t.Fatal(err)
			}
		}
		want.BootID++ // a new process takes the name over at once
		if err := s.AnnounceNode(ctx, want); err != nil {
			t.Fatal(err)
		}
		if nodes, err := s.Nodes(ctx); err != nil || len(nodes) != 1 || nodes[0] != want {
			t.Errorf("%+v, %v", nodes, err)
		}
		if unknown, err := s.Node(ctx, "b"); err != nil || unknown != (signaling.Node{ID: "b"}) {
			t.Errorf("%+v, %v", unknown, err)
		}
		if _, err := s.AcquireProgram(ctx, bid(key, "a", 0)); err != nil {
			t.Fatal(err)
		}
		programs, err := s.Programs(ctx, newKey(), key)
		if err != nil || len(programs) != 2 || programs[0] != (signaling.Program{}) || programs[1].Node != want {
			t.Errorf("%+v, %v", programs, err)
		}
	})
}

func TestANodeThatFallsSilentIsRemembered(t *testing.T) {
	server := miniredis.RunT(t)
	s, ctx, now := connect(t, server.Addr()), t.Context(), time.Now()
	server.SetTime(now)
	if err := s.AnnounceNode(ctx, signaling.Node{ID: "a", Address: "a:7010"}); err != nil {
		t.Fatal(err)
	}
	server.SetTime(now.Add(signaling.LeaseTime))
	if nodes, err := s.Nodes(ctx); err != nil || len(nodes) != 1 || nodes[0].Alive || nodes[0].Address != "a:7010" {
		t.Errorf("%+v, %v", nodes, err)
	}
	server.Del(sfuKey("a"))
	if nodes, err := s.Nodes(ctx); err != nil || len(nodes) != 0 || server.Exists(sfuIndex) {
		t.Errorf("forgotten, yet listed: %+v, %v", nodes, err)
	}
}

func TestEdges(t *testing.T) {
	everywhere(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		e := signaling.Edge{ID: "e", Region: "eu", URL: "http://e", Address: "e:7011", BootID: 3, Load: signaling.Load{Listeners: 9}}
		for _, stream := range []string{"old", "new"} {
			if err := s.AnnounceEdge(ctx, stream, e); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.ReleaseEdge(ctx, "old", "e"); err != nil {
			t.Fatal(err)
		}
		if edges, err := s.Edges(ctx); err != nil || !slices.Equal(edges, []signaling.Edge{e}) {
			t.Errorf("%+v, %v", edges, err)
		}
		if err := s.ReleaseEdge(ctx, "new", "e"); err != nil {
			t.Fatal(err)
		}
		if edges, err := s.Edges(ctx); err != nil || len(edges) != 0 {
			t.Errorf("after it left: %+v, %v", edges, err)
		}
	})
}
