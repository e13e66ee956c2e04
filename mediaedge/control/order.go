package control

import (
	"google.golang.org/grpc"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/token"
	signalingv1 "rostrum/proto/rostrum/signaling/v1"
)

// receive carries out orders until the stream breaks.
func (s *Stream) receive(stream grpc.BidiStreamingClient[signalingv1.EdgeReport, signalingv1.EdgeOrder]) error {
	for {
		order, err := stream.Recv()
		if err != nil {
			return err
		}
		switch o := order.GetOrder().(type) {
		case *signalingv1.EdgeOrder_Keys:
			s.takeKeys(o.Keys)
		case *signalingv1.EdgeOrder_Home:
			h := o.Home
			s.learn(key{id.App(h.GetApp()), id.Room(h.GetRoom())}, h.GetAddress(), nil)
		case *signalingv1.EdgeOrder_NotHome:
			n := o.NotHome
			s.learn(key{id.App(n.GetApp()), id.Room(n.GetRoom())}, "", notHome(fault.Code(n.GetCode())))
		}
	}
}

func (s *Stream) takeKeys(keys *signalingv1.Keys) {
	var good []token.PublicKey
	for _, k := range keys.GetKeys() {
		public, err := token.NewPublicKey(k.GetId(), k.GetEd25519())
		if err != nil {
			s.cfg.Log.Warn("signaling sent a key that is none; its grants will be refused", "key", k.GetId(), "error", err)
			continue
		}
		good = append(good, public)
	}
	if len(good) == 0 {
		s.cfg.Log.Warn("signaling sent no keys; those that are known stay")
		return
	}
	s.cfg.Keys(good)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.keyed != nil {
		close(s.keyed)
		s.keyed = nil
	}
}

// learn keeps an answer. One that nobody asked for is a room that was looked up before and has moved.
func (s *Stream) learn(k key, address string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.homes[k]
	if a == nil {
		return
	}
	switch {
	case !a.known:
		a.address, a.err, a.known = address, err, true
		close(a.changed)
	case a.address != address:
		close(a.over)
		s.homes[k] = &answer{address: address, known: true, changed: a.changed, over: make(chan struct{})}
	}
	if err != nil {
		delete(s.homes, k) // ask again next time
	}
}

// notHome is the fault behind a code of a NotHome order.
func notHome(code fault.Code) error {
	switch code {
	case fault.CodeNotFound:
		return fault.New(code, "there is no such room")
	case fault.CodeNotLive:
		return fault.New(code, "the room has not been started")
	case fault.CodeEnded:
		return fault.New(code, "the room is over")
	}
	return fault.Unavailable(nil, "the room has no home now; try again")
}
