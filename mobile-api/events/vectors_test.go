package events

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"reflect"
	"testing"

	"rostrum/internal/fault"
	"rostrum/mobile-api/view"
	v1 "rostrum/proto/rostrum/listenerstate/v1"
)

var update = flag.Bool("update", false, "write docs/vectors/events.json anew")

const vectorsFile = "../../docs/vectors/events.json"

// vectors are docs/vectors/events.json.
type vectors struct {
	About    string          `json:"about"`
	Folds    []foldVector    `json:"folds"`
	Resumes  []resumeVector  `json:"resumes"`
	Messages []messageVector `json:"messages"`
}

type foldVector struct {
	Name     string            `json:"name"`
	User     string            `json:"user"`
	Messages []json.RawMessage `json:"messages"`
	Position view.Position     `json:"position"`
	Stage    json.RawMessage   `json:"stage"`
	You      json.RawMessage   `json:"you"`
}

type resumeVector struct {
	Name   string     `json:"name"`
	Held   heldEvents `json:"held"`
	From   string     `json:"from"`
	Events []uint64   `json:"events,omitempty"` // offsets of the events that follow hello and resumed
	Then   string     `json:"then"`
}

// heldEvents is what a gateway has of a log.
type heldEvents struct {
	Term   uint64   `json:"term"`
	Oldest uint64   `json:"oldest"`
	Newest uint64   `json:"newest"`
	Others []uint64 `json:"others,omitempty"`
	Turns  []uint64 `json:"turns,omitempty"`
}

type messageVector struct {
	Name string     `json:"name"`
	Text string     `json:"text"`
	Then string     `json:"then"`
	Code fault.Code `json:"code,omitempty"`
}

const aboutVectors = "The events socket, docs/protocol.md section 10. " +
	"folds: what the server says to one person after hello, in order, and what that person's client then knows: position, stage and you, in the form of a " +
	"snapshot. Messages and events that are not known, fields that are not known, and events at or before the position change nothing but, where an event of a " +
	"later position is not known, the position. " +
	"resumes: a gateway holds the events after held.oldest of a term, up to held.newest; those in others are about another person's hand, those in turns change " +
	"the view of who resumes, a plain person now. then is resumed, with the offsets of the events that follow, snapshot, or the close code (where it is 4416: " +
	"after 5 s without newer events). " +
	"messages: what a client says once it is open. then is command (it is done), answer (with an error of this code), skip, or the close code."

// text is the file: a line for each message.
func (v vectors) text(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	line := func(format string, values ...any) {
		for i, value := range values {
			text, err := json.Marshal(value)
			if err != nil {
				t.Fatal(err)
			}
			values[i] = string(text)
		}
		fmt.Fprintf(&out, format+"\n", values...)
	}
	after := func(i, n int) string { return map[bool]string{true: "", false: ","}[i == n-1] }
	line("{\n  \"about\": %s,\n  \"folds\": [", v.About)
	for i, f := range v.Folds {
		line("    {\"name\": %s, \"user\": %s, \"messages\": [", f.Name, f.User)
		for j, message := range f.Messages {
			line("      %s"+after(j, len(f.Messages)), message)
		}
		line("    ],\n      \"position\": %s,\n      \"stage\": %s,\n      \"you\": %s}"+after(i, len(v.Folds)), f.Position, f.Stage, f.You)
	}
	line("  ],\n  \"resumes\": [")
	for i, r := range v.Resumes {
		line("    %s"+after(i, len(v.Resumes)), r)
	}
	line("  ],\n  \"messages\": [")
	for i, m := range v.Messages {
		line("    %s"+after(i, len(v.Messages)), m)
	}
	line("  ]\n}")
	return out.Bytes()
}

