package account

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	"rostrum/internal/id"
	accountv1 "rostrum/proto/rostrum/account/v1"
)

// Server serves a Service over gRPC.
type Server struct {
	accountv1.UnimplementedAccountsServer
	service *Service
}

// NewServer serves a service.
func NewServer(service *Service) *Server { return &Server{service: service} }

// CreateGuest makes a person without a password.
func (s *Server) CreateGuest(ctx context.Context, in *accountv1.CreateGuestRequest) (*accountv1.CreateGuestResponse, error) {
	app, err := id.ParseApp(in.GetApp())
	if err != nil {
		return nil, err
	}
	user, tickets, err := s.service.CreateGuest(ctx, NewGuest{App: app, Name: in.GetName(), Device: in.GetDevice()})
	if err != nil {
		return nil, err
	}
	return &accountv1.CreateGuestResponse{
		User: wireUser(user), AccessToken: tickets.Access, ExpiresAt: timestamppb.New(tickets.AccessExpires),
		RefreshToken: tickets.Refresh, RefreshExpiresAt: timestamppb.New(tickets.RefreshExpires),
	}, nil
}

// Refresh exchanges a refresh token.
func (s *Server) Refresh(ctx context.Context, in *accountv1.RefreshRequest) (*accountv1.RefreshResponse, error) {
	app, err := id.ParseApp(in.GetApp())
	if err != nil {
		return nil, err
	}
	user, tickets, err := s.service.Refresh(ctx, app, in.GetRefreshToken())
	if err != nil {
		return nil, err
	}
	return &accountv1.RefreshResponse{
		User: wireUser(user), AccessToken: tickets.Access, ExpiresAt: timestamppb.New(tickets.AccessExpires),
		RefreshToken: tickets.Refresh, RefreshExpiresAt: timestamppb.New(tickets.RefreshExpires),
	}, nil
}

// GetUser answers one person.
func (s *Server) GetUser(ctx context.Context, in *accountv1.GetUserRequest) (*accountv1.GetUserResponse, error) {
	app, err := id.ParseApp(in.GetApp())
	if err != nil {
		return nil, err
	}
	user, err := id.ParseUser(in.GetUser())
	if err != nil {
		return nil, err
	}
	u, err := s.service.User(ctx, app, user)
	if err != nil {
		return nil, err
	}
	return &accountv1.GetUserResponse{User: wireUser(u)}, nil
}
