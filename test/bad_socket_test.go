package test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"rostrum/client/api"
	"rostrum/client/stage"
	"rostrum/internal/fault"
)

// texts are names and notes that nobody should have to see.
func (b *badStage) texts(t *testing.T) {
	bad := map[string]string{
		"a control character": "tides\x07", "two lines": "tides\nand ropes", "an override": "a\u202eb", "an isolate": "a\u2066b",
		"a flood of marks": "a" + strings.Repeat("\u0301", 60), "joined without end": strings.Repeat("\U0001f469\u200d", 20),
		"too long": strings.Repeat("a", 141), "invisible": "a\u200bb", "a tag flood": "\U0001f3f4" + strings.Repeat("\U000e0067", 60),
	}
	for name, text := range bad {
		_, err := b.listener.RaiseHand(bounded(t), b.room, text)
		is(t, "a note with "+name, err, "invalid")
		_, err = b.listener.stage.Do(bounded(t), stage.Command{Do: stage.DoRaise, Note: text})
		is(t, "a note over the socket with "+name, err, "invalid")
		_, err = api.New(b.url).Guest(bounded(t), text)
		is(t, "a guest's name with "+name, err, "invalid")
	}
	for name, text := range map[string]string{
		"the longest": strings.Repeat("\u0e17\u0e35\u0e48", 140), "a family": "\U0001f469\u200d\U0001f469\u200d\U0001f467", "right to left": "\u05e9\u05dc\u05d5\u05dd",
	} {
		writer := b.enter(t, b.person(t, "Writer"), b.room)
		writer.stage.ask(t, stage.Command{Do: stage.DoRaise, Note: text})
		if e := b.host.stage.event(t, api.Position{}, stage.HandRaised, writer.user); e.what.Note != text {
			t.Errorf("%s: the host reads %q", name, e.what.Note)
		}
	}
}

// positions that are not there.
func (b *badStage) positions(t *testing.T) {
	var closing sync.WaitGroup
	defer closing.Wait()
	for query, want := range map[string]fault.Code{
		"999-1": fault.CodeFromAhead, "1-99999999": fault.CodeFromAhead, "soon": fault.CodeInvalid, "1": fault.CodeInvalid, "-1-1": fault.CodeInvalid,
		"1-18446744073709551616": fault.CodeInvalid,
	} {
		status, answer, _ := b.call(t, badCall{method: "GET", path: inRoom(b.room, "/stage?at_least="+query), bearer: b.listener.Token()})
		if got := fault.ReadHTTP(status, answer); got.Code != want || status != fault.HTTPStatus(want) {
			t.Errorf("a stage at %s: %d %s", query, status, answer)
		}
		conn := dialEvents(t, b.url, b.room, "?from="+query, b.listener.Token())
		closing.Go(func() { closes(t, "from "+query, conn, 4000+fault.HTTPStatus(want)) })
	}
}

// sockets break the protocol.
func (b *badStage) sockets(t *testing.T) {
	for name, c := range map[string]struct {
		kind int
		text string
		want int
	}{
		"not JSON":         {websocket.TextMessage, "mute!", 4400},
		"binary":           {websocket.BinaryMessage, `{"type":"command","id":"a","do":"leave"}`, 4400},
		"not UTF-8":        {websocket.TextMessage, "{\"type\":\"command\",\"id\":\"a\",\"do\":\"raise\",\"note\":\"\xff\"}", 4400},
		"more than 4 KiB":  {websocket.TextMessage, `{"type":"command","id":"a","do":"raise","note":"` + strings.Repeat("a", 4096) + `"}`, 4413},
		"a message a mile": {websocket.TextMessage, strings.Repeat(" ", 1<<20), 4413},
		"no id":            {websocket.TextMessage, `{"type":"command","do":"lower"}`, 4400},
		"a long id":        {websocket.TextMessage, `{"type":"command","do":"lower","id":"` + strings.Repeat("k", 65) + `"}`, 4400},
		"an id of words":   {websocket.TextMessage, `{"type":"command","do":"lower","id":"a b"}`, 4400},
	} {
		conn := dialEvents(t, b.url, b.room, "", b.listener.Token())
		_ = conn.WriteMessage(c.kind, []byte(c.text)) // may be cut before it is written
		closes(t, name, conn, c.want)
	}
	conn := dialEvents(t, b.url, b.room, "", b.listener.Token())
	for range 200 {
		_ = conn.WriteMessage(websocket.TextMessage, []byte(`{"type":"nothing"}`)) // may be cut before the end
	}
	closes(t, "200 messages at once", conn, 4429)
	_, err := b.listener.stage.Do(bounded(t), stage.Command{Do: "shout"})
	is(t, "an unknown verb", err, "invalid")
	_, err = b.listener.stage.Do(bounded(t), stage.Command{Do: stage.DoMute, User: "everyone"})
	is(t, "not a person", err, "invalid")
}

// closes reads a socket until it is closed with a code.
func closes(t *testing.T, name string, conn *websocket.Conn, want int) {
	t.Helper()
	defer conn.Close()
	_ = conn.SetReadDeadline(time.Now().Add(patience)) // fails on a closed connection
	for {
		_, _, err := conn.ReadMessage()
		if err == nil {
			continue
		}
		var told *websocket.CloseError
		if !errors.As(err, &told) || told.Code != want {
			t.Errorf("%s: ended with %v, wanted %d", name, err, want)
		}
		return
	}
}
