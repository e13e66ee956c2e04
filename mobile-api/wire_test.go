package mobileapi

import (
	"testing"

	listenv1 "rostrum/proto/rostrum/listen/v1"
)

func TestEveryRoleAndStateHasAName(t *testing.T) {
	roles, states := map[string]bool{}, map[string]bool{}
	for role := range listenv1.Role_name {
		roles[roleFrom(listenv1.Role(role))] = true
	}
	for state := range listenv1.RoomState_name {
		states[stateFrom(listenv1.RoomState(state))] = true
	}
	schemas := readContract(t).Components.Schemas
	for schema, told := range map[string]map[string]bool{"Role": roles, "State": states} {
		named := schemas[schema].Value.Enum
		for _, name := range named {
			if !told[name.(string)] {
				t.Errorf("no %s is ever %s", schema, name)
			}
		}
		if len(told) != len(named) {
			t.Errorf("%s has %v, told are %v", schema, named, told)
		}
	}
}
