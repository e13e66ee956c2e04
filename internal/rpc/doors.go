package rpc

import (
	"context"
	"slices"
	"strings"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/peer"

	"rostrum/internal/authority"
	"rostrum/internal/fault"
	accountv1 "rostrum/proto/rostrum/account/v1"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
	mediav1 "rostrum/proto/rostrum/media/v1"
	relayv1 "rostrum/proto/rostrum/relay/v1"
	roomv1 "rostrum/proto/rostrum/room/v1"
	signalingv1 "rostrum/proto/rostrum/signaling/v1"
)

type roles = []authority.Role

// door says of a service who offers it and who may call it.
type door struct{ offer, call roles }

// doors are all services. What is not named here is nobody's.
var doors = map[string]door{
	accountv1.Accounts_ServiceDesc.ServiceName: {roles{authority.Account}, roles{authority.MobileAPI}},
	roomv1.Rooms_ServiceDesc.ServiceName:       {roles{authority.Room}, roles{authority.MobileAPI}},
	listenerstatev1.ListenerState_ServiceDesc.ServiceName: {
		roles{authority.ListenerState}, roles{authority.MobileAPI, authority.Room, authority.SFU, authority.Signaling},
	},
	signalingv1.Signaling_ServiceDesc.ServiceName: {roles{authority.Signaling}, roles{authority.MobileAPI}},
	signalingv1.Nodes_ServiceDesc.ServiceName:     {roles{authority.Signaling}, roles{authority.SFU}},
	mediav1.Media_ServiceDesc.ServiceName:         {roles{authority.SFU}, roles{authority.Signaling}},
	relayv1.Relay_ServiceDesc.ServiceName:         {roles{authority.SFU, authority.Edge}, roles{authority.Edge}},
	grpc_health_v1.Health_ServiceDesc.ServiceName: {authority.Roles(), authority.Roles()},
}

// ajar are methods that others may call than the rest of their service.
var ajar = map[string]roles{
	listenerstatev1.ListenerState_Apply_FullMethodName:          {authority.MobileAPI, authority.Room, authority.SFU},
	listenerstatev1.ListenerState_Watch_FullMethodName:          {authority.MobileAPI, authority.SFU},
	listenerstatev1.ListenerState_ReportEnforced_FullMethodName: {authority.SFU},
	signalingv1.Nodes_Control_FullMethodName:                    {authority.Edge},
	signalingv1.Nodes_Enrol_FullMethodName:                      {authority.Edge},
}

// open are the methods that need no certificate.
var open = []string{
	signalingv1.Nodes_Enrol_FullMethodName, grpc_health_v1.Health_Check_FullMethodName, grpc_health_v1.Health_Watch_FullMethodName,
}

func doorOf(method string) door {
	service, _, _ := strings.Cut(strings.TrimPrefix(method, "/"), "/")
	d := doors[service]
	if call, found := ajar[method]; found {
		d.call = call
	}
	return d
}

// Caller answers the node that calls, and whether it has shown that. Over a plain network nobody has.
func Caller(ctx context.Context) (authority.Node, bool) {
	shown, ok := shownBy(ctx)
	return shown.node, ok && shown.refused == nil
}

func shownBy(ctx context.Context) (peerNode, bool) {
	from, ok := peer.FromContext(ctx)
	if !ok {
		return peerNode{}, false
	}
	shown, ok := from.AuthInfo.(peerNode)
	return shown, ok
}

// admit refuses calls that the caller's certificate does not allow. Faults: unauthenticated, expired, forbidden.
func admit(ctx context.Context, method string) error {
	if slices.Contains(open, method) {
		return nil
	}
	shown, ok := shownBy(ctx)
	if !ok {
		return fault.New(fault.CodeUnauthenticated, "a node certificate is wanted")
	}
	if shown.refused != nil {
		return shown.refused
	}
	if !shown.node.Is(doorOf(method).call...) {
		return fault.New(fault.CodeForbidden, "node %s may not call %s", shown.node.Name, method).With("node", string(shown.node.Name))
	}
	return nil
}

// offerings refuses a call before it is sent to a node that has no role that offers it (credentials.PerRPCCredentials).
type offerings struct{}

func (offerings) GetRequestMetadata(ctx context.Context, _ ...string) (map[string]string, error) {
	call, _ := credentials.RequestInfoFromContext(ctx)
	shown, ok := call.AuthInfo.(peerNode)
	if !ok || !shown.node.Is(doorOf(call.Method).offer...) {
		return nil, fault.Status(fault.New(fault.CodeForbidden, "node %s does not offer %s", shown.node.Name, call.Method))
	}
	return nil, nil
}

func (offerings) RequireTransportSecurity() bool { return true }
