package web

import (
	"net/http"
	"strconv"
	"time"

	"github.com/gorilla/websocket"
)

const ringBatches = 300 // 60 s

// move is the change to another home: nothing is made of some numbers, and when they are over that is told as one gap.
type move struct{ first, last, moves uint64 }

// epochAt is the epoch of whoever made a number. Needs the lock.
func (h *house) epochAt(number uint64) uint64 {
	if number < h.move.first {
		return 6 + h.move.moves
	}
	return 7 + h.move.moves
}

// newest is the number that is complete now: the program began with the Unix epoch.
func newest() uint64 { return uint64(time.Now().UnixMilli())/200 - 1 }

// listen is the listen door (docs/protocol.md section 1).
func (h *house) listen(w http.ResponseWriter, r *http.Request) {
	upgrader := websocket.Upgrader{Subprotocols: []string{"rostrum.listen.v1"}, CheckOrigin: func(*http.Request) bool { return true }}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	h.mu.Lock()
	h.conns[conn] = true
	h.joins++
	h.mu.Unlock()
	h.wg.Go(func() { h.acknowledged(conn) })
	h.wg.Go(func() {
		h.deliver(conn, r)
		conn.Close()
		h.mu.Lock()
		delete(h.conns, conn)
		h.mu.Unlock()
	})
}

func (h *house) acknowledged(conn *websocket.Conn) {
	for {
		if _, _, err := conn.ReadMessage(); err != nil {
			return
		}
		h.mu.Lock()
		h.acks++
		h.mu.Unlock()
	}
}

func (h *house) deliver(conn *websocket.Conn, r *http.Request) {
	now := newest()
	next := now - 2
	if from, err := strconv.ParseUint(r.URL.Query().Get("from"), 10, 64); err == nil {
		next = max(from, now-ringBatches)
	}
	write := func(message []byte) bool { return conn.WriteMessage(websocket.BinaryMessage, message) == nil }
	h.mu.Lock()
	epoch := h.epochAt(now)
	h.mu.Unlock()
	if !write(hello(epoch, next, now, now-ringBatches)) {
		return
	}
	ticker := time.NewTicker(200 * time.Millisecond)
	defer ticker.Stop()
	told := uint64(0)
	for {
		h.mu.Lock()
		log, seats, listeners, policy := h.log, append([]seat(nil), h.seats...), uint64(11+len(h.conns)), h.policy()
		epoch, move := h.epochAt(newest()), h.move
		h.mu.Unlock()
		if log != told {
			told = log
			if !write(card(tides, h.rooms[0]["title"].(string), seats, listeners, log, epoch, policy)) {
				return
			}
		}
		for ; next <= newest(); next++ {
			message := h.message(next, log)
			if next >= move.first && next <= move.last {
				if newest() <= move.last {
					break
				}
				message, next = gap(next, move.last, epoch), move.last
			}
			if !write(message) {
				return
			}
		}
		select {
		case <-ticker.C:
		case <-h.done:
			return
		}
	}
}

// message is what the program holds at a number. A level is made from the length of a packet: loud speech needs more.
func (h *house) message(number, log uint64) []byte {
	h.mu.Lock()
	hole, epoch, changed := h.holes[number], h.epochAt(number), []event(nil)
	if e, ok := h.events[number]; ok {
		changed = []event{e}
	}
	h.mu.Unlock()
	if hole {
		return gap(number, number, epoch)
	}
	frames, levels := make([][]byte, 10), map[byte][]byte{}
	for i := range frames {
		word := h.words[(number*10+uint64(i))%uint64(len(h.words))]
		frames[i] = word.opus
		if word.seat == 0 {
			continue
		}
		if levels[word.seat] == nil {
			levels[word.seat] = []byte{127, 127, 127, 127, 127, 127, 127, 127, 127, 127}
		}
		levels[word.seat][i] = byte(max(16, 62-len(word.opus)))
	}
	return batch(number, epoch, frames, log, changed, levels)
}

// hangUp tears every listener's connection.
func (h *house) hangUp() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for conn := range h.conns {
		conn.Close()
	}
}
