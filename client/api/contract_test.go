package api

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers/legacy"
)

const (
	room = "rm_0123456789abcdefghjk"
	user = "us_0123456789abcdefghjk"
)

// byContract answers every request that the contract allows with the contract's own example.
type byContract struct {
	t    *testing.T
	doc  *openapi3.T
	seen map[string]int // by operationId
	last *http.Request
}

func newByContract(t *testing.T) (*byContract, *Client) {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile("../../mobile-api/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	b := &byContract{t: t, doc: doc, seen: map[string]int{}}
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	return b, New(server.URL+"/", WithHTTPClient(server.Client()))
}

func (b *byContract) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	router, err := legacy.NewRouter(b.doc)
	if err != nil {
		b.t.Error(err)
		return
	}
	route, parameters, err := router.FindRoute(r)
	if err != nil {
		b.t.Errorf("%s %s: %v", r.Method, r.URL, err)
		return
	}
	err = openapi3filter.ValidateRequest(r.Context(), &openapi3filter.RequestValidationInput{
		Request: r, PathParams: parameters, Route: route, Options: &openapi3filter.Options{
			AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, SkipSettingDefaults: true,
		},
	})
	if err != nil {
		b.t.Errorf("%s %s breaks the contract: %v", r.Method, r.URL, err)
	}
	b.seen[route.Operation.OperationID]++
	b.last = r
	for _, status := range []int{http.StatusOK, http.StatusCreated} {
		if response := route.Operation.Responses.Status(status); response != nil {
			media := response.Value.Content["application/json"]
			example := media.Example
			if example == nil {
				example = media.Schema.Value.Example
			}
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			json.NewEncoder(w).Encode(example)
			return
		}
	}
}

// filled fails where a field of an answer is zero that the contract's example fills.
func filled(t *testing.T, what string, answer any, may ...string) {
	t.Helper()
	value := reflect.ValueOf(answer)
	for i := range value.NumField() {
		name := value.Type().Field(i).Name
		empty := value.Field(i).IsZero()
		for _, allowed := range may {
			empty = empty && name != allowed
		}
		if empty {
			t.Errorf("%s: %s was not read: %+v", what, name, answer)
		}
	}
}

func TestEveryCallKeepsTheContract(t *testing.T) {
	b, c := newByContract(t)
	ctx := t.Context()
	guest, err := c.Guest(ctx, "Ada")
	if err != nil || c.Token() == "" || c.Token() != guest.AccessToken {
		t.Fatalf("%+v, %v", guest, err)
	}
	filled(t, "guest", guest)
	if guest.ExpiresAt.Before(time.Now()) { // as examples are; else every call would begin with a renewal
		guest.ExpiresAt = time.Now().Add(time.Hour)
		c.take(guest)
	}
	scheduled := time.Date(2026, 3, 2, 18, 0, 0, 0, time.FixedZone("", 3600))
	made, err := c.CreateRoom(ctx, CreateRoom{
		Title: "Tides", Description: "d", Language: "en", TimeZone: "Europe/Lisbon", OpenStage: true, OpenListening: true,
		MaxSeats: 7, Speakers: []string{user}, ScheduledFor: &scheduled,
	})
	if err != nil {
		t.Fatal(err)
	}
	filled(t, "room", made, "Description", "ScheduledFor", "EndedAt")
	filled(t, "seat", made.Speakers[0], "Muted", "Held", "Away")
	if b.last.Header.Get("Idempotency-Key") == "" || b.last.Header.Get("Authorization") != "Bearer "+guest.AccessToken {
		t.Errorf("the room was made with %v", b.last.Header)
	}
	joined, err := c.Join(ctx, room, Join{Role: "speaker", Region: "eu", Muted: true})
	if err != nil {
		t.Fatal(err)
	}
	filled(t, "joined", joined)
	filled(t, "card", joined.Card)
	filled(t, "edge", joined.Edges[0])
	for name, call := range map[string]func() error{
		"listRooms": func() error { _, err := c.Rooms(ctx, 50, "abc"); return err },
		"readRoom":  func() error { _, err := c.Room(ctx, room); return err },
		"startRoom": func() error { _, err := c.Start(ctx, room); return err },
		"endRoom":   func() error { _, err := c.End(ctx, room); return err },
		"renewGrants": func() error {
			grants, err := c.Grants(ctx, room, "eu")
			filled(t, "grants", grants)
			return err
		},
		"readStage": func() error {
			stage, err := c.StageAt(ctx, room, Position{1, 42})
			filled(t, "stage", stage, "OpenStage", "Moderators")
			filled(t, "hand", stage.Hands[0], "Absent")
			filled(t, "invite", stage.Invites[0])
			filled(t, "you", stage.You, "User", "Place", "Invite")
			return err
		},
	} {
		if err := call(); err != nil || b.seen[name] != 1 {
			t.Errorf("%s: %v, seen %d times", name, err, b.seen[name])
		}
	}
}

