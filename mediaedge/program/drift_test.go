package program

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"rostrum/mediaedge/audio"
	"rostrum/mediaedge/mix"
)

// TestClocksThatDriftForTwoHours lets a speaker's clock run faster and slower than the program's, in virtual time: every
// word must be heard once, whole and in time.
func TestClocksThatDriftForTwoHours(t *testing.T) {
	length := 2 * time.Hour
	if testing.Short() {
		length = 5 * time.Minute
	}
	for i, ppm := range []float64{150, -150} {
		t.Run(fmt.Sprintf("%+.0f ppm", ppm), func(t *testing.T) {
			t.Parallel()
			drifts(t, readClip(t, []string{"a.ogg", "b.ogg"}[i]), ppm, length, 0.95, driftQuiet+8*ms)
		})
	}
}

// TestDriftOfATalkerWithoutPauses takes a vowel that never ends: nothing is quiet, so time comes out of the voice.
func TestDriftOfATalkerWithoutPauses(t *testing.T) {
	for _, ppm := range []float64{600, -600} {
		t.Run(fmt.Sprintf("%+.0f ppm", ppm), func(t *testing.T) {
			t.Parallel()
			drifts(t, vowel(t), ppm, 2*time.Minute, 0.9, driftAnywhere)
		})
	}
}

// vowel is a voice of 110 Hz with some tremolo, 10 s long.
func vowel(t *testing.T) clip {
	t.Helper()
	encoder, err := mix.NewEncoder(audio.Voice32)
	if err != nil {
		t.Fatal(err)
	}
	decoder, err := mix.NewDecoder()
	if err != nil {
		t.Fatal(err)
	}
	var c clip
	for n := range 500 {
		var f mix.Frame
		for i := range f {
			at := float64(n*audio.FrameTicks+i) / audio.SampleRate
			loud := 0.06 * (1 + 0.4*math.Sin(2*math.Pi*3*at))
			for h := 1.0; h <= 8; h++ {
				f[i] += float32(loud / h * math.Sin(2*math.Pi*110*h*at))
			}
		}
		packet, err := encoder.Append(nil, &f)
		if err != nil {
			t.Fatal(err)
		}
		pcm, err := decoder.Decode(packet)
		if err != nil {
			t.Fatal(err)
		}
		c.packets, c.pcm = append(c.packets, packet), append(c.pcm, pcm...)
	}
	return c
}

// drifts plays a clip over and over and checks every repetition.
func drifts(t *testing.T, c clip, ppm float64, length time.Duration, wanted float64, tolerance audio.Time) {
	s := &speaker{clip: c, seat: 1, ppm: ppm, path: jittery(2), timestamp: 0xfff00000}
	r := newRoom(t, s)
	listen := listener{t: t, speaker: s, start: r.program.Next().Start(), wanted: wanted, roughest: 2 * roughness(c.pcm)}
	for range int(length/audio.BatchDuration) + 15 {
		r.mixed(1, listen.hear)
		listen.judge(r.program.lane(1), tolerance)
	}
	if want := int(length.Seconds()/10.7) - 2; listen.repetition < want {
		t.Errorf("%d repetitions were heard, not %d", listen.repetition, want)
	}
	counted := r.counted()
	corrected := counted["drift_corrected_seconds_total"]
	drifted := math.Abs(ppm) / 1e6 * length.Seconds()
	t.Logf("%.3f s corrected of %.3f s drifted; latency %v to %v; likeness at least %.4f; roughness at most %.2f of the clip's",
		corrected, drifted, listen.least.Duration(), listen.most.Duration(), listen.worst, 2*listen.rough/listen.roughest)
	t.Log(counted)
	if corrected < drifted-0.05 || corrected > drifted+0.15 {
		t.Errorf("corrected %.3f s of %.3f s", corrected, drifted)
	}
	for name, n := range counted {
		if strings.HasPrefix(name, "drift_") || name == "bridged_seconds_total pause" {
			continue
		}
		t.Errorf("%s is %v although every packet came", name, n)
	}
}

