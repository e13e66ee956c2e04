package test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"rostrum/client/api"
	"rostrum/client/stage"
	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/token"
)

// TestBadCommands gives a stage, over HTTP and over its events sockets, what it must refuse.
func TestBadCommands(t *testing.T) { // not beside tests that listen: it takes all of a small machine
	w := newWorld(t)
	b := &badStage{world: w, room: w.liveRoom(t, w.host, api.CreateRoom{Title: "Bad commands", MaxSeats: 4}).ID}
	b.host = w.enter(t, w.host, b.room)
	for name, who := range map[string]**guest{"Moderator": &b.moderator, "Seated": &b.seated, "Listener": &b.listener} {
		*who = w.enter(t, w.person(t, name), b.room)
	}
	done(t)(w.host.Appoint(bounded(t), b.room, b.moderator.user))
	done(t)(w.host.Seat(bounded(t), b.room, b.seated.user))
	seat, err := b.seated.Grants(bounded(t), b.room, "")
	must(t, err)
	b.seated.voice = w.connect(t, b.seated.Client, seat) // a seat without a microphone is kept for 30 s
	t.Run("doors", func(t *testing.T) {
		t.Run("roles", b.roles)
		t.Run("people who are not there", b.gone)
		t.Run("an expired invite", b.expired)
		t.Run("a key twice", b.keys)
		t.Run("elsewhere", b.elsewhere)
		t.Run("texts", b.texts)
		t.Run("positions", b.positions)
		t.Run("sockets", b.sockets)
		t.Run("sockets that never read", b.deaf)
	})
	w.checkLog(t)
}

// badStage is a room with one person of each role.
type badStage struct {
	*world
	room                              string
	host, moderator, seated, listener *guest
}

// refusal is a command that must be refused.
type refusal struct {
	name string
	by   *guest
	path string // over HTTP; "" or one that ends with the name of a person
	do   stage.Command
	want fault.Code
}

// refuse gives a command over HTTP and over the socket.
func (b *badStage) refuse(t *testing.T, r refusal) {
	t.Helper()
	_, err := r.by.stage.Do(bounded(t), r.do)
	is(t, r.name+", over the socket", err, string(r.want))
	method, body := "POST", ""
	switch {
	case strings.HasPrefix(r.path, "PUT "), strings.HasPrefix(r.path, "DELETE "):
		method, r.path, _ = strings.Cut(r.path, " ")
	}
	if r.do.Do == stage.DoSetHandMode {
		body = fmt.Sprintf(`{"mode":%q}`, r.do.Mode)
	}
	status, answer, _ := b.call(t, badCall{method: method, path: inRoom(b.room, r.path), bearer: r.by.Token(), body: body})
	refused(t, status, answer, r.want)
}

// about is a command about a person.
func about(verb stage.Verb, who *guest) (path string, do stage.Command) {
	return fmt.Sprintf("/stage/%s/%s", who.user, verb), stage.Command{Do: verb, User: who.user}
}

