package mobileapi

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"google.golang.org/grpc"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/mobile-api/view"
	listenv1 "rostrum/proto/rostrum/listen/v1"
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
	commands  commands
	pace      pace
	public    *url.URL // nil: as each call says
}

type wireJoined struct {
	Role                string        `json:"role"`
	Seat                uint32        `json:"seat,omitempty"`
	You                 *view.You     `json:"you,omitempty"`
	Room                wireRoom      `json:"room"`
	Card                wireCard      `json:"card"`
	Position            view.Position `json:"position"`
	Grant               string        `json:"grant"`
	GrantExpiresAt      *time.Time    `json:"grant_expires_at"`
	Edges               []wireEdge    `json:"edges"`
	WhipURL             string        `json:"whip_url,omitempty"`
	SpeakGrant          string        `json:"speak_grant,omitempty"`
	SpeakGrantExpiresAt *time.Time    `json:"speak_grant_expires_at,omitempty"`
}

// let answers whoever was let in. Faults: removed; unavailable where no edge is known.
func (d door) let(r *request, entered *roomv1.EnterResponse, now seen, edges []*signalingv1.Edge) (answer, error) {
	user, room, at := r.who.user, entered.GetRoom(), origin(r.Request, d.public)
	if slices.Contains(now.stage.GetRemoved(), string(user)) {
		return answer{}, fault.New(fault.CodeRemoved, "you were removed from this room")
	}
	you := now.you(user)
	out := wireJoined{
		Role: you.Role, Room: roomFrom(room, now.stage),
		Card: cardFrom(room, now.stage), Position: view.PositionFrom(now.stage.GetPosition()),
		Grant: entered.GetGrant(), GrantExpiresAt: timeFrom(entered.GetGrantExpiresAt()),
		Edges: edgesFrom(at, edges, room.GetId(), entered.GetOggGrant()),
	}
	if len(out.Edges) == 0 {
		return answer{}, fault.Unavailable(nil, "no edge can take listeners now; join again in a moment")
	}
	if now.stage != nil && user != "" {
		out.You = &you
	}
	if entered.GetSpeakGrant() != "" {
		out.Seat, out.WhipURL = you.Seat, at.JoinPath("v1/rooms", room.GetId(), "whip").String()
		out.SpeakGrant, out.SpeakGrantExpiresAt = entered.GetSpeakGrant(), timeFrom(entered.GetSpeakGrantExpiresAt())
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

func checkRegion(region string) error {
	if _, err := id.ParseNode(region); region != "" && err != nil {
		return fault.Invalid("region", "1 to 32 of a-z, 0-9 and -")
	}
	return nil
}

// whyNoStage answers the error of a stage, and not_live or ended where it is that the stage log does not know a room: the
// catalogue alone tells a room that was not started from one that is none.
func (d door) whyNoStage(r *request, room id.Room, err error) error {
	if fault.From(err).Code != fault.CodeNotFound {
		return err
	}
	if _, err := d.enter(r, room, listenv1.Role_ROLE_LISTENER); err != nil {
		return err
	}
	return fault.New(fault.CodeNotLive, "the room has not been started")
}
