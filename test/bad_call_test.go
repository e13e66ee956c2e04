package test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/token"
)

const maxBody = 64 << 10

// badCall is a request to the API that must be refused.
type badCall struct {
	name    string
	method  string
	path    string
	bearer  string
	body    string
	media   string // "": JSON where there is a body
	headers map[string]string
	want    fault.Code
}

func (w *world) badCalls(t *testing.T) {
	for _, table := range [][]badCall{w.badRooms(), w.badBodies(), w.badBearers(t), w.badCommands(), w.badPlayers(t)} {
		for _, c := range table {
			t.Run(c.name, func(t *testing.T) {
				w.seatGuest(t)
				w.isRefused(t, c)
			})
		}
	}
}

// call makes a request and answers status, body and header.
func (w *world) call(t testing.TB, c badCall) (int, []byte, http.Header) {
	t.Helper()
	request, err := http.NewRequestWithContext(bounded(t), c.method, w.url+c.path, strings.NewReader(c.body))
	must(t, err)
	if c.bearer != "" {
		request.Header.Set("Authorization", "Bearer "+c.bearer)
	}
	if c.media == "" && c.body != "" {
		c.media = "application/json"
	}
	if c.media != "" {
		request.Header.Set("Content-Type", c.media)
	}
	for key, value := range c.headers {
		request.Header.Set(key, value)
	}
	response, err := http.DefaultClient.Do(request)
	must(t, err)
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	must(t, err)
	return response.StatusCode, bytes.TrimSpace(answer), response.Header
}

func (w *world) badRooms() []badCall {
	host, listen := w.host.Token(), `{"role":"listener"}`
	unknown := "/v1/rooms/" + string(id.NewRoom())
	return []badCall{
		{name: "no such path", method: "GET", path: "/v1/nothing", want: fault.CodeNotFound},
		{name: "another method", method: "DELETE", path: "/v1/rooms", want: fault.CodeMethodNotAllowed},
		{name: "not a room", method: "GET", path: "/v1/rooms/lobby", want: fault.CodeInvalid},
		{name: "not a page", method: "GET", path: "/v1/rooms?limit=101", want: fault.CodeInvalid},
		{name: "not a cursor", method: "GET", path: "/v1/rooms?cursor=AAAA", want: fault.CodeInvalid},
		{name: "read an unknown room", method: "GET", path: unknown, want: fault.CodeNotFound},
		{name: "join an unknown room", method: "POST", path: unknown + "/join", bearer: host, body: listen, want: fault.CodeNotFound},
		{name: "speak in an unknown room", method: "POST", path: unknown + "/join", bearer: host, body: `{"role":"speaker"}`, want: fault.CodeNotFound},
		{name: "start an unknown room", method: "POST", path: unknown + "/start", bearer: host, want: fault.CodeNotFound},
		{name: "stage of an unknown room", method: "GET", path: unknown + "/stage", want: fault.CodeNotFound},
		{name: "join before the start", method: "POST", path: inRoom(w.scheduled.ID, "/join"), bearer: host, body: listen, want: fault.CodeNotLive},
		{name: "speak before the start", method: "POST", path: inRoom(w.scheduled.ID, "/join"), bearer: host, body: `{"role":"speaker"}`, want: fault.CodeNotLive},
		{name: "mute before the start", method: "POST", path: inRoom(w.scheduled.ID, "/stage/me/mute"), bearer: host, want: fault.CodeNotLive},
		{name: "stage before the start", method: "GET", path: inRoom(w.scheduled.ID, "/stage"), want: fault.CodeNotLive},
		{name: "join after the end", method: "POST", path: inRoom(w.ended.ID, "/join"), bearer: host, body: listen, want: fault.CodeEnded},
		{name: "speak after the end", method: "POST", path: inRoom(w.ended.ID, "/join"), bearer: host, body: `{"role":"speaker"}`, want: fault.CodeEnded},
		{name: "start after the end", method: "POST", path: inRoom(w.ended.ID, "/start"), bearer: host, want: fault.CodeEnded},
	}
}

func (w *world) badBodies() []badCall {
	create := func(name, body, media string, want fault.Code) badCall {
		return badCall{name: name, method: "POST", path: "/v1/rooms", bearer: w.host.Token(), body: body, media: media, want: want}
	}
	return []badCall{
		create("no body", "", "application/json", fault.CodeInvalid),
		create("not JSON", `{"title":`, "", fault.CodeInvalid),
		create("two values", `{"title":"a"}{"title":"b"}`, "", fault.CodeInvalid),
		create("a list", `[{"title":"a"}]`, "", fault.CodeInvalid),
		create("an unknown field", `{"title":"a","colour":"red"}`, "", fault.CodeInvalid),
		create("a field twice", `{"title":"a","title":"b"}`, "", fault.CodeInvalid),
		create("null", `{"title":null}`, "", fault.CodeInvalid),
		create("another type", `{"title":"a","max_seats":"many"}`, "", fault.CodeInvalid),
		create("a number out of bounds", `{"title":"a","max_seats":101}`, "", fault.CodeInvalid),
		create("not UTF-8", "{\"title\":\"\xff\"}", "", fault.CodeInvalid),
		create("nested without end", `{"title":`+strings.Repeat("[", maxBody-100)+`}`, "", fault.CodeInvalid),
		create("no title", `{}`, "", fault.CodeInvalid),
		create("a title without end", `{"title":"`+strings.Repeat("a", 5000)+`"}`, "", fault.CodeInvalid),
		create("not a date", `{"title":"a","scheduled_for":"soon"}`, "", fault.CodeInvalid),
		create("too large", `{"title":"`+strings.Repeat("a", maxBody)+`"}`, "", fault.CodeTooLarge),
		create("a form", "title=a", "application/x-www-form-urlencoded", fault.CodeUnsupportedMedia),
		{name: "a guest without a name", method: "POST", path: "/v1/guests", body: `{"name":""}`, want: fault.CodeInvalid},
		{name: "a guest of bytes", method: "POST", path: "/v1/guests", body: "\x00\x01\x02", want: fault.CodeInvalid},
		{name: "a role of one's own", method: "POST", path: inRoom(w.live.ID, "/join"), bearer: w.guest.Token(), body: `{"role":"king"}`, want: fault.CodeInvalid},
		{name: "a region of one's own", method: "POST", path: inRoom(w.live.ID, "/join"), bearer: w.guest.Token(), body: `{"role":"listener","region":"../.."}`, want: fault.CodeInvalid},
	}
}