// roles are spot checks of the permission table.
func (b *badStage) roles(t *testing.T) {
	refuse := func(by *guest, verb stage.Verb, whom *guest, want fault.Code) {
		path, do := about(verb, whom)
		switch verb {
		case stage.DoAppoint:
			path = "PUT /moderators/" + whom.user
		case stage.DoDismiss:
			path = "DELETE /moderators/" + whom.user
		}
		b.refuse(t, refusal{fmt.Sprintf("%s by %s", verb, by.Tokens().User.Name), by, path, do, want})
	}
	for _, verb := range []stage.Verb{
		stage.DoMute, stage.DoHold, stage.DoRelease, stage.DoAudience, stage.DoLower, stage.DoInvite, stage.DoWithdraw, stage.DoSeat,
		stage.DoAppoint, stage.DoDismiss, stage.DoRemove, stage.DoReadmit, stage.DoUnmute,
	} {
		refuse(b.listener, verb, b.seated, fault.CodeForbidden)
		refuse(b.seated, verb, b.host, fault.CodeForbidden)
	}
	for _, verb := range []stage.Verb{
		stage.DoHold, stage.DoRelease, stage.DoAudience, stage.DoRemove, stage.DoReadmit, stage.DoAppoint, stage.DoDismiss, stage.DoUnmute,
	} {
		refuse(b.moderator, verb, b.host, fault.CodeForbidden)
	}
	refuse(b.host, stage.DoUnmute, b.seated, fault.CodeForbidden)
	for _, by := range []*guest{b.listener, b.seated} {
		b.refuse(t, refusal{"lower all", by, "DELETE /hands", stage.Command{Do: stage.DoLowerAll}, fault.CodeForbidden})
		b.refuse(t, refusal{"hand mode", by, "PUT /hands/mode", stage.Command{Do: stage.DoSetHandMode, Mode: api.HandsClosed}, fault.CodeForbidden})
	}
	for _, verb := range []stage.Verb{stage.DoAccept, stage.DoDecline} {
		path, do := about(verb, b.seated)
		b.refuse(t, refusal{"for another", b.host, path, do, fault.CodeForbidden})
	}
	for _, by := range []*guest{b.moderator, b.seated, b.listener} {
		_, err := by.End(bounded(t), b.room)
		is(t, "end", err, "forbidden")
	}
}

// gone gives commands about people who left, were removed, were never asked, or are there already.
func (b *badStage) gone(t *testing.T) {
	left := b.enter(t, b.person(t, "Left"), b.room)
	done(t)(b.host.Seat(bounded(t), b.room, left.user))
	done(t)(left.Leave(bounded(t), b.room))
	for _, verb := range []stage.Verb{stage.DoMute, stage.DoHold, stage.DoRelease} {
		path, do := about(verb, left)
		b.refuse(t, refusal{string(verb) + " of who left", b.host, path, do, fault.CodeNotSeated})
	}
	before := b.host.stage.Stage().Position
	for _, harmless := range []func(context.Context, string, string) (api.Done, error){
		b.host.Audience, b.host.LowerHandOf, b.host.Withdraw, b.host.Dismiss, b.host.Readmit,
	} {
		if d := done(t)(harmless(bounded(t), b.room, left.user)); d.Position.After(before) {
			t.Errorf("a command about who left made an event at %v", d.Position)
		}
	}
	_, invite := about(stage.DoInvite, left)
	path, accept := about(stage.DoAccept, left)
	b.refuse(t, refusal{"accept uninvited", left, path, accept, fault.CodeNotInvited})
	b.host.stage.ask(t, invite)
	done(t)(b.host.Withdraw(bounded(t), b.room, left.user))
	b.refuse(t, refusal{"accept what was withdrawn", left, path, accept, fault.CodeNotInvited})
	b.host.stage.ask(t, invite)
	done(t)(left.Decline(bounded(t), b.room))
	path, decline := about(stage.DoDecline, left)
	b.refuse(t, refusal{"decline twice", left, path, decline, fault.CodeNotInvited})

	path, invite = about(stage.DoInvite, b.seated)
	b.refuse(t, refusal{"invite who is seated", b.host, path, invite, fault.CodeAlreadySeated})
	b.refuse(t, refusal{"raise from a seat", b.seated, "/hand", stage.Command{Do: stage.DoRaise}, fault.CodeAlreadySeated})
	done(t)(b.host.Remove(bounded(t), b.room, left.user))
	b.refuse(t, refusal{"raise after removal", left, "/hand", stage.Command{Do: stage.DoRaise}, fault.CodeRemoved})
	path, invite = about(stage.DoInvite, left)
	b.refuse(t, refusal{"invite who was removed", b.host, path, invite, fault.CodeRemoved})
	_, err := left.Join(bounded(t), b.room, api.Join{Role: "speaker"})
	is(t, "take a seat after removal", err, "removed")
	done(t)(b.host.Readmit(bounded(t), b.room, left.user))
	done(t)(left.RaiseHand(bounded(t), b.room, ""))
}

