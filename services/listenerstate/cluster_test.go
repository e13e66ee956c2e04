package listenerstate

import (
	"fmt"
	"os"
	"sync"
	"testing"

	"rostrum/internal/testkit"
)

var (
	cluster     testkit.SharedCluster
	clusterTurn sync.Mutex // services of different tests must not find each other's rooms
)

func TestMain(m *testing.M) {
	code := m.Run()
	if err := cluster.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// newClusterHouse stands on the cluster that all tests share, one after the other, each beginning without anything.
func newClusterHouse(t testing.TB) *house {
	t.Helper()
	clusterTurn.Lock()
	t.Cleanup(clusterTurn.Unlock)
	h := newHouse(t, cluster.Start(t).Addresses...)
	h.wipe(t)
	return h
}
