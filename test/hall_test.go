package test

import (
	"fmt"
	"os"
	"runtime/pprof"
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

// settle waits until every watcher has what happened up to a position.
func (h *hall) settle(final api.Position) map[uint64]stage.Event {
	h.t.Helper()
	var events map[uint64]stage.Event
	testkit.Eventually(h.t, patience, func() error {
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
