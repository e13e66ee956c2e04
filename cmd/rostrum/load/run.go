package load

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"rostrum/cmd/rostrum/report"
)

const (
	// cleanUpWithin bounds what is done after the listening.
	cleanUpWithin = 20 * time.Second
	// ownName is this process among the costs, listenName those that listen.
	ownName    = "load"
	listenName = "load listeners"
)

// run is one load test while it goes on.
type run struct {
	// static
	plan     plan
	progress *report.Progress
	begun    time.Time
	source   *source

	// owned by do
	house     *house
	talkers   []*talker
	processes []*process
	ledgers   *ledgers
	markers   *markers
	costs     *costs
	moments   []moment
	allOut    time.Time // when the last listener had set out; zero: not yet
	ended     time.Time
	stopped   bool // before its time

	// guarded by mu
	mu       sync.Mutex
	counts   map[*process]counts
	told     map[*process]time.Time // the newest news
	rates    map[*process]float64   // batches a second
	closes   map[*process]map[string]uint64
	joins    report.Spread
	tones    []tone
	audit    *audit
	lateness *lateness
}

func newRun(p plan, progress *report.Progress, begun time.Time) *run {
	return &run{
		plan: p, progress: progress, begun: begun, source: &source{addresses: p.sources, insecure: p.insecure},
		counts: map[*process]counts{}, told: map[*process]time.Time{}, rates: map[*process]float64{},
		closes: map[*process]map[string]uint64{}, joins: report.Spread{},
	}
}

// do runs the test. Where ctx ends it before its time, what was measured until then stands.
func (r *run) do(ctx context.Context) (err error) {
	calls := r.source.client()
	defer calls.CloseIdleConnections()
	r.house = &house{plan: r.plan, calls: calls, note: r.progress.Note}
	defer func() {
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUpWithin)
		defer cancel()
		if err := r.house.close(bounded); err != nil { // what was measured stands
			r.progress.Note(time.Now(), "a room is left behind: %v", err)
		}
	}()
	if err := r.house.open(ctx); err != nil {
		return err
	}
	r.prepare()
	working, stop := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	defer running.Wait()
	defer stop()
	if err := r.speak(ctx, working, &running); err != nil {
		return err
	}
	running.Go(func() { r.ledgers.run(working) })
	defer func() { err = errors.Join(err, r.hush()) }()
	if err := r.listen(); err != nil {
		return err
	}
	err = r.attend(ctx)
	err = errors.Join(err, r.hush())
	bounded, cancel := context.WithTimeout(working, pollWithin)
	defer cancel()
	r.ledgers.poll(bounded)
	r.ended = time.Now()
	return err
}

func (r *run) prepare() {
	rooms := r.house.rooms
	r.ledgers = newLedgers(r.plan.ledgers, rooms, r.plan.rendition)
	r.markers = newMarkers(len(rooms))
	r.audit, r.lateness = newAudit(len(rooms)), newLateness(r.ledgers)
	r.costs = newCosts(r.plan.pids, r.plan.pidFile)
	r.costs.follow(ownName, os.Getpid())
	for i, room := range rooms {
		r.progress.Note(time.Now(), "room %s, %d ways in", room.Room, len(rooms[i].Rights))
	}
}

// speak takes the speakers on stage and waits until all of them are connected.
func (r *run) speak(ctx, working context.Context, running *sync.WaitGroup) error {
	texts, err := scripts(r.plan.speakers)
	if err != nil {
		return err
	}
	ready := make(chan error, len(r.house.talkers))
	for i, person := range r.house.talkers {
		room, turn := i/r.plan.speakers, i%r.plan.speakers
		t := &talker{
			person: person, room: r.house.rooms[room].Room, calls: r.house.calls, script: texts[turn], note: r.progress.Note,
			spoken: func(begin time.Time) { r.markers.say(room, begin) },
		}
		if r.plan.speakers > 1 {
			t.silence = r.plan.silence
		}
		r.talkers = append(r.talkers, t)
		running.Go(func() { t.run(working, func(err error) { ready <- err }) })
	}
	for range r.talkers {
		select {
		case err := <-ready:
			if err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// listen starts the processes that listen, each with its share.
func (r *run) listen() error {
	n := r.plan.processes
	for i := range n {
		first, after := r.plan.listeners*i/n, r.plan.listeners*(i+1)/n
		j := job{
			URL: r.plan.url, Insecure: r.plan.insecure, Rooms: r.house.rooms, First: first, Count: after - first,
			Joins: r.plan.joins * float64(after-first) / float64(r.plan.listeners), Sources: r.plan.sources,
			Rendition: r.plan.rendition, CadenceMS: r.plan.cadence, SilenceMS: int(r.plan.silence.Milliseconds()),
			Sample: r.plan.sample*(i+1)/n - r.plan.sample*i/n,
		}
		name := listenName
		if n > 1 {
			name = fmt.Sprint(listenName, " ", i+1)
		}
		p, err := startProcess(name, j, os.Stderr, r.take)
		if err != nil {
			return err
		}
		r.processes = append(r.processes, p)
		r.costs.follow(name, p.pid())
	}
	return nil
}

// take merges the news of a process.
func (r *run) take(p *process, n news) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	if before, known := r.told[p]; known {
		r.rates[p] = float64(n.Counts.Received-r.counts[p].Received) / max(now.Sub(before).Seconds(), 0.001)
	}
	r.counts[p], r.closes[p], r.told[p] = n.Counts, n.Closes, now
	r.joins.Merge(n.Joins, 0)
	r.tones = append(r.tones, n.Tones...)
	r.audit.take(n)
	r.lateness.take(int(now.Sub(r.begun)/time.Second), n.Arrivals)
}

// hush ends the listening and takes the last news. The second time it does nothing.
func (r *run) hush() error {
	errs := make([]error, len(r.processes))
	var stopping sync.WaitGroup
	for i, p := range r.processes {
		stopping.Go(func() { errs[i] = p.stop() })
	}
	stopping.Wait()
	r.processes = nil
	return errors.Join(errs...)
}
