package listenerstate

import (
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
)

// parseCommand reads a command; what is wrong in it is said by its own check.
func parseCommand(wire *listenerstatev1.ApplyRequest) (Command, error) {
	for _, parse := range []func(*listenerstatev1.ApplyRequest) Command{parseRoomCommand, parseSeatCommand, parseHandCommand, parseReport} {
		if command := parse(wire); command != nil {
			return command, nil
		}
	}
	return nil, fault.Invalid("command", "one of the known commands")
}

func parseRoomCommand(wire *listenerstatev1.ApplyRequest) Command {
	switch c := wire.GetCommand().(type) {
	case *listenerstatev1.ApplyRequest_OpenRoom:
		open := c.OpenRoom
		return OpenRoom{
			Host: id.User(open.GetHost()), Title: open.GetTitle(), MaxSeats: open.GetMaxSeats(), OpenStage: open.GetOpenStage(),
			OpenListening: open.GetOpenListening(), Language: open.GetLanguage(), Speakers: users(open.GetSpeakers()),
		}
	case *listenerstatev1.ApplyRequest_EndRoom:
		return EndRoom{}
	case *listenerstatev1.ApplyRequest_Appoint:
		return Appoint{id.User(c.Appoint.GetUser())}
	case *listenerstatev1.ApplyRequest_Dismiss:
		return Dismiss{id.User(c.Dismiss.GetUser())}
	case *listenerstatev1.ApplyRequest_Remove:
		return Remove{id.User(c.Remove.GetUser())}
	case *listenerstatev1.ApplyRequest_Readmit:
		return Readmit{id.User(c.Readmit.GetUser())}
	case *listenerstatev1.ApplyRequest_Leave:
		return Leave{}
	}
	return nil
}

func parseSeatCommand(wire *listenerstatev1.ApplyRequest) Command {
	switch c := wire.GetCommand().(type) {
	case *listenerstatev1.ApplyRequest_TakeSeat:
		return TakeSeat{Name: c.TakeSeat.GetName(), Muted: c.TakeSeat.GetMuted()}
	case *listenerstatev1.ApplyRequest_SeatPerson:
		return SeatPerson{User: id.User(c.SeatPerson.GetUser()), Name: c.SeatPerson.GetName()}
	case *listenerstatev1.ApplyRequest_LeaveSeat:
		return LeaveSeat{id.User(c.LeaveSeat.GetUser())}
	case *listenerstatev1.ApplyRequest_Mute:
		return Mute{id.User(c.Mute.GetUser())}
	case *listenerstatev1.ApplyRequest_Unmute:
		return Unmute{id.User(c.Unmute.GetUser())}
	case *listenerstatev1.ApplyRequest_Hold:
		return Hold{id.User(c.Hold.GetUser())}
	case *listenerstatev1.ApplyRequest_Release:
		return Release{id.User(c.Release.GetUser())}
	}
	return nil
}

func parseHandCommand(wire *listenerstatev1.ApplyRequest) Command {
	switch c := wire.GetCommand().(type) {
	case *listenerstatev1.ApplyRequest_RaiseHand:
		return RaiseHand{Name: c.RaiseHand.GetName(), Note: c.RaiseHand.GetNote()}
	case *listenerstatev1.ApplyRequest_LowerHand:
		return LowerHand{id.User(c.LowerHand.GetUser())}
	case *listenerstatev1.ApplyRequest_LowerAllHands:
		return LowerAllHands{}
	case *listenerstatev1.ApplyRequest_SetHandMode:
		return SetHandMode{handModeOf(c.SetHandMode.GetMode())}
	case *listenerstatev1.ApplyRequest_Invite:
		return Invite{
			User: id.User(c.Invite.GetUser()), Name: c.Invite.GetName(),
			ExpiresIn: time.Duration(c.Invite.GetExpiresInSeconds()) * time.Second,
		}
	case *listenerstatev1.ApplyRequest_WithdrawInvite:
		return WithdrawInvite{id.User(c.WithdrawInvite.GetUser())}
	case *listenerstatev1.ApplyRequest_AcceptInvite:
		return AcceptInvite{Name: c.AcceptInvite.GetName(), Muted: c.AcceptInvite.GetMuted()}
	case *listenerstatev1.ApplyRequest_DeclineInvite:
		return DeclineInvite{}
	}
	return nil
}

func parseReport(wire *listenerstatev1.ApplyRequest) Command {
	switch c := wire.GetCommand().(type) {
	case *listenerstatev1.ApplyRequest_ReportMedia:
		return ReportMedia{
			User: id.User(c.ReportMedia.GetUser()), Session: id.Session(c.ReportMedia.GetSession()), Lost: c.ReportMedia.GetLost(),
		}
	case *listenerstatev1.ApplyRequest_ReportPresence:
		return ReportPresence{User: id.User(c.ReportPresence.GetUser()), Absent: c.ReportPresence.GetAbsent()}
	case *listenerstatev1.ApplyRequest_CloseExpired:
		return CloseExpired{}
	case *listenerstatev1.ApplyRequest_AnchorOrigin:
		return parseAnchor(c.AnchorOrigin)
	}
	return nil
}

func parseAnchor(wire *listenerstatev1.AnchorOrigin) AnchorOrigin {
	return AnchorOrigin{
		Epoch: wire.GetEpoch(), FirstNumber: wire.GetFirstNumber(), WallTime: timeOf(wire.GetWallTime()), Node: id.Node(wire.GetNode()),
	}
}
