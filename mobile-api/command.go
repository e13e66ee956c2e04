package mobileapi

import (
	"context"
	"fmt"
	"net/http"

	"google.golang.org/grpc"

	"rostrum/internal/id"
	"rostrum/mobile-api/intent"
	"rostrum/mobile-api/view"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
)

type applier interface {
	Apply(context.Context, *listenerstatev1.ApplyRequest, ...grpc.CallOption) (*listenerstatev1.ApplyResponse, error)
}

// commands lets people ask things of a stage.
type commands struct {
	stage applier
	names names
}

// detail completes an intent by what a call says beside its path.
type detail func(*request, *intent.Intent) error

type wireCommanded struct {
	Position view.Position `json:"position"`
	Place    uint32        `json:"place"`
	Of       uint32        `json:"of"`
	Seats    []view.Seat   `json:"seats"`
}

// ask serves one verb of intents, about the {user} of the path where it has one.
func (c commands) ask(do string, details ...detail) handler {
	return func(r *request) (answer, error) {
		room, err := r.room()
		if err != nil {
			return answer{}, err
		}
		i := intent.Intent{Do: do, User: r.PathValue("user")}
		for _, complete := range details {
			if err := complete(r, &i); err != nil {
				return answer{}, err
			}
		}
		command, err := commandID(r)
		if err != nil {
			return answer{}, err
		}
		applied, err := c.apply(r, room, i, command)
		if err != nil {
			return answer{}, err
		}
		stage := applied.GetStage()
		return inJSON(http.StatusOK, wireCommanded{
			view.PositionFrom(applied.GetPosition()), applied.GetPlace(), stage.GetHandCount(), view.SeatsFrom(stage.GetSeats()),
		})
	}
}

// apply gives a stage the command of the caller's intent.
func (c commands) apply(r *request, room id.Room, i intent.Intent, command id.Command) (*listenerstatev1.ApplyResponse, error) {
	to, err := i.Request(r.app, room, intent.Person{User: r.who.user, Name: r.who.name}, command)
	if err != nil {
		return nil, err
	}
	applied, err := c.stage.Apply(r.Context(), to)
	if err != nil {
		return nil, fmt.Errorf("apply %s to stage: %w", i.Do, err)
	}
	return applied, nil
}

// named tells who the intent is about: the stage knows people by what others call them. Fault: not_found.
func (c commands) named(r *request, i *intent.Intent) error {
	if i.User == intent.Me {
		i.Name = r.who.name
		return nil
	}
	user, err := id.ParseUser(i.User)
	if err != nil {
		return err
	}
	i.Name, err = c.names.of(r.Context(), user)
	return err
}

func note(r *request, i *intent.Intent) error {
	var in struct {
		Note string `json:"note"`
	}
	err := readOptional(r, &in)
	i.Note = in.Note
	return err
}

func expiry(r *request, i *intent.Intent) error {
	var in struct {
		ExpiresIn uint32 `json:"expires_in"`
	}
	err := readOptional(r, &in)
	i.ExpiresIn = in.ExpiresIn
	return err
}

func muted(r *request, i *intent.Intent) error {
	var in struct {
		Muted bool `json:"muted"`
	}
	err := readOptional(r, &in)
	i.Muted = in.Muted
	return err
}

func handMode(r *request, i *intent.Intent) error {
	var in struct {
		Mode string `json:"mode"`
	}
	err := readJSON(r, &in)
	i.Mode = in.Mode
	return err
}
