package mobileapi

import (
	"golang.org/x/sync/errgroup"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/mobile-api/intent"
	"rostrum/mobile-api/view"
	listenv1 "rostrum/proto/rostrum/listen/v1"
	signalingv1 "rostrum/proto/rostrum/signaling/v1"
)

func (d door) join(r *request) (answer, error) {
	room, err := r.room()
	if err != nil {
		return answer{}, err
	}
	var in struct {
		Role   string `json:"role"`
		Region string `json:"region"`
		Muted  bool   `json:"muted"`
	}
	if err := readJSON(r, &in); err != nil {
		return answer{}, err
	}
	if err := checkRegion(in.Region); err != nil {
		return answer{}, err
	}
	switch in.Role {
	case view.RoleListener:
		return d.listen(r, room, in.Region)
	case view.RoleSpeaker:
		return d.speak(r, room, in.Region, in.Muted)
	}
	return answer{}, fault.Invalid("role", "listener or speaker")
}

func (d door) listen(r *request, room id.Room, region string) (answer, error) {
	entered, err := d.enter(r, room, listenv1.Role_ROLE_LISTENER)
	if err != nil {
		return answer{}, err
	}
	var edges []*signalingv1.Edge
	var now seen
	var both errgroup.Group
	both.Go(func() (err error) { edges, err = d.edges(r, room, region); return err })
	both.Go(func() error { now = d.stages.forCaller(r, room); return nil })
	if err := both.Wait(); err != nil {
		return answer{}, err
	}
	return d.let(r, entered, now, edges)
}

// speak takes a seat first: the grants of a speaker are for those who have one. A join that fails after that can be
// repeated, and answers the same seat.
func (d door) speak(r *request, room id.Room, region string, muted bool) (answer, error) {
	if r.who.user == "" {
		return answer{}, errNoBearer
	}
	if err := d.pace.check(r); err != nil {
		return answer{}, err
	}
	applied, err := d.commands.apply(r, room, intent.Intent{Do: "take_seat", Muted: muted}, id.NewCommand())
	if err != nil {
		return answer{}, d.whyNoStage(r, room, err)
	}
	now := seen{stage: applied.GetStage(), place: applied.GetPlace()}
	if now.you(r.who.user).Seat == 0 {
		return answer{}, fault.New(fault.CodeConflict, "the seat was lost at once; join again")
	}
	entered, err := d.enter(r, room, listenv1.Role_ROLE_SPEAKER)
	if err != nil {
		return answer{}, err
	}
	edges, err := d.edges(r, room, region)
	if err != nil {
		return answer{}, err
	}
	return d.let(r, entered, now, edges)
}
