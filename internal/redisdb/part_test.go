package redisdb

import (
	"fmt"
	"testing"

	"github.com/redis/go-redis/v9"
)

func TestPartsLieWhereTheyShould(t *testing.T) {
	client := open(t, Config{Addresses: cluster.Start(t).Addresses, Cluster: true})
	keys := []string{"", "a", "123456789", "{}a", "{a", "a}", "x{ab}y", "x{ab}y{cd}", "{{ab}}", "home:{main/rm_1}"}
	for part := range Parts {
		key := "{" + Tag(part) + "}"
		if got := Part("anything:" + key); got != part {
			t.Errorf("tag %s lies in part %d, want %d", Tag(part), got, part)
		}
		keys = append(keys, key)
	}
	for _, key := range keys {
		if want, err := client.ClusterKeySlot(t.Context(), key).Result(); err != nil || int64(slot(key)) != want {
			t.Errorf("slot of %q: %d, want %d, %v", key, slot(key), want, err)
		}
	}
	for shards := 1; shards <= Parts; shards++ { // as redis-cli divides slots
		served := map[int]bool{}
		for part := range Parts {
			served[slot(Tag(part))*shards/slots] = true
		}
		if len(served) != shards {
			t.Errorf("%d of %d shards have a part", len(served), shards)
		}
	}
}

// One of the servers is made to forget the script.
func TestEachKeyOnItsServer(t *testing.T) {
	client := open(t, Config{Addresses: cluster.Start(t).Addresses, Cluster: true})
	script := redis.NewScript("return KEYS[1] .. ARGV[1]")
	var keys []string
	for i := range 40 {
		keys = append(keys, fmt.Sprint(i))
	}
	for range 2 {
		replies, err := Each(t.Context(), client, script, keys, "!")
		if err != nil || len(replies) != len(keys) {
			t.Fatalf("%d replies, %v", len(replies), err)
		}
		for i, reply := range replies {
			if got, err := reply.Text(); err != nil || got != keys[i]+"!" {
				t.Errorf("reply %d is %q, %v", i, got, err)
			}
		}
		server, err := At(t.Context(), client, "7")
		if err == nil {
			err = server.ScriptFlush(t.Context()).Err()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Each(t.Context(), client, redis.NewScript("return redis.error_reply('ERR no')"), keys); err == nil {
		t.Error("errors of a script are lost")
	}
}
