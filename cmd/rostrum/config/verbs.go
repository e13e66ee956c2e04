package config

import (
	"bufio"
	"fmt"
	"io"
	"os"
)

// Flags say where values come from besides the environment.
type Flags struct {
	Config string   `placeholder:"FILE" env:"ROSTRUM_CONFIG" help:"The configuration file, YAML."`
	Set    []string `placeholder:"KEY=VALUE" sep:"none" help:"Give a key a value, over file and environment. A list's values are separated by commas."`
}

// Source is what the flags and the environment of this process say.
func (f Flags) Source() Source {
	return Source{File: f.Config, Environ: os.Environ(), Set: f.Set}
}

// Verbs are what `rostrum config` can be asked to do.
type Verbs struct {
	Check   Check   `cmd:"" help:"Say all that is wrong with a configuration, or ok."`
	Print   Print   `cmd:"" help:"Print the values that count, and where each comes from."`
	Example Example `cmd:"" help:"Print a configuration with all keys and what they mean."`

	// Out is where answers go; nil: standard output.
	Out io.Writer `kong:"-"`
}

func (v *Verbs) out() io.Writer {
	if v.Out != nil {
		return v.Out
	}
	return os.Stdout
}

// Check is `rostrum config check`.
type Check struct {
	Flags
	NoFiles bool     `help:"Leave the files that values name unopened: the configuration is for another machine."`
	Roles   []string `arg:"" name:"role" optional:"" help:"Roles of the process. Without them nothing is missed."`
}

// Run prints ok, or fails with all that is wrong.
func (c *Check) Run(v *Verbs) error {
	source := c.Source()
	source.NoFiles = c.NoFiles
	if _, err := Load(source, SplitRoles(c.Roles)); err != nil {
		return err
	}
	_, err := fmt.Fprintln(v.out(), "ok")
	return err
}

// Print is `rostrum config print`.
type Print struct {
	Flags
	Roles []string `arg:"" name:"role" optional:"" help:"Print only what these roles use."`
}

// Run prints a configuration in which nothing is wrong.
func (p *Print) Run(v *Verbs) error {
	roles := SplitRoles(p.Roles)
	l := load(p.Source(), roles)
	if err := failure(l.problems); err != nil {
		return err
	}
	w := bufio.NewWriter(v.out())
	l.print(w, roles)
	return w.Flush()
}

// Example is `rostrum config example`.
type Example struct {
	Roles []string `arg:"" name:"role" optional:"" help:"Print only what these roles use."`
}

// Run prints an example, which is itself a configuration that passes the check.
func (e *Example) Run(v *Verbs) error {
	roles := SplitRoles(e.Roles)
	if err := failure(unknownRoles(roles)); err != nil {
		return err
	}
	w := bufio.NewWriter(v.out())
	writeExample(w, roles)
	return w.Flush()
}