var resumeVectors = []resumeVector{
	{Name: "what was missed follows", Held: heldEvents{3, 100, 106, nil, nil}, From: "3-103", Events: []uint64{104, 105, 106}, Then: "resumed"},
	{Name: "from the oldest", Held: heldEvents{3, 100, 103, nil, nil}, From: "3-100", Events: []uint64{101, 102, 103}, Then: "resumed"},
	{Name: "from the newest", Held: heldEvents{3, 100, 103, nil, nil}, From: "3-103", Then: "resumed"},
	{Name: "what nobody may see is a hole", Held: heldEvents{3, 100, 106, []uint64{102, 105}, nil}, From: "3-101", Events: []uint64{103, 104, 106}, Then: "resumed"},
	{Name: "from within a hole", Held: heldEvents{3, 100, 104, []uint64{102, 103}, nil}, From: "3-102", Events: []uint64{104}, Then: "resumed"},
	{Name: "without from", Held: heldEvents{3, 100, 103, nil, nil}, Then: "snapshot"},
	{Name: "older than what is held", Held: heldEvents{3, 100, 103, nil, nil}, From: "3-99", Then: "snapshot"},
	{Name: "an older term", Held: heldEvents{3, 100, 103, nil, nil}, From: "2-102", Then: "snapshot"},
	{Name: "over a turn of the view", Held: heldEvents{3, 100, 106, nil, []uint64{103, 104}}, From: "3-102", Then: "snapshot"},
	{Name: "at a turn of the view", Held: heldEvents{3, 100, 106, nil, []uint64{103, 104}}, From: "3-104", Then: "snapshot"},
	{Name: "after a turn of the view", Held: heldEvents{3, 100, 106, nil, []uint64{103, 104}}, From: "3-105", Events: []uint64{106}, Then: "resumed"},
	{Name: "ahead", Held: heldEvents{3, 100, 103, nil, nil}, From: "3-104", Then: "4416"},
	{Name: "a term ahead", Held: heldEvents{3, 100, 103, nil, nil}, From: "4-1", Then: "4416"},
	{Name: "no position", Held: heldEvents{3, 100, 103, nil, nil}, From: "3", Then: "4400"},
	{Name: "no number", Held: heldEvents{3, 100, 103, nil, nil}, From: "3-x", Then: "4400"},
	{Name: "offset 0", Held: heldEvents{3, 100, 103, nil, nil}, From: "3-0", Then: "4400"},
	{Name: "beyond 63 bits", Held: heldEvents{3, 100, 103, nil, nil}, From: "3-9223372036854775808", Then: "4400"},
}

var messageVectors = []messageVector{
	{"a command", `{"type":"command","id":"k1","do":"raise","note":"about tides"}`, "command", ""},
	{"oneself", `{"type":"command","id":"k1","do":"mute","user":"me"}`, "command", ""},
	{"a field that is not known", `{"type":"command","id":"k1","do":"leave","why":["late"]}`, "command", ""},
	{"null is as if it were not there", `{"type":"command","id":"k1","do":"lower","user":null,"expires_in":null}`, "command", ""},
	{"a field twice", `{"type":"command","id":"k1","do":"hold","do":"lower"}`, "command", ""},
	{"a type that is not known", `{"type":"weather","id":7,"user":[]}`, "skip", ""},
	{"start again", `{"type":"start","token":"t"}`, "skip", ""},
	{"no verb", `{"type":"command","id":"k1"}`, "answer", fault.CodeInvalid},
	{"a verb that is not known", `{"type":"command","id":"k1","do":"dance"}`, "answer", fault.CodeInvalid},
	{"a verb in capitals", `{"type":"command","id":"k1","do":"Raise"}`, "answer", fault.CodeInvalid},
	{"a verb that is a number", `{"type":"command","id":"k1","do":1}`, "answer", fault.CodeInvalid},
	{"a user that is none", `{"type":"command","id":"k1","do":"mute","user":"Ada"}`, "answer", fault.CodeInvalid},
	{"a user that is a list", `{"type":"command","id":"k1","do":"mute","user":[]}`, "answer", fault.CodeInvalid},
	{"a mode that is not known", `{"type":"command","id":"k1","do":"hand_mode","mode":"shut"}`, "answer", fault.CodeInvalid},
	{"an expiry below 0", `{"type":"command","id":"k1","do":"invite","user":"` + noor + `","expires_in":-1}`, "answer", fault.CodeInvalid},
	{"an expiry of a day", `{"type":"command","id":"k1","do":"invite","user":"` + noor + `","expires_in":86400}`, "answer", fault.CodeInvalid},
	{"muted as text", `{"type":"command","id":"k1","do":"accept","muted":"yes"}`, "answer", fault.CodeInvalid},
	{"a note of two lines", `{"type":"command","id":"k1","do":"raise","note":"a\nb"}`, "answer", fault.CodeInvalid},
	{"for another person", `{"type":"command","id":"k1","do":"accept","user":"` + cem + `"}`, "answer", fault.CodeForbidden},
	{"no id", `{"type":"command","do":"raise"}`, "4400", ""},
	{"an empty id", `{"type":"command","id":"","do":"raise"}`, "4400", ""},
	{"an id that is a number", `{"type":"command","id":1,"do":"raise"}`, "4400", ""},
	{"an id of 65 characters", `{"type":"command","id":"12345678901234567890123456789012345678901234567890123456789012345","do":"raise"}`, "4400", ""},
	{"an id with a space", `{"type":"command","id":"k 1","do":"raise"}`, "4400", ""},
	{"no type", `{"id":"k1","do":"raise"}`, "4400", ""},
	{"a type that is a number", `{"type":1}`, "4400", ""},
	{"type in capitals", `{"Type":"command","id":"k1","do":"raise"}`, "4400", ""},
	{"no object", `[]`, "4400", ""},
	{"null", `null`, "4400", ""},
	{"no JSON", `{"type":"command"`, "4400", ""},
	{"two objects", `{"type":"a"}{"type":"b"}`, "4400", ""},
	{"nothing", ``, "4400", ""},
}

