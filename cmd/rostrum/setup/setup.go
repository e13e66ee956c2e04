// Package setup owns what is made once for a system, before its processes run: secrets, certificates and tables.
package setup

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"rostrum/cmd/rostrum/app"
	"rostrum/cmd/rostrum/config"
	"rostrum/internal/authority"
	"rostrum/internal/secrets"
)

// Verbs are what can be made.
type Verbs struct {
	Keys        Keys        `cmd:"" help:"Make the secrets that control roles share."`
	Tables      Tables      `cmd:"" help:"Make the tables in DynamoDB that are missing, and check the others."`
	Authority   Authority   `cmd:"" help:"Make the authority that signs the certificates of nodes."`
	Certificate Certificate `cmd:"" help:"Make a node's certificate."`
	Nodes       Nodes       `cmd:"" help:"Make the authority, the secrets, and for each node a folder with all that it proves itself with."`

	Out io.Writer `kong:"-"` // nil: standard output
}

func (v *Verbs) say(format string, args ...any) {
	out := v.Out
	if out == nil {
		out = os.Stdout
	}
	fmt.Fprintf(out, format+"\n", args...)
}

// Keys makes a file of secrets.
type Keys struct {
	File      string `arg:"" help:"The file, as in keys.file. One that is there is left alone."`
	Authority string `placeholder:"DIR" help:"The folder of the authority, where there is one: the enrolment token is for its cluster." xor:"what"`
	Rotate    bool   `help:"Have the next keys used in a file that is there. Nobody has to sign in again; at most once a day." xor:"what"`
}

// Run makes the file and says which token lets edges in, or rotates its keys.
func (k *Keys) Run(v *Verbs) error {
	if k.Rotate {
		return k.rotate(v)
	}
	token := rand.Text()
	if k.Authority != "" {
		signer, err := load(k.Authority)
		if err != nil {
			return err
		}
		token = authority.NewToken(signer.Cluster()).Text()
	}
	err := secrets.Make(k.File, token)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already, and new secrets would end every session: remove it first if you mean it", k.File)
	}
	if err != nil {
		return err
	}
	v.say("secrets of the control roles: %s", k.File)
	v.say("edges are let in with keys.enrolment: %s", token)
	return nil
}

func (k *Keys) rotate(v *Verbs) error {
	did, err := secrets.Rotate(k.File, time.Now())
	if err != nil {
		return err
	}
	if did.Begun {
		v.say("the keys in use stay; %s, the next, is announced now", did.Announced)
	} else {
		v.say("grants are signed with %s from now on; %s, the next, is announced", did.Used, did.Announced)
	}
	v.say("copy %s to every control role; they read it again by themselves. Rotate again after %s", k.File, did.Again.Format(time.DateTime))
	return nil
}

// Tables makes tables.
type Tables struct{ config.Flags }

// Run makes the tables that are missing.
func (t *Tables) Run(ctx context.Context, v *Verbs) error {
	cfg, err := config.Load(t.Source(), nil)
	if err != nil {
		return err
	}
	db, err := app.OpenDynamo(ctx, cfg.Dynamo, nil)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := db.CreateTables(ctx); err != nil {
		return fmt.Errorf("make the tables: %w", err)
	}
	v.say("the tables %s… are there", cfg.Dynamo.Prefix)
	return nil
}
