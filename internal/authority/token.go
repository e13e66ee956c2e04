package authority

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"strings"

	"rostrum/internal/fault"
)

const (
	tokenPrefix  = "en_"
	secretLength = 26
)

// Token lets a new edge in: "en_<cluster>.<secret>". The cluster tells the edge whom to believe, the secret tells the
// cluster to believe the edge. It prints without its secret.
type Token struct {
	cluster Cluster
	secret  string
}

// NewToken makes a token of a cluster with 130 random bits.
func NewToken(cluster Cluster) Token {
	var raw [secretLength]byte
	rand.Read(raw[:]) // never fails (crypto/rand)
	for i, b := range raw {
		raw[i] = clusterLetters[b&31]
	}
	return Token{cluster, string(raw[:])}
}

// ParseToken reads what Text wrote.
func ParseToken(text string) (Token, error) {
	rest, ours := strings.CutPrefix(text, tokenPrefix)
	name, secret, dot := strings.Cut(rest, ".")
	cluster, err := ParseCluster(name)
	if !ours || !dot || err != nil || len(secret) != secretLength || strings.Trim(secret, clusterLetters) != "" {
		return Token{}, fault.Invalid("enrolment token", "en_, a cluster's id, a dot and 26 letters and digits")
	}
	return Token{cluster, secret}, nil
}

// Cluster is whose token it is.
func (t Token) Cluster() Cluster { return t.cluster }

// Text is the token for configuration. It is secret.
func (t Token) Text() string { return tokenPrefix + string(t.cluster) + "." + t.secret }

func (t Token) String() string { return tokenPrefix + string(t.cluster) + ".…" }

// Is compares in a time that does not depend on the secrets.
func (t Token) Is(other Token) bool {
	own, theirs := sha256.Sum256([]byte(t.Text())), sha256.Sum256([]byte(other.Text()))
	return subtle.ConstantTimeCompare(own[:], theirs[:]) == 1
}
