package sfu_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"rostrum/client/speaker"
	"rostrum/internal/id"
	"rostrum/mediaedge/audio"
	"rostrum/mediaedge/sfu"
)

func reportQuantiles(b *testing.B, times []time.Duration, name string, last float64) {
	slices.Sort(times)
	at := func(q float64) float64 {
		return float64(times[int(q*float64(len(times)-1))].Microseconds()) / 1000
	}
	b.ReportMetric(at(0.5), "p50-"+name+"-ms")
	b.ReportMetric(at(last), fmt.Sprintf("p%.0f-%s-ms", last*100, name))
}

// BenchmarkConnect is the time from the POST of a speaker to the first packet of it at somebody else.
func BenchmarkConnect(b *testing.B) {
	s := newStage(b, sfu.Config{})
	first := make(chan struct{}, 1000)
	s.join(1, "us_listens", 1, func(speaker.Packet) {
		select {
		case first <- struct{}{}:
		default:
		}
	})
	var times []time.Duration
	b.ResetTimer()
	for i := range b.N {
		began := time.Now()
		p := s.join(2, id.User(fmt.Sprint("us_", i)), 1, nil)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			for p.WriteOpus(make([]byte, 80), 20*time.Millisecond) == nil {
				select {
				case <-time.After(time.Millisecond):
				case <-first:
					times = append(times, time.Since(began))
					return
				}
			}
		}()
		<-ended
		s.room.Deny(2)
		<-p.Done()
		for len(first) > 0 {
			<-first
		}
	}
	b.StopTimer()
	reportQuantiles(b, times, "connect", 0.95)
}

// BenchmarkLatency is the time from WriteOpus to Heard with ten speakers who all speak and all hear the nine others.
func BenchmarkLatency(b *testing.B) {
	s := newStage(b, sfu.Config{})
	const people = 10
	var mu sync.Mutex
	sent := make(map[[3]byte]time.Time)
	var times []time.Duration
	heard := func(p speaker.Packet) {
		now := time.Now()
		mu.Lock()
		defer mu.Unlock()
		times = append(times, now.Sub(sent[[3]byte(p.Opus)]))
	}
	var speakers []*speaker.Speaker
	for i := range people {
		speakers = append(speakers, s.join(audio.Seat(i+1), id.User(fmt.Sprint("us_", i)), people-1, heard))
	}
	b.ResetTimer()
	for n := range b.N {
		for i, p := range speakers {
			opus := make([]byte, 80)
			opus[0], opus[1], opus[2] = byte(i), byte(n>>8), byte(n)
			mu.Lock()
			sent[[3]byte(opus)] = time.Now()
			mu.Unlock()
			_ = p.WriteOpus(opus, 20*time.Millisecond)
			<-time.After(2 * time.Millisecond)
		}
	}
	b.StopTimer()
	<-time.After(50 * time.Millisecond)
	mu.Lock()
	defer mu.Unlock()
	reportQuantiles(b, times, "forward", 0.99)
	b.ReportMetric(float64(len(times))/float64(b.N*people*(people-1)), "heard/sent")
}
