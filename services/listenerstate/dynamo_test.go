package listenerstate

import (
	"testing"
	"time"

	"rostrum/internal/dynamo"
	"rostrum/internal/testkit"
	stagearchive "rostrum/services/listenerstate/stagearchive/dynamo"
)

// TestTormentOnDynamoDB: what is deployed, a Redis with a replica and an archive in DynamoDB, both of which go away.
func TestTormentOnDynamoDB(t *testing.T) {
	t.Parallel()
	server := testkit.DynaliteOnDisk(t, t.TempDir())
	open := func() Archive {
		db, err := dynamo.Open(t.Context(), dynamo.Config{Endpoint: server.Endpoint, Credentials: dynamo.CredentialsStatic, Timeout: 2 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		if err := db.CreateTables(t.Context()); err != nil {
			t.Fatal(err)
		}
		archive, err := stagearchive.New(stagearchive.Config{DB: db})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(archive.Close)
		return archive
	}
	pair := testkit.RedisPair(t)
	h := houseOf(t, pair)
	h.archive = open()
	archives := []Archive{open(), open(), open(), open()} // the last is that of the instance that takes another's place
	w := newTormentOn(t, h, 3, func() Archive {
		next := archives[0]
		archives = archives[1:]
		return next
	})
	away := func(meanwhile ...func()) func() {
		return func() {
			server.Stop()
			for _, step := range meanwhile {
				step()
			}
			server.Start()
		}
	}
	more := func() { w.progress(40) }
	promote := func() {
		pair.Cut(t)
		pair.Promote(t)
		pair.Join(t)
	}
	w.run(tormentedPeople, w.wipe, away(more), away(more, w.replace, more), away(more, w.wipe), away(more, promote), w.wipe)
}
