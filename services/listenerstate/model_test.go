package listenerstate

import (
	"slices"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
)

// model is a stage as somebody would tell it who read docs/protocol.md section 2 and never heard of logs: what each
// person has. It shares no rule with the code that it judges.
type model struct {
	state         State
	host          id.User
	open          bool
	maxSeats      int
	mode          HandMode
	epoch, number uint64
	people        map[id.User]*person
	queue         []id.User // hands, in order
	invites       []id.User // in the order of their making
	events        uint64    // so far
	now           time.Time // of the newest event
}

// person is what one has on a stage. A zero time is none.
type person struct {
	listed, moderator, removed bool

	seat        uint32 // 0: none
	name        string // in the seat
	muted, held bool
	session     id.Session
	away        time.Time // since when without a microphone

	hand           uint64 // the event that raised it; 0: not up
	handName, note string
	raised, absent time.Time

	invitedUntil time.Time
	inviteName   string
	invitedBy    Actor

	lapsed      bool // the last invite was not answered
	known       bool // was invited or seated here before
	mayReturn   time.Time
	heldOutside bool // was held when the last seat ended
}

func (m *model) of(user id.User) *person {
	p := m.people[user]
	if p == nil {
		p = new(person)
		m.people[user] = p
	}
	return p
}

func (m *model) clone() *model {
	other := *m
	other.people, other.queue, other.invites = make(map[id.User]*person, len(m.people)), slices.Clone(m.queue), slices.Clone(m.invites)
	for user, p := range m.people {
		copied := *p
		other.people[user] = &copied
	}
	return &other
}

// rank is that of section 2.1.
func (m *model) rank(user id.User) int {
	switch p := m.people[user]; {
	case user == m.host:
		return 4
	case p != nil && p.moderator:
		return 3
	case p != nil && p.seat > 0:
		return 2
	}
	return 1
}

// apply does a command and answers what happens, or the code that the rules demand.
func (m *model) apply(by Actor, command Command, now time.Time) ([]Change, fault.Code) {
	if now.Before(m.now) {
		now = m.now
	}
	open, opens := command.(OpenRoom)
	switch {
	case m.state == StateNone && !opens:
		return nil, fault.CodeNotFound
	case m.state == StateEnded && !opens:
		return nil, fault.CodeEnded
	}
	if code := m.forbids(by, command); code != "" {
		return nil, code
	}
	var happened []Change
	var code fault.Code
	if opens {
		happened, code = m.begin(open)
	} else {
		happened, code = m.do(by, command, now)
	}
	if m.events += uint64(len(happened)); len(happened) > 0 {
		m.now = now
	}
	return happened, code
}

// forbids is section 2.1, said once more.
func (m *model) forbids(by Actor, command Command) fault.Code {
	if by.Service != "" {
		return allowIf(serves(by.Service, command))
	}
	me, mine := by.User, m.rank(by.User)
	if _, leaves := command.(Leave); !leaves && m.people[me] != nil && m.people[me].removed {
		return fault.CodeRemoved
	}
	moderates := func(user id.User) bool { return user != me && mine >= 3 }
	outranks := func(user id.User) bool { return moderates(user) && mine > m.rank(user) }
	allowed := false
	switch c := command.(type) {
	case TakeSeat, RaiseHand, AcceptInvite, DeclineInvite, Leave:
		allowed = true
	case OpenRoom:
		allowed = c.Host == me
	case Unmute:
		allowed = c.User == me
	case LeaveSeat:
		allowed = c.User == me || outranks(c.User)
	case Mute:
		allowed = c.User == me || moderates(c.User)
	case LowerHand:
		allowed = c.User == me || moderates(c.User)
	case Hold:
		allowed = outranks(c.User)
	case Release:
		allowed = outranks(c.User)
	case Remove:
		allowed = outranks(c.User)
	case Readmit:
		allowed = outranks(c.User)
	case Invite:
		allowed = moderates(c.User)
	case WithdrawInvite:
		allowed = moderates(c.User)
	case SeatPerson:
		allowed = moderates(c.User)
	case LowerAllHands, SetHandMode:
		allowed = mine >= 3
	case Appoint:
		allowed = me == m.host && c.User != me
	case Dismiss:
		allowed = c.User == me && mine >= 3 || me == m.host
	case EndRoom:
		allowed = me == m.host
	}
	return allowIf(allowed)
}

