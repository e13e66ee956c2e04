package mobileapi

import (
	"net/http"
	"strings"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	sockets "rostrum/mobile-api/events"
	"rostrum/mobile-api/intent"
)

// roomSockets are the events sockets of a gateway (docs/protocol.md section 10). ServeRoom answers the call, and returns
// when its socket has ended.
type roomSockets interface {
	ServeRoom(w http.ResponseWriter, r *http.Request, room id.Room)
	Close() error
}

// events hands calls over to the events sockets.
type events struct {
	sockets roomSockets
}

func (e events) open(r *request) (answer, error) {
	room, err := r.room()
	if err != nil {
		return answer{}, err
	}
	if r.Method != http.MethodGet || !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		return answer{}, fault.New(fault.CodeInvalid, "this path is a WebSocket; see docs/protocol.md section 10")
	}
	return answer{socket: func(w http.ResponseWriter, r *http.Request) { e.sockets.ServeRoom(w, r, room) }}, nil
}

// newEvents makes the events sockets of a gateway.
func newEvents(c Config, a auth, n names, u unopened) (events, error) {
	made, err := sockets.New(sockets.Config{
		App: c.App, Stage: c.Stage, Name: n.of, RoomState: u.why, MostSockets: c.MostSockets,
		Authorise: func(text string) (intent.Person, time.Time, error) {
			who, err := a.open(text)
			return intent.Person{User: who.user, Name: who.name}, who.expires, err
		},
		Log: c.Log, Metrics: c.Metrics, Now: c.Now,
	})
	return events{made}, err
}
