package events

import (
	"context"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"rostrum/internal/fault"
	"rostrum/mobile-api/view"
	listenv1 "rostrum/proto/rostrum/listen/v1"
	v1 "rostrum/proto/rostrum/listenerstate/v1"
)

// noon is when everything happens.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// fakeLog is the stage log of one room. It does what it is told: nothing is decided.
type fakeLog struct {
	mu      sync.Mutex
	stage   *v1.Stage
	events  []*v1.StageEvent // of this term, without a hole up to the stage's position
	kept    int              // how many of the newest are still in the log; 0: all
	changed chan struct{}    // closed at each change
	fails   error            // of every watch, from now on
	silent  bool             // watches say nothing more
	applied []*v1.ApplyRequest
	onApply func(context.Context, *v1.ApplyRequest) (*v1.ApplyResponse, error)
	opened  int
}

func newFakeLog(host string, moderators ...string) *fakeLog {
	slices.Sort(moderators)
	return &fakeLog{changed: make(chan struct{}), stage: &v1.Stage{
		Position: at(1, 10), State: listenv1.RoomState_ROOM_STATE_LIVE, Title: "Tides", Host: host, Moderators: moderators,
		HandMode: listenv1.HandMode_HAND_MODE_OPEN, MaxSeats: 20, Enforced: at(1, 9),
		Seats: []*listenv1.Seat{{Seat: 1, User: host, Name: "Ada", Role: listenv1.Role_ROLE_HOST}},
	}}
}

func at(term, offset uint64) *listenv1.Position {
	return &listenv1.Position{Term: term, Offset: offset}
}

// change lets f change the log, and wakes everyone who watches.
func (l *fakeLog) change(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f()
	close(l.changed)
	l.changed = make(chan struct{})
}

// happen appends events by people and services.
func (l *fakeLog) happen(events ...*v1.StageEvent) {
	l.change(func() {
		for _, e := range events {
			l.stage.Position = at(l.stage.Position.Term, l.stage.Position.Offset+1)
			e.Event.Position, e.Event.WallTime = l.stage.Position, timestamppb.New(noon)
			l.events = append(l.events, e)
			l.fold(e)
		}
	})
}

func (l *fakeLog) enforce(offset uint64) {
	l.change(func() { l.stage.Enforced = at(l.stage.Position.Term, offset) })
}

// restart begins another term, in which nothing is known of the events before.
func (l *fakeLog) restart() {
	l.change(func() {
		l.stage.Position, l.stage.Enforced, l.events = at(l.stage.Position.Term+1, l.stage.Position.Offset+1), nil, nil
	})
}

func (l *fakeLog) position() view.Position {
	l.mu.Lock()
	defer l.mu.Unlock()
	return view.PositionFrom(l.stage.Position)
}

// fold changes the stage as docs/protocol.md section 2 says, as far as these tests go.
func (l *fakeLog) fold(e *v1.StageEvent) {
	s := l.stage
	switch p := e.Event.Payload.(type) {
	case *v1.Event_HandRaised:
		s.Hands = append(s.Hands, &v1.Hand{
			User: p.HandRaised.User, Order: e.Event.Position.Offset, Name: e.Opened["name"], Note: e.Opened["note"], RaisedAt: e.Event.WallTime,
		})
	case *v1.Event_HandLowered:
		s.Hands = slices.DeleteFunc(s.Hands, func(h *v1.Hand) bool { return h.User == p.HandLowered.User })
	case *v1.Event_AllHandsLowered:
		s.Hands = nil
	case *v1.Event_HandModeSet:
		if s.HandMode = p.HandModeSet.Mode; s.HandMode == listenv1.HandMode_HAND_MODE_CLOSED {
			s.Hands = nil
		}
	case *v1.Event_HandAbsent:
		l.absent(p.HandAbsent.User, e.Event.WallTime)
	case *v1.Event_HandPresent:
		l.absent(p.HandPresent.User, nil)
	case *v1.Event_Invited:
		l.uninvite(p.Invited.User)
		s.Invites = append(s.Invites, &v1.PendingInvite{
			User: p.Invited.User, Name: e.Opened["name"], By: e.Event.Actor.GetUser(), ExpiresAt: p.Invited.ExpiresAt,
		})
	case *v1.Event_InviteClosed:
		l.uninvite(p.InviteClosed.User)
	case *v1.Event_Appointed:
		s.Moderators = append(s.Moderators, p.Appointed.User)
		slices.Sort(s.Moderators)
		l.seatOf(p.Appointed.User, func(seat *listenv1.Seat) { seat.Role = listenv1.Role_ROLE_MODERATOR })
	case *v1.Event_Dismissed:
		s.Moderators = slices.DeleteFunc(s.Moderators, func(user string) bool { return user == p.Dismissed.User })
		l.seatOf(p.Dismissed.User, func(seat *listenv1.Seat) { seat.Role = listenv1.Role_ROLE_SPEAKER })
	case *v1.Event_Removed:
		s.Removed = append(s.Removed, p.Removed.User)
		slices.Sort(s.Removed)
	case *v1.Event_Readmitted:
		s.Removed = slices.DeleteFunc(s.Removed, func(user string) bool { return user == p.Readmitted.User })
	case *v1.Event_RoomEnded:
		s.State, s.Seats, s.Hands, s.Invites = listenv1.RoomState_ROOM_STATE_ENDED, nil, nil, nil
	default:
		l.foldSeat(e)
	}
}