func (w *world) badBearers(t *testing.T) []badCall {
	create := func(name, bearer string, want fault.Code) badCall {
		return badCall{name: name, method: "POST", path: "/v1/rooms", bearer: bearer, body: `{"title":"a"}`, want: want}
	}
	return []badCall{
		create("no bearer", "", fault.CodeUnauthenticated),
		create("not a token", "let-me-in", fault.CodeUnauthenticated),
		create("a token without end", strings.Repeat("a", token.MaxBytes+1), fault.CodeUnauthenticated),
		create("a token of another key", w.accessToken(t, token.AccessKeys{token.NewAccessKey()}, 0), fault.CodeUnauthenticated),
		create("a token of tomorrow", w.accessToken(t, w.access, -time.Hour), fault.CodeUnauthenticated),
		create("a token of the day before", w.accessToken(t, w.access, 25*time.Hour), fault.CodeExpired),
		create("a grant", w.guestListens, fault.CodeUnauthenticated),
		{name: "no bearer where listeners are known", method: "POST", path: inRoom(w.live.ID, "/join"), body: `{"role":"listener"}`, want: fault.CodeUnauthenticated},
	}
}

func (w *world) badCommands() []badCall {
	stage := func(name, bearer, path string, want fault.Code) badCall {
		return badCall{name: name, method: "POST", path: inRoom(w.live.ID, path), bearer: bearer, want: want}
	}
	guest, stranger := w.guest.Token(), w.stranger.Token()
	return []badCall{
		stage("a stranger ends the room", stranger, "/end", fault.CodeForbidden),
		stage("a stranger mutes the guest", stranger, "/stage/"+w.guestUser+"/mute", fault.CodeForbidden),
		stage("a stranger mutes nobody", stranger, "/stage/me/mute", fault.CodeNotSeated),
		stage("a guest mutes the host", guest, "/stage/"+w.live.Host.ID+"/mute", fault.CodeForbidden),
		stage("the host unmutes a guest", w.host.Token(), "/stage/"+w.guestUser+"/unmute", fault.CodeForbidden),
		stage("not a person", guest, "/stage/everyone/mute", fault.CodeInvalid),
		stage("not a verb", guest, "/stage/me/shout", fault.CodeNotFound),
		{name: "a full stage", method: "POST", path: inRoom(w.live.ID, "/join"), bearer: stranger, body: `{"role":"speaker"}`, want: fault.CodeStageFull},
		{name: "a closed stage", method: "POST", path: inRoom(w.other.ID, "/join"), bearer: stranger, body: `{"role":"speaker"}`, want: fault.CodeForbidden},
		{
			name: "a key that is none", method: "POST", path: "/v1/rooms", bearer: guest, body: `{"title":"a"}`,
			headers: map[string]string{"Idempotency-Key": strings.Repeat("k", 65)}, want: fault.CodeInvalid,
		},
	}
}

// badPlayers come to the Ogg door, whose grant is in the path.
func (w *world) badPlayers(t *testing.T) []badCall {
	door := func(name, room, grant string, want fault.Code) badCall {
		return badCall{name: "ogg: " + name, method: "GET", path: inRoom(room, "/"+grant+"/listen.ogg"), want: want}
	}
	unknown := string(id.NewRoom())
	return []badCall{
		door("not a grant", w.live.ID, "grant", fault.CodeUnauthenticated),
		door("a forged grant", w.live.ID, w.signedBy(t, w.forger(t), w.live.ID, token.RightOgg, 0), fault.CodeUnauthenticated),
		door("an expired grant", w.live.ID, w.signed(t, w.live.ID, token.RightOgg, 2*time.Hour), fault.CodeExpired),
		door("a listen grant", w.live.ID, w.guestListens, fault.CodeForbidden),
		door("another room's grant", w.live.ID, w.signed(t, w.other.ID, token.RightOgg, 0), fault.CodeForbidden),
		door("a room never opened", unknown, w.signed(t, unknown, token.RightOgg, 0), fault.CodeNotLive),
		door("before any start", w.scheduled.ID, w.signed(t, w.scheduled.ID, token.RightOgg, 0), fault.CodeNotLive),
		door("after the end", w.ended.ID, w.signed(t, w.ended.ID, token.RightOgg, 0), fault.CodeEnded),
		{name: "listen without a WebSocket", method: "GET", path: inRoom(w.live.ID, "/listen"), want: fault.CodeInvalid},
	}
}

func inRoom(room, rest string) string { return "/v1/rooms/" + room + rest }
