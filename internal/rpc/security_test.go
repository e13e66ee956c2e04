package rpc

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"rostrum/internal/authority"
	"rostrum/internal/fault"
	"rostrum/internal/testkit"
	signalingv1 "rostrum/proto/rostrum/signaling/v1"
)

func findIt(conn *grpc.ClientConn) error {
	_, _, err := find(conn)
	return err
}

func announceIt(conn *grpc.ClientConn) error {
	_, err := signalingv1.NewNodesClient(conn).Announce(context.Background(), &signalingv1.AnnounceRequest{})
	return err
}

func enrolIt(conn *grpc.ClientConn) error {
	_, err := signalingv1.NewNodesClient(conn).Enrol(context.Background(), &signalingv1.EnrolRequest{})
	return err
}

func controlIt(conn *grpc.ClientConn) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	stream, err := signalingv1.NewNodesClient(conn).Control(ctx)
	if err != nil {
		return err
	}
	if err := stream.Send(&signalingv1.EdgeReport{}); err != nil && !errors.Is(err, io.EOF) { // then Recv says why
		return err
	}
	_, err = stream.Recv()
	return err
}

func TestACertificateOpensItsDoorsAndNoOthers(t *testing.T) {
	ours, theirs := newAuthority(t), newAuthority(t)
	none := func() (*tls.Certificate, error) { return nil, nil }
	server := secure(t, ours, 0, "sig", authority.Signaling)
	address, _ := start(t, &control{name: "sig"}, Options{Security: server})
	stale, _ := start(t, &control{name: "stale"}, Options{Security: secure(t, ours, 2*time.Hour, "stale", authority.Signaling)})
	room, _ := start(t, &control{name: "room"}, Options{Security: secure(t, ours, 0, "room", authority.Room)})
	plain, _ := start(t, &control{name: "plain"}, Options{})
	gateway, edge := secure(t, ours, 0, "api", authority.MobileAPI), secure(t, ours, 0, "edge-1", authority.Edge)
	foreign := secure(t, theirs, 0, "api", authority.MobileAPI)
	for name, c := range map[string]struct {
		client *Security
		to     string
		call   func(*grpc.ClientConn) error
		want   fault.Code // "": none
	}{
		"the right role":                         {gateway, address, findIt, ""},
		"the wrong role":                         {edge, address, findIt, fault.CodeForbidden},
		"the wrong method of a service":          {edge, address, announceIt, fault.CodeForbidden},
		"the right method":                       {edge, address, controlIt, ""},
		"the wrong role for a stream":            {gateway, address, controlIt, fault.CodeForbidden},
		"two roles":                              {secure(t, ours, 0, "both", authority.Edge, authority.MobileAPI), address, findIt, ""},
		"no certificate":                         {&Security{ours.Cluster(), none}, address, findIt, fault.CodeUnauthenticated},
		"no certificate, a stream":               {&Security{ours.Cluster(), none}, address, controlIt, fault.CodeUnauthenticated},
		"no certificate, enrolling":              {&Security{ours.Cluster(), none}, address, enrolIt, ""},
		"run out":                                {secure(t, ours, 2*time.Hour, "api", authority.MobileAPI), address, findIt, fault.CodeExpired},
		"run out, enrolling":                     {secure(t, ours, 2*time.Hour, "edge-1", authority.Edge), address, enrolIt, ""},
		"another cluster's, believing us":        {&Security{ours.Cluster(), foreign.Certificate}, address, findIt, fault.CodeUnauthenticated},
		"of another cluster":                     {foreign, address, findIt, fault.CodeUnauthenticated},
		"of another cluster, enrolling":          {&Security{theirs.Cluster(), none}, address, enrolIt, fault.CodeUnauthenticated},
		"of another cluster, a stream":           {secure(t, theirs, 0, "edge-1", authority.Edge), address, controlIt, fault.CodeUnauthenticated},
		"a server that has run out":              {gateway, stale, findIt, fault.CodeExpired},
		"a server of another role":               {gateway, room, findIt, fault.CodeForbidden},
		"plain to a secure server":               {nil, address, findIt, fault.CodeUnavailable},
		"secure to a plain server":               {gateway, plain, findIt, fault.CodeUnavailable},
		"a good server beside one that ran out":  {gateway, stale + "," + address, findIt, ""},
		"a good server beside another cluster's": {foreign, address, findIt, fault.CodeUnauthenticated},
	} {
		conn := dial(t, Options{Security: c.client}, c.to)
		err := c.call(conn)
		if got := fault.From(err); c.want == "" && err != nil || c.want != "" && got.Code != c.want {
			t.Errorf("%s: %v", name, err)
		}
		if c.want == fault.CodeUnauthenticated && strings.Contains(name, "another cluster") && !strings.Contains(err.Error(), string(ours.Cluster())) {
			t.Errorf("%s: it does not name the clusters: %v", name, err)
		}
	}
}

