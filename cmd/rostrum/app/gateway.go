package app

import (
	"context"

	"rostrum/internal/obs"
	mobileapi "rostrum/mobile-api"
)

func (a *App) startMobileAPI(context.Context) error {
	gateway, err := mobileapi.New(mobileapi.Config{
		Rooms: a.peers.rooms, Accounts: a.peers.accounts, Stage: a.peers.stage, Signaling: a.peers.sessions,
		MostSockets: a.cfg.Limits.Sockets, Tokens: a.keys, Grants: a.keys,
		Log: a.roleLog(mobileAPI), Metrics: a.registry,
	})
	if err != nil {
		return err
	}
	a.needPeers(account, listenerstate, room, signaling)
	a.onClose(mobileAPI, func(context.Context) error { return gateway.Close() })
	a.public.Handle("/v1/", obs.ModuleHandler(mobileAPI, gateway.Handler()))
	return nil
}
