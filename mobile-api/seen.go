package mobileapi

import (
	"rostrum/internal/id"
	"rostrum/mobile-api/view"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
)

// seen is a stage and the caller's place in its queue, or why it could not be had in time.
type seen struct {
	stage *listenerstatev1.Stage
	place uint32
	err   error
}

// you is what the stage says of the caller; without a stage everybody is a listener.
func (s seen) you(user id.User) view.You {
	shown := view.StageFrom(s.stage)
	return shown.You(string(user), int(s.place))
}

// wireSeen is what readStage of openapi.yaml answers.
type wireSeen struct {
	Position view.Position `json:"position"`
	Stage    view.Stage    `json:"stage"`
	You      *view.You     `json:"you,omitempty"`
}