// expired answers an invite of 5 s after 5 s.
func (b *badStage) expired(t *testing.T) {
	late := b.enter(t, b.person(t, "Late"), b.room)
	done(t)(late.RaiseHand(bounded(t), b.room, ""))
	from := done(t)(b.host.Invite(bounded(t), b.room, late.user, 5*time.Second)).Position
	if e := late.stage.event(t, api.Position{}, stage.InviteClosed, late.user); e.what.Reason != "expired" || e.what.By != "service:timer" {
		t.Errorf("the invite was closed by %s, because %q", e.what.By, e.what.Reason)
	}
	if e := late.stage.event(t, from, stage.HandLowered, late.user); e.what.Reason != "expired" {
		t.Errorf("the hand went down, because %q", e.what.Reason)
	}
	path, accept := about(stage.DoAccept, late)
	b.refuse(t, refusal{"accept late", late, path, accept, fault.CodeInviteExpired})
	path, decline := about(stage.DoDecline, late)
	b.refuse(t, refusal{"decline late", late, path, decline, fault.CodeInviteExpired})
	_, err := b.host.stage.Do(bounded(t), stage.Command{Do: stage.DoInvite, User: late.user, ExpiresIn: 4 * time.Second})
	is(t, "an invite of 4 s", err, "invalid")
	_, err = b.host.Invite(bounded(t), b.room, late.user, 601*time.Second)
	is(t, "an invite of 601 s", err, "invalid")
}

// keys uses one key for several bodies, over HTTP, over the socket and across.
func (b *badStage) keys(t *testing.T) {
	twice := b.enter(t, b.person(t, "Twice"), b.room)
	_, first := b.withKey(t, twice, "k1", "POST", `{"note":"one"}`)
	if f, again := b.withKey(t, twice, "k1", "POST", `{"note":"one"}`); f != "" || again != first {
		t.Errorf("the same again answers %s %s, at first %s", f, again, first)
	}
	_, err := twice.stage.Do(bounded(t), stage.Command{ID: "k1", Do: stage.DoRaise, Note: "two"})
	is(t, "HTTP, then the socket", err, "idempotency_mismatch")
	same := twice.stage.ask(t, stage.Command{ID: "k1", Do: stage.DoRaise, Note: "one"})
	if !strings.Contains(first, fmt.Sprintf(`"offset":%d`, same.Position.Offset)) {
		t.Errorf("over the socket the same command is at %v, over HTTP %s", same.Position, first)
	}
	twice.stage.ask(t, stage.Command{ID: "k2", Do: stage.DoLower})
	_, err = twice.stage.Do(bounded(t), stage.Command{ID: "k2", Do: stage.DoRaise})
	is(t, "the socket, then the socket", err, "idempotency_mismatch")
	if late, err := twice.stage.Do(bounded(t), stage.Command{ID: "k1", Do: stage.DoRaise, Note: "one"}); err != nil || late.Position != same.Position {
		t.Errorf("repeated after more happened: %v, %v", late, err)
	}
	if now, err := twice.Stage(bounded(t), b.room); err != nil || now.You.Place != 0 {
		t.Errorf("a repeated command raised the hand again: %+v, %v", now.You, err)
	}
	if _, err := b.listener.stage.Do(bounded(t), stage.Command{ID: "k2", Do: stage.DoRaise, Note: "mine"}); err != nil {
		t.Errorf("another person's key: %v", err)
	}
	for name, c := range map[string]struct {
		key, method, body string
		want              fault.Code
	}{
		"HTTP, then HTTP": {"k1", "POST", `{"note":"two"}`, fault.CodeIdempotencyMismatch}, "another verb": {"k1", "DELETE", "", fault.CodeIdempotencyMismatch},
		"the socket, then HTTP": {"k2", "POST", "", fault.CodeIdempotencyMismatch}, "a long key": {strings.Repeat("k", 65), "POST", "", fault.CodeInvalid},
		"a key of words": {"a b", "POST", "", fault.CodeInvalid}, "a key beyond ASCII": {"\u00e4", "POST", "", fault.CodeInvalid},
	} {
		if got, answer := b.withKey(t, twice, c.key, c.method, c.body); got != c.want {
			t.Errorf("%s: %s %s, wanted %s", name, got, answer, c.want)
		}
	}
}

