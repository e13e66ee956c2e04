package mobileapi

// route is one operation of openapi.yaml.
type route struct {
	method, path string
	admit        admit
	serve        handler
}

// routes is everything the gateway does.
func (g *Gateway) routes() []route {
	const room, stage = "/v1/rooms/{room}", "/v1/rooms/{room}/stage/{user}"
	a, known, paced := g.auth, g.unopened.explain, g.pace.keep
	ask := func(do string, details ...detail) handler { return paced(known(g.commands.ask(do, details...))) }
	return []route{
		{"GET", "/v1/openapi.yaml", a.anyone, contract},
		{"POST", "/v1/guests", a.anyone, g.people.create},
		{"POST", "/v1/token/refresh", a.anyone, g.people.refresh},

		{"POST", "/v1/rooms", a.person, paced(g.rooms.create)},
		{"GET", "/v1/rooms", a.anyone, g.rooms.list},
		{"GET", room, a.anyone, g.rooms.read},
		{"POST", room + "/start", a.person, paced(g.rooms.start)},
		{"POST", room + "/end", a.person, paced(g.rooms.end)},

		{"POST", room + "/join", a.perhaps, g.door.join},
		{"POST", room + "/grants", a.perhaps, g.door.renew},

		{"GET", room + "/stage", a.perhaps, known(g.stages.read)},
		{"GET", room + "/events", a.anyone, g.events.open},

		{"POST", room + "/hand", a.person, ask("raise", note)},
		{"DELETE", room + "/hand", a.person, ask("lower")},
		{"DELETE", room + "/hands", a.person, ask("lower_all")},
		{"PUT", room + "/hands/mode", a.person, ask("hand_mode", handMode)},
		{"POST", room + "/leave", a.person, ask("leave")},
		{"PUT", room + "/moderators/{user}", a.person, ask("appoint")},
		{"DELETE", room + "/moderators/{user}", a.person, ask("dismiss")},

		{"POST", stage + "/invite", a.person, ask("invite", expiry, g.commands.named)},
		{"POST", stage + "/withdraw", a.person, ask("withdraw")},
		{"POST", stage + "/accept", a.person, ask("accept", muted)},
		{"POST", stage + "/decline", a.person, ask("decline")},
		{"POST", stage + "/seat", a.person, ask("seat", g.commands.named)},
		{"POST", stage + "/audience", a.person, ask("audience")},
		{"POST", stage + "/mute", a.person, ask("mute")},
		{"POST", stage + "/unmute", a.person, ask("unmute")},
		{"POST", stage + "/hold", a.person, ask("hold")},
		{"POST", stage + "/release", a.person, ask("release")},
		{"POST", stage + "/lower", a.person, ask("lower")},
		{"POST", stage + "/remove", a.person, ask("remove")},
		{"POST", stage + "/readmit", a.person, ask("readmit")},

		{"POST", room + "/whip", a.publisher, paced(known(g.whip.create))},
		{"PATCH", room + "/whip/{session}", a.session, g.whip.restart},
		{"DELETE", room + "/whip/{session}", a.session, g.whip.close},
	}
}
