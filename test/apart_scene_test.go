package test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rostrum/client/api"
	"rostrum/client/listener"
	"rostrum/client/stage"
	"rostrum/internal/testkit"
)

// revokedWithin bounds how long a removed person hears on, on the busiest machine; it takes some 50 ms.
const revokedWithin = 10 * time.Second

// scene is a room, the people in it, and what was seen of both, as two systems must show alike.
type scene struct {
	*system
	t    *testing.T
	room string
	// The host and one who asks by the program's verbs are the persons of its identity file.
	host, moderator, guest, audience, unwanted *guest
	names                                      map[string]string // of people, by id
	environment                                []string          // of the program's verbs
	followed                                   api.Position      // where the moderator's socket began
	seen                                       []string
}

func newScene(t *testing.T, s *system) *scene {
	t.Helper()
	sc := &scene{system: s, t: t, names: map[string]string{}}
	for name, who := range map[string]**guest{
		"Host": &sc.host, "Moderator": &sc.moderator, "Guest": &sc.guest, "Audience": &sc.audience, "Unwanted": &sc.unwanted,
	} {
		person := s.person(t, name)
		*who = &guest{Client: person, user: person.Tokens().User.ID}
		sc.names[(*who).user] = name
	}
	folder := t.TempDir()
	must(t, os.Mkdir(filepath.Join(folder, "rostrum"), 0o700))
	known, err := json.Marshal(map[string][]api.Tokens{s.url: {sc.host.Tokens()}})
	must(t, err)
	must(t, os.WriteFile(filepath.Join(folder, "rostrum/identity.json"), known, 0o600))
	sc.environment = plainEnvironment("XDG_CONFIG_HOME="+folder, "ROSTRUM_URL="+s.url)
	return sc
}

// name answers what a person is called; who came by a verb of the program is a visitor.
func (sc *scene) name(user string) string {
	if name := sc.names[user]; name != "" || user == "" {
		return name
	}
	if strings.HasPrefix(user, "service:") {
		return user
	}
	return "Visitor"
}

// note keeps what was seen.
func (sc *scene) note(what string, err error, figures ...any) {
	sc.t.Helper()
	line := what + ":"
	for _, figure := range figures {
		line += fmt.Sprint(" ", figure)
	}
	if err != nil {
		line += " " + codeOf(err)
	}
	sc.seen = append(sc.seen, line)
}

// codeOf answers the code of an error of any of the doors.
func codeOf(err error) string {
	var closed *listener.CloseError
	switch {
	case api.CodeOf(err) != "":
		return api.CodeOf(err)
	case stage.FaultOf(err) != "":
		return stage.FaultOf(err)
	case errors.As(err, &closed):
		return fmt.Sprint(closed.Code, " ", closed.Fault)
	}
	return err.Error()
}

// command notes what came of a command.
func (sc *scene) command(what string) func(api.Done, error) {
	return func(done api.Done, err error) {
		sc.t.Helper()
		sc.note(what, err, done.Place, done.Of, len(done.Seats))
	}
}

// cli notes what a verb of the program answers: the host's, or for raising and lowering a hand a visitor's.
func (sc *scene) cli(arguments ...string) {
	sc.t.Helper()
	environment := sc.environment
	if arguments[0] == "raise" || arguments[0] == "lower" {
		environment = append(environment[:len(environment):len(environment)], "ROSTRUM_NAME=Visitor")
	}
	ran := run(sc.t, environment, append([]string{"room", "--json"}, arguments...)...)
	var answer any
	if err := json.Unmarshal([]byte(ran.out), &answer); err != nil {
		sc.t.Errorf("rostrum room %v says %q and %q: %v", arguments, ran.out, ran.err, err)
	}
	if rooms, many := answer.([]any); many {
		answer = map[string]any{"rooms": len(rooms)}
		for _, room := range rooms {
			if of, _ := room.(map[string]any); of["id"] == sc.room {
				answer = of
			}
		}
	}
	of, _ := answer.(map[string]any)
	line := fmt.Sprintf("rostrum room %s: %d", arguments[0], ran.status)
	for _, key := range []string{"title", "state", "place", "of", "rooms"} {
		if value, has := of[key]; has {
			line += fmt.Sprintf(" %s=%v", key, value)
		}
	}
	sc.seen = append(sc.seen, line)
}

// checkEvents wants every event of the moderator's socket once and in order, and notes them.
func (sc *scene) checkEvents() {
	sc.t.Helper()
	at, untold := sc.followed, uint64(0)
	for _, e := range sc.moderator.stage.allEvents() {
		position := e.what.Position
		if !position.After(at) {
			sc.t.Errorf("event %v was told after %v", position, at)
		}
		untold += position.Offset - at.Offset - 1
		at = position
		sc.note("event", nil, e.what.Kind, sc.name(e.what.User), "by", sc.name(e.what.By), "seat", e.what.Seat, e.what.Reason)
	}
	if n := len(sc.moderator.stage.snapshots); n != 1 {
		sc.t.Errorf("the socket brought %d snapshots", n)
	}
	sc.note("events that no socket tells", nil, untold)
}

// closed waits until a recording was ended by the edge, and answers how long after a moment that was, and why.
func (r *recording) closed(t testing.TB, since time.Time) (after time.Duration, why error) {
	t.Helper()
	testkit.Eventually(t, patience, func() error {
		r.mu.Lock()
		defer r.mu.Unlock()
		if why = r.ended; why == nil {
			return errors.New("it is listened still")
		}
		after = r.endedAt.Sub(since)
		return nil
	})
	return after, why
}
