package signaling

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"time"

	"rostrum/internal/authority"
	"rostrum/internal/fault"
	"rostrum/internal/id"
)

// applicant is an edge that wants a certificate.
type applicant struct {
	node    id.Node
	region  string
	token   string
	request []byte
}

func (a applicant) check() error { return checkRegion(a.region) }

// enrolment decides which edges are let in, and gives them certificates.
type enrolment struct {
	authority *authority.Authority // nil: there are no certificates here
	token     string
	lifetime  time.Duration
}

func newEnrolment(cfg Config) (enrolment, error) {
	e := enrolment{cfg.Authority, cfg.EnrolmentToken, cfg.CertificateLifetime}
	if e.lifetime == 0 {
		e.lifetime = authority.EnrolledLifetime
	}
	if e.authority == nil || e.token == "" {
		return e, nil
	}
	t, err := authority.ParseToken(e.token)
	if err != nil {
		return e, fmt.Errorf("read the configured enrolment token: %w", err)
	}
	if t.Cluster() != e.authority.Cluster() {
		return e, errors.New("the configured enrolment token is of another cluster than the authority")
	}
	return e, nil
}

// certify answers the chain of an edge's certificate. The token is wanted each time, so that who has a revoked one is out
// within a certificate's life. Faults: unauthenticated, invalid, method_not_allowed where there are no certificates.
func (e enrolment) certify(a applicant, now time.Time) ([][]byte, error) {
	if e.authority == nil {
		return nil, fault.New(fault.CodeMethodNotAllowed, "this cluster gives no node certificates")
	}
	if e.token == "" {
		return nil, fault.New(fault.CodeUnauthenticated, "no enrolment token is configured here")
	}
	if err := e.compare(a.token); err != nil {
		return nil, err
	}
	if err := a.check(); err != nil {
		return nil, err
	}
	return e.authority.Sign(a.request, authority.Node{Name: a.node, Roles: []authority.Role{authority.Edge}}, e.lifetime, now)
}

// admits checks the token of a control stream whose edge has shown no certificate.
func (e enrolment) admits(token string) error {
	if e.token == "" {
		return nil
	}
	return e.compare(token)
}

// compare takes a time that does not depend on the token.
func (e enrolment) compare(given string) error {
	own, theirs := sha256.Sum256([]byte(e.token)), sha256.Sum256([]byte(given))
	if subtle.ConstantTimeCompare(own[:], theirs[:]) == 1 {
		return nil
	}
	t, err := authority.ParseToken(given)
	if ours, ownErr := authority.ParseToken(e.token); err == nil && ownErr == nil && t.Cluster() != ours.Cluster() {
		return authority.OtherCluster(t.Cluster(), ours.Cluster())
	}
	return fault.New(fault.CodeUnauthenticated, "the enrolment token is not ours")
}
