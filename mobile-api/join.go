package mobileapi

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	listenv1 "rostrum/proto/rostrum/listen/v1"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
	roomv1 "rostrum/proto/rostrum/room/v1"
	signalingv1 "rostrum/proto/rostrum/signaling/v1"
)

type entrance interface {
	Enter(context.Context, *roomv1.EnterRequest, ...grpc.CallOption) (*roomv1.EnterResponse, error)
}

type edgeFinder interface {
	FindEdges(context.Context, *signalingv1.FindEdgesRequest, ...grpc.CallOption) (*signalingv1.FindEdgesResponse, error)
}

// door lets people into a room: it collects in one answer all that is needed to hear and be heard.
type door struct {
	rooms     entrance
	signaling edgeFinder
	stages    stages
	public    *url.URL // nil: as each call says
}

type wireJoined struct {
	Role                string       `json:"role"`
	Seat                *uint32      `json:"seat,omitempty"`
	Room                wireRoom     `json:"room"`
	Card                wireCard     `json:"card"`
	Position            wirePosition `json:"position"`
	Grant               string       `json:"grant"`
	GrantExpiresAt      *time.Time   `json:"grant_expires_at"`
	Edges               []wireEdge   `json:"edges"`
	WhipURL             string       `json:"whip_url,omitempty"`
	SpeakGrant          string       `json:"speak_grant,omitempty"`
	SpeakGrantExpiresAt *time.Time   `json:"speak_grant_expires_at,omitempty"`
}

type wish struct {
	Role   string `json:"role"`
	Region string `json:"region"`
	Muted  bool   `json:"muted"`
}

func (d door) join(r *request) (answer, error) {
	room, err := r.room()
	if err != nil {
		return answer{}, err
	}
	var in wish
	if err := readJSON(r, &in); err != nil {
		return answer{}, err
	}
	if _, err := id.ParseNode(in.Region); in.Region != "" && err != nil {
		return answer{}, fault.Invalid("region", "1 to 32 of a-z, 0-9 and -")
	}
	switch in.Role {
	case "listener":
		return d.listen(r, room, in)
	case "speaker":
		return d.speak(r, room, in)
	}
	return answer{}, fault.Invalid("role", "listener or speaker")
}

func (d door) listen(r *request, room id.Room, in wish) (answer, error) {
	entered, err := d.enter(r, room, listenv1.Role_ROLE_LISTENER)
	if err != nil {
		return answer{}, err
	}
	var edges []*signalingv1.Edge
	var stage *listenerstatev1.Stage
	var both errgroup.Group
	both.Go(func() (err error) { edges, err = d.edges(r, room, in.Region); return err })
	both.Go(func() error { stage = d.stages.all(r, []*roomv1.Room{entered.GetRoom()})[0]; return nil })
	if err := both.Wait(); err != nil {
		return answer{}, err
	}
	return d.let(r, entered, stage, edges, wireJoined{Role: "listener"})
}

// speak takes a seat first: the grants of a speaker are for those who have one. A join that fails after that can be
// repeated, and answers the same seat.
func (d door) speak(r *request, room id.Room, in wish) (answer, error) {
	if r.who.user == "" {
		return answer{}, errNoBearer
	}
	take := applyBy(r, room, id.NewCommand())
	take.Command = &listenerstatev1.ApplyRequest_TakeSeat{TakeSeat: &listenerstatev1.TakeSeat{Name: r.who.name, Muted: in.Muted}}
	applied, err := d.stages.state.Apply(r.Context(), take)
	if err != nil && fault.From(err).Code == fault.CodeNotFound {
		err = d.unopened(r, room)
	}
	if err != nil {
		return answer{}, fmt.Errorf("take a seat: %w", err)
	}
	stage := applied.GetStage()
	seat := seatOf(stage, r.who.user)
	if seat == nil {
		return answer{}, fault.New(fault.CodeConflict, "the seat was lost at once; join again")
	}
	entered, err := d.enter(r, room, listenv1.Role_ROLE_SPEAKER)
	if err != nil {
		return answer{}, err
	}
	edges, err := d.edges(r, room, in.Region)
	if err != nil {
		return answer{}, err
	}
	number := seat.GetSeat()
	return d.let(r, entered, stage, edges, wireJoined{
		Role: roleFrom(seat.GetRole()), Seat: &number,
		WhipURL:    origin(r.Request, d.public).JoinPath("v1/rooms", string(room), "whip").String(),
		SpeakGrant: entered.GetSpeakGrant(), SpeakGrantExpiresAt: timeFrom(entered.GetSpeakGrantExpiresAt()),
	})
}

// unopened says why a room has no stage: the catalogue alone tells a room that was not started from one that is none.
func (d door) unopened(r *request, room id.Room) error {
	if _, err := d.enter(r, room, listenv1.Role_ROLE_LISTENER); err != nil {
		return err
	}
	return fault.New(fault.CodeNotLive, "the room has not been started")
}

// let completes the answer to whoever was let in.
func (d door) let(r *request, entered *roomv1.EnterResponse, stage *listenerstatev1.Stage, edges []*signalingv1.Edge, out wireJoined) (answer, error) {
	room := entered.GetRoom()
	out.Room, out.Card, out.Position = roomFrom(room, stage), cardFrom(room, stage), positionFrom(stage.GetPosition())
	out.Grant, out.GrantExpiresAt = entered.GetGrant(), timeFrom(entered.GetGrantExpiresAt())
	out.Edges = edgesFrom(origin(r.Request, d.public), edges, room.GetId(), entered.GetOggGrant())
	if len(out.Edges) == 0 {
		return answer{}, fault.Unavailable(nil, "no edge can take listeners now; join again in a moment")
	}
	return inJSON(http.StatusOK, out)
}

func (d door) enter(r *request, room id.Room, role listenv1.Role) (*roomv1.EnterResponse, error) {
	entered, err := d.rooms.Enter(r.Context(), &roomv1.EnterRequest{
		App: string(r.app), Room: string(room), User: string(r.who.user), Role: role,
	})
	if err != nil {
		return nil, fmt.Errorf("enter room: %w", err)
	}
	return entered, nil
}

func (d door) edges(r *request, room id.Room, region string) ([]*signalingv1.Edge, error) {
	found, err := d.signaling.FindEdges(r.Context(), &signalingv1.FindEdgesRequest{
		App: string(r.app), Room: string(room), Region: region,
	})
	if err != nil {
		return nil, fmt.Errorf("find edges: %w", err)
	}
	return found.GetEdges(), nil
}

func seatOf(stage *listenerstatev1.Stage, user id.User) *listenv1.Seat {
	for _, seat := range stage.GetSeats() {
		if seat.GetUser() == string(user) {
			return seat
		}
	}
	return nil
}
