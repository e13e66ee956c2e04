package signaling

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/singleflight"
	"google.golang.org/grpc"

	"rostrum/internal/authority"
	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/token"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
	mediav1 "rostrum/proto/rostrum/media/v1"
)

// Nodes is the registry of SFU nodes.
type Nodes interface {
	AnnounceNode(context.Context, Node) error
	Nodes(context.Context) ([]Node, error)
	Node(context.Context, id.Node) (Node, error)
}

// Edges is the registry of edges, each under the control stream that speaks for it.
type Edges interface {
	AnnounceEdge(ctx context.Context, stream string, e Edge) error
	ReleaseEdge(ctx context.Context, stream string, node id.Node) error
	Edges(context.Context) ([]Edge, error)
}

// Programs is the registry of origins. Epochs of a room rise with every Acquire, Reserved never falls.
type Programs interface {
	AcquireProgram(context.Context, Bid) (Program, error)
	RenewProgram(ctx context.Context, b Bid, reserve uint64) (Program, error)
	ReleaseProgram(context.Context, Bid) error
}

// Store is the whole registry.
type Store interface {
	// Touch writes something, and answers how far back the registry's memory goes.
	Touch(context.Context) (memory time.Duration, err error)
	Nodes
	Edges
	Programs
	// Programs answers the appointments of rooms in the order of keys.
	Programs(ctx context.Context, keys ...RoomKey) ([]Program, error)
}

// Stage says whether a room is live.
type Stage interface {
	GetStage(context.Context, *listenerstatev1.GetStageRequest, ...grpc.CallOption) (*listenerstatev1.GetStageResponse, error)
}

// Dialer reaches nodes. It shares connections and closes them.
type Dialer interface {
	Dial(address string) (*grpc.ClientConn, error)
}

// grantKeys are what grants are signed with.
type grantKeys interface {
	// Public are all keys that grants may be signed with; replaced is closed when there are others.
	Public() (keys []token.PublicKey, replaced <-chan struct{})
}

// Config is what a Service needs.
type Config struct {
	Store  Store
	Stage  Stage
	Dialer Dialer
	Keys   grantKeys
	// EnrolmentToken lets edges in. Empty: every edge over a plain network, none over another.
	EnrolmentToken string
	// Authority makes the certificates of edges; nil: they get none.
	Authority           *authority.Authority
	CertificateLifetime time.Duration         // 0: 24 h
	Log                 *slog.Logger          // nil: none
	Metrics             prometheus.Registerer // may be nil
}

// Service places rooms, routes sessions and keeps the edges informed.
type Service struct {
	store     Store
	stage     Stage
	dialer    Dialer
	keys      grantKeys
	enrolment enrolment
	log       *slog.Logger
	metrics   *metrics
	roster    *roster
	board     *board
	standing  standing
	placing   singleflight.Group

	ctx  context.Context // ends with Close
	stop context.CancelFunc
	work sync.WaitGroup

	mu     sync.Mutex
	closed bool
}

// New makes a service and starts what watches over rooms and edges; Close ends it.
func New(cfg Config) (*Service, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	m, err := newMetrics(cfg.Metrics)
	if err != nil {
		return nil, err
	}
	e, err := newEnrolment(cfg)
	if err != nil {
		return nil, err
	}
	s := &Service{
		store: cfg.Store, stage: cfg.Stage, dialer: cfg.Dialer, keys: cfg.Keys,
		enrolment: e, log: cfg.Log, metrics: m, roster: newRoster(), board: newBoard(), standing: newStanding(),
	}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.work.Go(s.watchStanding)
	s.work.Go(s.watchHomes)
	s.work.Go(s.watchEdges)
	return s, nil
}

// Close ends the control streams and everything that the service does by itself, and waits.
func (s *Service) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.stop()
	s.work.Wait()
	return nil
}

// begin takes a part in the service's work, which Close waits for until the answer is called.
func (s *Service) begin() (done func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, fault.New(fault.CodeUnavailable, "this service is leaving; ask another").In(100 * time.Millisecond)
	}
	s.work.Add(1)
	return s.work.Done, nil
}

// Announce renews an SFU node's lease.
func (s *Service) Announce(ctx context.Context, n Node) error {
	if err := n.check(); err != nil {
		return err
	}
	return s.store.AnnounceNode(ctx, n)
}

