// Package room owns `rostrum room`: rooms and their stages for people at a terminal, as any program could have them with
// the client packages.
package room

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"rostrum/client/api"
)

// Verbs are what `rostrum room` can be asked to do.
type Verbs struct {
	URL  string `default:"http://localhost:8080" env:"ROSTRUM_URL" placeholder:"URL" help:"Where the rooms are. Default: ${default}."`
	Name string `env:"ROSTRUM_NAME" placeholder:"NAME" help:"Who to be. Each name is a person of its own; default: the first that was used there."`
	JSON bool   `name:"json" help:"Answer in JSON, for scripts."`

	Create   Create   `cmd:"" help:"Make a room of one's own."`
	Start    Start    `cmd:"" help:"Open the stage of a room of one's own."`
	End      End      `cmd:"" help:"End a room of one's own for everybody."`
	List     List     `cmd:"" help:"List live rooms."`
	Watch    Watch    `cmd:"" help:"Show a stage as it changes: who is on it, who waits, who is invited."`
	Raise    Raise    `cmd:"" help:"Raise one's hand."`
	Lower    Lower    `cmd:"" help:"Lower one's hand, or as moderator that of others."`
	Hands    Hands    `cmd:"" help:"Say who may raise a hand: open, invited or closed. For moderators."`
	Invite   Invite   `cmd:"" help:"Ask a person on stage. For moderators."`
	Withdraw Withdraw `cmd:"" help:"Take an invite back. For moderators."`
	Accept   Accept   `cmd:"" help:"Take the seat that one was invited to."`
	Decline  Decline  `cmd:"" help:"Refuse the seat that one was invited to."`
	Seat     Seat     `cmd:"" help:"Take a person on stage without asking, muted. For moderators."`
	Audience Audience `cmd:"" help:"Leave one's seat, or as moderator move others to the audience."`
	Mute     Mute     `cmd:"" help:"Mute oneself, or as moderator others."`
	Unmute   Unmute   `cmd:"" help:"Open one's own microphone."`
	Hold     Hold     `cmd:"" help:"Mute a person until released. For moderators."`
	Release  Release  `cmd:"" help:"Let a held person unmute. For moderators."`
	Remove   Remove   `cmd:"" help:"Keep a person out of a room. For moderators."`
	Readmit  Readmit  `cmd:"" help:"Let a removed person in again. For moderators."`
	Appoint  Appoint  `cmd:"" help:"Make a person a moderator. For the host."`
	Dismiss  Dismiss  `cmd:"" help:"Take a moderator's powers; for the host, and for oneself."`
	Leave    Leave    `cmd:"" help:"Give up one's seat, hand and invite."`

	// Out and Err are where answers and remarks go; nil: standard output and error.
	Out io.Writer `kong:"-"`
	Err io.Writer `kong:"-"`
}

func (v *Verbs) out() io.Writer {
	if v.Out != nil {
		return v.Out
	}
	return os.Stdout
}

func (v *Verbs) err() io.Writer {
	if v.Err != nil {
		return v.Err
	}
	return os.Stderr
}

// answer tells what came of a verb: the answer itself for scripts, else a sentence.
func (v *Verbs) answer(answer any, format string, args ...any) error {
	if v.JSON {
		return json.NewEncoder(v.out()).Encode(answer)
	}
	_, err := fmt.Fprintf(v.out(), format+"\n", args...)
	return err
}

// stranger calls as nobody.
func (v *Verbs) stranger() *api.Client { return api.New(v.URL) }
