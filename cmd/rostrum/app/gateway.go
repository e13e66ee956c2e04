package app

import (
	"context"

	"rostrum/internal/token"
	mobileapi "rostrum/mobile-api"
	accountv1 "rostrum/proto/rostrum/account/v1"
	roomv1 "rostrum/proto/rostrum/room/v1"
	signalingv1 "rostrum/proto/rostrum/signaling/v1"
)

func (a *App) startMobileAPI(context.Context) error {
	gateway, err := mobileapi.New(mobileapi.Config{
		Rooms: roomv1.NewRoomsClient(a.dial(room)), Accounts: accountv1.NewAccountsClient(a.dial(account)),
		Stage: a.stage(), Signaling: signalingv1.NewSignalingClient(a.dial(signaling)),
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