// listener compares every repetition of a speaker's clip with what is heard.
type listener struct {
	t          *testing.T
	speaker    *speaker
	start      audio.Time // media time of heard[0]
	heard      []float32
	repetition int
	wanted     float64
	worst      float64
	least      audio.Time // latency before the fixed delay
	most       audio.Time
	roughest   float64 // how rough the sound may be
	rough      float64
	before     [2]float32
}

func (l *listener) hear(f *mix.Frame) {
	l.heard = append(l.heard, f[:]...)
	for _, x := range f {
		bend := math.Abs(float64(x - 2*l.before[1] + l.before[0]))
		l.rough = max(l.rough, bend)
		l.before = [2]float32{l.before[1], x}
	}
}

// roughness is the largest second difference: a cut in the sound stands out.
func roughness(pcm []float32) float64 {
	var most float64
	for i := 2; i < len(pcm); i++ {
		most = max(most, math.Abs(float64(pcm[i]-2*pcm[i-1]+pcm[i-2])))
	}
	return most
}

// judge compares the next repetition once it was heard as a whole.
func (l *listener) judge(lane *lane, tolerance audio.Time) {
	n := l.repetition * len(l.speaker.clip.packets)
	sent := l.speaker.sentAt(n)
	if l.start+audio.Time(len(l.heard)) < sent+audio.Time(len(l.speaker.clip.pcm))+100*ms {
		return
	}
	heard := l.heard[int(sent-l.start):]
	lag, alike := align(l.speaker.clip.pcm, heard, 8*ms, 40*ms, 4*ms)
	if l.repetition%20 == 1 {
		l.follow(heard, lag)
	}
	// Where the timeline puts the packets that are sent now tells the latency exactly.
	now := l.speaker.sent - 1
	latency := lane.timeline.At(l.speaker.timestamp+uint32(now*audio.FrameTicks), l.speaker.sentAt(now)) - l.speaker.sentAt(now)
	if l.repetition == 0 {
		l.worst, l.least, l.most = alike, latency, latency
	}
	l.worst, l.least, l.most = min(l.worst, alike), min(l.least, latency), max(l.most, latency)
	if alike < l.wanted {
		l.t.Errorf("repetition %d: likeness %.4f at %d ms", l.repetition, alike, lag/ms)
	}
	if l.repetition > 2 && (latency < 20*ms-tolerance || latency > 20*ms+tolerance) {
		l.t.Errorf("repetition %d: latency %v", l.repetition, latency.Duration())
	}
	if l.rough > l.roughest {
		l.t.Errorf("repetition %d: a jump of %.3f", l.repetition, l.rough)
	}
	l.repetition++
	cut := int(l.speaker.sentAt(n+len(l.speaker.clip.packets)) - l.start - 100*ms)
	l.heard = append(l.heard[:0], l.heard[cut:]...)
	l.start += audio.Time(cut)
}

// follow finds every loud 200 ms of the clip in what is heard, sample by sample: where something was left out or said
// twice, the distance jumps.
func (l *listener) follow(heard []float32, lag int) {
	const window = audio.SampleRate / 5
	pcm := l.speaker.clip.pcm
	faint, last := 0, -1
	for at := window; at+window <= len(pcm)-window; at += window {
		spoken := pcm[at : at+window]
		if mix.Decibels(mix.Power(spoken)) < -35 {
			continue
		}
		best, alike := find(spoken, heard[at:], lag-8*ms, lag+16*ms)
		if alike < 0.9 {
			faint++
		} else {
			if last >= 0 && abs(best-last) > 11*ms {
				l.t.Errorf("repetition %d: at %v the distance jumps by %d samples", l.repetition, audio.Time(at).Duration(), best-last)
			}
			last = best
		}
	}
	if faint > 3 { // one with a correction in its middle is like neither side
		l.t.Errorf("repetition %d: %d pieces of 200 ms are not found in what is heard", l.repetition, faint)
	}
}

func abs(n int) int { return max(n, -n) }
