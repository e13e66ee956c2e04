package mobileapi

import (
	"context"
	"fmt"

	"google.golang.org/grpc"

	"rostrum/internal/id"
	accountv1 "rostrum/proto/rostrum/account/v1"
)

type personFinder interface {
	GetUser(context.Context, *accountv1.GetUserRequest, ...grpc.CallOption) (*accountv1.GetUserResponse, error)
}

// names are what people are called.
type names struct {
	app    id.App
	people personFinder
}

// of answers what a person is called. Fault: not_found.
func (n names) of(ctx context.Context, user id.User) (string, error) {
	found, err := n.people.GetUser(ctx, &accountv1.GetUserRequest{App: string(n.app), User: string(user)})
	if err != nil {
		return "", fmt.Errorf("find person: %w", err)
	}
	return found.GetUser().GetName(), nil
}
