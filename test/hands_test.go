package test

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"rostrum/client/api"
	"rostrum/client/stage"
	"rostrum/internal/id"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
)

const (
	hands            = 10_000
	handConnections  = 200
	handsPerSecond   = 1_000 // are offered
	watchers         = 50
	moderatorEvery   = 200 * time.Millisecond
	invitees         = 10
	handsAcknowledge = 3 * time.Minute // all of them, on the busiest machine
)

// TestTenThousandHands raises 10,000 hands over 200 connections within 10 s, while the host mutes and invites every 200 ms
// and 50 moderators watch: everybody counts the same queue. The stage stands on a redis-server and a synced archive, and
// everything speaks over TCP. ROSTRUM_HANDS_PER_SECOND offers them faster; ROSTRUM_CPU_PROFILE names a file for a profile of
// the whole.
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
	every := time.Second / time.Duration(number(h.t, "ROSTRUM_HANDS_PER_SECOND", handsPerSecond))
	var raising sync.WaitGroup
	begun := time.Now()
	for connection := range handConnections {
		raising.Go(func() {
			for i := connection; i < hands; i += handConnections {
				due := begun.Add(time.Duration(i) * every)
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
	ticks := time.NewTicker(moderatorEvery)
	defer ticks.Stop()
	for round := 0; ; round++ {
		select {
		case <-ctx.Done():
			m.commands = len(m.moderator) + len(m.person)
			return m
		case <-ticks.C:
		}
		invitee := h.invitees[round%invitees]
		m.moderator = append(m.moderator, h.ask(h.host, stage.DoMute, h.seated.user), h.ask(h.host, stage.DoInvite, invitee.Tokens().User.ID))
		m.person = append(m.person, h.ask(h.seated, stage.DoUnmute, api.Me))
		if round%2 == 0 {
			m.moderator = append(m.moderator, h.ask(h.host, stage.DoWithdraw, invitee.Tokens().User.ID))
			continue
		}
		begun := time.Now()
		if _, err := invitee.Decline(bounded(h.t), h.room); err != nil { // not Fatal: this is a goroutine of its own
			h.t.Errorf("meanwhile: %v", err)
		}
		m.person = append(m.person, time.Since(begun))
	}
}

// ask gives a command over the socket and answers how long it took.
func (h *hall) ask(by *guest, do stage.Verb, user string) time.Duration {
	begun := time.Now()
	if _, err := by.stage.Do(bounded(h.t), stage.Command{Do: do, User: user}); err != nil {
		h.t.Errorf("meanwhile: %v", err)
	}
	return time.Since(begun)
}

func latenciesOf(all []acknowledgement) []time.Duration {
	out := make([]time.Duration, len(all))
	for i, a := range all {
		out[i] = a.took
	}
	return out
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
