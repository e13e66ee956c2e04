package program

import (
	"math/rand/v2"
	"testing"

	"rostrum/mediaedge/audio"
	"rostrum/mediaedge/mix"
)

// stalls says of packet n how much later it is sent than 20 ms after the one before, all in all, and how much of that its
// timestamp tells: a publisher that hurries after or goes on as if no time had passed tells less.
type stalls func(n int) (real, told audio.Time)

// later is how late a publisher is from a packet on.
type later struct {
	from       int
	real, told audio.Time
}

func plan(steps ...later) stalls {
	return func(n int) (real, told audio.Time) {
		for _, s := range steps {
			if n >= s.from {
				real, told = s.real, s.told
			}
		}
		return real, told
	}
}

// every is a publisher that stalls every 2 s without telling, until that is more than 100 ms.
func every(by audio.Time) stalls {
	return func(n int) (real, told audio.Time) {
		for at := 100; at <= n; at += 100 {
			if real += by; real-told > 100*ms {
				told = real
			}
		}
		return real, told
	}
}

// garbled is 3 s of random bytes in place of packets, and then a clip.
func garbled(c clip) clip {
	random := rand.New(rand.NewPCG(1, 2))
	out := clip{pcm: make([]float32, 3*audio.SampleRate)}
	for range 150 {
		p := make([]byte, 3+random.IntN(400))
		for i := range p {
			p[i] = byte(random.Uint32())
		}
		out.packets = append(out.packets, p)
	}
	out.packets, out.pcm = append(out.packets, c.packets...), append(out.pcm, c.pcm...)
	return out
}

// TestStallsThatTimestampsDoNotTell lets every word arrive within the delay: each is heard, once, and when timestamps
// tell the truth again the latency is what it was.
func TestStallsThatTimestampsDoNotTell(t *testing.T) {
	voice := readClip(t, "a.ogg")
	voice.packets, voice.pcm = append(voice.packets, voice.packets...), append(voice.pcm, voice.pcm...)
	after := garbled(voice)
	told := func(by audio.Time, from, to int) stalls {
		return plan(later{from, by, 0}, later{to, by + 700*ms, by + 700*ms})
	}
	for _, c := range []struct {
		name   string
		clip   clip
		stalls stalls
	}{
		{"60 ms, told 2 s later", voice, told(60*ms, 150, 250)},
		{"80 ms, told 2 s later", voice, told(80*ms, 150, 250)},
		{"80 ms, told 15 s later", voice, told(80*ms, 150, 900)},
		{"99 ms, told 6 s later", voice, told(99*ms, 150, 450)},
		{"130 ms, told 6 s later", voice, told(130*ms, 150, 450)},
		{"100 ms early", voice, plan(later{150, 0, 100 * ms})},
		{"60 ms every 2 s", voice, every(60 * ms)},
		{"75 ms every 2 s", voice, every(75 * ms)},
		{"90 ms every 2 s", voice, every(90 * ms)},
		{"80 ms after garbage, told 2 s later", after, told(80*ms, 150, 250)},
		{"90 ms after garbage, told 6 s later", after, told(90*ms, 150, 450)},
		{"90 ms amid garbage, told after it", after, told(90*ms, 20, 150)},
		{"90 ms amid garbage, told in speech", after, told(90*ms, 20, 250)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := &speaker{clip: c.clip, seat: 1}
			s.path = func(n int) (audio.Time, bool) {
				real, _ := c.stalls(n)
				return 20*ms + real, false
			}
			s.before = func(n int, p *Packet) bool {
				_, told := c.stalls(n)
				p.Timestamp += uint32(told)
				return n < len(c.clip.packets)
			}
			r := newRoom(t, s)
			var heard []float32
			hear := func(batches int) {
				r.mixed(batches, func(f *mix.Frame) { heard = append(heard, f[:]...) })
			}
			garbage := len(c.clip.packets) - len(voice.packets)
			hear(garbage / audio.FramesPerBatch)
			before := r.counted()
			hear(len(voice.packets)/audio.FramesPerBatch + 8)
			judgeStalls(t, c.clip.pcm, heard, c.stalls)
			counted := r.counted()
			t.Log(counted)
			// The last packet of garbage may be as long as six of speech.
			if late := counted[lateName] - before[lateName]; late > 6 || garbage == 0 && late > 0 {
				t.Errorf("%v packets were dropped as late", late)
			}
			if counted["drift_corrected_seconds_total"] > 0.3 {
				t.Error("corrections were undone and made again")
			}
		})
	}
}

const lateName = "dropped_packets_total late"

// judgeStalls looks for every loud 200 ms of a clip in what is heard, and takes the mean of a second: sound right after
// a hole is decoded from a state that has to recover first.
func judgeStalls(t *testing.T, pcm, heard []float32, stalls stalls) {
	t.Helper()
	const window = audio.SampleRate / 5
	latency, worst := 0, 1.0
	for second := 0; second+audio.SampleRate <= len(pcm); second += audio.SampleRate {
		pieces, sum := 0, 0.0
		for at := second; at < second+audio.SampleRate; at += window {
			spoken := pcm[at : at+window]
			if mix.Decibels(mix.Power(spoken)) < -35 {
				continue
			}
			real, told := stalls(at / audio.FrameTicks)
			lag, alike := find(spoken, heard[at:], int(min(real, told)), int(max(real, told))+60*ms)
			pieces, sum, latency = pieces+1, sum+alike, lag-int(told)
		}
		if pieces < 2 {
			continue
		}
		mean := sum / float64(pieces)
		worst = min(worst, mean)
		if mean < 0.8 {
			t.Errorf("second %d is %.3f alike", second/audio.SampleRate, mean)
		}
	}
	t.Logf("the worst second is %.3f alike; the latency at the end is %d ms", worst, latency/ms)
	if latency > 30*ms {
		t.Errorf("the latency at the end is %d ms", latency/ms)
	}
}
