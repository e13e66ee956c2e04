package origin

import (
	"context"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/mediaedge/audio"
	mediav1 "rostrum/proto/rostrum/media/v1"
)

// seatWait is how long an offer waits for the stage log to bring its seat.
const seatWait = 2 * time.Second

// Server is what signaling asks of this node.
type Server struct {
	mediav1.UnimplementedMediaServer
	host *Host
}

// NewServer serves a host.
func NewServer(host *Host) *Server { return &Server{host: host} }

// HostRoom makes the node the room's home.
func (s *Server) HostRoom(ctx context.Context, in *mediav1.HostRoomRequest) (*mediav1.HostRoomResponse, error) {
	app, room, err := names(in)
	if err != nil {
		return nil, err
	}
	epoch, err := s.host.openAbove(ctx, app, room, audio.Epoch(in.GetKnownEpoch()))
	return &mediav1.HostRoomResponse{Epoch: uint64(epoch)}, err
}

// Offer opens a session for a seated person.
func (s *Server) Offer(ctx context.Context, in *mediav1.OfferRequest) (*mediav1.OfferResponse, error) {
	r, user, err := s.find(in, in.GetUser())
	if err != nil {
		return nil, err
	}
	patience, cancel := context.WithTimeout(ctx, seatWait)
	defer cancel()
	if err := r.seated.wait(patience, user); err != nil {
		return nil, err
	}
	session := s.host.cfg.SFU.NewSession()
	answer, etag, seat, err := r.media.Join(ctx, session, user, in.GetOffer())
	if err == nil {
		r.arrivals.begin(ctx, seat)
	}
	return &mediav1.OfferResponse{Session: string(session), Answer: answer, Etag: etag, Seat: uint32(seat)}, err
}

// Restart answers an ICE restart.
func (s *Server) Restart(ctx context.Context, in *mediav1.RestartRequest) (*mediav1.RestartResponse, error) {
	r, user, err := s.find(in, in.GetUser())
	if err != nil {
		return nil, err
	}
	fragment, etag, err := r.media.Restart(ctx, id.Session(in.GetSession()), user, in.GetIfMatch(), in.GetFragment())
	return &mediav1.RestartResponse{Fragment: fragment, Etag: etag}, err
}

// Close ends a session.
func (s *Server) Close(_ context.Context, in *mediav1.CloseRequest) (*mediav1.CloseResponse, error) {
	r, user, err := s.find(in, in.GetUser())
	if fault.Is(err, fault.CodeUnavailable) { // the session went with its room
		return nil, fault.New(fault.CodeNotFound, "there is no such session any more")
	}
	if err != nil {
		return nil, err
	}
	return &mediav1.CloseResponse{}, r.media.Leave(id.Session(in.GetSession()), user)
}

type named interface {
	GetApp() string
	GetRoom() string
}

func names(in named) (id.App, id.Room, error) {
	app, err := id.ParseApp(in.GetApp())
	if err != nil {
		return "", "", err
	}
	room, err := id.ParseRoom(in.GetRoom())
	return app, room, err
}

func (s *Server) find(in named, userText string) (*room, id.User, error) {
	app, roomID, err := names(in)
	if err != nil {
		return nil, "", err
	}
	user, err := id.ParseUser(userText)
	if err != nil {
		return nil, "", err
	}
	r := s.host.current(key{app, roomID})
	if r == nil {
		return nil, "", fault.New(fault.CodeUnavailable, "this room is not at home here; try again").In(500 * time.Millisecond)
	}
	return r, user, nil
}
