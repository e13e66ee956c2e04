package listenerstate

import (
	"context"
	"time"

	"google.golang.org/grpc"

	"rostrum/internal/fault"
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
	return s.wireAnswer(ctx, key, answer)
}

func (s *server) GetStage(ctx context.Context, request *listenerstatev1.GetStageRequest) (*listenerstatev1.GetStageResponse, error) {
	key, err := parseKey(request.GetApp(), request.GetRoom())
	if err != nil {
		return nil, err
	}
	stage, err := s.service.Stage(ctx, key, parsePosition(request.GetAtLeast()))
	if err != nil {
		return nil, err
	}
	wire, err := s.openStage(ctx, key, stage)
	return &listenerstatev1.GetStageResponse{Stage: wire}, err
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
	return s.deliver(watcher, stream)
}

func (s *server) wireAnswer(ctx context.Context, key chain.Key, answer Answer) (*listenerstatev1.ApplyResponse, error) {
	stage, err := s.openStage(ctx, key, answer.Stage)
	if err != nil {
		return nil, err
	}
	wire := &listenerstatev1.ApplyResponse{Position: wirePosition(answer.Position), Stage: stage}
	for _, entry := range answer.Entries {
		event, err := unmarshalEvent(entry.Bytes)
		if err != nil {
			return nil, err
		}
		wire.Events = append(wire.Events, event)
	}
	return wire, nil
}

func (s *server) wireItem(ctx context.Context, key chain.Key, item Item) (*listenerstatev1.WatchResponse, error) {
	switch {
	case item.Snapshot != nil:
		stage, err := s.openStage(ctx, key, *item.Snapshot)
		return &listenerstatev1.WatchResponse{Item: &listenerstatev1.WatchResponse_Snapshot{Snapshot: stage}}, err
	case item.Entry != nil:
		event, err := s.openEntry(ctx, key, *item.Entry)
		return &listenerstatev1.WatchResponse{Item: &listenerstatev1.WatchResponse_Event{Event: event}}, err
	}
	return &listenerstatev1.WatchResponse{Item: &listenerstatev1.WatchResponse_Still{Still: wirePosition(*item.Still)}}, nil
}

func (s *server) openStage(ctx context.Context, key chain.Key, stage Stage) (*listenerstatev1.Stage, error) {
	names := make(map[uint32]string, len(stage.Seats))
	for _, seat := range stage.Seats {
		name, err := s.openName(ctx, key, seat.Name)
		if err != nil {
			return nil, err
		}
		names[seat.Number] = name
	}
	return wireStage(key, stage, names), nil
}

func (s *server) openEntry(ctx context.Context, key chain.Key, entry Entry) (*listenerstatev1.StageEvent, error) {
	event, err := unmarshalEvent(entry.Bytes)
	if err != nil {
		return nil, err
	}
	wire := &listenerstatev1.StageEvent{Event: event}
	if seated, ok := entry.Event.Change.(Seated); ok {
		name, err := s.openName(ctx, key, seated.Name)
		if err != nil {
			return nil, err
		}
		wire.Opened = map[string]string{fieldName: name}
	}
	return wire, nil
}

// openName answers the text of a name, empty where its key is gone.
func (s *server) openName(ctx context.Context, key chain.Key, name Name) (string, error) {
	if name.Sealed.empty() {
		return "", nil
	}
	personKey, found, err := s.service.keys.Key(ctx, key.App, name.Sealed.User)
	if err != nil {
		return "", fault.Unavailable(err, "the keys of personal fields cannot be reached; try again")
	}
	if !found {
		return "", nil
	}
	text, err := open(personKey, key, name.Sealed)
	if err != nil {
		return "", nil // sealed under a key that was destroyed before this one was made
	}
	return text, nil
}
