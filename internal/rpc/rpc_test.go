package rpc

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"google.golang.org/grpc"

	"rostrum/internal/fault"
	accountv1 "rostrum/proto/rostrum/account/v1"
)

type accounts struct {
	accountv1.UnimplementedAccountsServer
	answer func(context.Context) error
}

func (a accounts) GetUser(ctx context.Context, _ *accountv1.GetUserRequest) (*accountv1.GetUserResponse, error) {
	return &accountv1.GetUserResponse{}, a.answer(ctx)
}

func TestFaultsCrossBothNetworks(t *testing.T) {
	networks := map[string]Network{"memory": NewMemory(), "tcp": NewTCP(Options{})}
	for name, network := range networks {
		t.Run(name, func(t *testing.T) {
			defer network.Close()
			var answer error
			call := serve(t, network, func(ctx context.Context) error {
				if deadline, set := ctx.Deadline(); !set || time.Until(deadline) > callTimeout {
					return errors.New("a call without a bound")
				}
				return answer
			})
			if err := call(); err != nil {
				t.Fatal(err)
			}
			answer = fault.New(fault.CodeStageFull, "all %d seats are taken", 20)
			if f := fault.From(call()); f.Code != fault.CodeStageFull || f.Message != "all 20 seats are taken" {
				t.Errorf("got %v", f)
			}
			answer = errors.New("secret")
			if f := fault.From(call()); f.Code != fault.CodeInternal || f.Message != "something went wrong on our side" {
				t.Errorf("got %v", f)
			}
		})
	}
}

func TestAPanicCostsOnlyItsCall(t *testing.T) {
	network := NewMemory()
	defer network.Close()
	first := true
	call := serve(t, network, func(context.Context) error {
		if first {
			first = false
			panic("broken")
		}
		return nil
	})
	if err := call(); !fault.Is(fault.From(err), fault.CodeInternal) {
		t.Errorf("got %v", err)
	}
	if err := call(); err != nil {
		t.Errorf("the next call: %v", err)
	}
}

func serve(t *testing.T, network Network, answer func(context.Context) error) func() error {
	t.Helper()
	listener, err := network.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := NewServer(slog.New(slog.DiscardHandler), Options{})
	accountv1.RegisterAccountsServer(server, accounts{answer: answer})
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-served; err != nil && !errors.Is(err, grpc.ErrServerStopped) {
			t.Error(err)
		}
	})
	address := listener.Addr().String()
	if address == "bufconn" {
		address = "127.0.0.1:0"
	}
	conn, err := network.Dial(address)
	if err != nil {
		t.Fatal(err)
	}
	return func() error {
		_, err := accountv1.NewAccountsClient(conn).GetUser(context.Background(), &accountv1.GetUserRequest{})
		return err
	}
}
