package listenerstate

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/services/listenerstate/chain"
)

// model is a stage as somebody would tell it who never heard of logs: seats by person.
type model struct {
	state    State
	host     id.User
	open     bool
	may      map[id.User]bool
	seats    map[id.User]uint32
	muted    map[id.User]bool
	maxSeats uint32
	epoch    uint64
}

// apply changes the model, or answers the code that the rules demand.
func (m *model) apply(by Actor, command Command) fault.Code {
	if open, ok := command.(OpenRoom); ok {
		return m.openRoom(by, open)
	}
	switch m.state {
	case StateNone:
		return fault.CodeNotFound
	case StateEnded:
		return fault.CodeEnded
	}
	isHost := by.User == m.host
	switch c := command.(type) {
	case EndRoom:
		if !isHost && by.Service != ServiceRoom {
			return fault.CodeForbidden
		}
		m.state, m.seats, m.muted = StateEnded, map[id.User]uint32{}, map[id.User]bool{}
	case TakeSeat:
		return m.takeSeat(by.User, c.Muted)
	case LeaveSeat:
		if !isHost && by.User != c.User {
			return fault.CodeForbidden
		}
		delete(m.seats, c.User)
		delete(m.muted, c.User)
	case Mute:
		return m.mute(c.User, true, isHost || by.User == c.User)
	case Unmute:
		return m.mute(c.User, false, by.User == c.User)
	case AnchorOrigin:
		switch {
		case by.Service != ServiceSFU:
			return fault.CodeForbidden
		case c.Epoch <= m.epoch:
			return fault.CodeConflict
		}
		m.epoch = c.Epoch
	}
	return ""
}

func (m *model) openRoom(by Actor, c OpenRoom) fault.Code {
	switch {
	case by.User != c.Host && by.Service != ServiceRoom:
		return fault.CodeForbidden
	case m.state == StateEnded:
		return fault.CodeEnded
	case m.state == StateLive && m.host != c.Host:
		return fault.CodeConflict
	case m.state == StateLive:
		return ""
	}
	*m = model{
		state: StateLive, host: c.Host, open: c.OpenStage, maxSeats: c.MaxSeats, may: map[id.User]bool{c.Host: true},
		seats: map[id.User]uint32{}, muted: map[id.User]bool{},
	}
	for _, user := range c.Speakers {
		m.may[user] = true
	}
	return ""
}

func (m *model) takeSeat(user id.User, muted bool) fault.Code {
	switch {
	case user == "":
		return fault.CodeForbidden
	case m.seats[user] > 0:
		return ""
	case !m.open && !m.may[user]:
		return fault.CodeForbidden
	}
	taken := slices.Collect(maps.Values(m.seats))
	for number := uint32(1); number <= m.maxSeats; number++ {
		if !slices.Contains(taken, number) {
			m.seats[user], m.muted[user] = number, muted
			return ""
		}
	}
	return fault.CodeStageFull
}

func (m *model) mute(user id.User, muted, allowed bool) fault.Code {
	switch {
	case !allowed:
		return fault.CodeForbidden
	case m.seats[user] == 0:
		return fault.CodeNotSeated
	}
	m.muted[user] = muted
	return ""
}

// agrees says how the stage differs from the model, or "".
func (m *model) agrees(stage Stage) string {
	if stage.State != m.state || stage.Anchor.Epoch != m.epoch || len(stage.Seats) != len(m.seats) {
		return fmt.Sprintf("state %d epoch %d seats %v; want %d, %d, %v", stage.State, stage.Anchor.Epoch, stage.Seats, m.state, m.epoch, m.seats)
	}
	last := uint32(0)
	for _, seat := range stage.Seats {
		if m.seats[seat.User] != seat.Number || m.muted[seat.User] != seat.Muted || (seat.Role == RoleHost) != (seat.User == m.host) {
			return fmt.Sprintf("%+v; want seat %d muted %v", seat, m.seats[seat.User], m.muted[seat.User])
		}
		if seat.Number <= last || seat.Number > m.maxSeats {
			return fmt.Sprintf("seat %d after %d of %d", seat.Number, last, m.maxSeats)
		}
		last = seat.Number
	}
	return ""
}

// play is one room's life: a stage that was evolved as it went, the model beside it, and what was stored.
type play struct {
	random  *rand.Rand
	key     chain.Key
	users   []id.User
	stage   Stage
	model   model
	head    chain.Head
	records []chain.Record
}

func newPlay(seed uint64) *play {
	p := &play{random: rand.New(rand.NewPCG(seed, 1)), key: chain.Key{App: id.Main, Room: "rm_00000000000000000000"}}
	for i := range 5 {
		p.users = append(p.users, id.User(fmt.Sprintf("us_%020d", i)))
	}
	return p
}

func (p *play) user() id.User { return p.users[p.random.IntN(len(p.users))] }

func (p *play) actor() Actor {
	if n := p.random.IntN(20); n < 3 {
		return Actor{Service: []ServiceName{ServiceRoom, ServiceSFU, ServiceTimer}[n]}
	}
	return Actor{User: p.user()}
}

