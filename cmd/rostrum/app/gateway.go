package app

import (
	"context"

	"rostrum/internal/token"
	mobileapi "rostrum/mobile-api"
)

func (a *App) startMobileAPI(context.Context) error {
	gateway, err := mobileapi.New(mobileapi.Config{
		Rooms: a.peers.rooms, Accounts: a.peers.accounts, Stage: a.peers.stage, Signaling: a.peers.sessions,
		AccessKeys: a.keys.access, Grants: token.NewVerifier(a.keys.signer.Public()),
		Log: a.roleLog(mobileAPI), Metrics: a.registry,
	})
	if err != nil {
		return err
	}
	a.onClose(mobileAPI, func(context.Context) error { return gateway.Close() })
	a.public.Handle("/v1/", gateway.Handler())
	return nil
}
