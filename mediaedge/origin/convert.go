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
		openStage: wire.GetOpenStage(), openListening: wire.GetOpenListening(),
		live:  wire.GetState() == listenv1.RoomState_ROOM_STATE_LIVE,
		ended: wire.GetState() == listenv1.RoomState_ROOM_STATE_ENDED,
		seats: map[audio.Seat]audio.Occupant{}, anchor: readAnchor(wire.GetAnchor()),
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

func readEvent(wire *listenerstatev1.StageEvent) (change, error) {
	var c change
	event := wire.GetEvent()
	c.event.Position = audio.ReadPosition(event.GetPosition())
	seat := uint32(0)
	switch payload := event.GetPayload().(type) {
	case *listenerstatev1.Event_Seated:
		p := payload.Seated
		occupant, err := audio.ReadOccupant(&listenv1.Seat{
			Seat: p.GetSeat(), User: p.GetUser(), Name: wire.GetOpened()["name"], Role: p.GetRole(), Muted: p.GetMuted(),
		})
		if err != nil {
			return change{}, fmt.Errorf("read event at %v: %w", c.event.Position, err)
		}
		c.event.Kind, c.event.Occupant, seat = audio.EventSeated, occupant, p.GetSeat()
	case *listenerstatev1.Event_Unseated:
		c.event.Kind, seat = audio.EventUnseated, payload.Unseated.GetSeat()
	case *listenerstatev1.Event_Muted:
		c.event.Kind, seat = audio.EventMuted, payload.Muted.GetSeat()
	case *listenerstatev1.Event_Unmuted:
		c.event.Kind, seat = audio.EventUnmuted, payload.Unmuted.GetSeat()
	case *listenerstatev1.Event_RoomEnded:
		c.event.Kind = audio.EventEnded
		return c, nil
	case *listenerstatev1.Event_OriginAnchored:
		c.anchor = readAnchor(payload.OriginAnchored)
		return c, nil
	default:
		return c, nil
	}
	if seat < 1 || seat > audio.MaxSeats {
		return change{}, fmt.Errorf("read event at %v: seat %d", c.event.Position, seat)
	}
	c.event.Seat = audio.Seat(seat)
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
		Counts: counts, Policy: &listenv1.Policy{OpenStage: s.openStage, OpenListening: s.openListening},
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
