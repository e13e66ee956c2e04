package events

import "rostrum/mobile-api/view"

// entry is an event as it is sent, and who may see it.
type entry struct {
	at       view.Position
	audience audience
	user     string
	turns    bool // user sees the other view from here on
	frame    []byte
}

func newEntry(e event) (entry, error) {
	said := entry{at: e.at, audience: e.kind.audience(), user: e.user, turns: e.kind == appointed || e.kind == dismissed}
	if said.audience == nobody {
		return said, nil
	}
	var err error
	said.frame, err = e.frame()
	return said, err
}

// seenBy says whether a person may see it.
func (e *entry) seenBy(user string, v view.Viewer) bool {
	return e.audience == everyone || e.audience == concerned && (v == view.Moderator || e.user == user)
}
