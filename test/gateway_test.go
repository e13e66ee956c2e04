package test

import (
	"net"
	"net/http/httptest"
	"sync"

	"google.golang.org/grpc"

	"rostrum/internal/rpc"
	"rostrum/internal/token"
	mobileapi "rostrum/mobile-api"
	accountv1 "rostrum/proto/rostrum/account/v1"
	roomv1 "rostrum/proto/rostrum/room/v1"
	"rostrum/services/account"
	accountstore "rostrum/services/account/accountstore/bolt"
	roomservice "rostrum/services/room"
	roomstore "rostrum/services/room/roomstore/bolt"
)

// addGateway starts accounts, rooms and a gateway in front of the plane. The answer is where it is and the keys of its
// access tokens.
func (p *plane) addGateway() (*system, token.AccessKeys) {
	p.t.Helper()
	keys := token.AccessKeys{token.NewAccessKey()}
	people, err := accountstore.New(p.db)
	must(p.t, err)
	accounts, err := account.New(account.Config{Store: people, Tokens: keys})
	must(p.t, err)
	p.serve("account", func(s *grpc.Server) { accountv1.RegisterAccountsServer(s, account.NewServer(accounts)) })
	rows, err := roomstore.New(p.db)
	must(p.t, err)
	rooms, err := roomservice.New(roomservice.Config{Store: rows, Stage: p.stage, Signer: p.signer, CursorKey: make([]byte, 32)})
	must(p.t, err)
	p.t.Cleanup(func() { rooms.Close() })
	p.serve("room", func(s *grpc.Server) { roomv1.RegisterRoomsServer(s, roomservice.NewServer(rooms)) })
	gateway, err := mobileapi.New(mobileapi.Config{
		Rooms: roomv1.NewRoomsClient(p.dial("room")), Accounts: accountv1.NewAccountsClient(p.dial("account")),
		Stage: p.stage, Signaling: p.calls, Tokens: keys, Grants: token.NewVerifier(p.signer.Public()), GuestsPerMinute: -1, ChangesPerSecond: -1,
	})
	must(p.t, err)
	door := httptest.NewServer(gateway.Handler())
	p.t.Cleanup(func() {
		gateway.Close()
		door.CloseClientConnections()
		door.Close()
	})
	return &system{url: door.URL, log: &tail{}, http: door.Client()}, keys
}

// loopback is a network over TCP on this machine whose addresses are names.
type loopback struct {
	rpc.TCP

	mu     sync.Mutex
	places map[string]string
}

func newLoopback() *loopback { return &loopback{places: map[string]string{}} }

// Listen opens a free port and remembers it under the name.
func (n *loopback) Listen(name string) (net.Listener, error) {
	l, err := n.TCP.Listen("127.0.0.1:0")
	if err == nil {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.places[name] = l.Addr().String()
	}
	return l, err
}

// Dial answers the connection to a name that is listened on.
func (n *loopback) Dial(name string) (*grpc.ClientConn, error) {
	n.mu.Lock()
	address := n.places[name]
	n.mu.Unlock()
	return n.TCP.Dial(address)
}

var _ rpc.Network = (*loopback)(nil)
