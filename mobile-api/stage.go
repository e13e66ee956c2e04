package mobileapi

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"

	"rostrum/internal/id"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
	roomv1 "rostrum/proto/rostrum/room/v1"
)

type stageLog interface {
	Apply(context.Context, *listenerstatev1.ApplyRequest, ...grpc.CallOption) (*listenerstatev1.ApplyResponse, error)
	GetStage(context.Context, *listenerstatev1.GetStageRequest, ...grpc.CallOption) (*listenerstatev1.GetStageResponse, error)
}

const (
	stagesAtOnce = 8
	stageTimeout = time.Second
)

// stages reads stages and sends them commands.
type stages struct {
	state   stageLog
	missing prometheus.Counter
}

func (s stages) read(r *request) (answer, error) {
	room, err := r.room()
	if err != nil {
		return answer{}, err
	}
	got, err := s.state.GetStage(r.Context(), &listenerstatev1.GetStageRequest{App: string(r.app), Room: string(room)})
	if err != nil {
		return answer{}, fmt.Errorf("read stage: %w", err)
	}
	stage := got.GetStage()
	return inJSON(http.StatusOK, struct {
		Position wirePosition `json:"position"`
		State    string       `json:"state"`
		Speakers []wireSeat   `json:"speakers"`
	}{positionFrom(stage.GetPosition()), stateFrom(stage.GetState()), seatsFrom(stage)})
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
			got, err := s.state.GetStage(ctx, &listenerstatev1.GetStageRequest{App: string(r.app), Room: room.GetId()})
			if err != nil {
				s.missing.Inc()
			}
			found[i] = got.GetStage()
			return nil
		})
	}
	_ = reads.Wait()
	return found
}

func (s stages) mute(r *request) (answer, error) {
	return s.command(r, func(to *listenerstatev1.ApplyRequest, user string) {
		to.Command = &listenerstatev1.ApplyRequest_Mute{Mute: &listenerstatev1.Mute{User: user}}
	})
}

func (s stages) unmute(r *request) (answer, error) {
	return s.command(r, func(to *listenerstatev1.ApplyRequest, user string) {
		to.Command = &listenerstatev1.ApplyRequest_Unmute{Unmute: &listenerstatev1.Unmute{User: user}}
	})
}

func (s stages) audience(r *request) (answer, error) {
	return s.command(r, func(to *listenerstatev1.ApplyRequest, user string) {
		to.Command = &listenerstatev1.ApplyRequest_LeaveSeat{LeaveSeat: &listenerstatev1.LeaveSeat{User: user}}
	})
}

// command applies what set makes of the {user} of the path, by the caller.
func (s stages) command(r *request, set func(to *listenerstatev1.ApplyRequest, user string)) (answer, error) {
	room, err := r.room()
	if err != nil {
		return answer{}, err
	}
	user := r.who.user
	if text := r.PathValue("user"); text != "me" {
		if user, err = id.ParseUser(text); err != nil {
			return answer{}, err
		}
	}
	command, err := commandID(r)
	if err != nil {
		return answer{}, err
	}
	to := applyBy(r, room, command)
	set(to, string(user))
	applied, err := s.state.Apply(r.Context(), to)
	if err != nil {
		return answer{}, fmt.Errorf("apply to stage: %w", err)
	}
	return inJSON(http.StatusOK, struct {
		Position wirePosition `json:"position"`
		Speakers []wireSeat   `json:"speakers"`
	}{positionFrom(applied.GetPosition()), seatsFrom(applied.GetStage())})
}

// applyBy addresses a command by the caller to a room's stage.
func applyBy(r *request, room id.Room, command id.Command) *listenerstatev1.ApplyRequest {
	return &listenerstatev1.ApplyRequest{
		App: string(r.app), Room: string(room), CommandId: string(command),
		Actor: &listenerstatev1.Actor{Actor: &listenerstatev1.Actor_User{User: string(r.who.user)}},
	}
}
