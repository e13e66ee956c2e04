package mobileapi

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/mobile-api/view"
	listenv1 "rostrum/proto/rostrum/listen/v1"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
	roomv1 "rostrum/proto/rostrum/room/v1"
)

type stageReader interface {
	GetStage(context.Context, *listenerstatev1.GetStageRequest, ...grpc.CallOption) (*listenerstatev1.GetStageResponse, error)
}

const (
	stagesAtOnce = 8
	stageTimeout = time.Second
	maxHands     = 1000 // that a moderator is shown at once
)

// stages reads stages.
type stages struct {
	state   stageReader
	missing prometheus.Counter
}

func (s stages) read(r *request) (answer, error) {
	room, err := r.room()
	if err != nil {
		return answer{}, err
	}
	least, err := atLeast(r)
	if err != nil {
		return answer{}, err
	}
	user := string(r.who.user)
	wanted := &listenerstatev1.GetStageRequest{App: string(r.app), Room: string(room), AtLeast: least, PlaceOf: user}
	got, err := s.state.GetStage(r.Context(), wanted)
	shown := view.StageFrom(got.GetStage())
	if err == nil && shown.ViewerOf(user) == view.Moderator { // hands are many: they are read for those who may see them
		wanted.WithHands, wanted.AtLeast = true, got.GetStage().GetPosition()
		got, err = s.state.GetStage(r.Context(), wanted)
		shown = view.StageFrom(got.GetStage())
	}
	if err != nil {
		return answer{}, fmt.Errorf("read stage: %w", err)
	}
	hands := got.GetStage().GetHands()
	shown.Hands = view.HandsFrom(hands[:min(len(hands), maxHands)])
	out := wireSeen{Position: view.PositionFrom(got.GetStage().GetPosition()), Stage: shown.For(shown.ViewerOf(user))}
	if user != "" {
		you := shown.You(user, int(got.GetPlace()))
		out.You = &you
	}
	return inJSON(http.StatusOK, out)
}

// atLeast is the position that the answer is wanted at or after; nil: any.
func atLeast(r *request) (*listenv1.Position, error) {
	query := r.URL.Query()
	if !query.Has("at_least") {
		return nil, nil
	}
	at, ok := view.ParsePosition(query.Get("at_least"))
	if !ok {
		return nil, fault.Invalid("at_least", "a position: a term, a hyphen and an offset")
	}
	return &listenv1.Position{Term: at.Term, Offset: at.Offset}, nil
}

// all answers the stages of rooms in their order; one that cannot be had in time is nil. A list of rooms without
// people is better than no list.
func (s stages) all(r *request, rooms []*roomv1.Room) []*listenerstatev1.Stage {
	ctx, cancel := context.WithTimeout(r.Context(), stageTimeout)
	defer cancel()
	found := make([]*listenerstatev1.Stage, len(rooms))
	var reads errgroup.Group
	reads.SetLimit(stagesAtOnce)
	for i, room := range rooms {
		reads.Go(func() error {
			found[i] = s.try(ctx, &listenerstatev1.GetStageRequest{App: string(r.app), Room: room.GetId()}).stage
			return nil
		})
	}
	_ = reads.Wait()
	return found
}

// forCaller reads a room's stage as the caller stands in it.
func (s stages) forCaller(r *request, room id.Room) seen {
	ctx, cancel := context.WithTimeout(r.Context(), stageTimeout)
	defer cancel()
	return s.try(ctx, &listenerstatev1.GetStageRequest{App: string(r.app), Room: string(room), PlaceOf: string(r.who.user)})
}

// try counts a stage that cannot be had as missing.
func (s stages) try(ctx context.Context, wanted *listenerstatev1.GetStageRequest) seen {
	got, err := s.state.GetStage(ctx, wanted)
	if err != nil {
		s.missing.Inc()
		err = fmt.Errorf("read stage: %w", err)
	}
	return seen{got.GetStage(), got.GetPlace(), err}
}
