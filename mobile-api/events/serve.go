package events

import (
	"net/http"
	"time"

	"github.com/gorilla/websocket"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/obs"
	"rostrum/mobile-api/intent"
	"rostrum/mobile-api/view"
)

// Subprotocol names version 1 of the events protocol.
const Subprotocol = "rostrum.events.v1"

// ServeRoom upgrades a call and serves a room's events until the connection is over. The upgrade succeeds whatever is
// wrong, since browsers hide failed upgrades; a close code tells it. The call's context and deadlines bound nothing.
func (s *Sockets) ServeRoom(w http.ResponseWriter, r *http.Request, room id.Room) {
	if !websocket.IsWebSocketUpgrade(r) {
		fault.WriteHTTP(w, fault.New(fault.CodeInvalid, "open a WebSocket here"))
		return
	}
	done, ok := s.begin()
	if !ok {
		fault.WriteHTTP(w, fault.Unavailable(nil, "this gateway is leaving; call again"))
		return
	}
	defer done()
	c, err := s.upgrade(w, r)
	if err != nil {
		return // the upgrader has answered
	}
	s.metrics.sockets.Inc()
	defer s.metrics.sockets.Dec()
	defer s.open.Add(-1)
	full := s.open.Add(1) > int64(s.cfg.MostSockets)
	go c.write()
	if full {
		c.cut(farewell(reasonFull, errFull))
	} else if err := s.serve(c, r, room); err != nil {
		c.cut(goodbyeTo(err))
	}
	c.finish()
}

// serve authorises a connection and has it follow the room to its end.
func (s *Sockets) serve(c *conn, r *http.Request, name id.Room) (err error) {
	c.request = obs.RequestID(r.Context())
	if from := r.URL.Query().Get("from"); from != "" {
		if c.from, err = parseFrom(from); err != nil {
			return err
		}
	}
	if c.who, c.expires, err = s.identify(c, r); err != nil {
		return err
	}
	room, exit, err := s.follow(name)
	if err != nil {
		c.cut(goodbyeLeaving)
		return nil
	}
	defer exit()
	c.room = name
	select {
	case room.joins <- c:
	case <-room.over:
		c.cut(room.goodbye())
		return nil
	}
	c.cut(c.read())
	select {
	case room.leaves <- c:
	case <-room.over:
	}
	return nil
}

// parseFrom reads the position "3-1207" that a client has. Fault: invalid.
func parseFrom(text string) (view.Position, error) {
	p, ok := view.ParsePosition(text)
	if !ok || p.Term == 0 || p.Offset == 0 {
		return view.Position{}, fault.Invalid("from", "a term, - and an offset")
	}
	return p, nil
}

// identify answers who the access token speaks for, and until when: the second subprotocol value, or that of the start
// message.
func (s *Sockets) identify(c *conn, r *http.Request) (intent.Person, time.Time, error) {
	offered := websocket.Subprotocols(r)
	if len(offered) == 0 || offered[0] != Subprotocol {
		return intent.Person{}, time.Time{}, fault.New(fault.CodeInvalid, "offer the subprotocol %s", Subprotocol)
	}
	token := ""
	if len(offered) > 1 {
		token = offered[1]
	} else {
		var err error
		if token, err = c.readStart(); err != nil {
			return intent.Person{}, time.Time{}, err
		}
	}
	who, expires, err := s.cfg.Authorise(token)
	if err != nil {
		return intent.Person{}, time.Time{}, fault.From(err)
	}
	return who, expires, nil
}
