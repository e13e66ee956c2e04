package test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"runtime/pprof"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"rostrum/client/api"
	"rostrum/client/stage"
	"rostrum/internal/id"
	"rostrum/internal/testkit"
	"rostrum/internal/token"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
)

const (
	hands            = 10_000
	handConnections  = 200
	handEvery        = time.Millisecond // 1,000 a second are offered
	watchers         = 50
	moderatorEvery   = 200 * time.Millisecond
	invitees         = 10
	handsAcknowledge = 60 * time.Second // all of them, on the busiest machine
)

// TestTenThousandHands raises 10,000 hands over 200 connections within 10 s, while the host mutes and invites every 200 ms
// and 50 moderators watch: everybody counts the same queue. The stage stands on a redis-server and a synced archive, and
// everything speaks over TCP. ROSTRUM_CPU_PROFILE names a file for a profile of the whole.
func TestTenThousandHands(t *testing.T) {
	h := newHall(t)
	stop := profile(t)
	begun, before := time.Now(), h.cpu()
	commands := make(chan moderated)
	raised, finished := context.WithCancel(t.Context())
	go func() { commands <- h.moderate(raised) }()
	acknowledged := h.raiseAll()
	took := time.Since(begun)
	finished()
	given := <-commands
	final := done(t)(h.host.SetHandMode(bounded(t), h.room, api.HandsInvited)).Position
	events := h.settle(final)
	spent := h.cpu() - before
	stop()

	log := h.log.all(t, final)
	queue := h.checkQueue(log, acknowledged)
	lags := h.checkWatchers(log, events)
	result(t, map[string]any{
		"hands": len(queue), "seconds": round(took.Seconds()), "commands": hands + given.commands,
		"commands_per_s": round(float64(hands+given.commands) / took.Seconds()), "hand_ms": percentiles(latenciesOf(acknowledged)),
		"moderator_ms": percentiles(given.moderator), "person_ms": percentiles(given.person), "moderator_commands": len(given.moderator),
		"watcher_lag_ms": percentiles(lags), "deliveries": len(lags), "cpu_s": round(spent.Seconds()),
	})
}

// hall is a room on a plane of its own, with everybody who takes part.
type hall struct {
	*plane
	*system
	t        *testing.T
	keys     token.AccessKeys
	room     string
	host     *guest
	seated   *guest
	invitees []*api.Client
	crowd    *crowd
	watchers []*watcher
	log      *stageLog
	begin    api.Position // everybody watches from here on at the latest
}

func newHall(t *testing.T) *hall {
	t.Helper()
	h := &hall{plane: newPlaneOn(t, newLoopback(), testkit.Redis(t)), t: t, crowd: newCrowd()}
	h.system, h.keys = h.addGateway()
	hosting := h.person(t, "Host")
	h.room = h.liveRoom(t, hosting, api.CreateRoom{Title: "Ten thousand hands"}).ID
	h.host, h.seated = h.enter(t, hosting, h.room), h.enter(t, h.person(t, "Seated"), h.room)
	done(t)(h.host.Seat(bounded(t), h.room, h.seated.user))
	h.apply(id.Room(h.room), &listenerstatev1.ApplyRequest{ // without a microphone the seat would be freed
		Actor: &listenerstatev1.Actor{Actor: &listenerstatev1.Actor_Service{Service: "sfu"}},
		Command: &listenerstatev1.ApplyRequest_ReportMedia{ReportMedia: &listenerstatev1.ReportMedia{
			User: h.seated.user, Session: string(id.NewSession("sfu-1")),
		}},
	})
	for i := range invitees {
		h.invitees = append(h.invitees, h.person(t, fmt.Sprint("Invitee ", i+1)))
	}
	h.watchers = append(h.watchers, h.crowd.watch(t, h.url, h.room, hosting.Token()))
	for len(h.watchers) < watchers {
		user, access := h.mint()
		done(t)(h.host.Appoint(bounded(t), h.room, string(user)))
		h.watchers = append(h.watchers, h.crowd.watch(t, h.url, h.room, access))
	}
	h.begin = done(t)(h.seated.Unmute(bounded(t), h.room)).Position
	h.log = h.watchLog(h.begin)
	return h
}

