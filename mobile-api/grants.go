package mobileapi

import (
	listenv1 "rostrum/proto/rostrum/listen/v1"
)

// renew answers as join does, to who is in already: nothing changes.
func (d door) renew(r *request) (answer, error) {
	room, err := r.room()
	if err != nil {
		return answer{}, err
	}
	var in struct {
		Region string `json:"region"`
	}
	if err := readOptional(r, &in); err != nil {
		return answer{}, err
	}
	if err := checkRegion(in.Region); err != nil {
		return answer{}, err
	}
	now, role := d.stages.forCaller(r, room), listenv1.Role_ROLE_LISTENER
	switch {
	case r.who.user == "":
	case now.err != nil: // a speaker must not be taken for a listener
		return answer{}, d.whyNoStage(r, room, now.err)
	case now.you(r.who.user).Seat != 0:
		role = listenv1.Role_ROLE_SPEAKER
	}
	entered, err := d.enter(r, room, role)
	if err != nil {
		return answer{}, err
	}
	edges, err := d.edges(r, room, in.Region)
	if err != nil {
		return answer{}, err
	}
	return d.let(r, entered, now, edges)
}
