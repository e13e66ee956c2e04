package listenerstate

import (
	"context"
	"time"

	"google.golang.org/grpc"

	"rostrum/internal/id"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
	"rostrum/services/listenerstate/chain"
)

// server speaks gRPC for a Service. Its errors are faults, or inside ones that an interceptor hides.
type server struct {
	listenerstatev1.UnimplementedListenerStateServer
	service   *Service
	slowAfter time.Duration
}

// NewServer makes the gRPC side of a service.
func NewServer(service *Service) listenerstatev1.ListenerStateServer {
	return &server{service: service, slowAfter: defaultSlowAfter}
}

func (s *server) Apply(ctx context.Context, request *listenerstatev1.ApplyRequest) (*listenerstatev1.ApplyResponse, error) {
	key, r, err := parseRequest(request)
	if err != nil {
		return nil, err
	}
	answer, err := s.service.Apply(ctx, key, r)
	if err != nil {
		return nil, err
	}
	return s.wireAnswer(ctx, key, r.Actor, answer)
}

func (s *server) GetStage(ctx context.Context, request *listenerstatev1.GetStageRequest) (*listenerstatev1.GetStageResponse, error) {
	key, err := parseKey(request.GetApp(), request.GetRoom())
	if err != nil {
		return nil, err
	}
	view, err := s.service.View(ctx, key, parsePosition(request.GetAtLeast()))
	if err != nil {
		return nil, err
	}
	wire, err := s.openStage(ctx, key, view, request.GetWithHands())
	return &listenerstatev1.GetStageResponse{Stage: wire, Place: uint32(view.Stage.Hands.Place(id.User(request.GetPlaceOf())))}, err
}

func (s *server) ReportEnforced(ctx context.Context, request *listenerstatev1.ReportEnforcedRequest) (*listenerstatev1.ReportEnforcedResponse, error) {
	key, err := parseKey(request.GetApp(), request.GetRoom())
	if err != nil {
		return nil, err
	}
	return &listenerstatev1.ReportEnforcedResponse{}, s.service.ReportEnforced(ctx, key, request.GetEpoch(), parsePosition(request.GetPosition()))
}

func (s *server) Watch(request *listenerstatev1.WatchRequest, stream grpc.ServerStreamingServer[listenerstatev1.WatchResponse]) error {
	key, err := parseKey(request.GetApp(), request.GetRoom())
	if err != nil {
		return err
	}
	watcher, err := s.service.Watch(stream.Context(), key, parsePosition(request.GetFrom()))
	if err != nil {
		return err
	}
	return s.deliver(watcher, stream, request.GetWithHands())
}

func (s *server) wireAnswer(ctx context.Context, key chain.Key, by Actor, answer Answer) (*listenerstatev1.ApplyResponse, error) {
	stage, err := s.openStage(ctx, key, View{answer.Stage, answer.Enforced}, false)
	if err != nil {
		return nil, err
	}
	stage.Removed = nil // nobody waits for the list with each answer
	wire := &listenerstatev1.ApplyResponse{
		Position: wirePosition(answer.Position), Stage: stage, Place: uint32(answer.Stage.Hands.Place(by.User)),
	}
	for _, entry := range answer.Entries {
		event, err := unmarshalEvent(entry.Bytes)
		if err != nil {
			return nil, err
		}
		wire.Events = append(wire.Events, event)
	}
	return wire, nil
}

func (s *server) wireItem(ctx context.Context, key chain.Key, item Item, hands bool) (*listenerstatev1.WatchResponse, error) {
	switch {
	case item.Snapshot != nil:
		stage, err := s.openStage(ctx, key, View{Stage: *item.Snapshot}, hands)
		return &listenerstatev1.WatchResponse{Item: &listenerstatev1.WatchResponse_Snapshot{Snapshot: stage}}, err
	case item.Entry != nil:
		event, err := s.openEntry(ctx, key, *item.Entry)
		return &listenerstatev1.WatchResponse{Item: &listenerstatev1.WatchResponse_Event{Event: event}}, err
	case item.Enforced != nil:
		return &listenerstatev1.WatchResponse{Item: &listenerstatev1.WatchResponse_Enforced{Enforced: wirePosition(*item.Enforced)}}, nil
	}
	return &listenerstatev1.WatchResponse{Item: &listenerstatev1.WatchResponse_Still{Still: wirePosition(*item.Still)}}, nil
}
