package test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"rostrum/internal/authority"
	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/rpc"
	"rostrum/internal/testkit"
	"rostrum/internal/token"
	"rostrum/mediaedge/control"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
	signalingv1 "rostrum/proto/rostrum/signaling/v1"
	"rostrum/services/signaling"
	"rostrum/services/signaling/nodestore"
)

// cluster is signaling over TCP with node certificates, in as many instances as a test wants.
type cluster struct {
	t         *testing.T
	authority *authority.Authority
	token     authority.Token
	lifetime  time.Duration // of edges' certificates
	redis     *redis.Client
}

func newCluster(t *testing.T, lifetime time.Duration) *cluster {
	t.Helper()
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, before) })
	a, err := authority.New(time.Now())
	must(t, err)
	client := redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr(), DisableIdentity: true})
	t.Cleanup(func() { client.Close() })
	return &cluster{t, a, authority.NewToken(a.Cluster()), lifetime, client}
}

// node is the security of a node whose certificate was made by hand.
func (c *cluster) node(name id.Node, roles ...authority.Role) *rpc.Security {
	c.t.Helper()
	certificate, err := c.authority.Make(authority.Node{Name: name, Roles: roles}, authority.HandMadeLifetime, time.Now())
	must(c.t, err)
	return &rpc.Security{Cluster: c.authority.Cluster(), Certificate: func() (*tls.Certificate, error) { return certificate, nil }}
}

// instance is a running signaling service.
type instance struct {
	address string
	log     *tail
	metrics *prometheus.Registry
	stop    func()
}

// start runs signaling at an address; port 0 is a free one.
func (c *cluster) start(address string) *instance {
	c.t.Helper()
	i := &instance{log: &tail{}, metrics: prometheus.NewRegistry()}
	network := rpc.NewTCP(rpc.Options{Security: c.node("sig-1", authority.Signaling)})
	nowhere, err := network.Dial("127.0.0.1:1")
	must(c.t, err)
	service, err := signaling.New(signaling.Config{
		Store: nodestore.New(c.redis), Stage: listenerstatev1.NewListenerStateClient(nowhere), Dialer: network,
		Keys: oneKey(token.NewSigner().Public()), EnrolmentToken: c.token.Text(), Authority: c.authority,
		CertificateLifetime: c.lifetime, Log: slog.New(slog.NewTextHandler(i.log, nil)), Metrics: i.metrics,
	})
	must(c.t, err)
	listener, err := net.Listen("tcp", address)
	must(c.t, err)
	i.address = listener.Addr().String()
	server := rpc.NewServer(slog.New(slog.DiscardHandler), rpc.Options{Security: c.node("sig-1", authority.Signaling)})
	signaling.NewServer(service).Register(server)
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener) // ends with Stop
	}()
	i.stop = sync.OnceFunc(func() {
		service.Close()
		server.Stop()
		<-served
		network.Close()
	})
	c.t.Cleanup(i.stop)
	return i
}

// enrolments is how many edges asked for a certificate with a result.
func (i *instance) enrolments(t *testing.T, result string) (n float64) {
	t.Helper()
	families, err := i.metrics.Gather()
	must(t, err)
	for _, family := range families {
		for _, m := range family.GetMetric() {
			if family.GetName() == "rostrum_signaling_enrolments_total" && m.GetLabel()[0].GetValue() == result {
				n += m.GetCounter().GetValue()
			}
		}
	}
	return n
}

// enrolled is an edge as far as signaling knows it.
type enrolled struct {
	pass   *control.Pass
	stream *control.Stream
	log    *tail
	close  func()
}

