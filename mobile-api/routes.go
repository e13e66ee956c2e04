package mobileapi

import "net/http"

// route is one operation of openapi.yaml.
type route struct {
	method, path string
	admit        admit
	serve        handler
}

// routes is everything the gateway does.
func (g *Gateway) routes() []route {
	const room = "/v1/rooms/{room}"
	a, known := g.auth, g.unopened.explain
	return []route{
		{http.MethodGet, "/v1/openapi.yaml", a.anyone, contract},
		{http.MethodPost, "/v1/guests", a.anyone, g.guests.create},

		{http.MethodPost, "/v1/rooms", a.person, g.rooms.create},
		{http.MethodGet, "/v1/rooms", a.anyone, g.rooms.list},
		{http.MethodGet, room, a.anyone, g.rooms.read},
		{http.MethodPost, room + "/start", a.person, g.rooms.start},
		{http.MethodPost, room + "/end", a.person, g.rooms.end},

		{http.MethodPost, room + "/join", a.perhaps, g.door.join},

		{http.MethodGet, room + "/stage", a.anyone, known(g.stages.read)},
		{http.MethodPost, room + "/stage/{user}/mute", a.person, known(g.stages.mute)},
		{http.MethodPost, room + "/stage/{user}/unmute", a.person, known(g.stages.unmute)},
		{http.MethodPost, room + "/stage/{user}/audience", a.person, known(g.stages.audience)},

		{http.MethodPost, room + "/whip", a.publisher, known(g.whip.create)},
		{http.MethodPatch, room + "/whip/{session}", a.session, g.whip.restart},
		{http.MethodDelete, room + "/whip/{session}", a.session, g.whip.close},
	}
}
