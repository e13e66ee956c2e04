package origin

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/rpc"
	"rostrum/internal/testkit"
	"rostrum/mediaedge/audio"
	"rostrum/mediaedge/sfu"
	listenv1 "rostrum/proto/rostrum/listen/v1"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
	signalingv1 "rostrum/proto/rostrum/signaling/v1"
)

func TestMain(m *testing.M) { testkit.Main(m) }

type watchStream = grpc.ServerStreamingServer[listenerstatev1.WatchResponse]

// fakeLog is a stage log whose watches a test scripts; it takes every command.
type fakeLog struct {
	listenerstatev1.UnimplementedListenerStateServer

	mu       sync.Mutex
	watched  []*listenerstatev1.WatchRequest
	watch    func(n int, stream watchStream) error // n-th watch, from 1
	media    []*listenerstatev1.ApplyRequest
	enforced []enforcedReport
}

type enforcedReport struct {
	at       time.Time
	epoch    uint64
	position audio.Position
}

func (l *fakeLog) Watch(in *listenerstatev1.WatchRequest, stream watchStream) error {
	l.mu.Lock()
	l.watched = append(l.watched, in)
	n := len(l.watched)
	l.mu.Unlock()
	return l.watch(n, stream)
}

func (l *fakeLog) Apply(_ context.Context, in *listenerstatev1.ApplyRequest) (*listenerstatev1.ApplyResponse, error) {
	if in.GetActor().GetService() != "sfu" || in.GetAnchorOrigin() == nil && in.GetReportMedia() == nil {
		return nil, fault.New(fault.CodeForbidden, "not a command of an origin")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if in.GetReportMedia() != nil {
		l.media = append(l.media, in)
	}
	return &listenerstatev1.ApplyResponse{}, nil
}

func (l *fakeLog) ReportEnforced(_ context.Context, in *listenerstatev1.ReportEnforcedRequest) (*listenerstatev1.ReportEnforcedResponse, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.enforced = append(l.enforced, enforcedReport{time.Now(), in.GetEpoch(), audio.ReadPosition(in.GetPosition())})
	return &listenerstatev1.ReportEnforcedResponse{}, nil
}

// said is what was reported of microphones, as "user session found" or "lost", with the names that a test gives.
func (l *fakeLog) said(names map[string]string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []string
	for _, in := range l.media {
		what, of := "found", in.GetReportMedia()
		if of.GetLost() {
			what = "lost"
		}
		name := names[of.GetSession()]
		if name == "" {
			name = "?"
		}
		out = append(out, names[of.GetUser()]+" "+name+" "+what)
	}
	return out
}

// fakeNodes is the registry of programs for one node.
type fakeNodes struct {
	signalingv1.UnimplementedNodesServer

	mu       sync.Mutex
	epoch    uint64
	reserved uint64
	acquired int
	released int
	renewing error
	home     func() (*signalingv1.FindHomeResponse, error)
}

func (n *fakeNodes) FindHome(context.Context, *signalingv1.FindHomeRequest) (*signalingv1.FindHomeResponse, error) {
	if n.home == nil {
		return &signalingv1.FindHomeResponse{}, nil
	}
	return n.home()
}

func (n *fakeNodes) AcquireProgram(_ context.Context, in *signalingv1.AcquireProgramRequest) (*signalingv1.ProgramLease, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.acquired++
	n.epoch = max(n.epoch, in.GetKnownEpoch()) + 1
	return &signalingv1.ProgramLease{Epoch: n.epoch, Reserved: n.reserved}, nil
}

func (n *fakeNodes) RenewProgram(_ context.Context, in *signalingv1.RenewProgramRequest) (*signalingv1.ProgramLease, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.reserved = max(n.reserved, in.GetReserve())
	return &signalingv1.ProgramLease{Epoch: n.epoch, Reserved: n.reserved}, n.renewing
}

func (n *fakeNodes) ReleaseProgram(context.Context, *signalingv1.ReleaseProgramRequest) (*signalingv1.ReleaseProgramResponse, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.released++
	return &signalingv1.ReleaseProgramResponse{}, nil
}

func (n *fakeNodes) sayOfRenewals(err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.renewing = err
}

// newHost makes a host between a log and a registry, in memory, with a real SFU.
func newHost(t testing.TB, log *fakeLog, nodes *fakeNodes) *Host {
	t.Helper()
	network := rpc.NewMemory()
	listener, err := network.Listen("control")
	must(t, err)
	server := rpc.NewServer(slog.New(slog.DiscardHandler), rpc.Options{})
	listenerstatev1.RegisterListenerStateServer(server, log)
	signalingv1.RegisterNodesServer(server, nodes)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	conn, err := network.Dial("control")
	must(t, err)
	media, err := sfu.New(sfu.Config{Node: "sfu-1", LoopbackCandidates: true})
	must(t, err)
	h, err := NewHost(Config{
		Node: "sfu-1", BootID: 1, SFU: media, Log: slog.New(slog.DiscardHandler),
		Stage: listenerstatev1.NewListenerStateClient(conn), Programs: signalingv1.NewNodesClient(conn), Homes: signalingv1.NewNodesClient(conn),
	})
	must(t, err)
	t.Cleanup(func() {
		must(t, h.Close())
		must(t, media.Close())
		server.Stop()
		must(t, network.Close())
		must(t, <-served)
	})
	return h
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func snapshotOf(offset uint64, seats ...*listenv1.Seat) *listenerstatev1.WatchResponse {
	return &listenerstatev1.WatchResponse{Item: &listenerstatev1.WatchResponse_Snapshot{Snapshot: &listenerstatev1.Stage{
		Position: &listenv1.Position{Term: 1, Offset: offset}, State: listenv1.RoomState_ROOM_STATE_LIVE, Seats: seats,
	}}}
}

func seatedEvent(offset uint64, user id.User, seat uint32) *listenerstatev1.WatchResponse {
	return eventOf(&listenerstatev1.Event{
		Position: &listenv1.Position{Term: 1, Offset: offset},
		Payload: &listenerstatev1.Event_Seated{Seated: &listenerstatev1.Seated{
			User: string(user), Seat: seat, Role: listenv1.Role_ROLE_SPEAKER,
		}},
	})
}

func unseatedEvent(offset uint64, user id.User, seat uint32) *listenerstatev1.WatchResponse {
	return eventOf(&listenerstatev1.Event{
		Position: &listenv1.Position{Term: 1, Offset: offset},
		Payload:  &listenerstatev1.Event_Unseated{Unseated: &listenerstatev1.Unseated{User: string(user), Seat: seat}},
	})
}

func eventOf(e *listenerstatev1.Event) *listenerstatev1.WatchResponse {
	return &listenerstatev1.WatchResponse{Item: &listenerstatev1.WatchResponse_Event{Event: &listenerstatev1.StageEvent{Event: e}}}
}

// stay keeps a watch open that has nothing more to say.
func stay(stream watchStream) error {
	<-stream.Context().Done()
	return fault.New(fault.CodeUnavailable, "over")
}
