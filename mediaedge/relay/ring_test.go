package relay

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"rostrum/internal/id"
	"rostrum/mediaedge/audio"
	listenv1 "rostrum/proto/rostrum/listen/v1"
)

const testRoom id.Room = "rm_00000000000000000000"

// encode makes a batch whose content follows from its number and epoch.
func encode(t testing.TB, number audio.Number, epoch audio.Epoch, rendition audio.Rendition) []byte {
	t.Helper()
	b := &audio.Batch{Number: number, Epoch: epoch, Rendition: rendition}
	random := rand.New(rand.NewPCG(uint64(number), uint64(epoch)))
	for i := range b.Frames {
		b.Frames[i].Opus = make([]byte, 1+random.IntN(120))
		for k := range b.Frames[i].Opus {
			b.Frames[i].Opus[k] = byte(random.Uint32())
		}
	}
	encoded, err := b.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

// cut reads server frames as a client does.
func cut(t testing.TB, frames []byte) []*listenv1.ServerMessage {
	t.Helper()
	var all []*listenv1.ServerMessage
	for len(frames) > 0 {
		if frames[0] != finBinary {
			t.Fatalf("a frame begins with %#x", frames[0])
		}
		length, head := int(frames[1]), 2
		if length == 126 {
			length, head = int(binary.BigEndian.Uint16(frames[2:])), 4
		}
		message := &listenv1.ServerMessage{}
		if err := proto.Unmarshal(frames[head:head+length], message); err != nil {
			t.Fatal(err)
		}
		all = append(all, message)
		frames = frames[head+length:]
	}
	return all
}

func mustAppend(t testing.TB, r *Ring, first, last audio.Number, epoch audio.Epoch) {
	t.Helper()
	for n := first; n <= last; n++ {
		if err := r.AppendBatch(encode(t, n, epoch, r.Rendition())); err != nil {
			t.Fatalf("append %d: %v", n, err)
		}
	}
}

func TestRingRefusesByReason(t *testing.T) {
	room := NewRoom(id.Main, testRoom)
	r := room.Ring(audio.Voice32)
	mustAppend(t, r, 100, 105, 7)
	damaged := encode(t, 106, 7, audio.Voice32)
	damaged[9] ^= 1
	for _, c := range []struct {
		want    Refusal
		encoded []byte
	}{
		{RefusedMalformed, damaged},
		{RefusedMalformed, nil},
		{RefusedMalformed, encode(t, 1<<63, 7, audio.Voice32)},
		{RefusedRendition, encode(t, 106, 7, audio.Voice16)},
		{RefusedEpoch, encode(t, 106, 6, audio.Voice32)},
		{RefusedRepeat, encode(t, 105, 7, audio.Voice32)},
		{RefusedRepeat, encode(t, 105, 8, audio.Voice32)},
		{RefusedEpoch, encode(t, 106, 7, audio.Voice32)}, // the room has seen 8 now
	} {
		if err := r.AppendBatch(c.encoded); !errors.Is(err, c.want) {
			t.Errorf("got %v, want %v", err, c.want)
		}
	}
	if err := room.Ring(audio.Voice16).AppendBatch(encode(t, 106, 7, audio.Voice16)); !errors.Is(err, RefusedEpoch) {
		t.Errorf("the other ring took an epoch that the room has left: %v", err)
	}
	if v := r.View(); v.Newest() != 105 || v.Oldest() != 100 || v.Epoch() != 7 {
		t.Errorf("the ring holds %d to %d of epoch %d", v.Oldest(), v.Newest(), v.Epoch())
	}
	room.End()
	if err := r.AppendBatch(encode(t, 106, 8, audio.Voice32)); !errors.Is(err, RefusedEnded) {
		t.Errorf("after the end: %v", err)
	}
}

func TestAHoleIsAGapAndGapsAreClipped(t *testing.T) {
	r := NewRoom(id.Main, testRoom).Ring(audio.Voice32)
	mustAppend(t, r, 10, 11, 1)
	mustAppend(t, r, 15, 15, 1)
	if err := r.AppendGap(audio.Gap{First: 14, Last: 20, Epoch: 2, Reason: audio.GapNewOrigin}); err != nil {
		t.Fatal(err)
	}
	if err := r.AppendGap(audio.Gap{First: 14, Last: 20, Epoch: 2, Reason: audio.GapNewOrigin}); !errors.Is(err, RefusedRepeat) {
		t.Errorf("the same gap again: %v", err)
	}
	lost, ok := r.View().At(13)
	if want := (Entry{First: 12, Last: 14, Epoch: 1, Reason: audio.GapUpstreamLost}); !ok || lost.Gap() != want.Gap() || lost.Batch != nil {
		t.Errorf("13 is in %+v", lost)
	}
	clipped, ok := r.View().At(20)
	if !ok || clipped.First != 16 || clipped.Last != 20 || clipped.Epoch != 2 {
		t.Errorf("20 is in %+v", clipped)
	}
	frames, next := r.View().Slice(13, 1<<20)
	messages := cut(t, frames)
	if next != 21 || len(messages) != 3 || messages[0].GetGap().GetFirst() != 12 || messages[1].GetBatch().GetNumber() != 15 || messages[2].GetGap().GetLast() != 20 {
		t.Errorf("from 13: next %d, %v", next, messages)
	}
}

// TestRingAgainstAModel compares every view with a plain list, over random appends, and checks that views taken before
// stay as they were.
func TestRingAgainstAModel(t *testing.T) {
	made := map[audio.Number][]byte{}
	batch := func(n audio.Number) []byte {
		if made[n] == nil {
			made[n] = encode(t, n, 1, audio.Voice16)
		}
		return made[n]
	}
	rapid.Check(t, func(rt *rapid.T) {
		r := NewRoom(id.Main, testRoom).Ring(audio.Voice16)
		var model []Entry
		next := audio.Number(rapid.Uint64Range(0, 10).Draw(rt, "first"))
		old, oldSlice := r.View(), []byte(nil)
		for range rapid.IntRange(1, 900).Draw(rt, "steps") {
			if rapid.IntRange(0, 60).Draw(rt, "kind") == 0 {
				last := next + audio.Number(rapid.Uint64Range(0, 40).Draw(rt, "length"))
				if err := r.AppendGap(audio.Gap{First: next, Last: last, Epoch: 1, Reason: audio.GapOriginStalled}); err != nil {
					rt.Fatal(err)
				}
				model = append(model, Entry{First: next, Last: last, Epoch: 1, Reason: audio.GapOriginStalled})
				next = last + 1
			} else {
				encoded := batch(next)
				if err := r.AppendBatch(encoded); err != nil {
					rt.Fatal(err)
				}
				model = append(model, Entry{First: next, Last: next, Epoch: 1, Batch: encoded})
				next++
			}
			if rapid.IntRange(0, 100).Draw(rt, "keep") == 0 {
				old = r.View()
				frames, _ := old.Slice(0, 1<<30)
				oldSlice = bytes.Clone(frames)
			}
		}
		for len(model) > 1 && model[0].Last+HeldNumbers <= model[len(model)-1].Last {
			model = model[1:]
		}
		v := r.View()
		if v.Oldest() != model[0].First || v.Newest() != next-1 {
			rt.Fatalf("holds %d to %d, want %d to %d", v.Oldest(), v.Newest(), model[0].First, next-1)
		}
		compare(t, rt, v, model)
		if frames, _ := old.Slice(0, 1<<30); !bytes.Equal(frames, oldSlice) {
			rt.Fatal("a view has changed")
		}
	})
}

func compare(t *testing.T, rt *rapid.T, v *View, model []Entry) {
	for _, want := range model {
		got, ok := v.At(want.First)
		if !ok || got.Gap() != want.Gap() || !bytes.Equal(got.Batch, want.Batch) {
			rt.Fatalf("at %d: %+v, want %+v", want.First, got, want)
		}
	}
	from := model[rapid.IntRange(0, len(model)-1).Draw(rt, "from")].First
	limit := rapid.IntRange(0, 20_000).Draw(rt, "limit")
	frames, next := v.Slice(from, limit)
	messages := cut(t, frames)
	if len(frames) > limit && len(messages) > 1 || next <= from {
		rt.Fatalf("%d bytes in %d messages for a limit of %d", len(frames), len(messages), limit)
	}
	n := rapid.IntRange(0, len(frames)).Draw(rt, "written")
	at, partial := v.Advance(from, n)
	rest, _ := v.Slice(at, 1<<30)
	whole, _ := v.Slice(from, 1<<30)
	if !bytes.Equal(rest[partial:], whole[n:]) {
		rt.Fatalf("after %d bytes from %d one stands at %d + %d, which is another place", n, from, at, partial)
	}
}

func TestACardGoesBeforeABatchAtMostOnceASecond(t *testing.T) {
	room := NewRoom(id.Main, testRoom)
	r := room.Ring(audio.Voice32)
	card := func(revision uint64) *listenv1.RoomCard {
		return &listenv1.RoomCard{App: string(id.Main), Room: string(testRoom), Epoch: 1, Revision: revision, Title: "a title"}
	}
	for n := audio.Number(1001); n <= 1020; n++ {
		if !room.SetCard(card(uint64(n))) {
			t.Fatalf("card %d was not taken", n)
		}
		mustAppend(t, r, n, n, 1)
	}
	if room.SetCard(card(1020)) || room.SetCard(card(1003)) {
		t.Error("a card that is not later was taken")
	}
	frames, _ := r.View().Slice(1001, 1<<20)
	var cards []uint64
	for _, m := range cut(t, frames) {
		if m.GetCard() != nil {
			cards = append(cards, m.GetCard().GetRevision())
		}
	}
	if len(cards) != 4 || cards[0] != 1001 || cards[3] != 1016 {
		t.Errorf("cards %v within 20 batches", cards)
	}
	if other := card(2000); other != nil {
		other.Room = "rm_11111111111111111111"
		if room.SetCard(other) {
			t.Error("another room's card was taken")
		}
	}
}

func TestReadersNeverSeeATornRing(t *testing.T) {
	r := NewRoom(id.Main, testRoom).Ring(audio.Voice32)
	mustAppend(t, r, 1, 1, 1)
	var readers sync.WaitGroup
	stop := make(chan struct{})
	for range 2 {
		readers.Go(func() {
			for next := audio.Number(1); ; {
				select {
				case <-stop:
					return
				default:
				}
				v := r.View()
				entry, ok := v.At(v.Newest())
				if header, err := audio.Peek(entry.Batch); !ok || err != nil || header.Number != v.Newest() {
					t.Errorf("newest %d is %+v: %v", v.Newest(), header, err)
					return
				}
				_, next = v.Slice(next, 4096)
			}
		})
	}
	for n := audio.Number(2); n < 3000; n++ {
		if err := r.AppendBatch(encode(t, n, 1, audio.Voice32)); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	readers.Wait()
}

func TestDeliveriesDoNotAllocate(t *testing.T) {
	r := NewRoom(id.Main, testRoom).Ring(audio.Voice32)
	mustAppend(t, r, 1, 400, 1)
	v := r.View()
	if n := testing.AllocsPerRun(1000, func() {
		frames, _ := v.Slice(396, 14<<10)
		v.Advance(396, len(frames)/2)
		v.Slice(120, 14<<10)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkAppendBatch(b *testing.B) {
	r := NewRoom(id.Main, testRoom).Ring(audio.Voice32)
	encoded := encode(b, 1, 1, audio.Voice32)
	wire := &listenv1.Batch{}
	if err := proto.Unmarshal(encoded, wire); err != nil {
		b.Fatal(err)
	}
	batch, _ := audio.DecodeBatch(encoded)
	all := make([][]byte, b.N)
	for i := range all {
		batch.Number = audio.Number(i + 1)
		all[i], _ = batch.Encode()
	}
	b.ReportAllocs()
	b.ResetTimer()
	for _, encoded := range all {
		if err := r.AppendBatch(encoded); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSlice(b *testing.B) {
	r := NewRoom(id.Main, testRoom).Ring(audio.Voice32)
	mustAppend(b, r, 1, 400, 1)
	v := r.View()
	b.ReportAllocs()
	for b.Loop() {
		v.Slice(396, 14<<10)
	}
}
