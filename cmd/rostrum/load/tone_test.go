package load

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"rostrum/client/listener"
	listenv1 "rostrum/proto/rostrum/listen/v1"
)

// batches makes batches of Opus packets, the first one with a number.
func batches(first uint64, packets [][]byte) []*listener.Batch {
	var out []*listener.Batch
	base := time.Unix(1_790_000_000, 0)
	for i := 0; i+10 <= len(packets); i += 10 {
		b := &listenv1.Batch{Number: first + uint64(i/10), Epoch: 3}
		for _, packet := range packets[i : i+10] {
			b.Frames = append(b.Frames, &listenv1.Frame{Opus: packet})
		}
		out = append(out, &listener.Batch{Batch: b, Received: base.Add(time.Duration(i/10+1) * 200 * time.Millisecond)})
	}
	return out
}

func find(t testing.TB, all []*listener.Batch) []tone {
	t.Helper()
	f, err := newFinder()
	must(t, err)
	var found []tone
	for _, b := range all {
		found = append(found, f.hear(b)...)
	}
	return found
}

// Markers are found where they are, in speech that goes through the codec twice, as on the way through a room, while two
// others talk.
func TestMarkersAreFound(t *testing.T) {
	texts, err := scripts(3)
	must(t, err)
	const seconds = 16
	var mixed []float32
	for i, text := range texts {
		pcm, err := decodeSpeech(text.packets[:seconds*50])
		must(t, err)
		if i == 0 {
			mixed = pcm
			continue
		}
		for k := range pcm {
			mixed[k] = max(-0.9, min(0.9, mixed[k]+pcm[k]))
		}
	}
	packets, err := encodeSpeech(mixed)
	must(t, err)
	const first = 9_000_000
	found := find(t, batches(first, packets))
	if len(found) < seconds-2 || len(found) > seconds {
		t.Fatalf("%d markers of %d", len(found), seconds)
	}
	for _, f := range found {
		at := f.MediaMS - first*batchMS
		off := at - 1000*math.Round(at/1000)
		if off < -10 || off > 35 { // each encoder adds 6.5 ms
			t.Errorf("a marker at %.0f ms", at)
		}
		if f.Epoch != 3 || f.ArriveMS <= 1_790_000_000_000+at || f.PlayMS < f.ArriveMS-200 {
			t.Errorf("%+v", f)
		}
	}
}

func TestSpeechIsNoMarker(t *testing.T) {
	texts, err := scripts(8)
	must(t, err)
	for i, text := range texts[1:] {
		if found := find(t, batches(100, text.packets[:1000])); len(found) != 0 {
			t.Errorf("script %d: %d markers that nobody made", i+1, len(found))
		}
	}
}

func TestNoiseIsNoMarker(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	pcm := make([]float32, 10*speechRate)
	for i := range pcm {
		pcm[i] = float32(random.NormFloat64() * 0.1)
	}
	packets, err := encodeSpeech(pcm)
	must(t, err)
	if found := find(t, batches(100, packets)); len(found) != 0 {
		t.Errorf("%d markers in noise", len(found))
	}
}

// What is missing between two batches does not join two halves of a tone, and bytes that are no sound do no harm.
func TestGapsAndGarbageAreNoMarkers(t *testing.T) {
	pcm := make([]float32, 2*speechRate)
	copy(pcm[speechRate-speechRate*75/1000:], appendTone(nil, speechRate)) // over the border of two batches
	packets, err := encodeSpeech(pcm)
	must(t, err)
	whole := batches(50, packets)
	if found := find(t, whole); len(found) != 1 {
		t.Fatalf("%d markers", len(found))
	}
	if found := find(t, slices.Delete(slices.Clone(whole), 5, 6)); len(found) != 0 {
		t.Errorf("%d markers of a half", len(found))
	}
	garbage := batches(50, packets)
	for _, b := range garbage {
		for _, frame := range b.Frames {
			frame.Opus = []byte{0xff, 0xff, 0xff}
		}
	}
	if found := find(t, garbage); len(found) != 0 {
		t.Errorf("%d markers in garbage", len(found))
	}
}

func TestMarkersAreSpokenWhenTheirPacketsLeave(t *testing.T) {
	var spoken []time.Time
	talk := &talker{
		script: script{packets: [][]byte{{1}, {2}, {3}}, marks: []int{1}},
		spoken: func(begin time.Time) { spoken = append(spoken, begin) },
	}
	n := 0
	for packet := range talk.packets() {
		if int(packet[0]) != n%3+1 {
			t.Errorf("packet %d is %d", n, packet[0])
		}
		if want := (n + 1) / 3; len(spoken) != want {
			t.Errorf("before packet %d has gone, %d markers are spoken, want %d", n, len(spoken), want)
		}
		if n++; n == 7 {
			break
		}
	}
	for _, begin := range spoken {
		if since := time.Since(begin); since < frameTime || since > time.Minute {
			t.Errorf("it began %v ago", since)
		}
	}
}
