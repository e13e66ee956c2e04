package control

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"time"

	"google.golang.org/grpc"

	"rostrum/internal/authority"
	"rostrum/internal/fault"
	"rostrum/internal/id"
	signalingv1 "rostrum/proto/rostrum/signaling/v1"
)

// passFile is where a certificate and its key lie in the folder.
const passFile = "edge.pem"

// enroller gives certificates.
type enroller interface {
	Enrol(ctx context.Context, in *signalingv1.EnrolRequest, opts ...grpc.CallOption) (*signalingv1.EnrolResponse, error)
}

// PassConfig says who an edge is.
type PassConfig struct {
	Node   id.Node
	Region string
	Token  authority.Token
	// Folder keeps the certificate over a restart, mode 0600. Empty: the edge enrols anew after it.
	Folder string
	// Renewed is called when there is another certificate, so that connections are made anew (rpc.TCP.Renew). May be nil.
	Renewed func()
	Log     *slog.Logger // nil: none
}

// Pass is an edge's node certificate: got for the enrolment token, replaced at half of its life, and got for the token
// again where it has run out or is refused. A Stream keeps it.
type Pass struct {
	cfg     PassConfig
	refused chan struct{} // holds one value while the certificate is refused

	mu    sync.Mutex
	held  *tls.Certificate
	renew time.Time     // when held is replaced
	there chan struct{} // closed once connections show held
	last  error         // why there is none
}

// NewPass takes up the certificate in the folder, where there is one of this node and cluster that has not run out.
func NewPass(cfg PassConfig) (*Pass, error) {
	if _, err := id.ParseNode(string(cfg.Node)); err != nil {
		return nil, err
	}
	if cfg.Token.Cluster() == "" {
		return nil, fault.Invalid("enrolment token", "set")
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	p := &Pass{cfg: cfg, refused: make(chan struct{}, 1), there: make(chan struct{})}
	if cfg.Folder == "" {
		return p, nil
	}
	path := filepath.Join(cfg.Folder, passFile)
	kept, err := authority.Read(path, path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		cfg.Log.Warn("the kept certificate cannot be read; enrolling anew", "error", err)
	default:
		if err := p.take(kept, kept.Leaf.NotBefore); err != nil {
			cfg.Log.Warn("the kept certificate is of no use; enrolling anew", "error", err)
			break
		}
		p.show()
	}
	return p, nil
}

// Cluster is the cluster that the edge belongs to, and whose nodes it believes.
func (p *Pass) Cluster() authority.Cluster { return p.cfg.Token.Cluster() }

// Certificate is the newest; nil where there is none yet.
func (p *Pass) Certificate() (*tls.Certificate, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.held, nil
}

// take checks a certificate and has it shown at handshakes from now on. It is replaced at half of its life, give or take a tenth, so that
// edges that came together do not come together again.
func (p *Pass) take(c *tls.Certificate, from time.Time) error {
	chain, err := parse(c.Certificate)
	if err != nil {
		return err
	}
	node, err := p.Cluster().Check(chain, time.Now())
	if err != nil {
		return err
	}
	if node.Name != p.cfg.Node || !node.Is(authority.Edge) {
		return fmt.Errorf("the certificate is node %s's", node.Name)
	}
	life := chain[0].NotAfter.Sub(from)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held, p.last = c, nil
	p.renew = from.Add(life*4/10 + rand.N(life/5+1))
	return nil
}

// show lets those go on who wait for a certificate.
func (p *Pass) show() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.there:
	default:
		close(p.there)
	}
}

func parse(ders [][]byte) ([]*x509.Certificate, error) {
	chain := make([]*x509.Certificate, len(ders))
	for i, der := range ders {
		var err error
		if chain[i], err = x509.ParseCertificate(der); err != nil {
			return nil, fmt.Errorf("read a certificate: %w", err)
		}
	}
	return chain, nil
}

// wait waits for a certificate.
func (p *Pass) wait(ctx context.Context) error {
	p.mu.Lock()
	there := p.there
	p.mu.Unlock()
	select {
	case <-there:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// trouble is why there is no certificate.
func (p *Pass) trouble() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last
}

// refuse drops the certificate, because signaling does not take it.
func (p *Pass) refuse() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.held == nil {
		return
	}
	p.held, p.there = nil, make(chan struct{})
	select {
	case p.refused <- struct{}{}:
	default:
	}
}

// keep writes the certificate to the folder, whole or not at all.
func (p *Pass) keep(c *tls.Certificate) error {
	if p.cfg.Folder == "" {
		return nil
	}
	text, err := authority.Encode(c)
	if err != nil {
		return err
	}
	path := filepath.Join(p.cfg.Folder, passFile)
	if err := os.WriteFile(path+".new", text, 0o600); err != nil {
		return fmt.Errorf("keep the certificate: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("keep the certificate: %w", err)
	}
	return nil
}
