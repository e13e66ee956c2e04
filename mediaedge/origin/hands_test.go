package origin

import (
	"bytes"
	"fmt"
	"log/slog"
	"net"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"rostrum/internal/id"
	"rostrum/internal/testkit"
	"rostrum/mediaedge/audio"
	"rostrum/mediaedge/relay"
	"rostrum/mediaedge/sfu"
	listenv1 "rostrum/proto/rostrum/listen/v1"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
)

// still is a room whose goroutine does not run: the test is it.
func still(t testing.TB, log *slog.Logger) *room {
	t.Helper()
	media, err := sfu.New(sfu.Config{Node: "sfu-1", BindIPs: []net.IP{net.IPv4(127, 0, 0, 1)}, LoopbackCandidates: true})
	must(t, err)
	t.Cleanup(func() { must(t, media.Close()) })
	h, err := NewHost(Config{Node: "sfu-1", BootID: 1, SFU: media, Log: log})
	must(t, err)
	r := &room{
		app: id.Main, id: id.NewRoom(), epoch: 1, log: log, metrics: h.metrics, wait: h.wait, lease: &lease{metrics: h.metrics},
		enforced: &enforced{bell: make(chan struct{}, 1)}, presence: newPresence(media.NewSession, func(int) {}),
		doubt: time.NewTimer(time.Hour), packets: make(chan sfu.Packet, packetQueue), ledger: &ledger{},
	}
	r.relay = relay.NewRoom(r.app, r.id)
	initial := stage{position: at(1), live: true, seats: seatsOf(occupant(1, "us_ann", false), occupant(2, "us_bob", true))}
	must(t, h.begin(r, initial, history{}))
	r.apply(change{snapshot: &initial})
	return r
}

func handRaised(offset uint64) *listenerstatev1.StageEvent {
	user := string(id.NewUser())
	return &listenerstatev1.StageEvent{
		Event: &listenerstatev1.Event{
			Schema: 1, App: "main", Room: string(id.NewRoom()), Position: &listenv1.Position{Term: 1, Offset: offset},
			PrevHash: bytes.Repeat([]byte{7}, 32), CommandId: string(id.NewCommand()),
			Actor: &listenerstatev1.Actor{Actor: &listenerstatev1.Actor_User{User: user}},
			Sealed: []*listenerstatev1.Sealed{
				{User: user, Field: "name", Nonce: make([]byte, 12), Ciphertext: make([]byte, 30)},
				{User: user, Field: "note", Nonce: make([]byte, 12), Ciphertext: make([]byte, 80)},
			},
			Payload: &listenerstatev1.Event_HandRaised{HandRaised: &listenerstatev1.HandRaised{User: user}},
		},
		Opened: map[string]string{"name": "Ada", "note": "I should like to ask about the second half."},
	}
}

// aboutNobodyHeard are all events that listeners hear nothing of.
func aboutNobodyHeard() []*listenerstatev1.Event {
	return []*listenerstatev1.Event{
		{Payload: &listenerstatev1.Event_HandRaised{HandRaised: &listenerstatev1.HandRaised{User: "us_ann"}}},
		{Payload: &listenerstatev1.Event_HandLowered{HandLowered: &listenerstatev1.HandLowered{User: "us_ann"}}},
		{Payload: &listenerstatev1.Event_AllHandsLowered{AllHandsLowered: &listenerstatev1.AllHandsLowered{}}},
		{Payload: &listenerstatev1.Event_HandAbsent{HandAbsent: &listenerstatev1.HandAbsent{User: "us_ann"}}},
		{Payload: &listenerstatev1.Event_HandPresent{HandPresent: &listenerstatev1.HandPresent{User: "us_ann"}}},
		{Payload: &listenerstatev1.Event_Invited{Invited: &listenerstatev1.Invited{User: "us_ann"}}},
		{Payload: &listenerstatev1.Event_InviteClosed{InviteClosed: &listenerstatev1.InviteClosed{User: "us_ann"}}},
		{Payload: &listenerstatev1.Event_Readmitted{Readmitted: &listenerstatev1.Readmitted{User: "us_ann"}}},
		{}, // of a newer version
	}
}

func TestHandsCostListenersNothing(t *testing.T) {
	var written bytes.Buffer
	r := still(t, slog.New(slog.NewTextHandler(&written, &slog.HandlerOptions{Level: slog.LevelDebug})))
	written.Reset()
	card, waits := r.relay.Card(), r.seated.changed
	offset := uint64(1)
	for range 1000 {
		for _, e := range aboutNobodyHeard() {
			offset++
			e.Position = &listenv1.Position{Term: 1, Offset: offset}
			c, err := readEvent(&listenerstatev1.StageEvent{Event: e})
			must(t, err)
			r.apply(c)
		}
	}
	if r.relay.Card() != card || r.seated.changed != waits || written.Len() != 0 {
		t.Errorf("a card was drawn (%v), somebody woken, or a line written: %s", r.relay.Card() != card, written.String())
	}
	for _, b := range r.program.Make() {
		if len(b.Events) != 0 || b.Log != at(offset) {
			t.Errorf("a batch tells %+v and stands at %v, want %d", b.Events, b.Log, offset)
		}
	}
	if newest, due := r.enforced.take(); newest != at(offset) || !due.any {
		t.Errorf("%v is to be reported", newest)
	}
	r.counts = &listenv1.Counts{Listeners: 7}
	r.draw()
	if got := r.relay.Card(); got == card || audio.ReadPosition(got.GetPosition()) != at(offset) {
		t.Errorf("the next card stands at %v, want %d", got.GetPosition(), offset)
	}
	c := change{position: at(offset + 1)}
	if n := testing.AllocsPerRun(100, func() { c.position.Offset++; r.apply(c) }); n != 0 {
		t.Errorf("%v allocations for a position", n)
	}
}

