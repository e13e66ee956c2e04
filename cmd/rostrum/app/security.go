package app

import (
	"fmt"

	"rostrum/internal/authority"
	"rostrum/internal/rpc"
	"rostrum/mediaedge/control"
)

// identity is what the process shows other roles; its zero value is nothing, over a plain network.
type identity struct {
	security *rpc.Security
	pass     *control.Pass // of an edge that enrols
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
		return identity{security: &rpc.Security{Cluster: cluster, Certificate: files.Certificate}}, nil
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

// signer answers the authority that signs the certificates of edges; nil where there is none.
func (a *App) signer() (*authority.Authority, error) {
	k := a.cfg.Keys
	if k.Authority == "" {
		return nil, nil
	}
	return authority.Load(k.Authority, k.AuthorityKey)
}
