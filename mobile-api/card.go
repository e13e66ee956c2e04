package mobileapi

import (
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
	roomv1 "rostrum/proto/rostrum/room/v1"
)

// wireCard is a RoomCard of the listen protocol as JSON, without what only an origin knows: counts, revision and
// renditions. A card from an edge at the same or a later position replaces it.
type wireCard struct {
	Room     string       `json:"room"`
	Title    string       `json:"title"`
	State    string       `json:"state"`
	Seats    []wireSeat   `json:"seats"`
	Policy   wirePolicy   `json:"policy"`
	Position wirePosition `json:"position"`
	Epoch    uint64       `json:"epoch"`
	Language string       `json:"language"`
}

type wirePolicy struct {
	OpenStage     bool   `json:"open_stage"`
	OpenListening bool   `json:"open_listening"`
	HandMode      string `json:"hand_mode"`
}

// cardFrom draws a room by its stage; where the stage could not be had, by its row and with position 0.
func cardFrom(room *roomv1.Room, stage *listenerstatev1.Stage) wireCard {
	card := wireCard{
		Room: room.GetId(), Title: room.GetTitle(), State: stateFrom(room.GetState()), Seats: seatsFrom(stage),
		Policy: wirePolicy{room.GetOpenStage(), room.GetOpenListening(), handModeFrom(stage.GetHandMode())}, Language: room.GetLanguage(),
	}
	if stage != nil {
		card.Title, card.State, card.Language = stage.GetTitle(), stateFrom(stage.GetState()), stage.GetLanguage()
		card.Policy = wirePolicy{stage.GetOpenStage(), stage.GetOpenListening(), handModeFrom(stage.GetHandMode())}
		card.Position, card.Epoch = positionFrom(stage.GetPosition()), stage.GetAnchor().GetEpoch()
	}
	return card
}