// mint makes a person who has an access token and nothing else.
func (h *hall) mint() (id.User, string) {
	h.t.Helper()
	user, now := id.NewUser(), time.Now()
	text, err := h.keys.Seal(token.Access{
		App: id.Main, User: user, Name: "Somebody", Guest: true, Issued: now, Expires: now.Add(token.GuestLifetime),
	})
	must(h.t, err)
	return user, text
}

// acknowledgement is the answer to a raised hand.
type acknowledgement struct {
	api.Done
	user id.User
	took time.Duration // from the moment at which it was due
}

// raiseAll raises every hand at its time, each connection one after the other.
func (h *hall) raiseAll() []acknowledgement {
	h.t.Helper()
	transport := &http.Transport{MaxConnsPerHost: handConnections, MaxIdleConnsPerHost: handConnections}
	defer transport.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(h.t.Context(), handsAcknowledge)
	defer cancel()
	all, clients := make([]acknowledgement, hands), make([]*api.Client, hands)
	for i := range hands {
		var access string
		all[i].user, access = h.mint()
		clients[i] = api.New(h.url, api.WithHTTPClient(&http.Client{Transport: transport}), api.WithToken(access))
	}
	var raising sync.WaitGroup
	begun := time.Now()
	for connection := range handConnections {
		raising.Go(func() {
			for i := connection; i < hands; i += handConnections {
				due := begun.Add(time.Duration(i) * handEvery)
				<-time.After(time.Until(due))
				var err error
				if all[i].Done, err = clients[i].RaiseHand(ctx, h.room, ""); err != nil {
					h.t.Errorf("hand %d: %v", i, err)
					return
				}
				all[i].took = time.Since(due)
			}
		})
	}
	raising.Wait()
	return all
}

// moderated is what the host and those concerned did meanwhile: how long each command took.
type moderated struct {
	moderator, person []time.Duration
	commands          int
}

// moderate mutes somebody and invites somebody every 200 ms, until ctx ends. The one unmutes again, the other's invite is
// withdrawn or declined.
func (h *hall) moderate(ctx context.Context) moderated {
	var m moderated
	timed := func(into *[]time.Duration, do func(context.Context) error) {
		begun := time.Now()
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
		defer cancel()
		if err := do(bounded); err != nil {
			h.t.Errorf("a command of or to a moderator: %v", err)
		}
		m.commands++
		*into = append(*into, time.Since(begun))
	}
	asHost := func(do stage.Verb, user string) {
		timed(&m.moderator, func(ctx context.Context) error {
			_, err := h.host.stage.Do(ctx, stage.Command{Do: do, User: user})
			return err
		})
	}
	ticks := time.NewTicker(moderatorEvery)
	defer ticks.Stop()
	for round := 0; ; round++ {
		select {
		case <-ctx.Done():
			return m
		case <-ticks.C:
		}
		invitee := h.invitees[round%invitees]
		asHost(stage.DoMute, h.seated.user)
		asHost(stage.DoInvite, invitee.Tokens().User.ID)
		timed(&m.person, func(ctx context.Context) error {
			_, err := h.seated.stage.Do(ctx, stage.Command{Do: stage.DoUnmute})
			return err
		})
		if round%2 == 0 {
			asHost(stage.DoWithdraw, invitee.Tokens().User.ID)
			continue
		}
		timed(&m.person, func(ctx context.Context) error {
			_, err := invitee.Decline(ctx, h.room)
			return err
		})
	}
}

func latenciesOf(all []acknowledgement) []time.Duration {
	out := make([]time.Duration, len(all))
	for i, a := range all {
		out[i] = a.took
	}
	return out
}