func TestTheCallerIsKnown(t *testing.T) {
	a := newAuthority(t)
	address, _ := start(t, &control{name: "sig"}, Options{Security: secure(t, a, 0, "sig", authority.Signaling)})
	conn := dial(t, Options{Security: secure(t, a, 0, "api-7", authority.MobileAPI)}, address)
	if server, caller, err := find(conn); err != nil || server != "sig" || caller != "api-7" {
		t.Errorf("%q %q %v", server, caller, err)
	}
}

// A certificate that came later is shown at once, and what goes over the old connection goes on there.
func TestRenewedConnectionsShowTheNewCertificate(t *testing.T) {
	a := newAuthority(t)
	address, _ := start(t, &control{name: "sig"}, Options{Security: secure(t, a, 0, "sig", authority.Signaling)})
	first, second := secure(t, a, 0, "first", authority.MobileAPI, authority.Edge), secure(t, a, 0, "second", authority.MobileAPI)
	shown := make(chan *Security, 1)
	shown <- first
	network := NewTCP(Options{Security: &Security{a.Cluster(), func() (*tls.Certificate, error) {
		now := <-shown
		shown <- now
		return now.Certificate()
	}}})
	defer network.Close()
	for _, target := range []string{address, "dns:///" + address} {
		conn, err := network.Dial(target)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		stream, err := signalingv1.NewNodesClient(conn).Control(ctx)
		if err != nil {
			t.Fatal(err)
		}
		echo := func() {
			t.Helper()
			if err := stream.Send(&signalingv1.EdgeReport{}); err != nil {
				t.Fatal(err)
			}
			if _, err := stream.Recv(); err != nil {
				t.Fatal(err)
			}
		}
		echo()
		if _, caller, err := find(conn); err != nil || caller != "first" {
			t.Fatalf("%q, %v", caller, err)
		}
		<-shown
		shown <- second
		network.Renew()
		for range 4 {
			if _, caller, err := find(conn); err != nil || caller != "second" {
				t.Errorf("%s: %q, %v", target, caller, err)
			}
		}
		echo()
		<-shown
		shown <- first
	}
}

func TestEveryServiceHasADoor(t *testing.T) {
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		if !strings.HasPrefix(string(file.Package()), "rostrum.") {
			return true
		}
		for i := range file.Services().Len() {
			service := file.Services().Get(i)
			if _, found := doors[string(service.FullName())]; !found {
				t.Errorf("nobody may call %s", service.FullName())
			}
			for j := range service.Methods().Len() {
				method := service.Methods().Get(j)
				name := "/" + string(service.FullName()) + "/" + string(method.Name())
				if method.IsStreamingServer() && !isEndless(name) {
					t.Errorf("%s would make spans that last for hours", name)
				}
			}
		}
		return true
	})
	edge := authority.Node{Name: "e", Roles: roles{authority.Edge}}
	var may []string
	for service := range doors {
		if edge.Is(doors[service].call...) && service != "grpc.health.v1.Health" {
			may = append(may, service)
		}
	}
	for method, call := range ajar {
		if edge.Is(call...) {
			may = append(may, method)
		}
	}
	if len(may) != 3 { // Pull, Control, Enrol
		t.Errorf("an edge may call %v", may)
	}
}

// A node that has no certificate yet serves once it has one.
func TestAServerMayGetItsCertificateLater(t *testing.T) {
	a := newAuthority(t)
	has := make(chan struct{})
	late := secure(t, a, 0, "sig", authority.Signaling)
	address, _ := start(t, &control{name: "sig"}, Options{Security: &Security{a.Cluster(), func() (*tls.Certificate, error) {
		select {
		case <-has:
			return late.Certificate()
		default:
			return nil, nil
		}
	}}})
	conn := dial(t, Options{Security: secure(t, a, 0, "api", authority.MobileAPI)}, address)
	if err := findIt(conn); !fault.Is(fault.From(err), fault.CodeUnavailable) {
		t.Errorf("without one: %v", err)
	}
	close(has)
	testkit.Eventually(t, time.Minute, func() error { return findIt(conn) })
}
