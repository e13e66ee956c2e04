package intent

import (
	v1 "rostrum/proto/rostrum/listenerstate/v1"
)

// verb is one thing that can be asked.
type verb struct {
	own bool // only about oneself
	set func(to *v1.ApplyRequest, i Intent, by Person)
}

// verbs are all that can be asked. The intent's User is never "" or "me" here.
var verbs = map[string]verb{
	"raise": {true, func(to *v1.ApplyRequest, i Intent, by Person) {
		to.Command = &v1.ApplyRequest_RaiseHand{RaiseHand: &v1.RaiseHand{Name: by.Name, Note: i.Note}}
	}},
	"lower": {false, func(to *v1.ApplyRequest, i Intent, _ Person) {
		to.Command = &v1.ApplyRequest_LowerHand{LowerHand: &v1.LowerHand{User: i.User}}
	}},
	"lower_all": {false, func(to *v1.ApplyRequest, _ Intent, _ Person) {
		to.Command = &v1.ApplyRequest_LowerAllHands{LowerAllHands: &v1.LowerAllHands{}}
	}},
	"hand_mode": {false, func(to *v1.ApplyRequest, i Intent, _ Person) {
		to.Command = &v1.ApplyRequest_SetHandMode{SetHandMode: &v1.SetHandMode{Mode: modes[i.Mode]}}
	}},

	"invite": {false, func(to *v1.ApplyRequest, i Intent, _ Person) {
		to.Command = &v1.ApplyRequest_Invite{Invite: &v1.Invite{User: i.User, Name: i.Name, ExpiresInSeconds: i.ExpiresIn}}
	}},
	"withdraw": {false, func(to *v1.ApplyRequest, i Intent, _ Person) {
		to.Command = &v1.ApplyRequest_WithdrawInvite{WithdrawInvite: &v1.WithdrawInvite{User: i.User}}
	}},
	"accept": {true, func(to *v1.ApplyRequest, i Intent, by Person) {
		to.Command = &v1.ApplyRequest_AcceptInvite{AcceptInvite: &v1.AcceptInvite{Name: by.Name, Muted: i.Muted}}
	}},
	"decline": {true, func(to *v1.ApplyRequest, _ Intent, _ Person) {
		to.Command = &v1.ApplyRequest_DeclineInvite{DeclineInvite: &v1.DeclineInvite{}}
	}},

	"take_seat": {true, func(to *v1.ApplyRequest, i Intent, by Person) {
		to.Command = &v1.ApplyRequest_TakeSeat{TakeSeat: &v1.TakeSeat{Name: by.Name, Muted: i.Muted}}
	}},
	"seat": {false, func(to *v1.ApplyRequest, i Intent, _ Person) {
		to.Command = &v1.ApplyRequest_SeatPerson{SeatPerson: &v1.SeatPerson{User: i.User, Name: i.Name}}
	}},
	"audience": {false, func(to *v1.ApplyRequest, i Intent, _ Person) {
		to.Command = &v1.ApplyRequest_LeaveSeat{LeaveSeat: &v1.LeaveSeat{User: i.User}}
	}},
	"leave": {true, func(to *v1.ApplyRequest, _ Intent, _ Person) {
		to.Command = &v1.ApplyRequest_Leave{Leave: &v1.Leave{}}
	}},

	"mute": {false, func(to *v1.ApplyRequest, i Intent, _ Person) {
		to.Command = &v1.ApplyRequest_Mute{Mute: &v1.Mute{User: i.User}}
	}},
	"unmute": {false, func(to *v1.ApplyRequest, i Intent, _ Person) { // of others: the stage refuses it
		to.Command = &v1.ApplyRequest_Unmute{Unmute: &v1.Unmute{User: i.User}}
	}},
	"hold": {false, func(to *v1.ApplyRequest, i Intent, _ Person) {
		to.Command = &v1.ApplyRequest_Hold{Hold: &v1.Hold{User: i.User}}
	}},
	"release": {false, func(to *v1.ApplyRequest, i Intent, _ Person) {
		to.Command = &v1.ApplyRequest_Release{Release: &v1.Release{User: i.User}}
	}},

	"appoint": {false, func(to *v1.ApplyRequest, i Intent, _ Person) {
		to.Command = &v1.ApplyRequest_Appoint{Appoint: &v1.Appoint{User: i.User}}
	}},
	"dismiss": {false, func(to *v1.ApplyRequest, i Intent, _ Person) {
		to.Command = &v1.ApplyRequest_Dismiss{Dismiss: &v1.Dismiss{User: i.User}}
	}},
	"remove": {false, func(to *v1.ApplyRequest, i Intent, _ Person) {
		to.Command = &v1.ApplyRequest_Remove{Remove: &v1.Remove{User: i.User}}
	}},
	"readmit": {false, func(to *v1.ApplyRequest, i Intent, _ Person) {
		to.Command = &v1.ApplyRequest_Readmit{Readmit: &v1.Readmit{User: i.User}}
	}},
}
