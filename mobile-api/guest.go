package mobileapi

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	"rostrum/internal/fault"
	accountv1 "rostrum/proto/rostrum/account/v1"
)

type accounts interface {
	CreateGuest(context.Context, *accountv1.CreateGuestRequest, ...grpc.CallOption) (*accountv1.CreateGuestResponse, error)
	Refresh(context.Context, *accountv1.RefreshRequest, ...grpc.CallOption) (*accountv1.RefreshResponse, error)
}

// people lets people in without a password, and stay.
type people struct {
	accounts  accounts
	guests    *limiter[netip.Prefix]
	refreshes *limiter[netip.Prefix]
	now       func() time.Time
}

// wireTokens is Tokens of openapi.yaml.
type wireTokens struct {
	User             wireUser   `json:"user"`
	AccessToken      string     `json:"access_token"`
	ExpiresAt        *time.Time `json:"expires_at"`
	RefreshToken     string     `json:"refresh_token"`
	RefreshExpiresAt *time.Time `json:"refresh_expires_at"`
}

type wireUser struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Guest bool   `json:"guest"`
}

func (p people) create(r *request) (answer, error) {
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
	if wait := p.guests.take(network(r.RemoteAddr), p.now()); wait > 0 {
		return answer{}, fault.New(fault.CodeRateLimited, "too many new guests from this address").In(wait)
	}
	made, err := p.accounts.CreateGuest(r.Context(), &accountv1.CreateGuestRequest{
		App: string(r.app), Name: in.Name, Device: in.Device,
	})
	if err != nil {
		return answer{}, fmt.Errorf("create guest: %w", err)
	}
	return inJSON(http.StatusCreated, tokensFrom(made))
}

// tokened is an answer that proves who somebody is.
type tokened interface {
	GetUser() *accountv1.User
	GetAccessToken() string
	GetExpiresAt() *timestamppb.Timestamp
	GetRefreshToken() string
	GetRefreshExpiresAt() *timestamppb.Timestamp
}

func tokensFrom(made tokened) wireTokens {
	user := made.GetUser()
	return wireTokens{
		User:        wireUser{user.GetId(), user.GetName(), user.GetGuest()},
		AccessToken: made.GetAccessToken(), ExpiresAt: timeFrom(made.GetExpiresAt()),
		RefreshToken: made.GetRefreshToken(), RefreshExpiresAt: timeFrom(made.GetRefreshExpiresAt()),
	}
}