func (c *cluster) edge(name id.Node, given authority.Token, folder, address string, hello ...id.Node) *enrolled {
	c.t.Helper()
	e := &enrolled{log: &tail{}}
	log := slog.New(slog.NewTextHandler(e.log, nil))
	var network *rpc.TCP
	pass, err := control.NewPass(control.PassConfig{
		Node: name, Region: "eu", Token: given, Folder: folder, Renewed: func() { network.Renew() }, Log: log,
	})
	must(c.t, err)
	network = rpc.NewTCP(rpc.Options{Security: &rpc.Security{Cluster: pass.Cluster(), Certificate: pass.Certificate}})
	conn, err := network.Dial(address)
	must(c.t, err)
	said := append(hello, name)[0]
	e.pass, e.stream = pass, control.Open(control.Config{
		Signaling: signalingv1.NewNodesClient(conn), Pass: pass,
		Hello: &signalingv1.EdgeHello{Node: string(said), Region: "eu", Address: "127.0.0.1:1", BootId: 1},
		Load:  func() *signalingv1.Load { return &signalingv1.Load{} },
		Keys:  func([]token.PublicKey) {}, Log: log,
	})
	e.close = sync.OnceFunc(func() {
		e.stream.Close()
		network.Close()
	})
	c.t.Cleanup(e.close)
	return e
}

func (e *enrolled) ready(t *testing.T) {
	t.Helper()
	if err := e.stream.Ready(bounded(t)); err != nil {
		t.Fatalf("%v\n%s", err, e.log)
	}
}

func (e *enrolled) serial() string {
	held, _ := e.pass.Certificate()
	if held == nil {
		return ""
	}
	return held.Leaf.SerialNumber.String()
}

// edges are the nodes that a gateway is told of.
func (c *cluster) edges(address string) ([]string, error) {
	network := rpc.NewTCP(rpc.Options{Security: c.node("api-1", authority.MobileAPI)})
	defer network.Close()
	conn, err := network.Dial(address)
	if err != nil {
		return nil, err
	}
	answer, err := signalingv1.NewSignalingClient(conn).FindEdges(context.Background(), &signalingv1.FindEdgesRequest{
		App: string(id.Main), Room: string(id.NewRoom()), Region: "eu",
	})
	var names []string
	for _, e := range answer.GetEdges() {
		names = append(names, e.GetNode())
	}
	return names, err
}

func TestAnEdgeEnrolsAndItsCertificateIsReplaced(t *testing.T) {
	c := newCluster(t, 8*time.Second)
	one, folder := c.start("127.0.0.1:0"), t.TempDir()
	e := c.edge("edge-1", c.token, folder, one.address)
	e.ready(t)
	testkit.Eventually(t, patience, func() error {
		edges, err := c.edges(one.address)
		if err == nil && fmt.Sprint(edges) != "[edge-1]" {
			err = fmt.Errorf("a gateway is told of %v", edges)
		}
		return err
	})
	first := e.serial()
	testkit.Eventually(t, patience, func() error {
		if e.serial() == first {
			return errors.New("the certificate was not replaced")
		}
		return nil
	})
	if joins := strings.Count(one.log.String(), "edge joins"); joins != 1 {
		t.Errorf("the control stream was opened %d times:\n%s", joins, one.log)
	}
	if n := one.enrolments(t, "issued"); n < 2 || one.enrolments(t, "unauthenticated") > 0 {
		t.Errorf("%v certificates; %s", n, e.log)
	}
	if _, err := authority.Read(filepath.Join(folder, "edge.pem"), filepath.Join(folder, "edge.pem")); err != nil {
		t.Error(err)
	}
}

// The kept certificate is enough after a restart, also with a token that was revoked meanwhile.
func TestAKeptCertificateIsEnough(t *testing.T) {
	c := newCluster(t, time.Hour)
	one, folder := c.start("127.0.0.1:0"), t.TempDir()
	e := c.edge("edge-1", c.token, folder, one.address)
	e.ready(t)
	kept := e.serial()
	e.close()
	e = c.edge("edge-1", authority.NewToken(c.authority.Cluster()), folder, one.address) // a token that is not known
	if e.serial() != kept {
		t.Fatalf("the kept certificate is not used: %s", e.log)
	}
	e.ready(t)
}

