package authority

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
)

var noon = time.Date(2031, 5, 1, 12, 0, 0, 0, time.UTC)

func newAuthority(t *testing.T) *Authority {
	t.Helper()
	a, err := New(noon)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func made(t *testing.T, a *Authority, name id.Node, roles ...Role) *tls.Certificate {
	t.Helper()
	c, err := a.Make(Node{name, roles}, time.Hour, noon)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func chain(t *testing.T, c *tls.Certificate) []*x509.Certificate {
	t.Helper()
	var out []*x509.Certificate
	for _, der := range c.Certificate {
		parsed, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, parsed)
	}
	return out
}

func TestACertificateSaysWhoANodeIs(t *testing.T) {
	a := newAuthority(t)
	for _, name := range []id.Node{"edge-1", "0", "-a-", id.Node(strings.Repeat("x", 32))} {
		for _, roles := range [][]Role{{Edge}, {Room, Account, MobileAPI}, Roles()} {
			node, err := a.Cluster().Check(chain(t, made(t, a, name, roles...)), noon)
			if err != nil || node.Name != name || !slices.Equal(node.Roles, roles) {
				t.Errorf("%s %v: %v, %v", name, roles, node, err)
			}
		}
	}
	if cluster, err := ClusterOf(made(t, a, "a", SFU)); err != nil || cluster != a.Cluster() {
		t.Errorf("%v, %v", cluster, err)
	}
}

func TestWhatIsNoCertificateOfTheCluster(t *testing.T) {
	a, b := newAuthority(t), newAuthority(t)
	good, foreign := chain(t, made(t, a, "edge-1", Edge)), chain(t, made(t, b, "edge-1", Edge))
	for name, c := range map[string]struct {
		chain []*x509.Certificate
		at    time.Time
		code  fault.Code
	}{
		"it is":                    {good, noon, ""},
		"a slow clock":             {good, noon.Add(-4 * time.Minute), ""},
		"nothing":                  {nil, noon, fault.CodeUnauthenticated},
		"no authority":             {good[:1], noon, fault.CodeUnauthenticated},
		"too many":                 {append(slices.Clone(good), good[1]), noon, fault.CodeUnauthenticated},
		"another cluster":          {foreign, noon, fault.CodeUnauthenticated},
		"our authority beside it":  {[]*x509.Certificate{foreign[0], good[1]}, noon, fault.CodeUnauthenticated},
		"only the authority":       {[]*x509.Certificate{good[1], good[1]}, noon, fault.CodeUnauthenticated},
		"run out":                  {good, noon.Add(time.Hour + time.Second), fault.CodeExpired},
		"not yet":                  {good, noon.Add(-time.Hour), fault.CodeExpired},
		"authority run out":        {good, noon.AddDate(10, 0, 1), fault.CodeExpired},
		"a node as the authority":  {[]*x509.Certificate{good[0], good[0]}, noon, fault.CodeUnauthenticated},
		"one's own, by our leaf's": {[]*x509.Certificate{foreign[0], foreign[0]}, noon, fault.CodeUnauthenticated},
	} {
		_, err := a.Cluster().Check(c.chain, c.at)
		if c.code == "" && err != nil || c.code != "" && !fault.Is(err, c.code) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := a.Cluster().Check(foreign, noon)
	if f := fault.From(err); f.Details["cluster"] != string(b.Cluster()) {
		t.Errorf("it does not say of which cluster it is: %v", f)
	}
}

func TestRequestsForOtherNamesAreRefused(t *testing.T) {
	a := newAuthority(t)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	large, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	node := Node{"edge-1", []Role{Edge}}
	for name, c := range map[string]struct {
		request x509.CertificateRequest
		key     any
		good    bool
	}{
		"no name":        {x509.CertificateRequest{}, key, true},
		"its name":       {x509.CertificateRequest{Subject: pkix.Name{CommonName: "edge-1"}}, key, true},
		"its DNS name":   {x509.CertificateRequest{DNSNames: []string{"edge-1.edge.rostrum"}}, key, true},
		"another node":   {x509.CertificateRequest{Subject: pkix.Name{CommonName: "edge-2"}}, key, false},
		"another role":   {x509.CertificateRequest{DNSNames: []string{"edge-1.sfu.rostrum"}}, key, false},
		"an address":     {x509.CertificateRequest{IPAddresses: []net.IP{net.IPv4(10, 0, 0, 1)}}, key, false},
		"a mail address": {x509.CertificateRequest{EmailAddresses: []string{"a@b.example"}}, key, false},
		"another curve":  {x509.CertificateRequest{}, large, false},
		"RSA":            {x509.CertificateRequest{}, rsaKey, false},
	} {
		der, err := x509.CreateCertificateRequest(rand.Reader, &c.request, c.key)
		if err != nil {
			t.Fatal(err)
		}
		_, err = a.Sign(der, node, time.Hour, noon)
		if c.good && err != nil || !c.good && !fault.Is(err, fault.CodeInvalid) {
			t.Errorf("%s: %v", name, err)
		}
		der[len(der)-1] ^= 1
		if _, err := a.Sign(der, node, time.Hour, noon); err == nil {
			t.Errorf("%s: a broken signature is taken", name)
		}
	}
	for name, bad := range map[string]Node{"no role": {"a", nil}, "a strange role": {"a", []Role{"king"}}, "a strange name": {"A", []Role{Edge}}, "twice": {"a", []Role{Edge, Edge}}} {
		if _, err := a.Make(bad, time.Hour, noon); err == nil {
			t.Errorf("%s was certified", name)
		}
	}
	for _, lifetime := range []time.Duration{0, -time.Hour, 400 * 24 * time.Hour} {
		if _, err := a.Make(node, lifetime, noon); err == nil {
			t.Errorf("a lifetime of %v was certified", lifetime)
		}
	}
}

func TestTheAuthorityOutlivesItsProcess(t *testing.T) {
	a := newAuthority(t)
	folder := t.TempDir()
	certificate, key := filepath.Join(folder, "authority.crt"), filepath.Join(folder, "authority.key")
	if err := a.Keep(certificate, key); err != nil {
		t.Fatal(err)
	}
	if err := a.Keep(certificate, key); err == nil {
		t.Error("an authority was overwritten")
	}
	b, err := Load(certificate, key)
	if err != nil || b.Cluster() != a.Cluster() {
		t.Fatalf("%v", err)
	}
	if _, err := a.Cluster().Check(chain(t, made(t, b, "a", SFU)), noon); err != nil {
		t.Error(err)
	}
	nodeChain, nodeKey := filepath.Join(folder, "node.crt"), filepath.Join(folder, "node.key")
	if err := Write(made(t, a, "a", SFU), nodeChain, nodeKey); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(nodeChain, nodeKey); err == nil {
		t.Error("a node's certificate was taken for an authority's")
	}
}

func TestTokens(t *testing.T) {
	a := newAuthority(t)
	token := NewToken(a.Cluster())
	read, err := ParseToken(token.Text())
	if err != nil || !read.Is(token) || read.Cluster() != a.Cluster() || NewToken(a.Cluster()).Is(token) {
		t.Errorf("%v, %v", read, err)
	}
	if strings.Contains(token.String(), token.secret) {
		t.Error("a token prints its secret")
	}
	for _, text := range []string{"", "en_", token.Text() + "0", token.Text()[1:], strings.Replace(token.Text(), ".", "", 1), "en_" + token.secret} {
		if _, err := ParseToken(text); !fault.Is(err, fault.CodeInvalid) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzCheck(f *testing.F) {
	a, err := New(noon)
	if err != nil {
		f.Fatal(err)
	}
	c, err := a.Make(Node{"edge-1", []Role{Edge}}, time.Hour, noon)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(c.Certificate[0], c.Certificate[1])
	f.Add(c.Certificate[1], c.Certificate[0])
	f.Fuzz(func(t *testing.T, leaf, root []byte) {
		l, err := x509.ParseCertificate(leaf)
		if err != nil {
			return
		}
		r, err := x509.ParseCertificate(root)
		if err != nil {
			return
		}
		node, err := a.Cluster().Check([]*x509.Certificate{l, r}, noon)
		if err == nil && (node.Name != "edge-1" || !node.Is(Edge)) {
			t.Errorf("node %v", node)
		}
	})
}

func FuzzSign(f *testing.F) {
	a, err := New(noon)
	if err != nil {
		f.Fatal(err)
	}
	request, err := NewRequest("edge-1")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(request.DER)
	f.Fuzz(func(t *testing.T, der []byte) {
		chain, err := a.Sign(der, Node{"edge-1", []Role{Edge}}, time.Hour, noon)
		if err != nil {
			return
		}
		leaf, err := x509.ParseCertificate(chain[0])
		if err != nil || len(leaf.DNSNames) != 1 || leaf.IsCA {
			t.Errorf("signed %v, %v", leaf, err)
		}
	})
}

func FuzzParseToken(f *testing.F) {
	f.Add("en_00000000000000000000000000.00000000000000000000000000")
	f.Fuzz(func(t *testing.T, text string) {
		if token, err := ParseToken(text); err == nil && token.Text() != text {
			t.Errorf("%q became %q", text, token.Text())
		}
	})
}
