package relay

import (
	"bytes"
	"net"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"rostrum/internal/id"
	"rostrum/mediaedge/audio"
	listenv1 "rostrum/proto/rostrum/listen/v1"
	relayv1 "rostrum/proto/rostrum/relay/v1"
)

func TestGarbageReachesNoRing(t *testing.T) {
	good := func(n audio.Number) []byte { return encode(t, n, 5, audio.Voice32) }
	bad := good(12)
	bad[20] ^= 4
	items := []*relayv1.PullItem{
		{Item: &relayv1.PullItem_Opened{Opened: &relayv1.PullOpened{Epoch: 5, Newest: 14}}},
		{},
		{Item: &relayv1.PullItem_Batch{Batch: good(10)}},
		{Item: &relayv1.PullItem_Batch{Batch: bad}},
		{Item: &relayv1.PullItem_Batch{Batch: good(10)}},
		{Item: &relayv1.PullItem_Batch{Batch: good(11)}},
		{Item: &relayv1.PullItem_Batch{Batch: encode(t, 12, 4, audio.Voice32)}},
		{Item: &relayv1.PullItem_Batch{Batch: encode(t, 12, 5, audio.Voice16)}},
		{Item: &relayv1.PullItem_Batch{Batch: good(13)}},
		{Item: &relayv1.PullItem_Batch{Batch: good(12)}},
		{Item: &relayv1.PullItem_Gap{Gap: &listenv1.Gap{First: 20, Last: 19, Epoch: 5, Reason: 1}}},
		{Item: &relayv1.PullItem_Card{Card: &listenv1.RoomCard{Title: "not ours"}}},
		{Item: &relayv1.PullItem_Revocation{Revocation: &listenv1.Revocation{Room: "rm_x", Subject: "us_x", IssuedBefore: 1 << 40}}},
		{Item: &relayv1.PullItem_Batch{Batch: good(14)}},
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serve(t, grpc.NewServer(), listener, &scripted{script: func(stream grpc.BidiStreamingServer[relayv1.PullRequest, relayv1.PullItem]) error {
		for _, item := range items {
			if err := stream.Send(item); err != nil {
				return err
			}
		}
		<-stream.Context().Done()
		return nil
	}})
	metrics, _ := NewPullMetrics(nil)
	p, room := newPuller(t, newNetwork(t, listener.Addr().String()), PullConfig{Metrics: metrics, Silence: time.Minute})
	p.Want(audio.Voice32)
	if err := p.Ready(within(t), audio.Voice32); err != nil {
		t.Fatal(err)
	}
	v := room.Ring(audio.Voice32).View()
	for n, want := range map[audio.Number][]byte{10: good(10), 11: good(11), 12: nil, 13: good(13), 14: good(14)} {
		if got, ok := v.At(n); !ok || !bytes.Equal(got.Batch, want) {
			t.Errorf("number %d is %+v", n, got)
		}
	}
	for reason, want := range map[Refusal]float64{RefusedMalformed: 2, RefusedRepeat: 2, RefusedEpoch: 1, RefusedRendition: 1} {
		if got := counted(metrics.refused.WithLabelValues(string(reason))); got != want {
			t.Errorf("%s: counted %v, want %v", reason, got, want)
		}
	}
	if room.Card() != nil || room.Revoked("us_x", time.Unix(0, 0)) {
		t.Error("another room's card or revocation was taken")
	}
}

func FuzzIntake(f *testing.F) {
	for _, item := range []*relayv1.PullItem{
		{Item: &relayv1.PullItem_Opened{Opened: &relayv1.PullOpened{Epoch: 1, Newest: 3}}},
		{Item: &relayv1.PullItem_Batch{Batch: encode(f, 3, 1, audio.Voice32)}},
		{Item: &relayv1.PullItem_Gap{Gap: &listenv1.Gap{First: 4, Last: 9, Epoch: 2, Reason: 1}}},
		{Item: &relayv1.PullItem_Redirect{Redirect: &relayv1.Redirect{Address: "127.0.0.1:1"}}},
		{Item: &relayv1.PullItem_Batch{Batch: encode(f, 1<<50, 1, audio.Voice32)}},
		{Item: &relayv1.PullItem_Gap{Gap: &listenv1.Gap{First: 4, Last: 9, Epoch: 1 << 50, Reason: 1}}},
		{Item: &relayv1.PullItem_Card{Card: &listenv1.RoomCard{App: string(id.Main), Room: string(testRoom), Epoch: 1 << 50}}},
	} {
		encoded, err := proto.Marshal(item)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(encoded, true)
	}
	f.Fuzz(func(t *testing.T, raw []byte, opened bool) {
		var item relayv1.PullItem
		if proto.Unmarshal(raw, &item) != nil {
			return
		}
		room := NewRoom(id.Main, testRoom)
		p := NewPuller(room, PullConfig{})
		defer p.Close()
		in := &intake{lane: &lane{puller: p, ring: room.Ring(audio.Voice32), ready: make(chan struct{})}, opened: opened}
		now := time.Now()
		highest, last := room.horizon(now)
		_ = in.take(&item, now)
		_ = in.take(&item, now)
		if room.Epoch() > highest || room.newest() > last || audio.Epoch(room.Card().GetEpoch()) > highest {
			t.Fatalf("a room took number %d, epoch %d, a card of %d: all that is right looks old now", room.newest(), room.Epoch(), room.Card().GetEpoch())
		}
		frames, _ := room.Ring(audio.Voice32).View().Slice(0, 1<<20)
		for _, m := range cut(t, frames) {
			if batch := m.GetBatch(); batch != nil && (batch.GetEpoch() == 0 || batch.GetRendition() != string(audio.Voice32)) {
				t.Fatalf("a ring took %v", batch)
			}
		}
	})
}
