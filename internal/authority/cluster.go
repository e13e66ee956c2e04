package authority

import (
	"crypto"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base32"
	"errors"
	"fmt"
	"strings"
	"time"

	"rostrum/internal/fault"
)

const (
	subject = "rostrum " // of an authority's certificate; the cluster's id follows
	// clusterLetters is Crockford's base32 in lower case.
	clusterLetters = "0123456789abcdefghjkmnpqrstvwxyz"
	clusterBytes   = 16
	clusterLength  = 26
)

// Cluster names a cluster: the first 128 bits of the SHA-256 of its authority's public key (SubjectPublicKeyInfo), as 26
// letters and digits. Who has the name cannot be shown another authority.
type Cluster string

// ParseCluster accepts 26 characters of base32.
func ParseCluster(text string) (Cluster, error) {
	if len(text) != clusterLength || strings.Trim(text, clusterLetters) != "" {
		return "", fault.Invalid("cluster", "26 letters and digits")
	}
	return Cluster(text), nil
}

func clusterOf(key crypto.PublicKey) (Cluster, error) {
	raw, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return "", fmt.Errorf("encode the authority's key: %w", err)
	}
	sum := sha256.Sum256(raw)
	return Cluster(base32.NewEncoding(clusterLetters).WithPadding(base32.NoPadding).EncodeToString(sum[:clusterBytes])), nil
}

// ClusterOf is the cluster that a node's certificate is of, by what stands beside it.
func ClusterOf(c *tls.Certificate) (Cluster, error) {
	if len(c.Certificate) != 2 {
		return "", errors.New("a node's certificate has its authority's beside it, and nothing else")
	}
	root, err := x509.ParseCertificate(c.Certificate[1])
	if err != nil {
		return "", fmt.Errorf("read the authority's certificate: %w", err)
	}
	return clusterOf(root.PublicKey)
}

// Check answers the node that shows a chain: its own certificate first, the authority's last. Faults: expired;
// unauthenticated where the chain is none of this cluster's, and says so where it is another's.
func (c Cluster) Check(chain []*x509.Certificate, now time.Time) (Node, error) {
	if len(chain) != 2 {
		return Node{}, fault.New(fault.CodeUnauthenticated, "a node shows its certificate and its authority's, not %d", len(chain))
	}
	leaf, root := chain[0], chain[1]
	theirs, err := clusterOf(root.PublicKey)
	if err != nil {
		return Node{}, fault.New(fault.CodeUnauthenticated, "the authority's key is of an unknown kind").Because(err)
	}
	if theirs != c {
		return Node{}, OtherCluster(theirs, c)
	}
	roots := x509.NewCertPool()
	roots.AddCert(root)
	_, err = leaf.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	var invalid x509.CertificateInvalidError
	if errors.As(err, &invalid) && invalid.Reason == x509.Expired {
		return Node{}, fault.New(fault.CodeExpired, "the certificate is good from %s to %s", said(leaf.NotBefore), said(leaf.NotAfter)).
			With("now", said(now)) // as this node's clock has it
	}
	if err != nil {
		return Node{}, fault.New(fault.CodeUnauthenticated, "the certificate was not made by this cluster's authority").Because(err)
	}
	return readNode(leaf)
}

// OtherCluster is the fault of a certificate or a token of another cluster.
func OtherCluster(theirs, ours Cluster) *fault.Fault {
	return fault.New(fault.CodeUnauthenticated, "this is of cluster %s, not of %s", theirs, ours).With("cluster", string(theirs))
}

func said(t time.Time) string { return t.UTC().Format(time.RFC3339) }
