package mobileapi

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"google.golang.org/grpc"

	"rostrum/internal/fault"
	accountv1 "rostrum/proto/rostrum/account/v1"
)

type guestMaker interface {
	CreateGuest(context.Context, *accountv1.CreateGuestRequest, ...grpc.CallOption) (*accountv1.CreateGuestResponse, error)
}

// guests lets people in without a password.
type guests struct {
	accounts guestMaker
	limit    *limiter
	now      func() time.Time
}

type wireGuest struct {
	User        wireUser  `json:"user"`
	AccessToken string    `json:"access_token"`
	ExpiresAt   time.Time `json:"expires_at"`
}

type wireUser struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Guest bool   `json:"guest"`
}

func (g guests) create(r *request) (answer, error) {
	var in struct {
		Name   string `json:"name"`
		Device string `json:"device"`
	}
	if err := readJSON(r, &in); err != nil {
		return answer{}, err
	}
	if in.Name == "" {
		return answer{}, fault.Invalid("name", "1 to 40 characters")
	}
	if wait := g.limit.take(r.RemoteAddr, g.now()); wait > 0 {
		return answer{}, fault.New(fault.CodeRateLimited, "too many new guests from this address").In(wait)
	}
	made, err := g.accounts.CreateGuest(r.Context(), &accountv1.CreateGuestRequest{
		App: string(r.app), Name: in.Name, Device: in.Device,
	})
	if err != nil {
		return answer{}, fmt.Errorf("create guest: %w", err)
	}
	user := made.GetUser()
	return inJSON(http.StatusCreated, wireGuest{
		User:        wireUser{user.GetId(), user.GetName(), user.GetGuest()},
		AccessToken: made.GetAccessToken(), ExpiresAt: made.GetExpiresAt().AsTime(),
	})
}
