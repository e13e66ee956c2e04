package app

import (
	"context"
	"slices"

	"rostrum/cmd/rostrum/config"
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
	room          = config.Room
	listenerstate = config.ListenerState
	signaling     = config.Signaling
	account       = config.Account
	sfuRole       = config.SFU
	edgeRole      = config.Edge
	mobileAPI     = config.MobileAPI
)

func allRoles() []string { return config.Roles() }

// modules is the architecture on one screen: what a process is made of, in the order in which it starts.
var modules = []module{
	{"operator", allRoles(), (*App).startOperator},
	{"profiles", allRoles(), (*App).startProfiles},
	{"traces", allRoles(), (*App).startTraces},
	{"network", allRoles(), (*App).startNetwork},
	{"keys", []string{room, account, signaling, mobileAPI}, (*App).startKeys},
	{"store", []string{room, listenerstate, account}, (*App).startStore},
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
