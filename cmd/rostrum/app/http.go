package app

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"rostrum/mediaedge/edge"
	"rostrum/web"
)

// startHTTP opens the public door: API, listeners' door and page on one port, and the operator's door for this machine.
func (a *App) startHTTP(context.Context) error {
	listener, err := net.Listen("tcp", a.cfg.Listen.HTTP)
	if err != nil {
		return fmt.Errorf("open the public door: %w", err)
	}
	a.address = listener.Addr()
	if a.runs(mobileAPI) {
		a.public.Handle("/", web.Handler())
	}
	if a.cfg.Embedded {
		a.mountOperator()
	}
	server := &http.Server{
		Handler: a.public, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10,
		ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelDebug), // what strangers send is not ours to report
	}
	served := edge.Listener(listener)
	if a.certificate, err = a.publicCertificate(); err != nil {
		return errors.Join(err, listener.Close())
	}
	if a.certificate != nil {
		served = tls.NewListener(served, &tls.Config{
			Certificates: []tls.Certificate{*a.certificate}, NextProtos: []string{"http/1.1"}, MinVersion: tls.VersionTLS12,
		})
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(served) }()
	a.onClose("public door", func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		if a.edge != nil { // its streams have no end of their own, and listeners are told where they were
			if err := a.edge.Close(ctx); err != nil {
				a.log.Warn("listeners were cut", "error", err)
			}
		}
		if err := server.Shutdown(ctx); err != nil {
			server.Close()
		}
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	return nil
}

// publicCertificate answers what the public door shows; nil: nothing, it speaks plain HTTP.
func (a *App) publicCertificate() (*tls.Certificate, error) {
	switch files := a.cfg.TLS; {
	case a.cfg.SelfSigned:
		return selfSigned(a.cfg.Listen.HTTP)
	case files.Certificate == "":
		return nil, nil
	default:
		c, err := tls.LoadX509KeyPair(files.Certificate, files.PrivateKey)
		if err != nil {
			return nil, fmt.Errorf("read the public door's certificate: %w", err)
		}
		return &c, nil
	}
}

// URL is where people open the page.
func (a *App) URL() string {
	host, port, _ := net.SplitHostPort(a.address.String())
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "localhost"
		if a.certificate != nil { // made for phones: they need this machine's address
			host = outwardAddress()
		}
	}
	return a.scheme() + "://" + net.JoinHostPort(host, port)
}

// LocalURL is where programs of this machine reach the API.
func (a *App) LocalURL() string {
	host, port, _ := net.SplitHostPort(a.address.String())
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return a.scheme() + "://" + net.JoinHostPort(host, port)
}

// LocalClient trusts the certificate that this process made.
func (a *App) LocalClient() *http.Client {
	if a.certificate == nil {
		return http.DefaultClient
	}
	trusted := x509.NewCertPool()
	trusted.AddCert(a.certificate.Leaf)
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted}}}
}

func (a *App) scheme() string {
	if a.certificate != nil {
		return "https"
	}
	return "http"
}
