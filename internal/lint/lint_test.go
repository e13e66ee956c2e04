package lint

import "testing"

func TestArrowsPointDown(t *testing.T) {
	wrong, err := Check("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, sentence := range wrong {
		t.Error(sentence)
	}
}

func TestWrongArrowsAreFound(t *testing.T) {
	for _, c := range []struct{ file, imported string }{
		{"services/room/room.go", "rostrum/services/signaling"},
		{"services/room/server.go", "rostrum/mediaedge/audio"},
		{"services/room/room.go", "context"},
		{"services/listenerstate/seat.go", "rostrum/proto/rostrum/listenerstate/v1"},
		{"mediaedge/edge/edge.go", "github.com/pion/webrtc/v4"},
		{"mediaedge/edge/edge.go", "rostrum/services/signaling"},
		{"mediaedge/mix/sum.go", "rostrum/mediaedge/relay"},
		{"mobile-api/room.go", "rostrum/services/room"},
		{"client/listener/listener.go", "rostrum/internal/fault"},
		{"internal/id/id.go", "rostrum/services/room"},
		{"surprise/x.go", "rostrum/internal/id"},
		{"mediaedge/edge/redis.go", "github.com/redis/go-redis/v9"},
	} {
		if judge(c.file, c.imported) == "" {
			t.Errorf("%s may import %s", c.file, c.imported)
		}
	}
}

func TestRightArrowsPass(t *testing.T) {
	for _, c := range []struct{ file, imported string }{
		{"services/room/service.go", "context"},
		{"services/room/roomstore/bolt/bolt.go", "go.etcd.io/bbolt"},
		{"services/listenerstate/timer_loop.go", "context"},
		{"services/listenerstate/stagelog/redis.go", "github.com/redis/go-redis/v9"},
		{"mediaedge/origin/origin.go", "rostrum/mediaedge/program"},
		{"client/speaker/speaker.go", "github.com/pion/webrtc/v4"},
		{"cmd/rostrum/app/modules.go", "rostrum/services/room"},
		{"cmd/rostrum/main.go", "rostrum/cmd/rostrum/app"},
	} {
		if reason := judge(c.file, c.imported); reason != "" {
			t.Errorf("%s imports %s: %s", c.file, c.imported, reason)
		}
	}
}
