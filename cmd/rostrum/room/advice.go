package room

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"rostrum/client/api"
	"rostrum/client/stage"
)

// advice says what a person can do about a code.
var advice = map[string]string{
	"forbidden":       "the host makes moderators with: rostrum room appoint ROOM USER",
	"not_found":       "`rostrum room list` shows the rooms that are live",
	"not_live":        "its host starts it with: rostrum room start ROOM",
	"hands_closed":    "a moderator opens them with: rostrum room hands ROOM open",
	"stage_full":      "a moderator frees a seat with: rostrum room audience ROOM USER",
	"not_seated":      "only who has a seat can be heard; ask for one with: rostrum room raise ROOM",
	"already_seated":  "a seat is given back with: rostrum room audience ROOM",
	"not_invited":     "ask with: rostrum room raise ROOM",
	"invite_expired":  "ask again with: rostrum room raise ROOM",
	"held":            "a moderator lets you with: rostrum room release ROOM USER",
	"removed":         "a moderator lets you in with: rostrum room readmit ROOM USER",
	"rate_limited":    "wait a little",
	"unavailable":     "try again",
	"timeout":         "try again",
	"unauthenticated": "be another person with --name",
}

// explained is an error as a person should read it: what is wrong, and what to do.
func (v *Verbs) explained(room Room, err error) error {
	var refused *api.Error
	var closed *stage.CloseError
	var unreached *url.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refused):
		return v.advised(room, refused.Message, refused.Code, err)
	case errors.As(err, &closed) && closed.Fault != "":
		return v.advised(room, closed.Message, closed.Fault, err)
	case errors.As(err, &unreached):
		return explanation{fmt.Sprintf("no gateway answers at %s (%v)\n  start one with `rostrum dev`, or name another with --url or ROSTRUM_URL", v.URL, unreached.Err), err}
	}
	return err
}

func (v *Verbs) advised(room Room, message, code string, err error) error {
	text := fmt.Sprintf("%s (%s)", message, code)
	if hint := advice[code]; hint != "" {
		if room != "" {
			hint = strings.ReplaceAll(hint, "ROOM", string(room))
		}
		text += "\n  " + hint
	}
	return explanation{text, err}
}

// explanation is an error with another text.
type explanation struct {
	text string
	error
}

func (t explanation) Error() string { return t.text }
func (t explanation) Unwrap() error { return t.error }