func (p *play) command() Command {
	switch n := p.random.IntN(100); {
	case n < 5:
		return OpenRoom{Host: p.user(), MaxSeats: uint32(1 + p.random.IntN(4)), OpenStage: n < 3, Speakers: p.users[:2]}
	case n < 7:
		return EndRoom{}
	case n < 35:
		return TakeSeat{Muted: n < 20}
	case n < 50:
		return LeaveSeat{p.user()}
	case n < 70:
		return Mute{p.user()}
	case n < 90:
		return Unmute{p.user()}
	}
	return AnchorOrigin{Epoch: uint64(1 + p.random.IntN(6)), WallTime: noon, Node: "sfu-1"}
}

// step gives one random command to both, and stores what comes of it.
func (p *play) step(n int) error {
	r := Request{Actor: p.actor(), ID: id.Command(fmt.Sprintf("c%d", n)), Command: p.command()}
	if n == 0 || p.stage.State == StateNone {
		r = Request{Actor: Actor{Service: ServiceRoom}, ID: r.ID, Command: OpenRoom{Host: p.user(), MaxSeats: 3, OpenStage: n%2 == 0, Speakers: p.users[:2]}}
	}
	before := p.stage
	events, err := decide(p.stage, r, noon.Add(time.Duration(p.random.IntN(2000)-1000)*time.Millisecond))
	code := fault.Code("")
	if err != nil {
		code = fault.From(err).Code
	}
	if want := p.model.apply(r.Actor, r.Command); code != want {
		return fmt.Errorf("%s of %+v: %q, want %q", r.Actor, r.Command, code, want)
	}
	for _, e := range events {
		if unmuted, ok := e.Change.(Unmuted); ok && r.Actor.User != unmuted.User {
			return fmt.Errorf("%s unmuted %s", r.Actor, unmuted.User)
		}
		e.Position, e.Prev = chain.Position{Term: 1, Offset: p.head.Offset + 1}, p.head.Hash
		bytes, err := encodeEvent(p.key, e)
		if err != nil {
			return err
		}
		p.records = append(p.records, chain.Record{Position: e.Position, Bytes: bytes})
		p.head = p.records[len(p.records)-1].Head()
		p.stage = evolve(p.stage, e)
	}
	if p.stage.WallTime.Before(before.WallTime) {
		return fmt.Errorf("the wall time went from %v to %v", before.WallTime, p.stage.WallTime)
	}
	if difference := p.model.agrees(p.stage); difference != "" {
		return fmt.Errorf("after %s of %+v: %s", r.Actor, r.Command, difference)
	}
	return nil
}

// replayed checks that the stored events are one chain, and that their fold, also from a snapshot in the middle, is the
// stage that was lived.
func (p *play) replayed() error {
	middle := len(p.records) / 2
	half, head, err := fold(p.key, Stage{}, chain.Head{}, p.records[:middle])
	if err != nil {
		return err
	}
	snapshot, err := encodeSnapshot(p.key, half, head)
	if err != nil {
		return err
	}
	if half, head, err = decodeSnapshot(p.key, snapshot); err != nil {
		return err
	}
	whole, head, err := fold(p.key, half, head, p.records[middle:])
	if err != nil {
		return err
	}
	if head != p.head {
		return fmt.Errorf("the fold ends at %v, the log at %v", head, p.head)
	}
	if whole.Seats = slices.Clip(whole.Seats); !reflect.DeepEqual(plainSlices(whole), plainSlices(p.stage)) {
		return fmt.Errorf("the fold is %+v, lived was %+v", whole, p.stage)
	}
	return nil
}

// plainSlices makes empty and absent lists the same.
func plainSlices(stage Stage) Stage {
	if len(stage.Seats) == 0 {
		stage.Seats = nil
	}
	if len(stage.Speakers) == 0 {
		stage.Speakers = nil
	}
	return stage
}

func TestRandomLivesAgreeWithTheModel(t *testing.T) {
	lives, steps := 10_000, 40
	if testing.Short() {
		lives = 1_000
	}
	changes := 0
	for seed := range uint64(lives) {
		p := newPlay(seed)
		for n := range steps {
			if err := p.step(n); err != nil {
				t.Fatalf("life %d, command %d: %v", seed, n, err)
			}
		}
		if err := p.replayed(); err != nil {
			t.Fatalf("life %d: %v", seed, err)
		}
		changes += len(p.records)
	}
	if changes < lives*steps/8 {
		t.Errorf("%d commands made only %d events: the lives are dull", lives*steps, changes)
	}
}

func TestATamperedLogDoesNotFold(t *testing.T) {
	p := newPlay(7)
	for n := range 60 {
		if err := p.step(n); err != nil {
			t.Fatal(err)
		}
	}
	for i := range p.records[:len(p.records)-1] {
		tampered := slices.Clone(p.records)
		e, err := decodeEvent(p.key, tampered[i].Bytes)
		if err != nil {
			t.Fatal(err)
		}
		e.Command += "x"
		if tampered[i].Bytes, err = encodeEvent(p.key, e); err != nil {
			t.Fatal(err)
		}
		if _, _, err := fold(p.key, Stage{}, chain.Head{}, tampered); err == nil {
			t.Errorf("a log with another event %d folds", i+1)
		}
		if _, _, err := fold(p.key, Stage{}, chain.Head{}, slices.Delete(slices.Clone(p.records), i, i+1)); err == nil {
			t.Errorf("a log without event %d folds", i+1)
		}
	}
}
