package control

import (
	"context"
	"math/rand/v2"
	"time"

	"rostrum/internal/authority"
	"rostrum/internal/fault"
	signalingv1 "rostrum/proto/rostrum/signaling/v1"
)

const (
	// enrolTimeout bounds one try to get a certificate.
	enrolTimeout = 5 * time.Second
	// enrolSoonest and enrolLatest bound the time between two tries.
	enrolSoonest = 200 * time.Millisecond
	enrolLatest  = 30 * time.Second
)

// run gets certificates until ctx ends. While signaling is away the old one is shown on; when it has run out, or is
// refused, the token speaks for the edge again.
func (p *Pass) run(ctx context.Context, signaling enroller) {
	var said complaint
	for pause := enrolSoonest; ; pause = min(2*pause, enrolLatest) {
		begun := time.Now()
		if !p.due(ctx) {
			return
		}
		if time.Since(begun) > pause {
			pause = enrolSoonest
		}
		err := p.enrol(ctx, signaling)
		if said.isNew(err) && ctx.Err() == nil {
			p.cfg.Log.Warn("signaling gives this edge no certificate; trying on", "code", fault.From(err).Code, "error", err)
		}
		// Also after a success: a certificate that is refused at once must not be replaced in a circle.
		select {
		case <-time.After(pause/2 + rand.N(pause)):
		case <-ctx.Done():
			return
		}
	}
}

// complaint is what was said last, so that the same is not said again.
type complaint string

// isNew answers whether an error is another than the one before; no error ends a complaint.
func (c *complaint) isNew(err error) bool {
	before := *c
	if *c = ""; err != nil {
		f := fault.From(err)
		*c = complaint(string(f.Code) + " " + f.Message)
	}
	return *c != "" && *c != before
}

// due waits until a certificate is wanted, and answers whether ctx still holds.
func (p *Pass) due(ctx context.Context) bool {
	p.mu.Lock()
	held, renew := p.held, p.renew
	p.mu.Unlock()
	if held == nil {
		select {
		case <-p.refused:
		default:
		}
		return ctx.Err() == nil
	}
	timer := time.NewTimer(time.Until(renew))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-p.refused:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}

func (p *Pass) enrol(ctx context.Context, signaling enroller) error {
	ctx, cancel := context.WithTimeout(ctx, enrolTimeout)
	defer cancel()
	err := p.ask(ctx, signaling)
	if err != nil {
		p.mu.Lock()
		p.last = err
		p.mu.Unlock()
	}
	return err
}

func (p *Pass) ask(ctx context.Context, signaling enroller) error {
	request, err := authority.NewRequest(p.cfg.Node)
	if err != nil {
		return err
	}
	answer, err := signaling.Enrol(ctx, &signalingv1.EnrolRequest{
		Node: string(p.cfg.Node), Region: p.cfg.Region, Token: p.cfg.Token.Text(), Request: request.DER,
	})
	if err != nil {
		return err
	}
	certificate, err := request.Fulfil(answer.GetChain())
	if err != nil {
		return err
	}
	if err := p.take(certificate, time.Now()); err != nil {
		return err
	}
	p.cfg.Log.Info("the edge has a node certificate", "cluster", p.Cluster(), "until", certificate.Leaf.NotAfter)
	if p.cfg.Renewed != nil {
		p.cfg.Renewed()
	}
	p.show()
	if err := p.keep(certificate); err != nil {
		p.cfg.Log.Warn("the certificate will not outlive this process", "error", err)
	}
	return nil
}