// Acquire appoints an origin.
func (s *Service) Acquire(ctx context.Context, b Bid) (Program, error) {
	if err := b.check(); err != nil {
		return Program{}, err
	}
	p, err := s.store.AcquireProgram(ctx, b)
	if err == nil {
		s.log.InfoContext(ctx, "origin appointed", "room", b.Room, "node", b.Node, "epoch", p.Epoch, "reserved", p.Reserved)
	}
	return p, err
}

// Renew holds an appointment and reserves numbers.
func (s *Service) Renew(ctx context.Context, b Bid, reserve uint64) (Program, error) {
	if err := b.check(); err != nil {
		return Program{}, err
	}
	if err := checkReserve(reserve); err != nil {
		return Program{}, err
	}
	return s.store.RenewProgram(ctx, b, reserve)
}

// Release gives an appointment back.
func (s *Service) Release(ctx context.Context, b Bid) error {
	if err := b.check(); err != nil {
		return err
	}
	return s.store.ReleaseProgram(ctx, b)
}

// FindHome answers where a room's program is in force. It places nothing.
func (s *Service) FindHome(ctx context.Context, key RoomKey) (home Home, found bool, err error) {
	programs, err := s.store.Programs(ctx, key)
	if err != nil {
		return Home{}, false, err
	}
	p := programs[0]
	return p.home(key), p.Held && p.Node.Address != "", nil
}

// FindEdges orders the edges for a listener. Fault: unavailable where there is none.
func (s *Service) FindEdges(key RoomKey, region string) ([]Edge, error) {
	if err := checkRegion(region); err != nil {
		return nil, err
	}
	edges := orderEdges(s.roster.all(), key, region)
	if len(edges) == 0 {
		return nil, fault.New(fault.CodeUnavailable, "no edge is there to listen on; try again").In(time.Second)
	}
	return edges, nil
}

// enrol gives an edge a certificate.
func (s *Service) enrol(a applicant) ([][]byte, error) {
	chain, err := s.enrolment.certify(a, time.Now())
	s.metrics.enrolled(err)
	if err == nil {
		s.log.Info("edge enrolled", "node", a.node, "region", a.region)
	}
	return chain, err
}

// CreateSession answers a WebRTC offer on the room's home, placing the room first where it has none.
func (s *Service) CreateSession(ctx context.Context, who Speaker, offer string) (Answer, error) {
	if err := checkSDP("offer", offer); err != nil {
		return Answer{}, err
	}
	home, err := s.PlaceRoom(ctx, who.RoomKey)
	if err != nil {
		return Answer{}, err
	}
	media, err := s.media(home.Address)
	if err != nil {
		return Answer{}, err
	}
	answer, err := media.Offer(ctx, wireOffer(who, offer))
	if err != nil {
		return Answer{}, fmt.Errorf("offer to node %s: %w", home.Node, err)
	}
	return readAnswer(answer, home.Node)
}

// RestartSession answers an ICE restart on the session's node.
func (s *Service) RestartSession(ctx context.Context, who Speaker, r Restart) (fragment, etag string, err error) {
	if err := r.check(); err != nil {
		return "", "", err
	}
	media, err := s.mediaOf(ctx, r.Session)
	if err != nil {
		return "", "", err
	}
	answer, err := media.Restart(ctx, wireRestart(who, r))
	if err != nil {
		return "", "", fmt.Errorf("restart on node %s: %w", r.Session.Node(), err)
	}
	return answer.GetFragment(), answer.GetEtag(), nil
}

// CloseSession ends a session on its node.
func (s *Service) CloseSession(ctx context.Context, who Speaker, session id.Session) error {
	media, err := s.mediaOf(ctx, session)
	if err != nil {
		return err
	}
	if _, err := media.Close(ctx, wireClose(who, session)); err != nil {
		return fmt.Errorf("close on node %s: %w", session.Node(), err)
	}
	return nil
}

// mediaOf reaches the node that a session names, also one whose lease has run out: it may only be unable to renew.
func (s *Service) mediaOf(ctx context.Context, session id.Session) (mediav1.MediaClient, error) {
	node, err := s.store.Node(ctx, session.Node())
	if err != nil {
		return nil, err
	}
	if node.Address == "" {
		return nil, fault.New(fault.CodeNotFound, "this session does not exist")
	}
	return s.media(node.Address)
}

func (s *Service) media(address string) (mediav1.MediaClient, error) {
	conn, err := s.dialer.Dial(address)
	if err != nil {
		return nil, fault.Unavailable(err, "the media node cannot be reached; try again")
	}
	return mediav1.NewMediaClient(conn), nil
}
