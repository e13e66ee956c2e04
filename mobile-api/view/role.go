package view

import listenv1 "rostrum/proto/rostrum/listen/v1"

// Roles as they are written.
const (
	RoleListener  = "listener"
	RoleSpeaker   = "speaker"
	RoleModerator = "moderator"
	RoleHost      = "host"
)

// RoleFrom names a role.
func RoleFrom(wire listenv1.Role) string {
	switch wire {
	case listenv1.Role_ROLE_HOST:
		return RoleHost
	case listenv1.Role_ROLE_MODERATOR:
		return RoleModerator
	case listenv1.Role_ROLE_SPEAKER:
		return RoleSpeaker
	}
	return RoleListener
}
