package rpc

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"

	"rostrum/internal/authority"
	"rostrum/internal/fault"
)

// Security is what a node shows and whom it believes: TLS 1.3, both sides with a node certificate of the same cluster.
// Addresses have no meaning for it; a certificate says which roles a node has, and doors.go what that allows.
type Security struct {
	Cluster authority.Cluster
	// Certificate is asked at every handshake. Nil: the node has none yet, and may only enrol.
	Certificate func() (*tls.Certificate, error)
}

// peerNode is what a connection knows of its other end (credentials.AuthInfo).
type peerNode struct {
	credentials.TLSInfo
	node    authority.Node
	refused error // a fault: why what it showed does not count
}

func (s *Security) server() credentials.TransportCredentials {
	config := &tls.Config{
		MinVersion: tls.VersionTLS13,
		// What a client shows is judged after the handshake: a refusal is then a fault with a code. A broken handshake
		// would tell the client nothing, since in TLS 1.3 its own part is over before the server looks.
		ClientAuth:             tls.RequestClientCert,
		SessionTicketsDisabled: true,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			own, err := s.Certificate()
			if own == nil && err == nil {
				err = errors.New("this node has no certificate yet")
			}
			return own, err
		},
	}
	return serverCredentials{credentials.NewTLS(config), s.Cluster}
}

type serverCredentials struct {
	credentials.TransportCredentials
	cluster authority.Cluster
}

func (c serverCredentials) ServerHandshake(raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	conn, auth, err := c.TransportCredentials.ServerHandshake(raw)
	if err != nil {
		return nil, nil, err
	}
	shown, ok := auth.(credentials.TLSInfo)
	if !ok {
		conn.Close()
		return nil, nil, fmt.Errorf("a handshake of kind %T", auth)
	}
	peer := peerNode{TLSInfo: shown}
	if len(shown.State.PeerCertificates) == 0 {
		peer.refused = fault.New(fault.CodeUnauthenticated, "a node certificate is wanted")
	} else {
		peer.node, peer.refused = c.cluster.Check(shown.State.PeerCertificates, time.Now())
	}
	return conn, peer, nil
}

func (c serverCredentials) Clone() credentials.TransportCredentials { return c }

// clientCredentials believe servers of the cluster, whatever their address. They belong to one connection.
type clientCredentials struct {
	credentials.TransportCredentials // how gRPC describes TLS
	security                         *Security
	refused                          *atomic.Pointer[fault.Fault] // why the last server was not believed; nil where it was
}

func (s *Security) clientOptions() []grpc.DialOption {
	c := clientCredentials{credentials.NewTLS(&tls.Config{}), s, new(atomic.Pointer[fault.Fault])}
	return []grpc.DialOption{
		grpc.WithTransportCredentials(c),
		grpc.WithPerRPCCredentials(offerings{}),
		grpc.WithChainUnaryInterceptor(c.explainCall),
		grpc.WithChainStreamInterceptor(c.explainStream),
	}
}

func (c clientCredentials) ClientHandshake(ctx context.Context, _ string, raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	var node authority.Node
	config := &tls.Config{
		MinVersion:         tls.VersionTLS13,
		InsecureSkipVerify: true, // VerifyConnection does it: by cluster, not by address
		VerifyConnection: func(state tls.ConnectionState) (err error) {
			node, err = c.security.Cluster.Check(state.PeerCertificates, time.Now())
			if err != nil {
				c.refused.Store(fault.From(err))
			}
			return err
		},
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			own, err := c.security.Certificate()
			if own == nil && err == nil {
				own = &tls.Certificate{} // crypto/tls wants it so
			}
			return own, err
		},
	}
	conn, auth, err := credentials.NewTLS(config).ClientHandshake(ctx, "rostrum", raw)
	if err != nil {
		return nil, nil, err
	}
	shown, ok := auth.(credentials.TLSInfo)
	if !ok {
		conn.Close()
		return nil, nil, fmt.Errorf("a handshake of kind %T", auth)
	}
	c.refused.Store(nil)
	return conn, peerNode{TLSInfo: shown, node: node}, nil
}

func (c clientCredentials) Clone() credentials.TransportCredentials { return c }

// explain replaces the "unavailable" of a connection that could not be made by the reason why no server was believed.
func (c clientCredentials) explain(err error) error {
	refused := c.refused.Load()
	if refused == nil || status.Code(err) != codes.Unavailable || len(status.Convert(err).Details()) > 0 {
		return err
	}
	return fault.Status(refused)
}

func (c clientCredentials) explainCall(ctx context.Context, method string, request, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
	return c.explain(invoke(ctx, method, request, reply, conn, options...))
}

func (c clientCredentials) explainStream(ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, open grpc.Streamer, options ...grpc.CallOption) (grpc.ClientStream, error) {
	stream, err := open(ctx, desc, conn, method, options...)
	return stream, c.explain(err)
}
