package app

import (
	"context"
	"fmt"

	"google.golang.org/grpc"

	accountv1 "rostrum/proto/rostrum/account/v1"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
	roomv1 "rostrum/proto/rostrum/room/v1"
	accountservice "rostrum/services/account"
	accountbolt "rostrum/services/account/accountstore/bolt"
	accountdynamo "rostrum/services/account/accountstore/dynamo"
	stageservice "rostrum/services/listenerstate"
	stagebolt "rostrum/services/listenerstate/stagearchive/bolt"
	stagedynamo "rostrum/services/listenerstate/stagearchive/dynamo"
	roomservice "rostrum/services/room"
	roombolt "rostrum/services/room/roomstore/bolt"
	roomdynamo "rostrum/services/room/roomstore/dynamo"
	signalingservice "rostrum/services/signaling"
	"rostrum/services/signaling/nodestore"
)

func (a *App) startAccount(context.Context) error {
	store, err := a.accounts()
	if err != nil {
		return err
	}
	service, err := accountservice.New(accountservice.Config{
		Store: store, Tokens: a.keys, Log: a.roleLog(account), Metrics: a.registry,
	})
	if err != nil {
		return err
	}
	_, err = a.serve(account, a.cfg.Listen.Account, func(s *grpc.Server) {
		accountv1.RegisterAccountsServer(s, accountservice.NewServer(service))
	})
	return err
}

func (a *App) accounts() (accountservice.Store, error) {
	if a.store.dynamo != nil {
		return accountdynamo.New(a.store.dynamo), nil
	}
	return accountbolt.New(a.store.bolt)
}

func (a *App) startListenerState(context.Context) error {
	archive, keyring, err := a.archive()
	if err != nil {
		return err
	}
	acknowledge := stageservice.AcknowledgeArchive
	if a.store.dynamo != nil { // written twice a second: too late to wait for
		acknowledge = stageservice.AcknowledgeLog
	}
	service, err := stageservice.New(stageservice.Config{
		Redis: a.redis, Archive: archive, Keys: keyring, Acknowledge: acknowledge, WatchersMost: a.cfg.Limits.Watchers,
		Behind: stageservice.Behind{Holding: stageservice.Holding(a.cfg.Redis.Holding)}, Log: a.roleLog(listenerstate), Metrics: a.registry,
	})
	if err != nil {
		return err
	}
	a.onClose(listenerstate, func(context.Context) error { service.Close(); return nil })
	_, err = a.serve(listenerstate, a.cfg.Listen.ListenerState, func(s *grpc.Server) {
		listenerstatev1.RegisterListenerStateServer(s, stageservice.NewServer(service))
	})
	return err
}

// archive opens what keeps stage logs for good, and the keys of people's names in them.
func (a *App) archive() (stageservice.Archive, stageservice.Keys, error) {
	if a.store.dynamo != nil {
		archive, err := stagedynamo.New(stagedynamo.Config{DB: a.store.dynamo, Log: a.roleLog(listenerstate), Metrics: a.registry})
		if err != nil {
			return nil, nil, err
		}
		a.onClose("stage archive", func(context.Context) error { archive.Close(); return nil })
		keyring, err := stagedynamo.NewKeyring(stagedynamo.KeyringConfig{DB: a.store.dynamo})
		return archive, keyring, err
	}
	archive, err := stagebolt.NewArchive(a.store.bolt, stagebolt.Config{Metrics: a.registry})
	if err != nil {
		return nil, nil, err
	}
	a.onClose("stage archive", func(context.Context) error { archive.Close(); return nil })
	keyring, err := stagebolt.NewKeyring(a.store.bolt)
	return archive, keyring, err
}

func (a *App) startSignaling(context.Context) error {
	signer, err := a.signer()
	if err != nil {
		return fmt.Errorf("read the authority: %w", err)
	}
	service, err := signalingservice.New(signalingservice.Config{
		Store: nodestore.New(a.redis), Stage: a.peers.stage, Dialer: a.network.nodes, Keys: a.keys,
		EnrolmentToken: a.keys.Enrolment(), Authority: signer, Log: a.roleLog(signaling), Metrics: a.registry,
	})
	if err != nil {
		return err
	}
	a.onClose(signaling, func(context.Context) error { return service.Close() })
	_, err = a.serve(signaling, a.cfg.Listen.Signaling, func(s *grpc.Server) { signalingservice.NewServer(service).Register(s) })
	a.needPeers(listenerstate)
	return err
}

func (a *App) startRoom(context.Context) error {
	store, err := a.rooms()
	if err != nil {
		return err
	}
	service, err := roomservice.New(roomservice.Config{
		Store: store, Stage: a.peers.stage, Signer: a.keys, CursorKey: a.keys.Cursor(),
		Log: a.roleLog(room), Metrics: a.registry,
	})
	if err != nil {
		return err
	}
	a.onClose(room, func(context.Context) error { return service.Close() })
	_, err = a.serve(room, a.cfg.Listen.Room, func(s *grpc.Server) { roomv1.RegisterRoomsServer(s, roomservice.NewServer(service)) })
	a.needPeers(listenerstate)
	return err
}

func (a *App) rooms() (roomservice.Store, error) {
	if a.store.dynamo != nil {
		return roomdynamo.New(a.store.dynamo), nil
	}
	return roombolt.New(a.store.bolt)
}