func serves(service ServiceName, command Command) bool {
	switch command.(type) {
	case OpenRoom, EndRoom:
		return service == "room"
	case AnchorOrigin, ReportMedia:
		return service == "sfu"
	case ReportPresence:
		return service == "gateway"
	case CloseExpired:
		return service == "timer"
	}
	return false
}

func allowIf(allowed bool) fault.Code {
	if allowed {
		return ""
	}
	return fault.CodeForbidden
}

func (m *model) begin(c OpenRoom) ([]Change, fault.Code) {
	switch {
	case m.state == StateEnded:
		return nil, fault.CodeEnded
	case m.state == StateLive && m.host != c.Host:
		return nil, fault.CodeConflict
	case m.state == StateLive:
		return nil, ""
	}
	if c.MaxSeats == 0 {
		c.MaxSeats = 20
	}
	*m = model{state: StateLive, host: c.Host, open: c.OpenStage, maxSeats: int(c.MaxSeats), mode: HandsOpen, people: map[id.User]*person{}}
	for _, user := range c.Speakers {
		m.of(user).listed = true
	}
	return []Change{RoomOpened(c)}, ""
}

// do is section 2.2 for those who may.
func (m *model) do(by Actor, command Command, now time.Time) ([]Change, fault.Code) {
	switch c := command.(type) {
	case EndRoom:
		return m.end(), ""
	case TakeSeat:
		return m.takeSeat(by.User, c, now)
	case SeatPerson:
		return m.seatPerson(by, c, now)
	case AcceptInvite:
		return m.accept(by.User, c, now)
	case DeclineInvite:
		if code := m.uninvited(by.User, now); code != "" {
			return nil, code
		}
		return append(m.closeInvite(by.User, InviteDeclined), m.lower(by.User, LoweredDeclined)...), ""
	case LeaveSeat:
		if by.User == c.User {
			return m.unseat(c.User, UnseatLeft, now), ""
		}
		return m.unseat(c.User, UnseatMoved, now), ""
	case Leave:
		return m.clear(by.User, UnseatLeft, LoweredLeft, InviteLeft, now), ""
	case Mute, Unmute, Hold, Release:
		return m.microphone(command)
	case RaiseHand:
		return m.raise(by.User, c, now)
	case LowerHand:
		if by.User == c.User {
			return m.lower(c.User, LoweredBySelf), ""
		}
		return m.lower(c.User, LoweredByModerator), ""
	case LowerAllHands:
		if len(m.queue) == 0 {
			return nil, ""
		}
		m.noHands()
		return []Change{AllHandsLowered{}}, ""
	case SetHandMode:
		return m.setMode(c.Mode), ""
	case Invite:
		return m.invite(by, c, now)
	case WithdrawInvite:
		return m.closeInvite(c.User, InviteWithdrawn), ""
	case Appoint, Dismiss, Remove, Readmit:
		return m.powers(command, now)
	case ReportMedia:
		return m.media(c, now), ""
	case ReportPresence:
		return m.presence(c, now), ""
	case CloseExpired:
		return m.expire(now), ""
	case AnchorOrigin:
		if c.Epoch <= m.epoch || c.FirstNumber < m.number {
			return nil, fault.CodeConflict
		}
		m.epoch, m.number = c.Epoch, c.FirstNumber
		return []Change{OriginAnchored(c)}, ""
	}
	return nil, "unknown"
}