func (l *fakeLog) foldSeat(e *v1.StageEvent) {
	s := l.stage
	switch p := e.Event.Payload.(type) {
	case *v1.Event_Seated:
		s.Seats = append(s.Seats, &listenv1.Seat{
			Seat: p.Seated.Seat, User: p.Seated.User, Name: e.Opened["name"], Role: p.Seated.Role, Muted: p.Seated.Muted, Held: p.Seated.Held,
		})
		slices.SortFunc(s.Seats, func(a, b *listenv1.Seat) int { return int(a.Seat) - int(b.Seat) })
	case *v1.Event_Unseated:
		s.Seats = slices.DeleteFunc(s.Seats, func(seat *listenv1.Seat) bool { return seat.User == p.Unseated.User })
	case *v1.Event_Muted:
		l.seatOf(p.Muted.User, func(seat *listenv1.Seat) { seat.Muted = true })
	case *v1.Event_Unmuted:
		l.seatOf(p.Unmuted.User, func(seat *listenv1.Seat) { seat.Muted = false })
	case *v1.Event_Held:
		l.seatOf(p.Held.User, func(seat *listenv1.Seat) { seat.Muted, seat.Held = true, true })
	case *v1.Event_Released:
		l.seatOf(p.Released.User, func(seat *listenv1.Seat) { seat.Held = false })
	case *v1.Event_MediaLost:
		l.seatOf(p.MediaLost.User, func(seat *listenv1.Seat) { seat.Away = true })
	case *v1.Event_MediaFound:
		l.seatOf(p.MediaFound.User, func(seat *listenv1.Seat) { seat.Away = false })
	}
}

func (l *fakeLog) seatOf(user string, change func(*listenv1.Seat)) {
	for _, seat := range l.stage.Seats {
		if seat.User == user {
			change(seat)
		}
	}
}

func (l *fakeLog) absent(user string, since *timestamppb.Timestamp) {
	for _, hand := range l.stage.Hands {
		if hand.User == user {
			hand.AbsentSince = since
		}
	}
}

func (l *fakeLog) uninvite(user string) {
	l.stage.Invites = slices.DeleteFunc(l.stage.Invites, func(i *v1.PendingInvite) bool { return i.User == user })
}

func (l *fakeLog) Apply(ctx context.Context, in *v1.ApplyRequest, _ ...grpc.CallOption) (*v1.ApplyResponse, error) {
	l.mu.Lock()
	l.applied = append(l.applied, in)
	onApply := l.onApply
	answer := &v1.ApplyResponse{Position: l.stage.Position}
	l.mu.Unlock()
	if onApply != nil {
		return onApply(ctx, in)
	}
	return answer, nil
}

// requests answers what was applied so far.
func (l *fakeLog) requests() []*v1.ApplyRequest {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.applied)
}

func (l *fakeLog) Watch(ctx context.Context, in *v1.WatchRequest, _ ...grpc.CallOption) (grpc.ServerStreamingClient[v1.WatchResponse], error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fails != nil {
		return nil, fault.Status(l.fails)
	}
	l.opened++
	return &fakeWatch{ctx: ctx, log: l, at: view.PositionFrom(in.From)}, nil
}

// fakeWatch is one watch of a fakeLog.
type fakeWatch struct {
	grpc.ClientStream
	ctx      context.Context
	log      *fakeLog
	at       view.Position
	enforced view.Position
}

func (w *fakeWatch) Recv() (*v1.WatchResponse, error) {
	still := time.NewTimer(100 * time.Millisecond)
	defer still.Stop()
	for {
		next, changed, err := w.next()
		if next != nil || err != nil {
			return next, err
		}
		select {
		case <-changed:
		case <-still.C:
			if !w.isSilent() {
				return &v1.WatchResponse{Item: &v1.WatchResponse_Still{Still: w.at.Wire()}}, nil
			}
		case <-w.ctx.Done():
			return nil, fault.Status(w.ctx.Err())
		}
	}
}

func (w *fakeWatch) isSilent() bool {
	w.log.mu.Lock()
	defer w.log.mu.Unlock()
	return w.log.silent
}