func TestWhatConcernsListenersIsToldAndDrawn(t *testing.T) {
	r := still(t, slog.New(slog.DiscardHandler))
	r.program.Make()
	offset := uint64(1)
	tell := func(c change) *listenv1.RoomCard {
		t.Helper()
		offset++
		c.position = at(offset)
		r.apply(c)
		card := r.relay.Card()
		if audio.ReadPosition(card.GetPosition()) != c.position {
			t.Errorf("%+v: the card stands at %v", c, card.GetPosition())
		}
		return card
	}
	tell(change{kind: changeHeld, user: "us_ann", seat: 1})
	tell(change{kind: changeAppointed, user: "us_ann"})
	tell(change{kind: changeLost, user: "us_bob", seat: 2})
	card := tell(change{kind: changePolicy, hands: audio.HandsInvited})
	want := []*listenv1.Seat{
		{Seat: 1, User: "us_ann", Name: "us_ann", Role: listenv1.Role_ROLE_MODERATOR, Muted: true, Held: true},
		{Seat: 2, User: "us_bob", Name: "us_bob", Role: listenv1.Role_ROLE_SPEAKER, Muted: true, Away: true},
	}
	for i, seat := range card.GetSeats() {
		if !proto.Equal(seat, want[i]) {
			t.Errorf("seat %v, want %v", seat, want[i])
		}
	}
	if len(card.GetSeats()) != 2 || card.GetPolicy().GetHandMode() != listenv1.HandMode_HAND_MODE_INVITED {
		t.Errorf("the card is %v", card)
	}
	var kinds []audio.EventKind
	for range 3 {
		encoded, err := r.program.Make()[0].Encode()
		must(t, err)
		batch, err := audio.DecodeBatch(encoded)
		must(t, err)
		for _, e := range batch.Events {
			kinds = append(kinds, e.Kind)
		}
	}
	if fmt.Sprint(kinds) != fmt.Sprint([]audio.EventKind{audio.EventChanged, audio.EventChanged, audio.EventChanged, audio.EventPolicy}) {
		t.Errorf("told %v", kinds)
	}
}

// BenchmarkHandApplied is what a hand costs the room's goroutine.
func BenchmarkHandApplied(b *testing.B) {
	r := still(b, slog.New(slog.DiscardHandler))
	c := change{position: at(1)}
	b.ReportAllocs()
	for b.Loop() {
		c.position.Offset++
		r.apply(c)
	}
}

// BenchmarkHandRead is what a hand costs the watcher once it is decoded.
func BenchmarkHandRead(b *testing.B) {
	e := handRaised(7)
	b.ReportAllocs()
	for b.Loop() {
		if c, err := readEvent(e); err != nil || c.kind != changeNothing {
			b.Fatal(c, err)
		}
	}
}

// BenchmarkTenThousandHands sends 10,000 hands through a watch at once and waits until the room has taken them over.
func BenchmarkTenThousandHands(b *testing.B) {
	const hands = 10000
	a := newHall(b)
	r := a.host.current(key{id.Main, a.room})
	b.ReportAllocs()
	for range b.N {
		b.StopTimer()
		items := make([]*listenerstatev1.WatchResponse, hands)
		for i := range items {
			a.offset++
			items[i] = &listenerstatev1.WatchResponse{Item: &listenerstatev1.WatchResponse_Event{Event: handRaised(a.offset)}}
		}
		b.StartTimer()
		for _, item := range items {
			a.items <- item
		}
		for !r.enforced.has(at(a.offset)) {
			<-time.After(time.Millisecond)
		}
	}
	b.StopTimer()
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*hands), "us/hand")
}

func (e *enforced) has(position audio.Position) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return !e.newest.Before(position)
}

// TestTenThousandHandsHoldNoMuteUp mutes somebody while hands pass through the watch, 1,000 a second.
func TestTenThousandHandsHoldNoMuteUp(t *testing.T) {
	a := newHall(t)
	bob := a.seat("bob", 2)
	var worst time.Duration
	for n := range 10 {
		for range 100 {
			a.happen(func(e *listenerstatev1.Event) { e.Payload = aboutNobodyHeard()[0].Payload })
			<-time.After(time.Millisecond)
		}
		begun := time.Now()
		worst = max(worst, a.reported(a.mute(bob, 2, n%2 == 0)).Sub(begun))
	}
	if t.Logf("a mute was reported after %v at most", worst); worst > 15*time.Second {
		t.Error("hands hold mutes up")
	}
	testkit.Eventually(t, time.Minute, func() error {
		rooms, err := a.host.Find(t.Context(), id.Main, a.room)
		if err != nil {
			return err
		}
		if at := rooms.Card().GetPosition().GetOffset(); at != a.offset {
			return fmt.Errorf("the card stands at %d of %d", at, a.offset)
		}
		return nil
	})
}
