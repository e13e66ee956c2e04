package mobileapi

import (
	"time"

	"rostrum/mobile-api/view"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
	roomv1 "rostrum/proto/rostrum/room/v1"
)

// wireRoom is Room of openapi.yaml.
type wireRoom struct {
	ID              string      `json:"id"`
	Title           string      `json:"title"`
	Description     string      `json:"description"`
	Language        string      `json:"language"`
	TimeZone        string      `json:"time_zone"`
	State           string      `json:"state"`
	Host            wireHost    `json:"host"`
	OpenStage       bool        `json:"open_stage"`
	OpenListening   bool        `json:"open_listening"`
	MaxSeats        uint32      `json:"max_seats"`
	AllowedSpeakers []string    `json:"allowed_speakers"`
	Speakers        []view.Seat `json:"speakers"`
	CreatedAt       *time.Time  `json:"created_at"`
	ScheduledFor    *time.Time  `json:"scheduled_for"`
	StartedAt       *time.Time  `json:"started_at"`
	EndedAt         *time.Time  `json:"ended_at"`
}

type wireHost struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// roomFrom draws a room and who is on its stage; nobody where that could not be had.
func roomFrom(r *roomv1.Room, stage *listenerstatev1.Stage) wireRoom {
	return wireRoom{
		ID: r.GetId(), Title: r.GetTitle(), Description: r.GetDescription(), Language: r.GetLanguage(),
		TimeZone: r.GetTimeZone(), State: view.StateFrom(r.GetState()), Host: wireHost{r.GetHost(), r.GetHostName()},
		OpenStage: r.GetOpenStage(), OpenListening: r.GetOpenListening(), MaxSeats: r.GetMaxSeats(),
		AllowedSpeakers: append([]string{}, r.GetSpeakers()...), Speakers: view.SeatsFrom(stage.GetSeats()),
		CreatedAt: timeFrom(r.GetCreatedAt()), ScheduledFor: timeFrom(r.GetScheduledFor()),
		StartedAt: timeFrom(r.GetStartedAt()), EndedAt: timeFrom(r.GetEndedAt()),
	}
}
