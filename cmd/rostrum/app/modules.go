package app

import (
	"context"
	"slices"
)

// module is a part of a process: a role, or what roles stand on.
type module struct {
	name  string
	roles []string // started when one of them is wanted
	start func(*App, context.Context) error
}

func (m module) wanted(roles []string) bool {
	return slices.ContainsFunc(m.roles, func(role string) bool { return slices.Contains(roles, role) })
}

// The roles.
const (
	room          = "room"
	listenerstate = "listenerstate"
	signaling     = "signaling"
	account       = "account"
	sfuRole       = "sfu"
	edgeRole      = "edge"
	mobileAPI     = "mobile-api"
)

func allRoles() []string {
	return []string{room, listenerstate, signaling, account, sfuRole, edgeRole, mobileAPI}
}

// modules is the architecture on one screen: what a process is made of, in the order in which it starts.
var modules = []module{
	{"profiles", allRoles(), (*App).startProfiles},
	{"network", allRoles(), (*App).startNetwork},
	{"keys", []string{room, account, signaling, mobileAPI}, (*App).startKeys},
	{"bolt", []string{room, listenerstate, account}, (*App).startBolt},
	{"redis", []string{listenerstate, signaling}, (*App).startRedis},
	{account, []string{account}, (*App).startAccount},
	{listenerstate, []string{listenerstate}, (*App).startListenerState},
	{signaling, []string{signaling}, (*App).startSignaling},
	{room, []string{room}, (*App).startRoom},
	{sfuRole, []string{sfuRole}, (*App).startSFU},
	{edgeRole, []string{edgeRole}, (*App).startEdge},
	{mobileAPI, []string{mobileAPI}, (*App).startMobileAPI},
	{"http", []string{edgeRole, mobileAPI}, (*App).startHTTP},
}
