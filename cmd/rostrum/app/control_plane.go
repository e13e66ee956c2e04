package app

import (
	"context"

	"google.golang.org/grpc"

	"rostrum/internal/token"
	accountv1 "rostrum/proto/rostrum/account/v1"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
	roomv1 "rostrum/proto/rostrum/room/v1"
	accountservice "rostrum/services/account"
	accountstore "rostrum/services/account/accountstore/bolt"
	stageservice "rostrum/services/listenerstate"
	stagearchive "rostrum/services/listenerstate/stagearchive/bolt"
	roomservice "rostrum/services/room"
	roomstore "rostrum/services/room/roomstore/bolt"
	signalingservice "rostrum/services/signaling"
	"rostrum/services/signaling/nodestore"
)

func (a *App) startAccount(context.Context) error {
	store, err := accountstore.New(a.bolt)
	if err != nil {
		return err
	}
	service, err := accountservice.New(accountservice.Config{
		Store: store, Keys: a.keys.access, Log: a.roleLog(account), Metrics: a.registry,
	})
	if err != nil {
		return err
	}
	return a.serve(account, func(s *grpc.Server) { accountv1.RegisterAccountsServer(s, accountservice.NewServer(service)) })
}

func (a *App) startListenerState(context.Context) error {
	archive, err := stagearchive.NewArchive(a.bolt, stagearchive.Config{Metrics: a.registry})
	if err != nil {
		return err
	}
	a.onClose("stage archive", func(context.Context) error { archive.Close(); return nil })
	keyring, err := stagearchive.NewKeyring(a.bolt)
	if err != nil {
		return err
	}
	service, err := stageservice.New(stageservice.Config{
		Redis: a.redis, Archive: archive, Keys: keyring, Log: a.roleLog(listenerstate), Metrics: a.registry,
	})
	if err != nil {
		return err
	}
	a.onClose(listenerstate, func(context.Context) error { service.Close(); return nil })
	return a.serve(listenerstate, func(s *grpc.Server) {
		listenerstatev1.RegisterListenerStateServer(s, stageservice.NewServer(service))
	})
}

func (a *App) startSignaling(context.Context) error {
	service, err := signalingservice.New(signalingservice.Config{
		Store: nodestore.New(a.redis), Stage: a.peers.stage, Dialer: a.network, Keys: []token.PublicKey{a.keys.signer.Public()},
		Log: a.roleLog(signaling), Metrics: a.registry,
	})
	if err != nil {
		return err
	}
	a.onClose(signaling, func(context.Context) error { return service.Close() })
	return a.serve(signaling, func(s *grpc.Server) { signalingservice.NewServer(service).Register(s) })
}

func (a *App) startRoom(context.Context) error {
	store, err := roomstore.New(a.bolt)
	if err != nil {
		return err
	}
	service, err := roomservice.New(roomservice.Config{
		Store: store, Stage: a.peers.stage, Signer: a.keys.signer, CursorKey: a.keys.cursor,
		Log: a.roleLog(room), Metrics: a.registry,
	})
	if err != nil {
		return err
	}
	a.onClose(room, func(context.Context) error { return service.Close() })
	return a.serve(room, func(s *grpc.Server) { roomv1.RegisterRoomsServer(s, roomservice.NewServer(service)) })
}
