package listenerstate

import (
	"rostrum/internal/fault"
)

// permission says who may give a command. Zero roles are nobody. Rules that depend on more than roles stand with their
// commands.
type permission struct {
	command string
	self    Role        // the least role that may give it about oneself
	other   Role        // about another person
	below   bool        // the other person must have a lower role
	stage   Role        // about the stage as a whole
	service ServiceName // that may give it too
}

// permissions is the whole table: docs/protocol.md section 2.1 shows it, and a test compares them.
var permissions = []permission{
	{command: "open_room", self: RoleListener, service: ServiceRoom},
	{command: "end_room", stage: RoleHost, service: ServiceRoom},
	{command: "take_seat", self: RoleListener},
	{command: "leave_seat", self: RoleListener, other: RoleModerator, below: true},
	{command: "mute", self: RoleListener, other: RoleModerator},
	{command: "unmute", self: RoleListener},
	{command: "hold", other: RoleModerator, below: true},
	{command: "release", other: RoleModerator, below: true},
	{command: "raise_hand", self: RoleListener},
	{command: "lower_hand", self: RoleListener, other: RoleModerator},
	{command: "lower_all_hands", stage: RoleModerator},
	{command: "set_hand_mode", stage: RoleModerator},
	{command: "invite", other: RoleModerator},
	{command: "withdraw_invite", other: RoleModerator},
	{command: "accept_invite", self: RoleListener},
	{command: "decline_invite", self: RoleListener},
	{command: "seat_person", other: RoleModerator},
	{command: "appoint", other: RoleHost},
	{command: "dismiss", self: RoleModerator, other: RoleHost},
	{command: "remove", other: RoleModerator, below: true},
	{command: "readmit", other: RoleModerator, below: true},
	{command: "leave", self: RoleListener},
	{command: "anchor_origin", service: ServiceSFU},
	{command: "report_media", service: ServiceSFU},
	{command: "report_presence", service: ServiceGateway},
	{command: "close_expired", service: ServiceTimer},
}

func permissionFor(command string) permission {
	for _, p := range permissions {
		if p.command == command {
			return p
		}
	}
	return permission{}
}

// permit refuses who may not give a command on this stage.
func (s Stage) permit(c Command, by Actor) error {
	p := permissionFor(c.kind())
	if by.Service != "" {
		if by.Service == p.service {
			return nil
		}
		return fault.New(fault.CodeForbidden, "this is not for the service %s", by.Service)
	}
	if _, leaving := c.(Leave); s.isRemoved(by.User) && !leaving {
		return fault.New(fault.CodeRemoved, "you were removed from this room")
	}
	role, target := s.roleOf(by.User), c.about(by)
	switch {
	case target == "":
		return need(role, p.stage, "this")
	case target == by.User:
		return need(role, p.self, "this with themselves")
	}
	if err := need(role, p.other, "this with others"); err != nil {
		return err
	}
	if p.below && s.roleOf(target) >= role {
		return fault.New(fault.CodeForbidden, "this person stands as high as you")
	}
	return nil
}

func need(has, least Role, what string) error {
	switch {
	case least == 0:
		return fault.New(fault.CodeForbidden, "nobody may do %s", what)
	case has < least:
		return fault.New(fault.CodeForbidden, "only %s may do %s", least, what)
	}
	return nil
}

// String names the people of a role, and of those above it.
func (r Role) String() string {
	switch r {
	case RoleListener:
		return "everyone"
	case RoleSpeaker:
		return "speakers"
	case RoleModerator:
		return "moderators"
	case RoleHost:
		return "the host"
	}
	return "nobody"
}
