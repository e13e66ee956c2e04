package rpc

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"rostrum/internal/obs"
	accountv1 "rostrum/proto/rostrum/account/v1"
)

func TestARequestIsKnownByItsIDAcrossRoles(t *testing.T) {
	network := NewMemory()
	defer network.Close()
	listener, err := network.Listen("account")
	if err != nil {
		t.Fatal(err)
	}
	metrics, err := NewMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	var log lines
	var got string
	server := NewServer(slog.New(slog.NewTextHandler(&log, nil)), Options{Metrics: metrics})
	accountv1.RegisterAccountsServer(server, accounts{answer: func(ctx context.Context) error {
		got = obs.RequestID(ctx)
		return errors.New("broken")
	}})
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	defer func() {
		server.Stop()
		<-served
	}()
	conn, err := network.Dial("account")
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]string{"req-12345678": "req-12345678", "": "", "short": "", "with\"quotes\"": ""} {
		ctx := context.Background()
		if id != "" {
			ctx = obs.WithRequestID(ctx, id)
		}
		if _, err := accountv1.NewAccountsClient(conn).GetUser(ctx, &accountv1.GetUserRequest{}); err == nil {
			t.Error("it works")
		}
		if got != want {
			t.Errorf("%q arrived as %q", id, got)
		}
	}
	if !strings.Contains(log.String(), "request_id=req-12345678") {
		t.Errorf("the log does not know the request:\n%s", log.String())
	}
	calls, ok := metrics.calls.WithLabelValues("account.v1.Accounts", "GetUser", "internal").(prometheus.Metric)
	var written dto.Metric
	if !ok || calls.Write(&written) != nil || written.GetHistogram().GetSampleCount() != 4 {
		t.Errorf("the calls are counted as %v", &written)
	}
}
