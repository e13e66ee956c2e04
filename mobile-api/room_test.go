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

func TestListBoundsItsPage(t *testing.T) {
	w := newWorld(t)
	for _, query := range []string{"limit=0", "limit=101", "limit=many", "limit=", "cursor=" + strings.Repeat("c", maxCursor+1)} {
		w.do(t, call{method: "GET", path: "/v1/rooms?" + query, outside: true}).want(t, 400, fault.CodeInvalid)
	}
	w.do(t, call{method: "GET", path: "/v1/rooms?limit=100&cursor=abc"}).want(t, 200, "")
	if asked := w.last("ListRooms").(*roomv1.ListRoomsRequest); asked.Limit != 100 || asked.Cursor != "abc" || asked.App != "main" {
		t.Errorf("asked %v", asked)
	}
}

func TestRoomsShowWhoIsOnStage(t *testing.T) {
	w := newWorld(t)
	var listed struct {
		Rooms []wireRoom `json:"rooms"`
	}
	w.do(t, call{method: "GET", path: "/v1/rooms"}).read(t, &listed)
	want := wireSeat{Seat: 1, User: w.room.Host, Name: "Ada", Role: "host"}
	if len(listed.Rooms) != 2 || len(listed.Rooms[1].Speakers) != 2 || listed.Rooms[1].Speakers[0] != want {
		t.Fatalf("listed %+v", listed)
	}
	if allowed := listed.Rooms[0].AllowedSpeakers; len(allowed) != 1 || allowed[0] != w.room.Speakers[0] {
		t.Errorf("allowed speakers are %v", allowed)
	}
	w.fail("GetStage", fault.New(fault.CodeConflict, "the stage is being repaired"))
	w.do(t, call{method: "GET", path: "/v1/rooms"}).want(t, 200, "").read(t, &listed)
	if len(listed.Rooms) != 2 || listed.Rooms[0].Speakers == nil || len(listed.Rooms[0].Speakers) != 0 {
		t.Errorf("without stages listed %+v", listed)
	}
	if missing := w.counted(t, "rostrum_mobileapi_stages_missing_total"); missing != 2 {
		t.Errorf("%v stages were counted as missing", missing)
	}
	var ended wireRoom
	w.do(t, call{method: "POST", path: "/v1/rooms/{room}/end", bearer: w.access}).read(t, &ended)
	if ended.State != "ended" || ended.EndedAt == nil || len(ended.Speakers) != 0 {
		t.Errorf("ended is %+v", ended)
	}
}

func TestARoomThatIsNoneIsInvalid(t *testing.T) {
	w := newWorld(t)
	for _, room := range []string{"rm_0", "us_0123456789abcdefghjk", "rm_0123456789ABCDEFGHJK", "%00"} {
		w.do(t, call{method: "GET", path: "/v1/rooms/" + room, outside: true}).want(t, 400, fault.CodeInvalid)
	}
}
