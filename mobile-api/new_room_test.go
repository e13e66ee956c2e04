package mobileapi

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	roomv1 "rostrum/proto/rostrum/room/v1"
)

func TestCreateRoomPassesAllOn(t *testing.T) {
	w := newWorld(t)
	speaker := id.NewUser()
	body := fmt.Sprintf(`{"title":"Tides","description":"d","language":"pt-BR","time_zone":"Europe/Lisbon","open_stage":true,
		"open_listening":true,"max_seats":7,"speakers":[%q],"scheduled_for":"2026-03-02T18:00:00+01:00"}`, speaker)
	got := w.do(t, call{method: "POST", path: "/v1/rooms", body: body, bearer: w.access, header: map[string]string{"Idempotency-Key": "k1"}})
	got.want(t, 201, "")
	var room wireRoom
	got.read(t, &room)
	if got.header.Get("Location") != "/v1/rooms/"+room.ID || room.State != "scheduled" || room.Host.Name != "Cleo" ||
		room.ScheduledFor == nil || !room.ScheduledFor.Equal(time.Date(2026, 3, 2, 17, 0, 0, 0, time.UTC)) {
		t.Errorf("answered %s %s", got.header.Get("Location"), got.body)
	}
	asked := w.last("CreateRoom").(*roomv1.CreateRoomRequest)
	if asked.App != "main" || asked.User != string(w.user) || asked.UserName != "Cleo" || asked.IdempotencyKey != "k1" ||
		asked.Title != "Tides" || asked.Description != "d" || asked.Language != "pt-BR" || asked.TimeZone != "Europe/Lisbon" ||
		!asked.OpenStage || !asked.OpenListening || asked.MaxSeats != 7 || len(asked.Speakers) != 1 || asked.Speakers[0] != string(speaker) {
		t.Errorf("asked %v", asked)
	}
}

func TestCreateRoomRefuses(t *testing.T) {
	w := newWorld(t)
	many := strings.TrimSuffix(strings.Repeat(fmt.Sprintf("%q,", w.user), maxSpeakers+1), ",")
	for field, body := range map[string]string{
		"title":         `{"title":""}`,
		"max_seats":     `{"title":"t","max_seats":0}`,
		"speakers":      `{"title":"t","speakers":["Ada"]}`,
		"scheduled_for": `{"title":"t","scheduled_for":"tomorrow"}`,
	} {
		got := w.do(t, call{method: "POST", path: "/v1/rooms", body: body, bearer: w.access, outside: true}).want(t, 400, fault.CodeInvalid)
		if got.fault().Details["field"] != field {
			t.Errorf("%s: answered %s", body, got.body)
		}
	}
	body := `{"title":"t","speakers":[` + many + `]}`
	w.do(t, call{method: "POST", path: "/v1/rooms", body: body, bearer: w.access, outside: true}).want(t, 400, fault.CodeInvalid)
	for _, key := range []string{"two words", strings.Repeat("k", 65), "é"} {
		header := map[string]string{"Idempotency-Key": key}
		w.do(t, call{method: "POST", path: "/v1/rooms", body: `{"title":"t"}`, bearer: w.access, header: header, outside: true}).want(t, 400, fault.CodeInvalid)
	}
	if asked := w.last("CreateRoom"); asked != nil {
		t.Errorf("the catalogue was asked %v", asked)
	}
}