// The file is what this gateway says and does; other implementations are checked against the file.
func TestVectors(t *testing.T) {
	want := vectors{About: aboutVectors, Resumes: resumeVectors, Messages: messageVectors}
	for _, s := range stories {
		want.Folds = append(want.Folds, s.vector(t))
	}
	made := want.text(t)
	if *update {
		if err := os.WriteFile(vectorsFile, made, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	file, err := os.ReadFile(vectorsFile)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(file, made) {
		return
	}
	var there vectors
	if err := json.Unmarshal(file, &there); err != nil {
		t.Fatal(err)
	}
	for i, v := range want.Folds {
		a, _ := json.Marshal(v)
		var b []byte
		if i < len(there.Folds) {
			b, _ = json.Marshal(there.Folds[i])
		}
		if !bytes.Equal(a, b) {
			t.Errorf("%s:\nis      %s\nin file %s", v.Name, a, b)
		}
	}
	t.Error("docs/vectors/events.json is of another version: go test ./mobile-api/events -run Vectors -update")
}

func TestResumeVectors(t *testing.T) {
	for _, v := range resumeVectors {
		t.Run(v.Name, func(t *testing.T) {
			log := newFakeLog(ada)
			log.stage.Position, log.stage.Enforced, log.kept = at(v.Held.Term, v.Held.Oldest), nil, 1
			x := newTable(t, log)
			x.gone = view.Position{Term: v.Held.Term, Offset: v.Held.Oldest - 1} // not even the log has more
			for offset := v.Held.Oldest + 1; offset <= v.Held.Newest; offset++ {
				x.happens(eventFor(v.Held, offset))
			}
			from := view.Position{}
			if v.From != "" {
				var err error
				if from, err = parseFrom(v.From); err != nil {
					if got := fmt.Sprint(farewellTo(err).code); got != v.Then {
						t.Errorf("closes with %s", got)
					}
					return
				}
			}
			c := x.joins(noor, "")
			_ = told(c)
			x.drop(c)
			c = newConn(x.sockets, nil, nil)
			c.who.User, c.from = noor, from
			x.join(c)
			x.passes(x.sockets.pace.wait)
			then, events := became(t, c)
			if then != v.Then || !reflect.DeepEqual(events, v.Events) {
				t.Errorf("%s with %v, want %s with %v", then, events, v.Then, v.Events)
			}
		})
	}
}

func eventFor(h heldEvents, offset uint64) *v1.StageEvent {
	turned := false
	for _, turn := range h.Turns {
		if turn < offset {
			turned = !turned
		}
		if turn == offset && turned {
			return dismissedBy(ada, noor)
		} else if turn == offset {
			return appointedBy(ada, noor)
		}
	}
	for _, other := range h.Others {
		if other == offset {
			return raisedBy(fmt.Sprint("us_", offset), "")
		}
	}
	return mutedBy(ada, ada, 1)
}

// became answers how a connection was greeted, and the events it was told.
func became(t *testing.T, c *conn) (then string, events []uint64) {
	t.Helper()
	if c.bye != nil {
		return fmt.Sprint(c.bye.code), nil
	}
	for _, text := range told(c) {
		s, err := readSaid([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		switch s.Type {
		case "hello":
			then = map[bool]string{true: "resumed", false: "snapshot"}[s.Resumed]
		case "event":
			events = append(events, s.Position.Offset)
		}
	}
	return then, events
}

func TestMessageVectors(t *testing.T) {
	log := newFakeLog(ada)
	w := newWorld(t, quick(), log)
	for _, v := range messageVectors {
		t.Run(v.Name, func(t *testing.T) {
			c, _ := w.open(noor)
			c.t = t
			defer c.Close()
			before := len(log.requests())
			c.say(v.Text)
			switch v.Then {
			case "command", "answer":
				answer := c.nextOf("answer")
				if code := fault.Code(""); answer.Error != nil {
					code = answer.Error.Code
					if code != v.Code {
						t.Errorf("answered %s", answer.text)
					}
				} else if v.Code != "" {
					t.Errorf("answered %s", answer.text)
				}
			case "skip":
				c.say(`{"type":"command","id":"k2","do":"lower"}`)
				if answer := c.nextOf("answer"); answer.ID != "k2" {
					t.Errorf("answered %s", answer.text)
				}
				before++
			default:
				if code, reason := c.closed(); fmt.Sprint(code) != v.Then {
					t.Errorf("closed with %d %s", code, reason)
				}
			}
			if v.Then == "command" {
				before++
			}
			if n := len(log.requests()); n != before {
				t.Errorf("%d commands were done, want %d", n, before)
			}
		})
	}
}
