package room_test

import (
	"testing"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/token"
	listenv1 "rostrum/proto/rostrum/listen/v1"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
	roomv1 "rostrum/proto/rostrum/room/v1"
)

func (w *world) enter(roomID, user string, role listenv1.Role) (*roomv1.EnterResponse, error) {
	return w.Enter(w.t.Context(), &roomv1.EnterRequest{App: "main", Room: roomID, User: user, Role: role})
}

const (
	listener = listenv1.Role_ROLE_LISTENER
	speaker  = listenv1.Role_ROLE_SPEAKER
)

func TestAListenersGrants(t *testing.T) {
	w, user := newWorld(t, never), string(id.NewUser())
	r := w.create(nil).GetId()
	if err := w.start(r); err != nil {
		t.Fatal(err)
	}
	w.stages.setAway(true) // listening needs no stage log
	in, err := w.enter(r, user, listener)
	if err != nil {
		t.Fatal(err)
	}
	verifier, now := token.NewVerifier(w.signer.Public()), w.clock()
	for text, want := range map[string]struct {
		right    token.Right
		lifetime time.Duration
	}{
		in.GetGrant(): {token.RightListen, 12 * time.Hour}, in.GetOggGrant(): {token.RightOgg, 5 * time.Minute},
	} {
		g, err := verifier.Verify(text, now)
		if err != nil || g.Right != want.right || g.Expires.Sub(g.Issued) != want.lifetime || g.Subject != user || string(g.Room) != r || g.App != id.Main {
			t.Errorf("%s: %+v, %v", want.right, g, err)
		}
	}
	if in.GetSpeakGrant() != "" || in.GetSpeakGrantExpiresAt() != nil {
		t.Error("a listener may speak")
	}
	g, err := verifier.Verify(in.GetGrant(), now)
	if err != nil || !g.Expires.Equal(in.GetGrantExpiresAt().AsTime()) || in.GetRoom().GetId() != r {
		t.Errorf("said %v, the grant says %v, %v", in.GetGrantExpiresAt().AsTime(), g.Expires, err)
	}
}

func TestNobodyKnownEntersWhereTheHostAllows(t *testing.T) {
	w := newWorld(t, never)
	closed := w.create(nil).GetId()
	open := w.create(func(in *roomv1.CreateRoomRequest) { in.OpenListening, in.OpenStage = true, true }).GetId()
	for _, r := range []string{closed, open} {
		if err := w.start(r); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.enter(closed, "", listener); !fault.Is(err, fault.CodeUnauthenticated) {
		t.Errorf("closed: %v", err)
	}
	if _, err := w.enter(open, "", speaker); !fault.Is(err, fault.CodeUnauthenticated) {
		t.Errorf("speaking: %v", err)
	}
	in, err := w.enter(open, "", listener)
	if err != nil {
		t.Fatal(err)
	}
	if g, err := token.NewVerifier(w.signer.Public()).Verify(in.GetGrant(), w.clock()); err != nil || g.Subject != token.Open {
		t.Errorf("%+v, %v", g, err)
	}
}

func TestWhoMaySpeak(t *testing.T) {
	w := newWorld(t, never)
	listed, seated, anyone := string(id.NewUser()), string(id.NewUser()), string(id.NewUser())
	closed := w.create(func(in *roomv1.CreateRoomRequest) { in.Speakers = []string{listed} }).GetId()
	open := w.create(func(in *roomv1.CreateRoomRequest) { in.OpenStage = true }).GetId()
	for _, r := range []string{closed, open} {
		if err := w.start(r); err != nil {
			t.Fatal(err)
		}
	}
	w.stages.change(closed, func(s *listenerstatev1.Stage) { s.Seats = []*listenv1.Seat{{Seat: 2, User: seated}} })
	removed := string(id.NewUser())
	w.stages.change(open, func(s *listenerstatev1.Stage) { s.Removed = []string{removed} })
	for _, c := range []struct {
		room, user string
		want       fault.Code
	}{
		{closed, w.host, ""}, {closed, listed, ""}, {closed, seated, ""}, {closed, anyone, fault.CodeForbidden}, {open, anyone, ""},
		{open, removed, fault.CodeRemoved},
	} {
		in, err := w.enter(c.room, c.user, speaker)
		if c.want != "" {
			if !fault.Is(err, c.want) {
				t.Errorf("%s in %s: %v, want %s", c.user, c.room, err, c.want)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s in %s: %v", c.user, c.room, err)
			continue
		}
		g, err := token.NewVerifier(w.signer.Public()).Verify(in.GetSpeakGrant(), w.clock())
		if err != nil || g.Right != token.RightSpeak || g.Subject != c.user || g.Expires.Sub(g.Issued) != 5*time.Minute ||
			!g.Expires.Equal(in.GetSpeakGrantExpiresAt().AsTime()) || in.GetGrant() == "" {
			t.Errorf("%+v, %v", g, err)
		}
	}
	w.stages.setAway(true)
	if _, err := w.enter(open, anyone, speaker); !fault.Is(err, fault.CodeUnavailable) {
		t.Errorf("without the stage log: %v", err)
	}
}

func TestOnlyALiveRoomIsEntered(t *testing.T) {
	w, user := newWorld(t, never), string(id.NewUser())
	r := w.create(func(in *roomv1.CreateRoomRequest) { in.OpenStage = true }).GetId()
	expect := func(role listenv1.Role, want fault.Code) {
		t.Helper()
		if _, err := w.enter(r, user, role); !fault.Is(err, want) {
			t.Errorf("as %v: %v, want %s", role, err, want)
		}
	}
	expect(listener, fault.CodeNotLive)
	expect(speaker, fault.CodeNotLive)
	if err := w.start(r); err != nil {
		t.Fatal(err)
	}
	expect(listenv1.Role_ROLE_UNSPECIFIED, fault.CodeInvalid)
	expect(listenv1.Role_ROLE_HOST, fault.CodeInvalid)
	expect(99, fault.CodeInvalid)
	w.stages.change(r, func(s *listenerstatev1.Stage) { s.State = listenv1.RoomState_ROOM_STATE_ENDED })
	expect(speaker, fault.CodeEnded) // the stage knows first
	if err := w.end(r); err != nil {
		t.Fatal(err)
	}
	expect(listener, fault.CodeEnded)
	if _, err := w.enter(r, "ada", listener); !fault.Is(err, fault.CodeInvalid) {
		t.Errorf("a strange user: %v", err)
	}
	if _, err := w.enter(string(id.NewRoom()), user, listener); !fault.Is(err, fault.CodeNotFound) {
		t.Errorf("no room: %v", err)
	}
}
