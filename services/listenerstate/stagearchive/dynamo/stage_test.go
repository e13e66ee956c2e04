package dynamo

import (
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"rostrum/internal/id"
	"rostrum/internal/testkit"
	"rostrum/services/listenerstate"
	"rostrum/services/listenerstate/chain"
)

// TestAStageIsFoundAgain lives a room on this archive and keyring, and empties Redis under it, twice.
func TestAStageIsFoundAgain(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	db, people := database(t, testkit.Dynalite(t), ""), 700
	client := redis.NewClient(&redis.Options{Addr: testkit.Redis(t)})
	t.Cleanup(func() { client.Close() })
	open := func() *listenerstate.Service {
		s, err := listenerstate.New(listenerstate.Config{
			Redis: client, Archive: openArchive(t, Config{DB: db}), Keys: openKeyring(t, KeyringConfig{DB: db}),
			Acknowledge: listenerstate.AcknowledgeLog, Metrics: prometheus.NewRegistry(),
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		return s
	}
	s, key, host := open(), newKey(), id.NewUser()
	apply := func(by id.User, command listenerstate.Command) {
		t.Helper()
		request := listenerstate.Request{Actor: listenerstate.Actor{User: by}, ID: id.NewCommand(), Command: command}
		request.Payload = chain.Sum(fmt.Appendf(nil, "%s %+v", by, command))
		testkit.Eventually(t, patience, func() error {
			_, err := s.Apply(t.Context(), key, request)
			return err
		})
	}
	apply(host, listenerstate.OpenRoom{Host: host, Title: "Evening", MaxSeats: 5, OpenStage: true})
	for range people {
		apply(id.NewUser(), listenerstate.RaiseHand{})
	}
	for _, life := range []string{"of the first instance", "of the second"} {
		if err := client.FlushAll(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		apply(id.NewUser(), listenerstate.RaiseHand{})
		people++
		view, err := s.View(t.Context(), key, chain.Position{})
		if err != nil || view.Stage.Hands.Len() != people {
			t.Errorf("after the wipe %s %d hands are up, %v, want %d", life, view.Stage.Hands.Len(), err, people)
		}
		s.Close()
		s = open()
	}
	head, snapshot, err := openArchive(t, Config{DB: db, Every: time.Millisecond}).Load(t.Context(), key)
	if err != nil || head.Offset < uint64(people) || head.Term < 3 || len(snapshot) == 0 {
		t.Errorf("archived up to %s, a snapshot of %d bytes, %v", head.Position, len(snapshot), err)
	}
}
