package listenerstate

import (
	"slices"
	"time"

	"rostrum/internal/id"
)

func (l *life) upTo(longest time.Duration) time.Duration {
	return time.Duration(l.random.Int64N(int64(longest)))
}

func (l *life) user() id.User { return l.users[l.random.IntN(len(l.users))] }

// seated is often somebody with a seat, or most commands about seats would come to nothing.
func (l *life) seated() id.User {
	if n := len(l.stage.Seats); n > 0 && l.random.IntN(4) > 0 {
		return l.stage.Seats[l.random.IntN(n)].User
	}
	return l.user()
}

// asking is often somebody with a hand up or an invite.
func (l *life) asking() id.User {
	if n := len(l.stage.Invites); n > 0 && l.random.IntN(3) > 0 {
		return l.stage.Invites[l.random.IntN(n)].User
	}
	if n := len(l.model.queue); n > 0 && l.random.IntN(4) > 0 {
		return l.model.queue[l.random.IntN(n)]
	}
	return l.user()
}

// actorFor is often somebody who may: the service of a report, the person of an answer, a moderator.
func (l *life) actorFor(command Command) Actor {
	if service := permissionFor(command.kind()).service; service != "" && l.random.IntN(5) > 0 {
		return Actor{Service: service}
	}
	switch c := command.(type) {
	case Unmute:
		if l.random.IntN(4) > 0 {
			return Actor{User: c.User}
		}
	case AcceptInvite, DeclineInvite, RaiseHand:
		return Actor{User: l.asking()}
	case LeaveSeat:
		if l.random.IntN(2) > 0 {
			return Actor{User: c.User}
		}
	case Leave:
		return Actor{User: l.seated()}
	}
	switch n := l.random.IntN(20); {
	case n < 1:
		return Actor{Service: services[l.random.IntN(len(services))]}
	case n < 8 && l.stage.Host != "":
		return Actor{User: l.stage.Host}
	case n < 11 && len(l.stage.Moderators) > 0:
		return Actor{User: l.stage.Moderators[l.random.IntN(len(l.stage.Moderators))]}
	}
	return Actor{User: l.user()}
}

func (l *life) opening() OpenRoom {
	return OpenRoom{
		Host: l.user(), MaxSeats: uint32(1 + l.random.IntN(4)), OpenStage: l.random.IntN(3) == 0,
		Speakers: slices.Clone(l.users[:l.random.IntN(3)]),
	}
}

func (l *life) text() string {
	return []string{"", "Ada", "Zoë", "a question about the second chapter"}[l.random.IntN(4)]
}

// report is of the session that a seat has, or of another one.
func (l *life) report() ReportMedia {
	report := ReportMedia{User: l.seated(), Lost: l.random.IntN(2) == 0}
	if seat, seated := l.stage.seatOf(report.User); seated && l.random.IntN(3) > 0 {
		report.Session = seat.Session
	}
	if report.Session == "" {
		report.Session = []id.Session{"sfu-1.00000000000000000001", "sfu-1.00000000000000000002", "sfu-2.00000000000000000003"}[l.random.IntN(3)]
	}
	return report
}

func (l *life) command() Command {
	r, muted := l.random, l.random.IntN(2) == 0
	switch n := r.IntN(1000); {
	case n < 5:
		return l.opening()
	case n < 10:
		return EndRoom{}
	case n < 110:
		return TakeSeat{Name: l.text(), Muted: muted}
	case n < 170:
		return LeaveSeat{l.seated()}
	case n < 220:
		return Mute{l.seated()}
	case n < 300:
		return Unmute{l.seated()}
	case n < 350:
		return Hold{l.seated()}
	case n < 380:
		return Release{l.seated()}
	case n < 510:
		return RaiseHand{Name: l.text(), Note: l.text()}
	case n < 540:
		return LowerHand{l.asking()}
	case n < 550:
		return LowerAllHands{}
	case n < 570:
		return SetHandMode{HandMode(1 + r.IntN(3))}
	case n < 660:
		return Invite{User: l.asking(), Name: l.text(), ExpiresIn: []time.Duration{0, ShortInvite, time.Minute, LongInvite}[r.IntN(4)]}
	case n < 675:
		return WithdrawInvite{l.asking()}
	}
	return l.otherCommand(muted)
}

func (l *life) otherCommand(muted bool) Command {
	r := l.random
	switch n := r.IntN(325); {
	case n < 60:
		return AcceptInvite{Name: l.text(), Muted: muted}
	case n < 80:
		return DeclineInvite{}
	case n < 110:
		return SeatPerson{User: l.asking(), Name: l.text()}
	case n < 140:
		return Appoint{l.user()}
	case n < 160:
		return Dismiss{l.user()}
	case n < 185:
		return Remove{l.user()}
	case n < 205:
		return Readmit{l.user()}
	case n < 225:
		return Leave{}
	case n < 230:
		return CloseExpired{}
	case n < 240:
		return AnchorOrigin{Epoch: uint64(1 + r.IntN(6)), FirstNumber: uint64(r.IntN(6)), WallTime: noon, Node: "sfu-1"}
	case n < 285:
		return l.report()
	}
	return ReportPresence{User: l.asking(), Absent: muted}
}
