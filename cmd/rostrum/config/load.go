package config

import (
	"os"
	"strings"

	"rostrum/internal/id"
)

// Source is where values come from. What stands further down wins.
type Source struct {
	File    string   // path of a YAML file; "": none
	Environ []string // "NAME=value" each, as os.Environ answers
	Set     []string // "key=value" each
	// NoFiles leaves the files that values name unopened: the configuration is for another machine.
	NoFiles bool
}

// Load reads the configuration of a process that runs roles. What roles need that are not named is not missed. The error is
// an *Error with all that is wrong.
func Load(source Source, roles []string) (Config, error) {
	l := load(source, roles)
	return l.config, failure(l.problems)
}

// setting is a value as it was given.
type setting struct {
	texts []string
	place place
}

// layer are the settings of one source, by key.
type layer map[string]setting

// loading is a configuration that is being put together.
type loading struct {
	config   Config
	given    layer           // what counts of what was given
	refused  map[string]bool // keys with a value that does not fit
	problems []Problem
}

func load(source Source, roles []string) *loading { return assemble(open(source.File), source, roles) }

func assemble(file *document, source Source, roles []string) *loading {
	l := &loading{config: presets(), given: layer{}, refused: map[string]bool{}, problems: unknownRoles(roles)}
	fromEnvironment, odd := environment(source.Environ)
	fromFlags, odder := overrides(source.Set)
	l.problems = append(append(append(l.problems, file.problems...), odd...), odder...)
	for _, p := range file.problems {
		l.refused[p.Key] = true
	}
	for _, settings := range []layer{file.settings, fromEnvironment, fromFlags} {
		l.lay(settings)
	}
	l.name(roles)
	if file.broken { // what it would have said is not missing
		return l
	}
	r := ruling{config: &l.config, running: roles, files: !source.NoFiles, at: func(name string) place { return l.at(name, file) }}
	for _, p := range r.problems() {
		if !l.refused[p.Key] {
			l.problems = append(l.problems, p)
		}
	}
	return l
}

// lay puts the settings of a source over those before. Each has to fit, also where another will win over it.
func (l *loading) lay(settings layer) {
	for _, k := range keys {
		s, given := settings[k.name]
		if !given {
			continue
		}
		l.given[k.name] = s
		if wrong := k.value.put(&l.config, s.texts, k.optional()); wrong != nil {
			l.refused[k.name] = true
			l.problems = append(l.problems, Problem{Key: k.name, Text: k.complaint(*wrong), place: s.place})
		}
	}
}

// name makes the process's name where none is given.
func (l *loading) name(roles []string) {
	if l.config.Node != "" || l.refused["node"] {
		return
	}
	host, err := os.Hostname()
	if err != nil {
		return // the rules miss the name
	}
	if l.config.Node = nodeName(host, roles); l.config.Node == "" {
		return
	}
	l.given["node"] = setting{[]string{string(l.config.Node)}, place{name: "host name"}}
}

// nodeName makes a node's name of the first part of a host's. Processes of single roles share hosts, so it has the role.
func nodeName(host string, roles []string) id.Node {
	host, _, _ = strings.Cut(strings.ToLower(host), ".")
	host = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, host)
	suffix := ""
	if len(roles) == 1 {
		suffix = "-" + roles[0]
	}
	host = strings.Trim(host[:min(len(host), max(0, 32-len(suffix)))], "-")
	if host == "" {
		return ""
	}
	return id.Node(host + suffix)
}

// at is where a key was given, else the section in which it is missed, else the file.
func (l *loading) at(name string, file *document) place {
	if s, given := l.given[name]; given {
		return s.place
	}
	if file.name == "" {
		return place{rank: rankPreset}
	}
	k, _ := keyNamed(name)
	missed := file.at(file.lines[k.section()]) // line 0 where there is no such section
	missed.turn = -1                           // before what is given in the same line
	return missed
}
