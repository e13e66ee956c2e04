package edge

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/gorilla/websocket"
	"google.golang.org/protobuf/proto"

	"rostrum/internal/fault"
	"rostrum/internal/token"
	listenv1 "rostrum/proto/rostrum/listen/v1"
)

// Subprotocol names version 1 of the listen protocol.
const Subprotocol = "rostrum.listen.v1"

const (
	// openWithin bounds the upgrade and the wait for a Start message.
	openWithin = 2 * time.Second
	// refuseWithin bounds saying no.
	refuseWithin = time.Second
)

// serveListen is the WebSocket door. It upgrades whatever comes, since browsers hide failed upgrades, and tells what is
// wrong by a close code. When it returns the connection belongs to a shard.
func (e *Edge) serveListen(w http.ResponseWriter, r *http.Request) {
	if !websocket.IsWebSocketUpgrade(r) {
		fault.WriteHTTP(w, fault.New(fault.CodeInvalid, "open a WebSocket here"))
		return
	}
	leave, ok := e.enter()
	if !ok {
		fault.WriteHTTP(w, fault.New(fault.CodeUnavailable, "this node is leaving"))
		return
	}
	defer leave()
	upgraded, err := e.upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // the upgrader has answered
	}
	conn := upgraded.NetConn()
	if bye, ok := e.let(r, conn); !ok {
		e.metrics.closed(bye.reason)
		refuse(conn, bye)
	}
}

// let checks a listener and hands its connection to a shard; or answers how to refuse it.
func (e *Edge) let(r *http.Request, upgraded net.Conn) (goodbye, bool) {
	wanted, err := readWish(r.URL.Query())
	if err != nil {
		return farewellTo(err), false
	}
	text, err := grantOf(r, upgraded)
	if err != nil {
		return farewellTo(err), false
	}
	grant, err := e.check(text, r.PathValue("room"), token.RightListen)
	if err != nil {
		return farewellTo(err), false
	}
	if int(e.listeners.Add(1)) > e.cfg.MaxListeners {
		e.listeners.Add(-1)
		return farewell(ReasonFull, fault.New(fault.CodeUnavailable, "this edge is full; listen elsewhere")), false
	}
	h, err := e.reach(r.Context(), grant, wanted.rendition)
	if err != nil {
		e.listeners.Add(-1)
		if e.life.Err() != nil {
			return goodbyeLeaving, false
		}
		return farewellTo(err), false
	}
	taken, err := takeOver(upgraded, &e.buffers)
	if err != nil {
		e.cfg.Log.Error("take a listener over", "error", err)
		e.listeners.Add(-1)
		e.rooms.release(h, wanted.rendition)
		return farewell(ReasonInternal, err), false
	}
	e.metrics.entered(doorWebSocket)
	s := e.shards[e.next.Add(1)%uint64(len(e.shards))]
	s.join(&conn{
		shard: s, socket: taken, hosted: h, wish: wanted, cadence: wanted.cadence,
		subject: grant.Subject, issued: grant.Issued, expires: grant.Expires, key: grant.Key,
	})
	return goodbye{}, true
}

// grantOf answers the grant: the second subprotocol value, or else the Start message.
func grantOf(r *http.Request, conn net.Conn) (string, error) {
	offered := websocket.Subprotocols(r)
	if len(offered) == 0 || offered[0] != Subprotocol {
		return "", fault.New(fault.CodeInvalid, "offer the subprotocol %s", Subprotocol)
	}
	if len(offered) > 1 {
		return offered[1], nil
	}
	if err := conn.SetReadDeadline(time.Now().Add(openWithin)); err != nil {
		return "", fmt.Errorf("bound the wait for a grant: %w", err)
	}
	defer conn.SetReadDeadline(time.Time{})
	message, err := readMessage(conn)
	if err != nil {
		return "", err
	}
	var start listenv1.ClientMessage
	if err := proto.Unmarshal(message, &start); err != nil || start.GetStart() == nil {
		return "", fault.New(fault.CodeUnauthenticated, "the first message brings a grant")
	}
	return start.GetStart().GetGrant(), nil
}

// readMessage reads one binary message and not a byte more: the reader of the connection goes on there.
func readMessage(r io.Reader) (message []byte, err error) {
	var parts messages
	found := false
	for buffer := make([]byte, 0, 512); !found; {
		f, n, err := cutFrame(buffer)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			begin := len(buffer)
			buffer = append(buffer, make([]byte, missing(buffer))...)
			if _, err := io.ReadFull(r, buffer[begin:]); err != nil {
				return nil, fault.New(fault.CodeUnauthenticated, "no grant came within %v", openWithin).Because(err)
			}
			continue
		}
		err = parts.join(f, func(opcode byte, payload []byte) error {
			if opcode == opClose {
				return fault.New(fault.CodeUnauthenticated, "the first message brings a grant")
			}
			if opcode == opBinary {
				message, found = payload, true
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		buffer = buffer[n:]
	}
	return message, nil
}

// missing answers how many bytes certainly belong to the frame that b begins with and are not in b; cutFrame found no
// fault in b.
func missing(b []byte) int {
	if len(b) < 2 {
		return 2 - len(b)
	}
	head, length := 2, int(b[1]&0x7f)
	if length == 126 {
		head = 4
		if len(b) < head {
			return head - len(b)
		}
		length = int(b[2])<<8 | int(b[3])
	}
	return head + 4 + length - len(b)
}

// refuse says goodbye on a connection that no shard has, and waits a moment so that the peer can read it.
func refuse(conn net.Conn, bye goodbye) {
	defer conn.Close()
	if conn.SetDeadline(time.Now().Add(refuseWithin)) != nil {
		return
	}
	if _, err := conn.Write(bye.appendClose(nil)); err != nil {
		return
	}
	if half, ok := conn.(interface{ CloseWrite() error }); ok {
		half.CloseWrite()
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(conn, 64<<10))
}
