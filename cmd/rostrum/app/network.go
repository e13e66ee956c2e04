package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc"

	"rostrum/internal/rpc"
	accountv1 "rostrum/proto/rostrum/account/v1"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
	roomv1 "rostrum/proto/rostrum/room/v1"
	signalingv1 "rostrum/proto/rostrum/signaling/v1"
)

// peers are the control services as the roles of this process reach them.
type peers struct {
	accounts accountv1.AccountsClient
	rooms    roomv1.RoomsClient
	stage    listenerstatev1.ListenerStateClient
	sessions signalingv1.SignalingClient
	nodes    signalingv1.NodesClient
}

// startNetwork makes what the roles reach each other over. Connections are made when they are first used.
func (a *App) startNetwork(context.Context) error {
	a.network = rpc.NewMemory()
	a.onClose("network", func(context.Context) error { return a.network.Close() })
	var failed []error
	dial := func(role string) *grpc.ClientConn {
		conn, err := a.network.Dial(role)
		failed = append(failed, err)
		return conn
	}
	a.peers = peers{
		accounts: accountv1.NewAccountsClient(dial(account)), rooms: roomv1.NewRoomsClient(dial(room)),
		stage:    listenerstatev1.NewListenerStateClient(dial(listenerstate)),
		sessions: signalingv1.NewSignalingClient(dial(signaling)), nodes: signalingv1.NewNodesClient(dial(signaling)),
	}
	return errors.Join(failed...)
}

// serve offers a role's gRPC services until the app closes.
func (a *App) serve(role string, register func(*grpc.Server)) error {
	listener, err := a.network.Listen(role)
	if err != nil {
		return fmt.Errorf("listen for gRPC: %w", err)
	}
	server := rpc.NewServer(a.roleLog(role))
	register(server)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	a.onClose(role+" gRPC", func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, time.Second) // streams have no end of their own
		defer cancel()
		defer context.AfterFunc(ctx, server.Stop)()
		server.GracefulStop()
		return <-ended
	})
	return nil
}
