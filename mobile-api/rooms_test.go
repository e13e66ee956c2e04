package mobileapi

import (
	"strings"
	"testing"

	"rostrum/internal/fault"
	"rostrum/mobile-api/view"
	roomv1 "rostrum/proto/rostrum/room/v1"
)

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
	want := view.Seat{Seat: 1, User: w.room.Host, Name: "Ada", Role: "host"}
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