func (w *fakeWatch) next() (*v1.WatchResponse, <-chan struct{}, error) {
	l := w.log
	l.mu.Lock()
	defer l.mu.Unlock()
	newest := view.PositionFrom(l.stage.Position)
	switch {
	case l.fails == io.EOF:
		return nil, nil, io.EOF
	case l.fails != nil:
		return nil, nil, fault.Status(l.fails)
	case l.silent:
		return nil, l.changed, nil
	case w.at.IsAfter(newest):
		return nil, nil, fault.Status(fault.New(fault.CodeFromAhead, "the newest is %v", newest))
	case w.at.Term != newest.Term || w.missing() < 0:
		w.at, w.enforced = newest, view.Position{}
		return &v1.WatchResponse{Item: &v1.WatchResponse_Snapshot{Snapshot: proto.CloneOf(l.stage)}}, nil, nil
	case w.at != newest:
		e := l.events[w.missing()]
		w.at = view.PositionFrom(e.Event.Position)
		return &v1.WatchResponse{Item: &v1.WatchResponse_Event{Event: e}}, nil, nil
	case view.PositionFrom(l.stage.Enforced).IsAfter(w.enforced):
		w.enforced = view.PositionFrom(l.stage.Enforced)
		return &v1.WatchResponse{Item: &v1.WatchResponse_Enforced{Enforced: w.enforced.Wire()}}, nil, nil
	}
	return nil, l.changed, nil
}

// missing is the index of the next event; below 0: it is not in the log any more.
func (w *fakeWatch) missing() int {
	l := w.log
	behind := int(l.stage.Position.Offset - w.at.Offset)
	if behind > len(l.events) || l.kept > 0 && behind > l.kept {
		return -1
	}
	return len(l.events) - behind
}

// happened makes an event by a person or a "service:…".
func happened(by string, payload *v1.Event, opened ...string) *v1.StageEvent {
	payload.Actor = &v1.Actor{Actor: &v1.Actor_User{User: by}}
	if service, found := strings.CutPrefix(by, "service:"); found {
		payload.Actor = &v1.Actor{Actor: &v1.Actor_Service{Service: service}}
	}
	e := &v1.StageEvent{Event: payload, Opened: map[string]string{}}
	for i := 0; i+1 < len(opened); i += 2 {
		e.Opened[opened[i]] = opened[i+1]
	}
	return e
}

func raisedBy(user, note string) *v1.StageEvent {
	return happened(user, &v1.Event{Payload: &v1.Event_HandRaised{HandRaised: &v1.HandRaised{User: user}}}, "name", "Name of "+user, "note", note)
}

func loweredBy(by, user string) *v1.StageEvent {
	return happened(by, &v1.Event{Payload: &v1.Event_HandLowered{HandLowered: &v1.HandLowered{User: user, Reason: v1.HandLowerReason_HAND_LOWER_REASON_SELF}}})
}

func mutedBy(by, user string, seat uint32) *v1.StageEvent {
	return happened(by, &v1.Event{Payload: &v1.Event_Muted{Muted: &v1.Muted{User: user, Seat: seat}}})
}

func unmutedBy(user string, seat uint32) *v1.StageEvent {
	return happened(user, &v1.Event{Payload: &v1.Event_Unmuted{Unmuted: &v1.Unmuted{User: user, Seat: seat}}})
}

func seatedBy(user string, seat uint32) *v1.StageEvent {
	return happened(user, &v1.Event{Payload: &v1.Event_Seated{Seated: &v1.Seated{User: user, Seat: seat, Role: listenv1.Role_ROLE_SPEAKER}}}, "name", "Name of "+user)
}

func unseatedBy(user string, seat uint32) *v1.StageEvent {
	return happened(user, &v1.Event{Payload: &v1.Event_Unseated{Unseated: &v1.Unseated{User: user, Seat: seat, Reason: v1.UnseatReason_UNSEAT_REASON_LEFT}}})
}

func invitedBy(by, user string) *v1.StageEvent {
	return happened(by, &v1.Event{Payload: &v1.Event_Invited{Invited: &v1.Invited{User: user, ExpiresAt: timestamppb.New(noon.Add(time.Minute))}}}, "name", "Name of "+user)
}

func uninvitedBy(by, user string) *v1.StageEvent {
	return happened(by, &v1.Event{Payload: &v1.Event_InviteClosed{InviteClosed: &v1.InviteClosed{User: user, Reason: v1.InviteCloseReason_INVITE_CLOSE_REASON_DECLINED}}})
}

func appointedBy(by, user string) *v1.StageEvent {
	return happened(by, &v1.Event{Payload: &v1.Event_Appointed{Appointed: &v1.Appointed{User: user}}})
}

func dismissedBy(by, user string) *v1.StageEvent {
	return happened(by, &v1.Event{Payload: &v1.Event_Dismissed{Dismissed: &v1.Dismissed{User: user}}})
}

func removedBy(by, user string) *v1.StageEvent {
	return happened(by, &v1.Event{Payload: &v1.Event_Removed{Removed: &v1.Removed{User: user}}})
}

func absentBy(user string, absent bool) *v1.StageEvent {
	if absent {
		return happened("service:gateway", &v1.Event{Payload: &v1.Event_HandAbsent{HandAbsent: &v1.HandAbsent{User: user}}})
	}
	return happened("service:gateway", &v1.Event{Payload: &v1.Event_HandPresent{HandPresent: &v1.HandPresent{User: user}}})
}

func endedBy(by string) *v1.StageEvent {
	return happened(by, &v1.Event{Payload: &v1.Event_RoomEnded{RoomEnded: &v1.RoomEnded{}}})
}
