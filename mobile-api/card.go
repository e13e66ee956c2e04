package mobileapi

import (
	"rostrum/mobile-api/view"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
	roomv1 "rostrum/proto/rostrum/room/v1"
)

// wireCard is a RoomCard of the listen protocol as JSON, without what only an origin knows: counts, revision and
// renditions. A card from an edge at the same or a later position replaces it.
type wireCard struct {
	Room     string        `json:"room"`
	Title    string        `json:"title"`
	State    string        `json:"state"`
	Seats    []view.Seat   `json:"seats"`
	Policy   wirePolicy    `json:"policy"`
	Position view.Position `json:"position"`
	Epoch    uint64        `json:"epoch"`
	Language string        `json:"language"`
}

type wirePolicy struct {
	OpenStage     bool   `json:"open_stage"`
	OpenListening bool   `json:"open_listening"`
	HandMode      string `json:"hand_mode"`
}

// cardFrom draws a room by its stage; where the stage could not be had, by its row and with position 0.
func cardFrom(room *roomv1.Room, stage *listenerstatev1.Stage) wireCard {
	card := wireCard{
		Room: room.GetId(), Title: room.GetTitle(), State: view.StateFrom(room.GetState()), Seats: view.SeatsFrom(stage.GetSeats()),
		Policy: wirePolicy{room.GetOpenStage(), room.GetOpenListening(), view.HandModeFrom(stage.GetHandMode())}, Language: room.GetLanguage(),
	}
	if stage != nil {
		card.Title, card.State, card.Language = stage.GetTitle(), view.StateFrom(stage.GetState()), stage.GetLanguage()
		card.Policy = wirePolicy{stage.GetOpenStage(), stage.GetOpenListening(), view.HandModeFrom(stage.GetHandMode())}
		card.Position, card.Epoch = view.PositionFrom(stage.GetPosition()), stage.GetAnchor().GetEpoch()
	}
	return card
}
