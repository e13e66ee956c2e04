package room

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"rostrum/client/api"
)

type contextOf = context.Context

func TestVerbs(t *testing.T) {
	g := newGateway(t)
	if _, _, _, err := g.says("raise", roomID); err != nil { // from here on there is an identity
		t.Fatal(err)
	}
	const stage = "Ada GET /rooms/R/stage"
	for line, want := range map[string]struct{ asked, out string }{
		"create Tides --start":             {`Ada POST /rooms {"title":"Tides"}|Ada POST /rooms/` + "R/start", roomID + "\nTides is live: " + g.url + "/#/rooms/" + roomID},
		"start R":                          {"Ada POST /rooms/R/start", "Tides is live"},
		"end R":                            {"Ada POST /rooms/R/end", "Tides is over"},
		"list":                             {"GET /rooms", roomID + "  Harbour  3 on stage  Tides"},
		"raise R --note tides":             {`Ada POST /rooms/R/hand {"note":"tides"}`, "Your hand is up: you are 2nd of 3."},
		"lower R":                          {"Ada DELETE /rooms/R/hand", "Your hand is down."},
		"lower R --all":                    {"Ada DELETE /rooms/R/hands", "All hands are down."},
		"lower R Noor":                     {stage + "|Ada POST /rooms/R/stage/" + noor + "/lower", "Noor: hand down"},
		"hands R closed":                   {`Ada PUT /rooms/R/hands/mode {"mode":"closed"}`, "Hands are closed."},
		"invite R #2 --for 90s":            {stage + "|Ada POST /rooms/R/stage/" + lin + `/invite {"expires_in":90}`, "Harbour is invited."},
		"invite R " + noor:                 {"Ada POST /rooms/R/stage/" + noor + `/invite {"expires_in":60}`, noor + " is invited."},
		"withdraw R noor":                  {stage + "|Ada POST /rooms/R/stage/" + noor + "/withdraw", "Noor is not invited any more."},
		"accept R --muted":                 {`Ada POST /rooms/R/stage/me/accept {"muted":true}|Ada POST /rooms/R/grants {}`, "You have seat 3."},
		"decline R":                        {"Ada POST /rooms/R/stage/me/decline", "You are not invited any more."},
		"seat R no":                        {stage + "|Ada POST /rooms/R/stage/" + noor + "/seat", "Noor is on stage, muted."},
		"audience R":                       {"Ada POST /rooms/R/stage/me/audience", "You: in the audience"},
		"mute R beacon":                    {stage + "|Ada POST /rooms/R/stage/" + beacon + "/mute", "Beacon: muted"},
		"mute https://x/#/rooms/R":         {"Ada POST /rooms/R/stage/me/mute", "You: muted"},
		"unmute R":                         {"Ada POST /rooms/R/stage/me/unmute", "Your microphone is open."},
		"hold R Beacon":                    {stage + "|Ada POST /rooms/R/stage/" + beacon + "/hold", "Beacon is held"},
		"release R Beacon":                 {stage + "|Ada POST /rooms/R/stage/" + beacon + "/release", "Beacon may unmute."},
		"remove R Beacon":                  {stage + "|Ada POST /rooms/R/stage/" + beacon + "/remove", "Beacon is kept out"},
		"readmit R " + lin:                 {"Ada POST /rooms/R/stage/" + lin + "/readmit", "may come back"},
		"appoint R Beacon":                 {stage + "|Ada PUT /rooms/R/moderators/" + beacon, "Beacon is a moderator."},
		"dismiss R":                        {"Ada DELETE /rooms/R/moderators/me", "You: no moderator"},
		"leave R":                          {"Ada POST /rooms/R/leave", "You have left the stage."},
		"--json raise R":                   {`Ada POST /rooms/R/hand {}`, `{"position":{"term":1,"offset":5},"place":2,"of":3,`},
		"--json list":                      {"GET /rooms", `[{"id":"` + roomID},
		"--json accept R":                  {`Ada POST /rooms/R/stage/me/accept {}|Ada POST /rooms/R/grants {}`, `"speak_grant":"secret"`},
		"--name Bo --json raise R":         {`Bo POST /rooms/R/hand {}`, `"place":2`},
		"--name aDA unmute R":              {"Ada POST /rooms/R/stage/me/unmute", "open"},
		"mute R " + strings.ToUpper("BEA"): {stage, "!"},
	} {
		words := strings.Fields(line)
		for i, word := range words {
			if word == "R" || strings.HasSuffix(word, "/R") {
				words[i] = strings.TrimSuffix(word, "R") + roomID
			}
		}
		out, _, asked, err := g.says(words...)
		if want.out == "!" {
			if err == nil {
				t.Errorf("%s: no error", line)
			}
		} else if err != nil || !strings.Contains(out, want.out) {
			t.Errorf("%s: says %q, %v", line, out, err)
		}
		if got := strings.Join(asked, "|"); got != want.asked {
			t.Errorf("%s: asked %s, want %s", line, got, want.asked)
		}
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	g := newGateway(t)
	explain := func(line ...string) string {
		_, _, _, err := g.says(line...)
		if err == nil {
			t.Errorf("%v: no error", line)
			return ""
		}
		return err.Error()
	}
	for line, want := range map[string]string{
		"mute " + roomID + " Zed":      "Harbour (seat 1, " + harbour + "), Beacon (seat 2",
		"mute " + roomID + " be":       `"be" may be Beacon (seat 2, ` + beacon + "), Beata (seat 3",
		"mute " + roomID + " harbour":  "say the id",
		"invite " + roomID + " #3":     "there is no hand #3: 2 hands are up",
		"invite " + roomID + " #0":     "#1 is the first",
		"hands " + roomID + " maybe":   "open",
		"raise rm_x":                   "rostrum room list",
		"lower " + roomID + " X --all": "either",
	} {
		if got := explain(strings.Fields(line)...); !strings.Contains(got, want) {
			t.Errorf("%s: %s", line, got)
		}
	}
	g.stages = []string{unmoderated}
	if got := explain("invite", roomID, "#1"); !strings.Contains(got, "only the host and moderators see the queue") {
		t.Error(got)
	}
	for code, want := range map[string]string{
		"hands_closed": "rostrum room hands " + roomID + " open", "stage_full": "rostrum room audience " + roomID, "forbidden": "appoint",
		"something": "it cannot be (something)",
	} {
		g.refuses, g.status = code, 403
		if got := explain("raise", roomID); !strings.Contains(got, want) || !strings.HasPrefix(got, "it cannot be") {
			t.Errorf("%s: %s", code, got)
		}
	}
	g.url = "http://127.0.0.1:1"
	if got := explain("list"); !strings.Contains(got, "no gateway answers at http://127.0.0.1:1") || !strings.Contains(got, "rostrum dev") {
		t.Error(got)
	}
}

func TestAnIdentityIsKept(t *testing.T) {
	g := newGateway(t)
	raise := func(name string) (remark string) {
		t.Helper()
		_, remark, asked, err := g.says("--name="+name, "raise", roomID)
		if err != nil || len(asked) == 0 {
			t.Fatalf("%v, %v", asked, err)
		}
		return remark
	}
	raise("")
	raise("")
	raise("Bo")
	raise("bo")
	if g.guests != 2 {
		t.Errorf("%d guests", g.guests)
	}
	file := filepath.Join(os.Getenv("XDG_CONFIG_HOME"), "rostrum", "identity.json")
	if got, err := os.Stat(file); err != nil || got.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", got, err)
	}
	known := people{}
	raw, _ := os.ReadFile(file)
	if err := json.Unmarshal(raw, &known); err != nil || len(known[g.url]) != 2 || known[g.url][1].User.Name != "Bo" {
		t.Errorf("%s, %v", raw, err)
	}
	clear(g.tokens) // the access tokens are over
	if remark := raise("Bo"); remark != "" || g.guests != 3 || g.tokens["a3"] != "Bo" {
		t.Errorf("%q, %d tokens given", remark, g.guests)
	}
	g.forget()
	if remark := raise("Bo"); !strings.Contains(remark, "you are a new guest of that name") || g.tokens["a4"] != "Bo" {
		t.Errorf("%q, %v", remark, g.tokens)
	}
	if err := os.WriteFile(file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := g.says("raise", roomID); err == nil || !strings.Contains(err.Error(), "remove it") {
		t.Errorf("%v", err)
	}
}

// Many programs of one person renew once.
func TestProgramsShareAnIdentity(t *testing.T) {
	g := newGateway(t)
	v := Verbs{URL: g.url, Err: &strings.Builder{}}
	clients := make([]*api.Client, 8)
	for i := range clients {
		c, err := v.me()
		if err != nil {
			t.Fatal(err)
		}
		clients[i] = c
	}
	all := func() {
		var running sync.WaitGroup
		for _, c := range clients {
			running.Go(func() {
				if _, err := c.LowerHand(t.Context(), roomID); err != nil {
					t.Error(err)
				}
			})
		}
		running.Wait()
	}
	all()
	if g.guests != 1 {
		t.Errorf("%d guests", g.guests)
	}
	clear(g.tokens)
	all()
	if g.guests != 2 || clients[0].Tokens() != clients[7].Tokens() {
		t.Errorf("renewed %d times", g.guests-1)
	}
}

// The first person is who one is without --name: however many others there are, they are not forgotten.
func TestTheFirstPersonIsNotForgotten(t *testing.T) {
	who := identity{file: filepath.Join(t.TempDir(), "identity.json"), url: "http://x"}
	var all []api.Tokens
	for n := range maxPeople + 3 {
		all = append(all, api.Tokens{AccessToken: strings.Repeat("a", n+1)})
	}
	if err := who.save(people{who.url: all}); err != nil {
		t.Fatal(err)
	}
	known, err := who.load()
	if err != nil {
		t.Fatal(err)
	}
	kept := known[who.url]
	if len(kept) != maxPeople || kept[0].AccessToken != "a" || len(kept[maxPeople-1].AccessToken) != maxPeople+3 {
		t.Errorf("%d people are kept, of whom the first has %q", len(kept), kept[0].AccessToken)
	}
}
