package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health/grpc_health_v1"

	"rostrum/internal/rpc"
	accountv1 "rostrum/proto/rostrum/account/v1"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
	roomv1 "rostrum/proto/rostrum/room/v1"
	signalingv1 "rostrum/proto/rostrum/signaling/v1"
)

// network is how the roles reach each other: those of this process in memory, the others over TCP.
type network struct {
	options rpc.Options // of all servers and connections
	identity
	memory *rpc.Memory
	tcp    *rpc.TCP
	nodes  rpc.Network // reaches media nodes by the addresses that they announce
}

// peers are the control services as the roles of this process reach them.
type peers struct {
	accounts accountv1.AccountsClient
	rooms    roomv1.RoomsClient
	stage    listenerstatev1.ListenerStateClient
	sessions signalingv1.SignalingClient
	nodes    signalingv1.NodesClient
	conns    map[string]*grpc.ClientConn // by role
}

// startNetwork makes what the roles reach each other over. Connections are made when they are first used.
func (a *App) startNetwork(context.Context) (err error) {
	metrics, err := rpc.NewMetrics(a.registry)
	if err != nil {
		return err
	}
	own, err := a.identify()
	if err != nil {
		return err
	}
	n := network{options: rpc.Options{Metrics: metrics, Security: own.security}, identity: own, memory: rpc.NewMemory()}
	n.tcp = rpc.NewTCP(n.options)
	n.nodes = n.tcp
	if a.cfg.Embedded {
		n.nodes = n.memory
	}
	a.network = n
	a.onClose("network", func(context.Context) error { return errors.Join(n.memory.Close(), n.tcp.Close()) })
	a.followCertificate(own)
	return a.meet()
}

// meet makes the connections to the control services. Those that nothing in this process calls may have no address.
func (a *App) meet() error {
	a.peers.conns = map[string]*grpc.ClientConn{}
	var failed []error
	for role, addresses := range map[string][]string{
		account: a.cfg.Peers.Account, room: a.cfg.Peers.Room, listenerstate: a.cfg.Peers.ListenerState, signaling: a.cfg.Peers.Signaling,
	} {
		conn, err := a.dial(role, addresses)
		failed = append(failed, err)
		a.peers.conns[role] = conn
	}
	conns := a.peers.conns
	a.peers.accounts, a.peers.rooms = accountv1.NewAccountsClient(conns[account]), roomv1.NewRoomsClient(conns[room])
	a.peers.stage = listenerstatev1.NewListenerStateClient(conns[listenerstate])
	a.peers.sessions, a.peers.nodes = signalingv1.NewSignalingClient(conns[signaling]), signalingv1.NewNodesClient(conns[signaling])
	return errors.Join(failed...)
}

func (a *App) dial(role string, addresses []string) (*grpc.ClientConn, error) {
	if a.runs(role) || len(addresses) == 0 { // an address in memory that nobody listens on says so when it is called
		return a.network.memory.Dial(role)
	}
	return a.network.tcp.Dial(strings.Join(addresses, ","))
}

func (a *App) runs(role string) bool { return slices.Contains(a.cfg.Roles, role) }

// needPeers keeps the process from being ready until the roles that it calls serve.
func (a *App) needPeers(roles ...string) {
	for _, role := range roles {
		if a.runs(role) {
			continue
		}
		health := grpc_health_v1.NewHealthClient(a.peers.conns[role])
		a.need("role "+role, func(ctx context.Context) error {
			answer, err := health.Check(ctx, &grpc_health_v1.HealthCheckRequest{}, grpc.WaitForReady(true))
			if err == nil && answer.GetStatus() != grpc_health_v1.HealthCheckResponse_SERVING {
				err = errors.New("it does not serve yet")
			}
			return err
		})
	}
}

// serve offers a role's gRPC services until the app closes: to this process, and unless all is embedded over TCP. It
// answers where others reach it.
func (a *App) serve(role, listen string, register func(*grpc.Server)) (address string, err error) {
	inside, err := a.network.memory.Listen(role)
	if err != nil {
		return "", fmt.Errorf("listen within the process: %w", err)
	}
	a.serveOn(role+" in memory", inside, rpc.NewServer(a.roleLog(role), rpc.Options{Metrics: a.network.options.Metrics}), register)
	if a.cfg.Embedded {
		return role, nil
	}
	outside, err := a.network.tcp.Listen(listen)
	if err != nil {
		return "", fmt.Errorf("listen for gRPC: %w", err)
	}
	a.serveOn(role, outside, rpc.NewServer(a.roleLog(role), a.network.options), register)
	a.log.Info("serving", "role", role, "address", outside.Addr())
	return reachable(outside.Addr()), nil
}

func (a *App) serveOn(name string, listener net.Listener, server *rpc.Server, register func(*grpc.Server)) {
	register(server.Server)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	a.onClose(name+" gRPC", func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, time.Second) // streams have no end of their own
		defer cancel()
		server.Leave(ctx)
		if err := <-ended; !errors.Is(err, grpc.ErrServerStopped) { // so it says where it was stopped before it began
			return err
		}
		return nil
	})
}

// reachable is an address as others reach it: where it is all of the machine's, that of its way out.
func reachable(address net.Addr) string {
	host, port, err := net.SplitHostPort(address.String())
	if err != nil {
		return address.String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = outwardAddress()
	}
	return net.JoinHostPort(host, port)
}
