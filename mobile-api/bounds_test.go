package mobileapi

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"

	"rostrum/internal/fault"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
	roomv1 "rostrum/proto/rostrum/room/v1"
)

// stuck is a log of stages that answers nothing, and counts how many wait.
type stuck struct {
	waiting, most atomic.Int32
}

func (s *stuck) GetStage(ctx context.Context, _ *listenerstatev1.GetStageRequest, _ ...grpc.CallOption) (*listenerstatev1.GetStageResponse, error) {
	s.most.Store(max(s.most.Load(), s.waiting.Add(1)))
	defer s.waiting.Add(-1)
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestStagesAreReadFewAtOnceAndForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, err := newMetrics(nil)
		if err != nil {
			t.Fatal(err)
		}
		log := &stuck{}
		s := stages{state: log, missing: m.missing}
		began := time.Now()
		found := s.all(&request{Request: httptest.NewRequestWithContext(t.Context(), "GET", "/", nil)}, make([]*roomv1.Room, maxListed))
		if len(found) != maxListed || found[0] != nil || time.Since(began) != stageTimeout || log.most.Load() > stagesAtOnce {
			t.Errorf("%d stages in %v, %d at once", len(found), time.Since(began), log.most.Load())
		}
	})
}

// once is a listener of one connection.
type once struct {
	conns chan net.Conn
	done  chan struct{}
}

func (l *once) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}
func (l *once) Close() error   { close(l.done); return nil }
func (l *once) Addr() net.Addr { return &net.UnixAddr{Name: "once", Net: "unix"} }

func TestASlowBodyEndsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, _ := newLone(t, untilDone)
		server := &http.Server{Handler: g.Handler()}
		client, served := net.Pipe()
		listener := &once{make(chan net.Conn, 1), make(chan struct{})}
		listener.conns <- served
		go server.Serve(listener)
		began := time.Now()
		go io.WriteString(client, "POST /v1/guests HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
		answer, err := io.ReadAll(client)
		if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 504 ") || !strings.Contains(string(answer), string(fault.CodeTimeout)) {
			t.Errorf("answered %s, %v", answer, err)
		}
		if took := time.Since(began); took > callTimeout+time.Second {
			t.Errorf("took %v", took)
		}
		server.Close()
		g.Close()
	})
}
