package events

import (
	"encoding/json"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/mobile-api/intent"
)

// fields are a message's by their exact names; of one that is there twice the last counts.
type fields map[string]json.RawMessage

// readFields reads an object with a type. Fault: invalid.
func readFields(text []byte) (fields, string, error) {
	var of fields
	if json.Unmarshal(text, &of) != nil || of == nil {
		return nil, "", fault.New(fault.CodeInvalid, "a message is one JSON object")
	}
	kind, found, err := read[string](of, "type")
	if err != nil || !found {
		return nil, "", fault.Invalid("type", "there, and a string")
	}
	return of, kind, nil
}

// readStart reads the message that a client without a token in its subprotocols begins with. Faults: invalid,
// unauthenticated.
func readStart(text []byte) (token string, err error) {
	of, kind, err := readFields(text)
	if err != nil {
		return "", err
	}
	token, found, err := read[string](of, "token")
	if kind != "start" || err != nil || !found {
		return "", fault.New(fault.CodeUnauthenticated, "the first message brings an access token")
	}
	return token, nil
}

// readCommand reads a client's message; nil: one of a type that is not known here. Fault: invalid, where it cannot even be
// answered.
func readCommand(text []byte) (*command, error) {
	of, kind, err := readFields(text)
	if err != nil {
		return nil, err
	}
	if kind != "command" {
		return nil, nil
	}
	name, _, err := read[string](of, "id")
	if err != nil {
		return nil, err
	}
	if _, err := id.ParseCommand(name); err != nil {
		return nil, fault.Invalid("id", "1 to 64 printable ASCII characters")
	}
	c := &command{id: name}
	if c.ask, c.wrong = of.intent(); c.wrong == nil {
		c.wrong = c.ask.Check()
	}
	return c, nil
}

func (f fields) intent() (ask intent.Intent, err error) {
	keep := func(_ bool, wrong error) {
		if err == nil {
			err = wrong
		}
	}
	var found bool
	var wrong error
	ask.Do, found, wrong = read[string](f, "do")
	keep(found, wrong)
	ask.User, found, wrong = read[string](f, "user")
	keep(found, wrong)
	ask.Note, found, wrong = read[string](f, "note")
	keep(found, wrong)
	ask.Mode, found, wrong = read[string](f, "mode")
	keep(found, wrong)
	ask.Muted, found, wrong = read[bool](f, "muted")
	keep(found, wrong)
	ask.ExpiresIn, found, wrong = read[uint32](f, "expires_in")
	keep(found, wrong)
	return ask, err
}

// read answers a field; null is as if it were not there.
func read[T string | bool | uint32](of fields, name string) (value T, found bool, err error) {
	text, found := of[name]
	if !found || string(text) == "null" {
		return value, false, nil
	}
	if json.Unmarshal(text, &value) != nil {
		return value, true, fault.Invalid(name, wanted(value))
	}
	return value, true, nil
}

func wanted(value any) string {
	switch value.(type) {
	case string:
		return "a string"
	case bool:
		return "true or false"
	}
	return "a whole number that fits"
}
