package listenerstate

import (
	"bytes"
	"context"
	"testing"

	"rostrum/internal/id"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
	"rostrum/services/listenerstate/chain"
)

// TestHandsAndInvitesAreErasedWithTheirKey destroys one person's key: names and notes are empty in stages, snapshots and
// old events, those of others are not, and the chain still verifies.
func TestHandsAndInvitesAreErasedWithTheirKey(t *testing.T) {
	everyHouse(t, func(t *testing.T, h *house) {
		s, ctx := h.open(t), context.Background()
		key := openRoom(t, s)
		apply(t, s, key, request(speaker, RaiseHand{Name: "Stella Maris", Note: "on the second chapter"}))
		apply(t, s, key, request(stranger, RaiseHand{Name: "Nova Stone", Note: "on the third chapter"}))
		apply(t, s, key, request(host, Invite{User: speaker, Name: "Stella by Invite"}))
		apply(t, s, key, request(host, Invite{User: stranger, Name: "Nova by Invite"}))
		secrets := []string{"Stella Maris", "second chapter", "Nova Stone", "third chapter", "Stella by Invite", "Nova by Invite"}
		nothingPlain(t, h, key, secrets)

		stage := dial(t, s, defaultSlowAfter)
		wantPersonal(t, stage, key, "Stella Maris", "on the second chapter", "Stella by Invite")
		if err := h.keys.DestroyKey(ctx, key.App, speaker); err != nil {
			t.Fatal(err)
		}
		wantPersonal(t, stage, key, "", "", "")
		events := h.verify(t, key)
		for _, e := range events {
			wantErased(t, s, key, e)
		}
		h.wipe(t) // read anew from the archive, in the next term
		wantPersonal(t, dial(t, h.open(t), defaultSlowAfter), key, "", "", "")
		apply(t, s, key, request(speaker, LowerHand{speaker}))
		apply(t, s, key, request(speaker, RaiseHand{Name: "Stella again", Note: "again"}))
		apply(t, s, key, request(host, Invite{User: speaker}))
		h.verify(t, key)
	})
}

// nothingPlain looks for texts in everything that is stored of a room.
func nothingPlain(t *testing.T, h *house, key chain.Key, secrets []string) {
	t.Helper()
	h.settled(t, key)
	head, snapshot, err := h.archive.Load(context.Background(), key)
	if err != nil {
		t.Fatal(err)
	}
	records, err := h.archive.Read(context.Background(), key, 1, int(head.Offset))
	if err != nil || len(records) != 5 {
		t.Fatalf("%d records, %v", len(records), err)
	}
	stored := [][]byte{snapshot}
	for _, record := range records {
		stored = append(stored, record.Bytes)
	}
	for _, message := range h.client.XRange(context.Background(), "{"+key.String()+"}:log", "-", "+").Val() {
		for _, value := range message.Values {
			text, _ := value.(string)
			stored = append(stored, []byte(text))
		}
	}
	if len(stored) < 1+5+2*5 {
		t.Fatalf("%d texts are stored", len(stored))
	}
	for _, secret := range secrets {
		for _, text := range stored {
			if bytes.Contains(text, []byte(secret)) {
				t.Errorf("%q is stored in the open", secret)
			}
		}
	}
}

// wantPersonal reads a stage with its hands and compares what is told of speaker; what is told of stranger stays.
func wantPersonal(t *testing.T, stage listenerstatev1.ListenerStateClient, key chain.Key, name, note, inviteName string) {
	t.Helper()
	got, err := stage.GetStage(t.Context(), &listenerstatev1.GetStageRequest{App: string(key.App), Room: string(key.Room), WithHands: true, PlaceOf: string(stranger)})
	if err != nil {
		t.Fatal(err)
	}
	hands, invites := got.GetStage().GetHands(), got.GetStage().GetInvites()
	if len(hands) != 2 || len(invites) != 2 || got.GetPlace() != 2 {
		t.Fatalf("%v", got)
	}
	if hands[0].GetUser() != string(speaker) || hands[0].GetName() != name || hands[0].GetNote() != note {
		t.Errorf("the hand is %v; want %q, %q", hands[0], name, note)
	}
	if invites[0].GetUser() != string(speaker) || invites[0].GetName() != inviteName {
		t.Errorf("the invite is %v; want %q", invites[0], inviteName)
	}
	if hands[1].GetName() != "Nova Stone" || hands[1].GetNote() != "on the third chapter" || invites[1].GetName() != "Nova by Invite" {
		t.Errorf("of the other person there is %v and %v", hands[1], invites[1])
	}
}

// wantErased opens an old event as a watcher gets it.
func wantErased(t *testing.T, s *Service, key chain.Key, e Event) {
	t.Helper()
	encoded, err := encodeEvent(key, e)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := (&server{service: s}).openEntry(context.Background(), key, Entry{e, encoded})
	if err != nil {
		t.Fatal(err)
	}
	for _, sealed := range opened.GetEvent().GetSealed() {
		text := opened.GetOpened()[sealed.GetField()]
		if erased := id.User(sealed.GetUser()) == speaker; erased == (text != "") {
			t.Errorf("%s of %s opens to %q", sealed.GetField(), sealed.GetUser(), text)
		}
	}
}