func TestEveryCommandKeepsTheContract(t *testing.T) {
	b, c := newByContract(t)
	WithToken("t")(c)
	ctx := t.Context()
	keys := map[string]bool{}
	for name, command := range map[string]func() (Done, error){
		"raiseHand":   func() (Done, error) { return c.RaiseHand(ctx, room, "about the tides") },
		"lowerHand":   func() (Done, error) { return c.LowerHand(ctx, room) },
		"lowerHandOf": func() (Done, error) { return c.LowerHandOf(ctx, room, user) },
		"lowerHands":  func() (Done, error) { return c.LowerAllHands(ctx, room) },
		"setHandMode": func() (Done, error) { return c.SetHandMode(ctx, room, HandsInvited) },
		"invite":      func() (Done, error) { return c.Invite(ctx, room, user, 90*time.Second) },
		"withdraw":    func() (Done, error) { return c.Withdraw(ctx, room, user) },
		"accept":      func() (Done, error) { return c.Accept(ctx, room, true) },
		"decline":     func() (Done, error) { return c.Decline(ctx, room) },
		"seatPerson":  func() (Done, error) { return c.Seat(ctx, room, user) },
		"toAudience":  func() (Done, error) { return c.Audience(ctx, room, user) },
		"mute":        func() (Done, error) { return c.Mute(ctx, room, Me) },
		"unmute":      func() (Done, error) { return c.Unmute(ctx, room) },
		"hold":        func() (Done, error) { return c.Hold(ctx, room, user) },
		"release":     func() (Done, error) { return c.Release(ctx, room, user) },
		"remove":      func() (Done, error) { return c.Remove(ctx, room, user) },
		"readmit":     func() (Done, error) { return c.Readmit(ctx, room, user) },
		"appoint":     func() (Done, error) { return c.Appoint(ctx, room, user) },
		"dismiss":     func() (Done, error) { return c.Dismiss(ctx, room, user) },
		"leaveRoom":   func() (Done, error) { return c.Leave(ctx, room) },
		"refreshToken": func() (Done, error) {
			_, err := c.Exchange(ctx, "rt_1")
			return Done{Position{1, 4}, 7, 12, []Seat{{}}}, err
		},
	} {
		done, err := command()
		if err != nil || b.seen[name] != 1 {
			t.Errorf("%s: %v, seen %d times", name, err, b.seen[name])
		}
		filled(t, name, done)
		key := b.last.Header.Get("Idempotency-Key")
		if name != "refreshToken" && (key == "" || keys[key]) {
			t.Errorf("%s: idempotency key %q", name, key)
		}
		keys[key] = true
	}
	others := []string{"contract", "createGuest", "events", "createSession", "restartSession", "closeSession",
		"createRoom", "listRooms", "readRoom", "startRoom", "endRoom", "joinRoom", "renewGrants", "readStage"} // elsewhere
	for path, item := range b.doc.Paths.Map() {
		for method, operation := range item.Operations() {
			if b.seen[operation.OperationID] == 0 && !slices.Contains(others, operation.OperationID) {
				t.Errorf("%s %s (%s) is called by nothing here", method, path, operation.OperationID)
			}
		}
	}
}
