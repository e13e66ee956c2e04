package signaling

import (
	"context"

	"google.golang.org/grpc"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/rpc"
	signalingv1 "rostrum/proto/rostrum/signaling/v1"
)

// Server serves both gRPC services of a Service: Signaling for gateways, Nodes for the media plane.
type Server struct {
	signalingv1.UnimplementedSignalingServer
	signalingv1.UnimplementedNodesServer
	service *Service
}

// NewServer serves a service; Register both with it, or use Server.Register.
func NewServer(service *Service) *Server { return &Server{service: service} }

// Register adds both services to a gRPC server.
func (s *Server) Register(to grpc.ServiceRegistrar) {
	signalingv1.RegisterSignalingServer(to, s)
	signalingv1.RegisterNodesServer(to, s)
}

// CreateSession answers a WebRTC offer.
func (s *Server) CreateSession(ctx context.Context, in *signalingv1.CreateSessionRequest) (*signalingv1.CreateSessionResponse, error) {
	who, err := readSpeaker(in)
	if err != nil {
		return nil, err
	}
	a, err := s.service.CreateSession(ctx, who, in.GetOffer())
	return &signalingv1.CreateSessionResponse{Session: string(a.Session), Answer: a.SDP, Etag: a.ETag, Seat: a.Seat}, err
}

// RestartSession answers an ICE restart.
func (s *Server) RestartSession(ctx context.Context, in *signalingv1.RestartSessionRequest) (*signalingv1.RestartSessionResponse, error) {
	who, err := readSpeaker(in)
	if err != nil {
		return nil, err
	}
	session, err := id.ParseSession(in.GetSession())
	if err != nil {
		return nil, err
	}
	r := Restart{Session: session, IfMatch: in.GetIfMatch(), Fragment: in.GetFragment()}
	fragment, etag, err := s.service.RestartSession(ctx, who, r)
	return &signalingv1.RestartSessionResponse{Fragment: fragment, Etag: etag}, err
}

// CloseSession ends a session.
func (s *Server) CloseSession(ctx context.Context, in *signalingv1.CloseSessionRequest) (*signalingv1.CloseSessionResponse, error) {
	who, err := readSpeaker(in)
	if err != nil {
		return nil, err
	}
	session, err := id.ParseSession(in.GetSession())
	if err != nil {
		return nil, err
	}
	return &signalingv1.CloseSessionResponse{}, s.service.CloseSession(ctx, who, session)
}

// FindEdges orders the edges for a listener.
func (s *Server) FindEdges(_ context.Context, in *signalingv1.FindEdgesRequest) (*signalingv1.FindEdgesResponse, error) {
	key, err := readRoomKey(in)
	if err != nil {
		return nil, err
	}
	edges, err := s.service.FindEdges(key, in.GetRegion())
	return &signalingv1.FindEdgesResponse{Edges: wireEdges(edges)}, err
}

// PlaceRoom makes sure that a live room has a home.
func (s *Server) PlaceRoom(ctx context.Context, in *signalingv1.PlaceRoomRequest) (*signalingv1.PlaceRoomResponse, error) {
	key, err := readRoomKey(in)
	if err != nil {
		return nil, err
	}
	placement, err := s.service.PlaceRoom(ctx, key)
	return &signalingv1.PlaceRoomResponse{Home: wireHome(placement.Home), Reason: string(placement.Reason), Among: placement.Among}, err
}

// Announce renews an SFU node's lease.
func (s *Server) Announce(ctx context.Context, in *signalingv1.AnnounceRequest) (*signalingv1.AnnounceResponse, error) {
	node, err := readNode(in)
	if err != nil {
		return nil, err
	}
	if err := speaksFor(ctx, node.ID); err != nil {
		return nil, err
	}
	return &signalingv1.AnnounceResponse{LeaseMs: uint32(LeaseTime.Milliseconds())}, s.service.Announce(ctx, node)
}

// AcquireProgram appoints an origin.
func (s *Server) AcquireProgram(ctx context.Context, in *signalingv1.AcquireProgramRequest) (*signalingv1.ProgramLease, error) {
	bid, err := ownBid(ctx, in, in.GetBootId(), in.GetKnownEpoch())
	if err != nil {
		return nil, err
	}
	p, err := s.service.Acquire(ctx, bid)
	return wireProgram(p), err
}

// RenewProgram holds an appointment.
func (s *Server) RenewProgram(ctx context.Context, in *signalingv1.RenewProgramRequest) (*signalingv1.ProgramLease, error) {
	bid, err := ownBid(ctx, in, 0, in.GetEpoch())
	if err != nil {
		return nil, err
	}
	p, err := s.service.Renew(ctx, bid, in.GetReserve())
	return wireProgram(p), err
}

// ReleaseProgram gives an appointment back.
func (s *Server) ReleaseProgram(ctx context.Context, in *signalingv1.ReleaseProgramRequest) (*signalingv1.ReleaseProgramResponse, error) {
	bid, err := ownBid(ctx, in, 0, in.GetEpoch())
	if err != nil {
		return nil, err
	}
	return &signalingv1.ReleaseProgramResponse{}, s.service.Release(ctx, bid)
}

// FindHome answers where a room's program is in force.
func (s *Server) FindHome(ctx context.Context, in *signalingv1.FindHomeRequest) (*signalingv1.FindHomeResponse, error) {
	key, err := readRoomKey(in)
	if err != nil {
		return nil, err
	}
	home, found, err := s.service.FindHome(ctx, key)
	if err != nil || !found {
		return &signalingv1.FindHomeResponse{}, err
	}
	return &signalingv1.FindHomeResponse{Home: wireHome(home)}, nil
}

// Control serves an edge's control stream.
func (s *Server) Control(stream grpc.BidiStreamingServer[signalingv1.EdgeReport, signalingv1.EdgeOrder]) error {
	return s.service.control(stream.Context(), wireStream{stream})
}

// Enrol gives an edge a node certificate.
func (s *Server) Enrol(_ context.Context, in *signalingv1.EnrolRequest) (*signalingv1.EnrolResponse, error) {
	a, err := readApplicant(in)
	if err != nil {
		return nil, err
	}
	chain, err := s.service.enrol(a)
	return &signalingv1.EnrolResponse{Chain: chain}, err
}

func ownBid(ctx context.Context, in bidder, boot, epoch uint64) (Bid, error) {
	bid, err := readBid(in, boot, epoch)
	if err != nil {
		return Bid{}, err
	}
	return bid, speaksFor(ctx, bid.Node)
}

// speaksFor checks that the caller is the node that it speaks of. Over a plain network nobody has shown who they are.
func speaksFor(ctx context.Context, node id.Node) error {
	who, shown := rpc.Caller(ctx)
	if shown && who.Name != node {
		return fault.New(fault.CodeForbidden, "node %s speaks for itself only", who.Name).With("node", string(who.Name))
	}
	return nil
}
