package mobileapi

import (
	"context"
	"errors"
	"net/http"
	"runtime/debug"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
)

const (
	callTimeout = 5 * time.Second
	maxBody     = 64 << 10
)

// request is a call that found its route and was let in.
type request struct {
	*http.Request
	app id.App
	who person // zero: nobody is known
}

// handler serves one route. It writes nothing itself: its answer, or the fault of its error, is written by call.
type handler func(*request) (answer, error)

// call runs a route, and what it hands over to.
func (g *Gateway) call(w http.ResponseWriter, r *http.Request, to route) {
	notes(w).route = to.method + " " + to.path
	done, err := g.begin()
	if err != nil {
		fail(w, err)
		return
	}
	defer done()
	out, err := g.bounded(w, r, to)
	if err != nil {
		fail(w, err)
		return
	}
	if out.socket != nil {
		g.handOver(w, r, to, out.socket)
		return
	}
	out.write(w)
}

// handOver lets a socket have the connection, without the bounds of calls.
func (g *Gateway) handOver(w http.ResponseWriter, r *http.Request, to route, socket http.HandlerFunc) {
	var err error
	defer func() {
		if err != nil {
			notes(w).code, notes(w).err = string(fault.CodeInternal), err
		}
	}()
	defer g.recovered(w, to, &err)
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	notes(w).endSpan() // each command is a trace of its own
	socket(w, r)
}

// bounded serves within the bounds of time and size.
func (g *Gateway) bounded(w http.ResponseWriter, r *http.Request, to route) (answer, error) {
	ctx, cancel := context.WithTimeout(r.Context(), callTimeout)
	defer cancel()
	defer context.AfterFunc(g.ending, cancel)()
	// A body that arrives too slowly ends with the call. Test recorders know no deadline, and need none.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(callTimeout))
	r = r.WithContext(ctx)
	r.Body = http.MaxBytesReader(notes(w).ResponseWriter, r.Body, maxBody)

	out, err := g.guarded(w, &request{Request: r, app: g.app}, to)
	if err != nil && errors.Is(ctx.Err(), context.Canceled) && g.ending.Err() != nil {
		err = fault.Unavailable(err, "this gateway is leaving; call again")
	}
	return out, err
}

// guarded admits and serves; a panic costs only its own call.
func (g *Gateway) guarded(w http.ResponseWriter, r *request, to route) (out answer, err error) {
	defer g.recovered(w, to, &err)
	if r.who, err = to.admit(r.Request); err != nil {
		return answer{}, err
	}
	notes(w).user = r.who.user
	return to.serve(r)
}

// recovered makes a panic the error of its call. It is deferred itself.
func (g *Gateway) recovered(w http.ResponseWriter, to route, err *error) {
	if panicked := recover(); panicked != nil {
		g.log.Error("handler panicked", "route", to.method+" "+to.path, "request_id", notes(w).id,
			"panic", panicked, "stack", string(debug.Stack()))
		*err = fault.New(fault.CodeInternal, "something went wrong on our side")
	}
}

// room is the {room} of the path.
func (r *request) room() (id.Room, error) { return id.ParseRoom(r.PathValue("room")) }
