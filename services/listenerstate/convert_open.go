package listenerstate

import (
	"context"
	"errors"

	"rostrum/internal/fault"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
	"rostrum/services/listenerstate/chain"
	"rostrum/services/listenerstate/keybox"
)

// openStage writes a stage with its personal fields opened.
func (s *server) openStage(ctx context.Context, key chain.Key, view View, hands bool) (_ *listenerstatev1.Stage, err error) {
	stage := view.Stage
	wire := wireStage(key, stage)
	wire.Acquaintances = nil // a matter of the rules, and up to 1,000 of them
	if view.Enforced.Term > 0 {
		wire.Enforced = wirePosition(view.Enforced)
	}
	for i, seat := range stage.Seats {
		if wire.Seats[i].Name, err = s.openName(ctx, key, seat.Name); err != nil {
			return nil, err
		}
	}
	for i, invite := range stage.Invites {
		if wire.Invites[i].Name, err = s.openName(ctx, key, invite.Name); err != nil {
			return nil, err
		}
	}
	if !hands {
		return wire, nil
	}
	wire.Hands = make([]*listenerstatev1.Hand, 0, stage.Hands.Len())
	for hand := range stage.Hands.All() {
		opened := wireHand(hand)
		if opened.Name, err = s.openName(ctx, key, hand.Name); err != nil {
			return nil, err
		}
		if opened.Note, err = s.openName(ctx, key, hand.Note); err != nil {
			return nil, err
		}
		wire.Hands = append(wire.Hands, opened)
	}
	return wire, nil
}

// openEntry writes an event, with its personal fields opened beside it.
func (s *server) openEntry(ctx context.Context, key chain.Key, entry Entry) (*listenerstatev1.StageEvent, error) {
	event, err := unmarshalEvent(entry.Bytes)
	if err != nil {
		return nil, err
	}
	wire := &listenerstatev1.StageEvent{Event: event}
	for _, sealed := range event.GetSealed() {
		text, err := s.openName(ctx, key, Name{Sealed: parseSealed(sealed, event.GetCommandId())})
		if err != nil {
			return nil, err
		}
		if wire.Opened == nil {
			wire.Opened = make(map[string]string, 2)
		}
		wire.Opened[sealed.GetField()] = text
	}
	return wire, nil
}

// openName answers the text of a personal field, empty where its key is gone.
func (s *server) openName(ctx context.Context, key chain.Key, name Name) (string, error) {
	if name.Sealed.empty() {
		return "", nil
	}
	personKey, found, err := s.service.keys.Key(ctx, key.App, name.Sealed.User)
	if errors.Is(err, keybox.ErrAway) {
		return "", nil
	}
	if err != nil {
		return "", fault.Unavailable(err, "the keys of personal fields cannot be reached; try again")
	}
	if !found {
		return "", nil
	}
	text, err := open(personKey, key, name.Sealed)
	if err != nil {
		return "", nil // sealed under a key that was destroyed before this one was made
	}
	return text, nil
}