// A certificate that has run out while signaling was away is got again for the token.
func TestAnEdgeComesBackAfterALongLoss(t *testing.T) {
	c := newCluster(t, 6*time.Second)
	one := c.start(testkit.FreePort(t))
	e := c.edge("edge-1", c.token, t.TempDir(), one.address)
	e.ready(t)
	one.stop()
	testkit.Eventually(t, patience, func() error {
		if held, _ := e.pass.Certificate(); held != nil && time.Now().Before(held.Leaf.NotAfter) {
			return fmt.Errorf("the certificate is good until %v", held.Leaf.NotAfter)
		}
		return nil
	})
	two := c.start(one.address)
	testkit.Eventually(t, patience, func() error { // it may have paused for 30 s
		if !strings.Contains(two.log.String(), "edge joins") {
			return fmt.Errorf("the edge is not back: %s", e.log)
		}
		return nil
	})
	if two.enrolments(t, "issued") == 0 {
		t.Error("a certificate that had run out was taken")
	}
}

func TestAWrongTokenIsSaidOnceAndTriedOn(t *testing.T) {
	c := newCluster(t, 0)
	other, err := authority.New(time.Now())
	must(t, err)
	one := c.start("127.0.0.1:0")
	for name, given := range map[string]authority.Token{
		"another cluster's": authority.NewToken(other.Cluster()), "revoked": authority.NewToken(c.authority.Cluster()),
	} {
		e := c.edge("edge-1", given, "", one.address)
		testkit.Eventually(t, patience, func() error {
			if tried := one.enrolments(t, "unauthenticated"); e.log.String() == "" || name == "revoked" && tried < 2 {
				return fmt.Errorf("%s: it was refused %v times, and logged %q", name, tried, e.log)
			}
			return nil
		})
		ctx, cancel := context.WithTimeout(context.Background(), time.Second) // in which it tries on
		err := e.stream.Ready(ctx)
		cancel()
		if !fault.Is(err, fault.CodeUnavailable) || !strings.Contains(fmt.Sprint(err), "unauthenticated") {
			t.Errorf("%s: %v", name, err)
		}
		if said := e.log.String(); strings.Count(said, "\n") != 1 || !strings.Contains(said, "code=unauthenticated") {
			t.Errorf("%s: the log says\n%s", name, said)
		}
		e.close()
	}
	if n := one.enrolments(t, "unauthenticated"); n > 20 {
		t.Errorf("it was tried %v times", n)
	}
	if edges, err := c.edges(one.address); !fault.Is(fault.From(err), fault.CodeUnavailable) {
		t.Errorf("edges %v, %v", edges, err)
	}
}

// An edge speaks for itself only, and reaches nothing but what edges may.
func TestAnEdgesCertificateIsItsOwn(t *testing.T) {
	c := newCluster(t, 0)
	one := c.start("127.0.0.1:0")
	e := c.edge("edge-1", c.token, "", one.address, "edge-2")
	testkit.Eventually(t, patience, func() error {
		if !strings.Contains(e.log.String(), "code=forbidden") {
			return fmt.Errorf("another's name was taken: %s", e.log)
		}
		return nil
	})
	network := rpc.NewTCP(rpc.Options{Security: &rpc.Security{Cluster: c.authority.Cluster(), Certificate: e.pass.Certificate}})
	defer network.Close()
	conn, err := network.Dial(one.address)
	must(t, err)
	nodes := signalingv1.NewNodesClient(conn)
	_, err = nodes.Announce(t.Context(), &signalingv1.AnnounceRequest{Node: "edge-1", Address: "x:1"})
	if !fault.Is(fault.From(err), fault.CodeForbidden) {
		t.Errorf("an edge announces an SFU: %v", err)
	}
	for name, request := range map[string]*signalingv1.EnrolRequest{
		"no token": {Node: "edge-1"}, "a bad name": {Node: "Edge", Token: c.token.Text()}, "no request": {Node: "edge-1", Token: c.token.Text()},
		"garbage": {Node: "edge-1", Token: c.token.Text(), Request: []byte("x")},
	} {
		_, err := nodes.Enrol(t.Context(), request)
		if want := map[bool]fault.Code{true: fault.CodeUnauthenticated, false: fault.CodeInvalid}[name == "no token"]; !fault.Is(fault.From(err), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