// cpu is what this process and its redis-server have used so far.
func (h *hall) cpu() time.Duration {
	h.t.Helper()
	var own syscall.Rusage
	must(h.t, syscall.Getrusage(syscall.RUSAGE_SELF, &own))
	used := time.Duration(own.Utime.Nano() + own.Stime.Nano())
	told, err := h.redis.InfoMap(bounded(h.t), "cpu").Result()
	must(h.t, err)
	for _, field := range []string{"used_cpu_sys", "used_cpu_user"} {
		for _, section := range told {
			seconds, err := time.ParseDuration(section[field] + "s")
			must(h.t, err)
			used += seconds
		}
	}
	return used
}

// profile writes a CPU profile to the file that ROSTRUM_CPU_PROFILE names, until it is stopped.
func profile(t *testing.T) (stop func()) {
	t.Helper()
	path := os.Getenv("ROSTRUM_CPU_PROFILE")
	if path == "" {
		return func() {}
	}
	file, err := os.Create(path)
	must(t, err)
	must(t, pprof.StartCPUProfile(file))
	return func() {
		pprof.StopCPUProfile()
		must(t, file.Close())
	}
}

// settle waits until every watcher has what happened up to a position.
func (h *hall) settle(final api.Position) map[uint64]stage.Event {
	h.t.Helper()
	var events map[uint64]stage.Event
	testkit.Eventually(h.t, 30*time.Second, func() error {
		events = h.crowd.events(h.t)
		for i, w := range h.watchers {
			got := w.heard(events, h.begin)
			if n := len(got); n == 0 || got[n-1].what.Position != final {
				_, err := w.count()
				return fmt.Errorf("watcher %d got %d events and not %v; ended: %v", i, n, final, err)
			}
		}
		return nil
	})
	return events
}

// checkQueue wants every acknowledged hand in the queue once, where its answer said, and the same queue everywhere.
func (h *hall) checkQueue(log []*listenerstatev1.StageEvent, acknowledged []acknowledgement) []string {
	h.t.Helper()
	t := h.t
	got, err := h.plane.stage.GetStage(bounded(t), &listenerstatev1.GetStageRequest{App: string(id.Main), Room: h.room, WithHands: true})
	must(t, err)
	var logged []string
	offsets := map[string]uint64{}
	for _, e := range log {
		if raised := e.GetEvent().GetHandRaised(); raised != nil {
			logged = append(logged, raised.GetUser())
			offsets[raised.GetUser()] = e.GetEvent().GetPosition().GetOffset()
		}
	}
	queue := make([]string, 0, hands)
	for _, hand := range got.GetStage().GetHands() {
		queue = append(queue, hand.GetUser())
		if hand.GetOrder() != offsets[hand.GetUser()] {
			t.Fatalf("a hand has the order %d, its event the offset %d", hand.GetOrder(), offsets[hand.GetUser()])
		}
	}
	if !slices.Equal(queue, logged) || len(queue) != hands || len(offsets) != hands {
		t.Errorf("the queue has %d hands, the log %d of %d people; the same: %t", len(queue), len(logged), len(offsets), slices.Equal(queue, logged))
	}
	over, err := h.host.Stage(bounded(t), h.room)
	must(t, err)
	for i, hand := range over.Hands {
		if hand.User != queue[i] {
			t.Fatalf("over HTTP hand %d is another", i+1)
		}
	}
	h.checkPlaces(queue, offsets, acknowledged)
	return queue
}

// checkPlaces compares what each answer said with the queue.
func (h *hall) checkPlaces(queue []string, offsets map[string]uint64, acknowledged []acknowledgement) {
	h.t.Helper()
	places := make(map[string]int, len(queue))
	for i, user := range queue {
		places[user] = i + 1
	}
	wrong := 0
	for _, a := range acknowledged {
		user := string(a.user)
		if a.Place != places[user] || a.Position.Offset < offsets[user] || a.Of < a.Place || places[user] == 0 {
			if wrong++; wrong < 5 {
				h.t.Errorf("an answer says %d of %d at %v; the queue says %d, the log %d", a.Place, a.Of, a.Position, places[user], offsets[user])
			}
		}
	}
	if wrong > 0 {
		h.t.Errorf("%d answers are wrong", wrong)
	}
}
