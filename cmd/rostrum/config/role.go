package config

import (
	"slices"
	"strings"
)

// The roles that a process can run.
const (
	Room          = "room"
	ListenerState = "listenerstate"
	Signaling     = "signaling"
	Account       = "account"
	SFU           = "sfu"
	Edge          = "edge"
	MobileAPI     = "mobile-api"
)

// Roles answers all roles.
func Roles() []string {
	return []string{Room, ListenerState, Signaling, Account, SFU, Edge, MobileAPI}
}

// SplitRoles takes arguments apart that are roles, or several with commas between them. A role that is named twice comes
// once.
func SplitRoles(arguments []string) []string {
	var all []string
	for _, argument := range arguments {
		for role := range strings.SplitSeq(argument, ",") {
			if !slices.Contains(all, role) {
				all = append(all, role)
			}
		}
	}
	return all
}

// unknownRoles answers a problem for each name that is no role.
func unknownRoles(names []string) []Problem {
	var all []Problem
	for _, name := range names {
		if !slices.Contains(Roles(), name) {
			all = append(all, Problem{Text: "unknown role " + quoted(name) + "; " + didYouMean(name, Roles(), "the roles are "+listed(Roles()))})
		}
	}
	return all
}

// those answers the roles of list that are among running.
func those(list, running []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(role string) bool { return !slices.Contains(running, role) })
}
