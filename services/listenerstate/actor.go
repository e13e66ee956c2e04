package listenerstate

import (
	"slices"

	"rostrum/internal/fault"
	"rostrum/internal/id"
)

// ServiceName is a part of Rostrum that acts by rule.
type ServiceName string

// The services that may act on a stage.
const (
	ServiceRoom    ServiceName = "room"
	ServiceSFU     ServiceName = "sfu"
	ServiceGateway ServiceName = "gateway"
	ServiceTimer   ServiceName = "timer"
)

var services = []ServiceName{ServiceRoom, ServiceSFU, ServiceGateway, ServiceTimer}

// Actor is who causes an event: a person or a service, never both.
type Actor struct {
	User    id.User
	Service ServiceName
}

// String names an actor unmistakably: users begin with us_.
func (a Actor) String() string { return string(a.User) + string(a.Service) }

func (a Actor) check() error {
	switch {
	case a.User != "" && a.Service == "":
		return nil
	case a.User == "" && slices.Contains(services, a.Service):
		return nil
	}
	return fault.Invalid("actor", "a user or one of the services room, sfu, gateway, timer")
}

// isPerson says whether the actor is the person named; services are nobody.
func (a Actor) isPerson(user id.User) bool { return a.User != "" && a.User == user }
