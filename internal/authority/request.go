package authority

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"slices"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
)

// maxRequest bounds a request; one for a P-256 key has about 250 bytes.
const maxRequest = 4 << 10

// Request is what a node that wants a certificate sends, and the key that it keeps.
type Request struct {
	DER []byte // PKCS #10
	key *ecdsa.PrivateKey
}

// NewRequest makes a key and asks for a certificate for it.
func NewRequest(node id.Node) (Request, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Request{}, fmt.Errorf("make a node's key: %w", err)
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: string(node)}}, key)
	if err != nil {
		return Request{}, fmt.Errorf("make a certificate request: %w", err)
	}
	return Request{der, key}, nil
}

// Fulfil joins the chain that came for the request to its key.
func (r Request) Fulfil(chain [][]byte) (*tls.Certificate, error) { return join(chain, r.key) }

// Make makes a key and a certificate for it, for a node that an operator sets up by hand.
func (a *Authority) Make(node Node, lifetime time.Duration, now time.Time) (*tls.Certificate, error) {
	request, err := NewRequest(node.Name)
	if err != nil {
		return nil, err
	}
	chain, err := a.Sign(request.DER, node, lifetime, now)
	if err != nil {
		return nil, err
	}
	return request.Fulfil(chain)
}

// readRequest answers the key of a request that proves to have it and asks for no other name than the node's.
func readRequest(der []byte, node Node) (crypto.PublicKey, error) {
	if len(der) > maxRequest {
		return nil, fault.Invalid("request", "at most 4096 bytes")
	}
	asked, err := x509.ParseCertificateRequest(der)
	if err != nil {
		return nil, fault.Invalid("request", "PKCS #10 in DER").Because(err)
	}
	key, ok := asked.PublicKey.(*ecdsa.PublicKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, fault.Invalid("request", "for an ECDSA key on P-256")
	}
	if err := asked.CheckSignature(); err != nil {
		return nil, fault.Invalid("request", "signed with its own key").Because(err)
	}
	names := node.names()
	stranger := func(name string) bool { return !slices.Contains(names, name) }
	if asked.Subject.CommonName != "" && asked.Subject.CommonName != string(node.Name) || slices.ContainsFunc(asked.DNSNames, stranger) ||
		len(asked.IPAddresses)+len(asked.EmailAddresses)+len(asked.URIs) > 0 {
		return nil, fault.Invalid("request", "for no other name than the node's")
	}
	return key, nil
}
