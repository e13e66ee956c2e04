package room

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"rostrum/client/api"
	"rostrum/client/stage"
)

const (
	roomID  = "rm_0123456789abcdefghjk"
	harbour = "us_0000000000000000000h"
	beacon  = "us_0000000000000000000b"
	ada     = "us_0000000000000000000a"
	noor    = "us_0000000000000000000n"
	lin     = "us_0000000000000000000x"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// scene is a stage in the middle of things, as a moderator sees it.
func scene() *view {
	v := newView(roomID)
	v.show(stage.Stage{Stage: api.Stage{
		Position: api.Position{Term: 1, Offset: 42}, Enforced: &api.Position{Term: 1, Offset: 42}, View: api.ModeratorView, State: "live", Title: "The lighthouse keepers",
		Host: harbour, Moderators: []string{ada}, HandMode: api.HandsOpen, MaxSeats: 20, HandCount: 3,
		Seats: []api.Seat{
			{Seat: 1, User: harbour, Name: "Harbour", Role: "host"},
			{Seat: 2, User: beacon, Name: "Beacon", Role: "speaker", Muted: true},
			{Seat: 3, User: ada, Name: "Ada", Role: "moderator"},
			{Seat: 7, User: noor, Name: "Noor", Role: "speaker", Muted: true, Held: true, Away: true},
		},
		Hands: []api.Hand{
			{User: lin, Name: "林さん", Note: "about the tides", RaisedAt: noon.Add(-125 * time.Second)},
			{User: "us_2", Name: "Kwame Nkrumah-Acheampong of Accra", RaisedAt: noon.Add(-14 * time.Second), Absent: true},
			{User: "us_3", Name: "Zoë\x1b[2J\u202e", Note: "two\nlines", RaisedAt: noon.Add(-2 * time.Hour)},
		},
		Invites: []api.Invite{{User: lin, Name: "林さん", By: harbour, ExpiresAt: noon.Add(42 * time.Second)}},
		You:     api.You{User: ada, Role: "moderator", Seat: 3},
	}})
	for i, e := range []stage.Event{
		{Kind: stage.HandRaised, User: lin, By: lin, Note: "about the tides"},
		{Kind: stage.Invited, User: lin, By: harbour},
		{Kind: stage.Held, User: noor, By: ada, Seat: 7},
		{Kind: stage.MediaLost, User: noor, By: "service:sfu", Seat: 7},
	} {
		e.At = noon.Add(time.Duration(i-4) * time.Minute)
		v.event(e)
	}
	return v
}

func golden(t *testing.T, what string, got []string, want string) {
	t.Helper()
	want = strings.Trim(want, "\n")
	if text := strings.Join(got, "\n"); text != want {
		t.Errorf("%s:\n%s\n\nwant\n%s", what, text, want)
	}
}

func TestTheViewOfAModerator(t *testing.T) {
	golden(t, "moderator", draw(scene(), noon, 72, 30, false), `
The lighthouse keepers                                        hands open
rm_0123456789abcdefghjk  you are a moderator, seat 3

STAGE  4 of 20 seats
   1  Harbour             host
   2  Beacon              speaker     muted
   3  Ada (you)           moderator
   7  Noor                speaker     held, away

QUEUE  3 hands
   #1 林さん                2:05  “about the tides”
   #2 Kwame Nkrumah-Ach…    0:14  away
   #3 Zoë�[2J             2:00:00  “two lines”

INVITED  1
      林さん                0:42  by Harbour

LAST
  11:56:00  林さん raised a hand: “about the tides”
  11:57:00  Harbour invited 林さん
  11:58:00  Ada holds Noor
  11:59:00  Noor lost the microphone`)
}

func TestASmallTerminal(t *testing.T) {
	golden(t, "small", draw(scene(), noon, 34, 14, false), `
The lighthouse keepers  hands open
rm_0123456789abcdefghjk  you are …

STAGE  4 of 20 seats
   1  Harbour   host
   2  Beacon    speaker     muted
   3  Ada (yo…  moderator
   7  Noor      speaker     held,…

QUEUE  3 hands
      and 3 more

INVITED  1
      林さん      0:42  by Harbour`)
}

func TestTheViewOfAPerson(t *testing.T) {
	v := newView(roomID)
	v.show(stage.Stage{Stage: api.Stage{
		View: api.PersonView, State: "live", Title: "Tides", HandMode: api.HandsInvited, MaxSeats: 1, HandCount: 12,
		Seats: []api.Seat{{Seat: 1, User: harbour, Name: "Harbour", Role: "host"}},
		You:   api.You{User: noor, Role: "listener", Place: 7, Invite: &api.Invitation{By: harbour, ExpiresAt: noon.Add(9 * time.Second)}},
	}})
	v.note = "connecting again: the network is down"
	golden(t, "person", draw(v, noon, 100, 40, false), `
Tides                                                                                  hands invited
rm_0123456789abcdefghjk  you are a listener
connecting again: the network is down

STAGE  1 of 1 seat
   1  Harbour                   host

QUEUE  12 hands, you are 7th

You are invited by Harbour, for 0:09 more:
  rostrum room accept rm_0123456789abcdefghjk`)
}

// A mute is shown as true when the SFU does it.
func TestMutingIsShownUntilItIsEnforced(t *testing.T) {
	f := followed(t, `{"type":"enforced","position":{"term":1,"offset":3}}`,
		`{"type":"event","position":{"term":1,"offset":5},"at":"2026-03-01T12:00:00Z","by":"`+ada+`","event":"muted","user":"`+harbour+`","seat":1}`,
		`{"type":"enforced","position":{"term":1,"offset":4}}`, `{"type":"enforced","position":{"term":1,"offset":5}}`)
	v := newView(roomID)
	for _, want := range []string{"", "", "muting…", "muting…", "muted"} {
		now := f()
		v.show(now)
		if line := draw(v, noon, 80, 24, false)[4]; strings.TrimSpace(strings.TrimPrefix(line, "   1  Harbour               host")) != want {
			t.Errorf("shows %q, want %q", line, want)
		}
	}
}

func TestNothingIsWiderThanTheTerminal(t *testing.T) {
	v := scene()
	for width := leastWidth; width < 120; width++ {
		for _, height := range []int{0, 1, 3, 9, 20, 50} {
			lines := draw(v, noon, width, height, false)
			if len(lines) > height {
				t.Fatalf("%d lines of %d", len(lines), height)
			}
			for _, line := range lines {
				if columnsOf(line) > width || strings.ContainsAny(line, "\x1b\n\u202e") {
					t.Fatalf("%d columns of %d: %q", columnsOf(line), width, line)
				}
			}
		}
	}
	if coloured := strings.Join(draw(v, noon, 72, 30, true), "\n"); !strings.Contains(coloured, "\x1b[33mheld, away\x1b[0m") {
		t.Errorf("held does not stand out:\n%s", coloured)
	}
}

func TestALongQueueLeavesRoom(t *testing.T) {
	v := scene()
	for i := range 5000 {
		v.stage.Hands = append(v.stage.Hands, api.Hand{User: fmt.Sprint(i), Name: "Person", RaisedAt: noon})
	}
	v.stage.HandCount = 20_000
	lines := draw(v, noon, 80, 30, false)
	text := strings.Join(lines, "\n")
	if len(lines) != 30 || !strings.Contains(text, "QUEUE  20000 hands") || !strings.Contains(text, "more") || !strings.Contains(text, "lost the microphone") {
		t.Errorf("%d lines:\n%s", len(lines), text)
	}
}

func TestAFrameIsDrawnInPlace(t *testing.T) {
	if got, want := frame([]string{"a", "b"}), "\x1b[?2026h\x1b[Ha\x1b[K\r\nb\x1b[K\x1b[J\x1b[?2026l"; got != want {
		t.Errorf("%q", got)
	}
}

func TestSentences(t *testing.T) {
	v := scene()
	for want, e := range map[string]stage.Event{
		"Noor has a seat":                     {Kind: stage.Seated, User: noor, By: noor},
		"Ada seated Noor":                     {Kind: stage.Seated, User: noor, By: ada},
		"Ada moved Noor to the audience":      {Kind: stage.Unseated, User: noor, By: ada, Reason: "moved_to_audience"},
		"Noor went to the audience":           {Kind: stage.Unseated, User: noor, By: noor, Reason: "left"},
		"Noor lost the seat: no microphone":   {Kind: stage.Unseated, User: noor, By: "service:timer", Reason: "away"},
		"Noor has no seat any more (removed)": {Kind: stage.Unseated, User: noor, By: ada, Reason: "removed"},
		"Noor is muted":                       {Kind: stage.Muted, User: noor, By: noor},
		"Ada muted Noor":                      {Kind: stage.Muted, User: noor, By: ada},
		"Noor is unmuted":                     {Kind: stage.Unmuted, User: noor, By: noor},
		"Ada released Noor":                   {Kind: stage.Released, User: noor, By: ada},
		"Noor has a microphone":               {Kind: stage.MediaFound, User: noor, By: "service:sfu"},
		"Noor is a moderator":                 {Kind: stage.Appointed, User: noor, By: harbour},
		"Noor is no moderator any more":       {Kind: stage.Dismissed, User: noor, By: noor},
		"Ada set hands to closed":             {Kind: stage.HandModeSet, By: ada, Mode: api.HandsClosed},
		"Ada lowered all hands":               {Kind: stage.AllHandsLowered, By: ada},
		"Noor raised a hand":                  {Kind: stage.HandRaised, User: noor, By: noor},
		"Ada lowered Noor’s hand":             {Kind: stage.HandLowered, User: noor, By: ada, Reason: "moderator"},
		"Noor’s hand is down":                 {Kind: stage.HandLowered, User: noor, By: noor, Reason: "self"},
		"Noor’s hand is down (expired)":       {Kind: stage.HandLowered, User: noor, By: "service:timer", Reason: "expired"},
		"Noor is away, hand up":               {Kind: stage.HandAbsent, User: noor, By: "service:gateway"},
		"Noor is back":                        {Kind: stage.HandPresent, User: noor, By: "service:gateway"},
		"Noor’s invite is closed (declined)":  {Kind: stage.InviteClosed, User: noor, By: noor, Reason: "declined"},
		"Ada removed Noor":                    {Kind: stage.Removed, User: noor, By: ada},
		"Ada readmitted Noor":                 {Kind: stage.Readmitted, User: noor, By: ada},
		"the room is over":                    {Kind: stage.RoomEnded, By: harbour},
		"fireworks Noor":                      {Kind: "fireworks", User: noor, By: ada},
		"us_unknown is a moderator":           {Kind: stage.Appointed, User: "us_unknown", By: harbour},
	} {
		if got := sentence(e, v.name); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
