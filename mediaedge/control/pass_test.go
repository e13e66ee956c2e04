package control

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"

	"rostrum/internal/authority"
	"rostrum/internal/fault"
	signalingv1 "rostrum/proto/rostrum/signaling/v1"
)

// issuer gives certificates, or refuses.
type issuer struct {
	authority *authority.Authority
	node      authority.Node // the certificate's
	lifetime  time.Duration

	mu      sync.Mutex
	refusal error
	asked   []time.Time
}

func (i *issuer) Enrol(_ context.Context, in *signalingv1.EnrolRequest, _ ...grpc.CallOption) (*signalingv1.EnrolResponse, error) {
	i.mu.Lock()
	i.asked = append(i.asked, time.Now())
	refusal := i.refusal
	i.mu.Unlock()
	if refusal != nil {
		return nil, refusal
	}
	node := i.node
	if node.Name == "" {
		node = authority.Node{Name: "edge-1", Roles: []authority.Role{authority.Edge}}
	}
	request, err := authority.NewRequest(node.Name)
	if err != nil {
		return nil, err
	}
	if node.Name == "edge-1" {
		request.DER = in.GetRequest()
	}
	chain, err := i.authority.Sign(request.DER, node, i.lifetime, time.Now())
	return &signalingv1.EnrolResponse{Chain: chain}, err
}

func (i *issuer) refuse(with error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.refusal = with
}

// times are when it was asked.
func (i *issuer) times() []time.Time {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Clone(i.asked)
}

// beside runs a test with a pass that an issuer serves, in a time of its own.
func beside(t *testing.T, lifetime time.Duration, test func(*testing.T, *issuer, *Pass, *bytes.Buffer)) {
	synctest.Test(t, func(t *testing.T) {
		a, err := authority.New(time.Now())
		if err != nil {
			t.Fatal(err)
		}
		i, log := &issuer{authority: a, lifetime: lifetime}, &bytes.Buffer{}
		p, err := NewPass(PassConfig{Node: "edge-1", Token: authority.NewToken(a.Cluster()), Log: slog.New(slog.NewTextHandler(log, nil))})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			p.run(ctx, i)
		}()
		synctest.Wait()
		test(t, i, p, log)
		cancel()
		<-done
	})
}

func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func TestACertificateIsReplacedAtHalfOfItsLife(t *testing.T) {
	beside(t, 24*time.Hour, func(t *testing.T, i *issuer, _ *Pass, _ *bytes.Buffer) {
		pass(10 * 24 * time.Hour)
		if n := len(i.times()); n < 17 || n > 25 {
			t.Errorf("%d certificates in ten days", n)
		}
		for k, asked := 1, i.times(); k < len(asked); k++ {
			if age := asked[k].Sub(asked[k-1]); age < 9*time.Hour || age > 15*time.Hour {
				t.Errorf("replaced after %v", age)
			}
		}
	})
}

func TestTheOldCertificateIsShownWhileSignalingIsAway(t *testing.T) {
	beside(t, 24*time.Hour, func(t *testing.T, i *issuer, p *Pass, log *bytes.Buffer) {
		held, _ := p.Certificate()
		i.refuse(fault.Unavailable(nil, "a service cannot be reached"))
		pass(20 * time.Hour)
		if now, _ := p.Certificate(); now != held {
			t.Error("it is not shown any more")
		}
		if n := strings.Count(log.String(), "gives this edge no certificate"); n != 1 {
			t.Errorf("said %d times", n)
		}
		if n := len(i.times()); n < 300 || n > 3000 {
			t.Errorf("asked %d times in ten hours", n)
		}
		i.refuse(nil)
		pass(time.Minute)
		if now, _ := p.Certificate(); now == held {
			t.Error("it was not replaced when signaling came back")
		}
	})
}

// Where signaling gives certificates and takes none of them, the two do not go round in a circle.
func TestACertificateThatIsRefusedIsNotReplacedInACircle(t *testing.T) {
	beside(t, 24*time.Hour, func(t *testing.T, i *issuer, p *Pass, _ *bytes.Buffer) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		for p.wait(ctx) == nil {
			pass(20 * time.Millisecond) // a control stream is tried
			p.refuse()
		}
		synctest.Wait()
		if n := len(i.times()); n < 60 || n > 300 {
			t.Errorf("%d certificates in an hour", n)
		}
		pass(time.Minute)
		if held, _ := p.Certificate(); held == nil {
			t.Error("it gave up")
		}
	})
}

func TestStrangeCertificatesAreNotTaken(t *testing.T) {
	beside(t, time.Hour, func(t *testing.T, i *issuer, p *Pass, _ *bytes.Buffer) {
		other, err := authority.New(time.Now())
		if err != nil {
			t.Fatal(err)
		}
		held, _ := p.Certificate()
		for name, strange := range map[string]*issuer{
			"another cluster's": {authority: other, lifetime: time.Hour},
			"another node's":    {authority: i.authority, lifetime: time.Hour, node: authority.Node{Name: "edge-2", Roles: []authority.Role{authority.Edge}}},
			"another role's":    {authority: i.authority, lifetime: time.Hour, node: authority.Node{Name: "edge-1", Roles: []authority.Role{authority.SFU}}},
		} {
			if err := p.ask(t.Context(), strange); err == nil {
				t.Errorf("%s was taken", name)
			}
		}
		if now, _ := p.Certificate(); now != held {
			t.Error("the good one is not shown any more")
		}
	})
}

func TestWhatTheFolderHolds(t *testing.T) {
	a, err := authority.New(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	edge := authority.Node{Name: "edge-1", Roles: []authority.Role{authority.Edge}}
	for name, c := range map[string]struct {
		node authority.Node
		made time.Time
		text string
		used bool
	}{
		"its certificate": {node: edge, made: time.Now(), used: true},
		"one run out":     {node: edge, made: time.Now().Add(-2 * time.Hour)},
		"another node's":  {node: authority.Node{Name: "edge-2", Roles: edge.Roles}, made: time.Now()},
		"garbage":         {text: "-----BEGIN"},
		"nothing":         {},
	} {
		folder := t.TempDir()
		text := []byte(c.text)
		if c.node.Name != "" {
			certificate, err := a.Make(c.node, time.Hour, c.made)
			if err != nil {
				t.Fatal(err)
			}
			if text, err = authority.Encode(certificate); err != nil {
				t.Fatal(err)
			}
		}
		if len(text) > 0 {
			if err := os.WriteFile(filepath.Join(folder, passFile), text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		p, err := NewPass(PassConfig{Node: "edge-1", Token: authority.NewToken(a.Cluster()), Folder: folder})
		if err != nil {
			t.Fatal(err)
		}
		if held, _ := p.Certificate(); (held != nil) != c.used {
			t.Errorf("%s: used %v", name, held != nil)
		}
		i := &issuer{authority: a, lifetime: time.Hour}
		if err := p.ask(t.Context(), i); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		file, err := os.Stat(filepath.Join(folder, passFile))
		if err != nil || file.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, file, err)
		}
	}
}