// withKey raises or lowers a hand over HTTP under a key, and answers the fault or the answer.
func (b *badStage) withKey(t *testing.T, who *guest, key, method, body string) (fault.Code, string) {
	t.Helper()
	status, answer, _ := b.call(t, badCall{
		method: method, path: inRoom(b.room, "/hand"), bearer: who.Token(), body: body, headers: map[string]string{"Idempotency-Key": key},
	})
	if status == http.StatusOK {
		return "", string(answer)
	}
	return fault.ReadHTTP(status, answer).Code, string(answer)
}

// elsewhere gives commands for other rooms and with tokens of another app.
func (b *badStage) elsewhere(t *testing.T) {
	foreign := b.tokenOf(t, "another", b.host.user)
	unknown := string(id.NewRoom())
	for _, c := range []badCall{
		{name: "another's room", path: inRoom(b.other.ID, "/stage/"+b.host.user+"/mute"), bearer: b.moderator.Token(), want: fault.CodeForbidden},
		{name: "seated in another room", path: inRoom(b.other.ID, "/stage/"+b.seated.user+"/mute"), bearer: b.host.Token(), want: fault.CodeNotSeated},
		{name: "an unknown room", path: inRoom(unknown, "/hand"), bearer: b.listener.Token(), want: fault.CodeNotFound},
		{name: "before the start", path: inRoom(b.scheduled.ID, "/hand"), bearer: b.listener.Token(), want: fault.CodeNotLive},
		{name: "after the end", path: inRoom(b.ended.ID, "/hand"), bearer: b.listener.Token(), want: fault.CodeEnded},
		{name: "another app's token", path: inRoom(b.room, "/stage/"+b.seated.user+"/mute"), bearer: foreign, want: fault.CodeForbidden},
		{name: "an unknown person", path: inRoom(b.room, "/stage/"+string(id.NewUser())+"/invite"), bearer: b.host.Token(), want: fault.CodeNotFound},
	} {
		c.method = "POST"
		status, answer, _ := b.call(t, c)
		if got := fault.ReadHTTP(status, answer); got.Code != c.want {
			t.Errorf("%s: %d %s", c.name, status, answer)
		}
	}
	listener := b.listener.Token()
	for _, c := range []struct {
		name, room, token string
		want              int
	}{
		{"an unknown room", unknown, listener, 4404}, {"before the start", b.scheduled.ID, listener, 4409},
		{"after the end", b.ended.ID, listener, 4410}, {"another app's token", b.room, foreign, 4403},
		{"a token of another key", b.room, b.accessToken(t, token.AccessKeys{token.NewAccessKey()}, 0), 4401},
		{"a token of the day before", b.room, b.accessToken(t, b.access, 25*time.Hour), 4401},
		{"a grant", b.room, b.guestListens, 4401}, {"no token", b.room, "nothing", 4401},
	} {
		closes(t, "a socket: "+c.name, dialEvents(t, b.url, c.room, "", c.token), c.want)
	}
}

// tokenOf is an access token under the system's own keys.
func (w *world) tokenOf(t *testing.T, app id.App, user string) string {
	t.Helper()
	now := time.Now()
	text, err := w.access.Seal(token.Access{App: app, User: id.User(user), Name: "Somebody", Guest: true, Issued: now, Expires: now.Add(time.Hour)})
	must(t, err)
	return text
}
