package account

import (
	"google.golang.org/protobuf/types/known/timestamppb"

	accountv1 "rostrum/proto/rostrum/account/v1"
)

func wireUser(u User) *accountv1.User {
	return &accountv1.User{
		App: string(u.App), Id: string(u.ID), Name: u.Name, Guest: u.Guest, CreatedAt: timestamppb.New(u.Created),
	}
}
