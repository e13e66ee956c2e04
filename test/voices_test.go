package test

import (
	"bytes"
	"slices"
	"sync"
	"testing"
	"time"

	"rostrum/client/api"
	"rostrum/client/speaker"
	"rostrum/internal/testkit"
	"rostrum/mediaedge/audio"
)

// TestVoices has people talk at the same time, and one be muted in the middle of a word.
func TestVoices(t *testing.T) {
	t.Parallel()
	s := startSystem(t, "--no-demo")
	t.Run("rooms", func(t *testing.T) {
		t.Run("together", s.twoTogether)
		t.Run("muted", s.mutedAndBack)
	})
	s.checkLog(t)
}

// twoTogether: one speaks from 0 to 7 s, the other from 3 to 10 s.
func (s *system) twoTogether(t *testing.T) {
	t.Parallel()
	host, guest := s.person(t, "Host"), s.person(t, "Guest")
	room := s.liveRoom(t, host, api.CreateRoom{Title: "Together", OpenStage: true})
	ear := s.listen(t, host, room.ID, "voice-32", 200*time.Millisecond)
	first, second := s.seat(t, host, room.ID), s.seat(t, guest, room.ID)
	ear.more(t, 5)
	said := []clip{readClip(t, "speech1").first(7 * time.Second), readClip(t, "speech2").first(7 * time.Second)}
	var speaking sync.WaitGroup
	begin := time.Now()
	speaking.Go(func() { _ = first.voice.Play(t.Context(), slices.Values(said[0].packets)) })
	ear.until(t, begin.Add(3*time.Second))
	speaking.Go(func() { _ = second.voice.Play(t.Context(), slices.Values(said[1].packets)) })
	speaking.Wait()
	ear.until(t, time.Now().Add(2*time.Second))
	checkMix(t, said[0].pcm, said[1].pcm, ear.pcm(t))
	second.checkHeard(t, first.number, said[0])
	first.checkHeard(t, second.number, said[1])
}

// checkMix finds each voice where it is alone, and both where they are together.
func checkMix(t *testing.T, first, second, heard []float32) {
	t.Helper()
	const oneSecond = audio.SampleRate
	opening, closing := first[:2*oneSecond], second[len(second)-2*oneSecond:]
	alone := []testkit.Likeness{testkit.Compare(opening, heard), testkit.Compare(closing, heard)}
	begins := []int{alone[0].Lag, alone[1].Lag - (len(second) - len(closing))}
	both := make([]float32, len(heard))
	for i, voice := range [][]float32{first, second} {
		for j, sample := range voice {
			if at := begins[i] + j; at >= 0 && at < len(both) {
				both[at] += sample
			}
		}
	}
	from, to := begins[1], begins[0]+len(first)
	if from < 0 || to > len(heard) || to-from < 2*oneSecond {
		t.Fatalf("the voices are at %v: they do not overlap by 2 s", begins)
	}
	overlap := heard[from:to]
	sum := testkit.Compare(both[from:to], overlap).Correlation
	one, other := testkit.Compare(first[from-begins[0]:], overlap).Correlation, testkit.Compare(second[:to-begins[1]], overlap).Correlation
	if alone[0].Correlation < 0.85 || alone[1].Correlation < 0.85 || sum < 0.9 || sum <= one || sum <= other {
		t.Errorf("alone %.3f and %.3f alike, wanted 0.85; together %.3f, wanted 0.9 and more than %.3f and %.3f of either", alone[0].Correlation, alone[1].Correlation, sum, one, other)
	}
	report(t, "mix", map[string]any{
		"alone": []float64{round(alone[0].Correlation), round(alone[1].Correlation)}, "sum": round(sum),
		"first_only": round(one), "second_only": round(other), "overlap_s": round(float64(to-from) / oneSecond),
	})
}

// seated is a person on stage with their voice and what they heard of others.
type seated struct {
	number uint8
	voice  *speaker.Speaker

	mu    sync.Mutex
	heard []heardPacket
}

// heardPacket is a packet and when it came.
type heardPacket struct {
	speaker.Packet
	at time.Time
}

// seat seats a person who listens to the others in slots.
func (s *system) seat(t testing.TB, person *api.Client, room string) *seated {
	t.Helper()
	joined, err := person.Join(bounded(t), room, api.Join{Role: "speaker"})
	must(t, err)
	return s.connect(t, person, joined)
}

// connect brings the voice of a person who has a seat.
func (s *system) connect(t testing.TB, person *api.Client, joined api.Joined) *seated {
	t.Helper()
	var err error
	p := &seated{number: uint8(joined.Seat)}
	p.voice, err = speaker.Join(bounded(t), speaker.Config{
		URL: joined.WHIPURL, Token: person.Token(), Slots: 2, HTTPClient: s.http, Heard: p.hear,
	})
	must(t, err)
	t.Cleanup(func() { _ = p.voice.Close(bounded(t)) }) // the system may be gone already
	return p
}

func (p *seated) hear(packet speaker.Packet) {
	now := time.Now()
	packet.Opus = bytes.Clone(packet.Opus)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.heard = append(p.heard, heardPacket{packet, now})
}

// from is what was heard of a seat.
func (p *seated) from(seat uint8) []heardPacket {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []heardPacket
	for _, packet := range p.heard {
		if packet.Seat == seat {
			out = append(out, packet)
		}
	}
	return out
}

// pcm is how a seat sounds to another speaker: what was not sent is silence, and one that would be longer than a second is
// a second.
func (p *seated) pcm(t testing.TB, seat uint8) []float32 {
	t.Helper()
	var packets [][]byte
	heard := p.from(seat)
	for i, packet := range heard {
		for missing := 1; i > 0 && missing < int(packet.Timestamp-heard[i-1].Timestamp)/audio.FrameTicks && missing < 50; missing++ {
			packets = append(packets, packet.Opus[:1]) // DTX
		}
		packets = append(packets, packet.Opus)
	}
	return decode(t, packets)
}

// checkHeard wants every packet of what a seat said, as it was sent, in one slot without a hole.
func (p *seated) checkHeard(t *testing.T, seat uint8, said clip) {
	t.Helper()
	var sent [][]byte
	for _, packet := range said.packets {
		if len(packet) > 2 { // DTX is not sent
			sent = append(sent, packet)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.heard) != len(sent) {
		t.Fatalf("heard %d packets of %d", len(p.heard), len(sent))
	}
	for i, packet := range p.heard {
		if packet.Seat != seat || packet.Slot != p.heard[0].Slot || !bytes.Equal(packet.Opus, sent[i]) {
			t.Fatalf("packet %d is of seat %d in slot %d with %d bytes, sent were %d of seat %d", i, packet.Seat, packet.Slot, len(packet.Opus), len(sent[i]), seat)
		}
		if i > 0 && packet.Sequence != p.heard[i-1].Sequence+1 {
			t.Fatalf("packet %d has number %d after %d", i, packet.Sequence, p.heard[i-1].Sequence)
		}
		if i > 0 && !packet.Marker && packet.Timestamp != p.heard[i-1].Timestamp+audio.FrameTicks {
			t.Errorf("packet %d has time %d after %d", i, packet.Timestamp, p.heard[i-1].Timestamp)
		}
	}
}
