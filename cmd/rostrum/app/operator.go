package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/obs"
)

// startOperator opens the operator's door, before anything else: it says what a process waits for.
func (a *App) startOperator(context.Context) error {
	if a.cfg.Embedded { // there it is part of the public door
		return nil
	}
	listener, err := net.Listen("tcp", a.cfg.Listen.Operator)
	if err != nil {
		return fmt.Errorf("open the operator's door: %w", err)
	}
	a.operator = listener.Addr()
	mux := http.NewServeMux()
	mux.Handle("/", obs.Handler(a.about(), a.registry, &a.ready))
	mux.HandleFunc("GET /ledger", a.serveLedger)
	server := &http.Server{
		Handler: mux, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	a.onClose("operator's door", func(context.Context) error {
		err := server.Close() // who looks on is not waited for
		if served := <-ended; !errors.Is(served, http.ErrServerClosed) {
			return errors.Join(err, served)
		}
		return err
	})
	return nil
}

// mountOperator makes the operator's door part of the public one, for this machine alone.
func (a *App) mountOperator() {
	operator := fromThisMachine(obs.Handler(a.about(), a.registry, &a.ready))
	for _, path := range []string{"/metrics", "/healthz", "/readyz", "/debug/pprof/"} {
		a.public.Handle(path, operator)
	}
	a.public.Handle("GET /ledger", fromThisMachine(http.HandlerFunc(a.serveLedger)))
}

// serveLedger answers what the origins of this process gave out.
func (a *App) serveLedger(w http.ResponseWriter, r *http.Request) {
	if a.ledger == nil {
		fault.WriteHTTP(w, fault.New(fault.CodeNotFound, "no room is at home in this process"))
		return
	}
	a.ledger.ServeHTTP(w, r)
}

// fromThisMachine answers others as if the path did not exist.
func fromThisMachine(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.RemoteAddr)
		if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
			fault.WriteHTTP(w, fault.New(fault.CodeNotFound, "there is nothing at this path"))
			return
		}
		next.ServeHTTP(w, r)
	})
}
