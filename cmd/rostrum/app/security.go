package app

import (
	"context"
	"crypto/tls"
	"fmt"
	"time"

	"rostrum/internal/authority"
	"rostrum/internal/rpc"
	"rostrum/mediaedge/control"
)

// identity is what the process shows other roles; its zero value is nothing, over a plain network.
type identity struct {
	security *rpc.Security
	pass     *control.Pass    // of an edge that enrols
	files    *authority.Files // of the others
	shown    *tls.Certificate // what lay in them at first
}

// identify takes up the configured certificate, or what an edge gets one for.
func (a *App) identify() (identity, error) {
	k := a.cfg.Keys
	if k.Certificate != "" {
		files, err := authority.NewFiles(k.Certificate, k.PrivateKey)
		if err != nil {
			return identity{}, fmt.Errorf("read this node's certificate: %w", err)
		}
		own, err := files.Certificate()
		if err != nil {
			return identity{}, err
		}
		cluster, err := authority.ClusterOf(own)
		if err != nil {
			return identity{}, fmt.Errorf("read this node's certificate %s: %w", k.Certificate, err)
		}
		return identity{security: &rpc.Security{Cluster: cluster, Certificate: files.Certificate}, files: files, shown: own}, nil
	}
	if !a.runs(edgeRole) || k.Enrolment == "" {
		return identity{}, nil
	}
	token, err := authority.ParseToken(k.Enrolment)
	if err != nil { // a token of a cluster without certificates
		return identity{}, nil
	}
	pass, err := control.NewPass(control.PassConfig{
		Node: a.cfg.Node, Region: a.cfg.Region, Token: token, Folder: a.cfg.Folder, Log: a.roleLog(edgeRole),
		Renewed: func() { a.network.tcp.Renew() },
	})
	if err != nil {
		return identity{}, fmt.Errorf("enrol this edge: %w", err)
	}
	return identity{security: &rpc.Security{Cluster: pass.Cluster(), Certificate: pass.Certificate}, pass: pass}, nil
}

// certificateEvery is how often a process looks whether its certificate was replaced.
const certificateEvery = 5 * time.Second

// followCertificate makes all connections anew when the certificate in the files was replaced. Those that were made with one
// that had run out are refused until then.
func (a *App) followCertificate(own identity) {
	if own.files == nil {
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(certificateEvery)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
			case <-ctx.Done():
				return
			}
			if now, err := own.files.Certificate(); err == nil && now != own.shown {
				own.shown = now
				a.log.Info("the certificate was replaced", "until", now.Leaf.NotAfter)
				a.network.tcp.Renew()
			}
		}
	}()
	a.onClose("certificate", func(context.Context) error {
		stop()
		<-done
		return nil
	})
}

// signer answers the authority that signs the certificates of edges; nil where there is none.
func (a *App) signer() (*authority.Authority, error) {
	k := a.cfg.Keys
	if k.Authority == "" {
		return nil, nil
	}
	return authority.Load(k.Authority, k.AuthorityKey)
}
