package origin

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"rostrum/mediaedge/audio"
	listenv1 "rostrum/proto/rostrum/listen/v1"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
)

func readStage(wire *listenerstatev1.Stage) (stage, error) {
	s := stage{
		position: audio.ReadPosition(wire.GetPosition()), title: wire.GetTitle(), language: wire.GetLanguage(),
		policy: audio.Policy{
			OpenStage: wire.GetOpenStage(), OpenListening: wire.GetOpenListening(), Hands: audio.ReadHandMode(wire.GetHandMode()),
		},
		live:  wire.GetState() == listenv1.RoomState_ROOM_STATE_LIVE,
		ended: wire.GetState() == listenv1.RoomState_ROOM_STATE_ENDED,
		seats: map[audio.Seat]audio.Occupant{}, anchor: readAnchor(wire.GetAnchor()), removed: wire.GetRemoved(),
	}
	for _, seat := range wire.GetSeats() {
		occupant, err := audio.ReadOccupant(seat)
		if err != nil {
			return stage{}, fmt.Errorf("read stage at %v: %w", s.position, err)
		}
		s.seats[occupant.Seat] = occupant
	}
	return s, nil
}

func readAnchor(wire *listenerstatev1.OriginAnchored) anchor {
	if wire.GetEpoch() == 0 {
		return anchor{}
	}
	return anchor{
		epoch: audio.Epoch(wire.GetEpoch()), first: audio.Number(wire.GetFirstNumber()), wall: wire.GetWallTime().AsTime(),
	}
}

// readEvent reads what an origin wants to know of an event; of hands and invites that is the position alone.
func readEvent(wire *listenerstatev1.StageEvent) (change, error) {
	event := wire.GetEvent()
	c := change{position: audio.ReadPosition(event.GetPosition())}
	switch payload := event.GetPayload().(type) {
	case *listenerstatev1.Event_Seated:
		p := payload.Seated
		occupant, err := audio.ReadOccupant(&listenv1.Seat{
			Seat: p.GetSeat(), User: p.GetUser(), Name: wire.GetOpened()["name"], Role: p.GetRole(), Muted: p.GetMuted(), Held: p.GetHeld(),
		})
		if err != nil {
			return change{}, fmt.Errorf("read event at %v: %w", c.position, err)
		}
		c.kind, c.user, c.seat, c.occupant = changeSeated, occupant.User, occupant.Seat, occupant
	case *listenerstatev1.Event_Unseated:
		return c.inSeat(changeUnseated, payload.Unseated)
	case *listenerstatev1.Event_Muted:
		return c.inSeat(changeMuted, payload.Muted)
	case *listenerstatev1.Event_Unmuted:
		return c.inSeat(changeUnmuted, payload.Unmuted)
	case *listenerstatev1.Event_Held:
		return c.inSeat(changeHeld, payload.Held)
	case *listenerstatev1.Event_Released:
		return c.inSeat(changeReleased, payload.Released)
	case *listenerstatev1.Event_MediaFound:
		return c.inSeat(changeFound, payload.MediaFound)
	case *listenerstatev1.Event_MediaLost:
		return c.inSeat(changeLost, payload.MediaLost)
	case *listenerstatev1.Event_Appointed:
		c.kind, c.user = changeAppointed, payload.Appointed.GetUser()
	case *listenerstatev1.Event_Dismissed:
		c.kind, c.user = changeDismissed, payload.Dismissed.GetUser()
	case *listenerstatev1.Event_Removed:
		c.kind, c.user = changeRemoved, payload.Removed.GetUser()
		if wall := event.GetWallTime(); wall.IsValid() {
			c.wall = wall.AsTime()
		}
	case *listenerstatev1.Event_HandModeSet:
		c.kind, c.hands = changePolicy, audio.ReadHandMode(payload.HandModeSet.GetMode())
	case *listenerstatev1.Event_RoomEnded:
		c.kind = changeEnded
	case *listenerstatev1.Event_OriginAnchored:
		c.kind, c.anchor = changeAnchor, readAnchor(payload.OriginAnchored)
	}
	return c, nil
}

// inSeat is the change that an event about a person in a seat makes.
func (c change) inSeat(kind changeKind, payload interface {
	GetUser() string
	GetSeat() uint32
}) (change, error) {
	seat := payload.GetSeat()
	if seat < 1 || seat > audio.MaxSeats {
		return change{}, fmt.Errorf("read event at %v: seat %d", c.position, seat)
	}
	c.kind, c.user, c.seat = kind, payload.GetUser(), audio.Seat(seat)
	return c, nil
}

func (a anchor) command(node string) *listenerstatev1.AnchorOrigin {
	return &listenerstatev1.AnchorOrigin{
		Epoch: uint64(a.epoch), FirstNumber: uint64(a.first), WallTime: timestamppb.New(a.wall), Node: node,
	}
}

// card draws a stage for listeners.
func (s stage) card(app, room string, epoch audio.Epoch, revision uint64, counts *listenv1.Counts) *listenv1.RoomCard {
	card := &listenv1.RoomCard{
		App: app, Room: room, Title: s.title, Language: s.language, State: listenv1.RoomState_ROOM_STATE_LIVE,
		Counts: counts, Policy: audio.WirePolicy(s.policy),
		Position: audio.WirePosition(s.position), Revision: revision, Epoch: uint64(epoch),
	}
	if s.ended {
		card.State = listenv1.RoomState_ROOM_STATE_ENDED
	}
	for _, occupant := range s.occupants() {
		card.Seats = append(card.Seats, audio.WireOccupant(occupant))
	}
	for _, rendition := range audio.Renditions {
		card.Renditions = append(card.Renditions, string(rendition))
	}
	return card
}

// wallTime is what an anchor says of a moment: without a monotonic reading, as it travels.
func wallTime(t time.Time) time.Time { return t.Round(0).UTC() }
