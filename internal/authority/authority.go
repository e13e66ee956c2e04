// Package authority owns the small certificate authority of a cluster: node certificates and what they say.
//
// A cluster is named by its authority's key, and every node shows the authority's certificate beside its own: who knows
// the cluster's id can judge a node without having been given anything else.
package authority

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"time"
)

// Lifetimes.
const (
	EnrolledLifetime = 24 * time.Hour      // of an edge's certificate; it gets another at half of it
	HandMadeLifetime = 90 * 24 * time.Hour // of one that an operator makes
	maxLifetime      = 366 * 24 * time.Hour
	ownYears         = 10
	// skew is how far apart the clocks of nodes may be.
	skew = 5 * time.Minute
)

// Authority makes the node certificates of one cluster.
type Authority struct {
	cluster     Cluster
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// New makes an authority, and with it a cluster, good for ten years.
func New(now time.Time) (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make the authority's key: %w", err)
	}
	cluster, err := clusterOf(key.Public())
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: subject + string(cluster)},
		NotBefore: now.Add(-skew), NotAfter: now.AddDate(ownYears, 0, 0),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign,
		PermittedDNSDomainsCritical: true, PermittedDNSDomains: []string{domain},
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("make the authority's certificate: %w", err)
	}
	certificate, err := x509.ParseCertificate(raw)
	if err != nil {
		return nil, fmt.Errorf("read the authority's certificate back: %w", err)
	}
	return &Authority{cluster, certificate, key}, nil
}

// Cluster is the id of the authority's cluster.
func (a *Authority) Cluster() Cluster { return a.cluster }

// Issue makes a certificate for a node's key. The answer is its chain in DER: the node's own first, the authority's last.
func (a *Authority) Issue(public crypto.PublicKey, node Node, lifetime time.Duration, now time.Time) ([][]byte, error) {
	if err := node.check(); err != nil {
		return nil, err
	}
	if lifetime <= 0 || lifetime > maxLifetime {
		return nil, fmt.Errorf("a lifetime of %v is not between 0 and %v", lifetime, maxLifetime)
	}
	until := now.Add(lifetime)
	if a.certificate.NotAfter.Before(until) {
		until = a.certificate.NotAfter
	}
	if until.Before(now) {
		return nil, errors.New("the authority's certificate has run out")
	}
	raw, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: string(node.Name)}, DNSNames: node.names(),
		NotBefore: now.Add(-skew), NotAfter: until, BasicConstraintsValid: true,
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, a.certificate, public, a.key)
	if err != nil {
		return nil, fmt.Errorf("sign the certificate of %s: %w", node.Name, err)
	}
	return [][]byte{raw, a.certificate.Raw}, nil
}

// Sign is Issue for a request in PKCS #10. Fault: invalid, where the request is broken or asks for another name.
func (a *Authority) Sign(request []byte, node Node, lifetime time.Duration, now time.Time) ([][]byte, error) {
	public, err := readRequest(request, node)
	if err != nil {
		return nil, err
	}
	return a.Issue(public, node, lifetime, now)
}

// serial is a positive number of 127 random bits (RFC 5280 section 4.1.2.2).
func serial() *big.Int {
	var raw [16]byte
	rand.Read(raw[:]) // never fails (crypto/rand)
	raw[0] = raw[0]&0x7f | 0x40
	return new(big.Int).SetBytes(raw[:])
}
