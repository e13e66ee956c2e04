package config

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// key is a setting. The table of keys is the one definition of the configuration's form: the example, what is printed,
// the table in the docs and what is refused all come from it.
type key struct {
	name   string   // its path in the file, with dots
	preset string   // the default as text, a list by commas; "": none
	sample string   // what the example says, where that is not the default
	roles  []string // that use it
	needed []string // those of them that do not start without it
	secret bool
	file   fileKind // where the value is the path of a file
	value  value
	doc    string // one sentence or two, for people
}

// uses reports whether one of the running roles has a use for the key.
func (k key) uses(running []string) bool { return len(those(k.roles, running)) > 0 }

// optional reports whether the key's value may be empty.
func (k key) optional() bool { return k.preset == "" }

// variable is the key's name in the environment.
func (k key) variable() string {
	return variablePrefix + strings.ToUpper(strings.ReplaceAll(k.name, ".", "_"))
}

// section is the part of the name above the last dot; "" for a key that stands alone.
func (k key) section() string {
	section, _, found := strings.Cut(k.name, ".")
	if !found {
		return ""
	}
	return section
}

// split makes the texts of a value out of one.
func (k key) split(text string) []string {
	if !k.value.list {
		return []string{text}
	}
	if text == "" {
		return nil
	}
	all := strings.Split(text, ",")
	for i := range all {
		all[i] = strings.TrimSpace(all[i])
	}
	return all
}

// complaint says in words what does not fit. A secret is not repeated.
func (k key) complaint(m misfit) string {
	if k.secret {
		return "wants " + m.wants
	}
	return "wants " + m.wants + ", not " + quoted(userInURL.ReplaceAllString(m.got, "://***@"))
}

// userInURL is who somebody is, with a password, in a URL.
var userInURL = regexp.MustCompile(`://.*@`)

// presets is the configuration in which nothing was given.
func presets() Config {
	var c Config
	for _, k := range keys {
		k.value.put(&c, k.split(k.preset), k.optional())
	}
	return c
}

func keyNamed(name string) (key, bool) {
	i := slices.IndexFunc(keys, func(k key) bool { return k.name == name })
	if i < 0 {
		return key{}, false
	}
	return keys[i], true
}

// keyNames are the names of all keys.
func keyNames() []string {
	var all []string
	for _, k := range keys {
		all = append(all, k.name)
	}
	return all
}

// names are those of all keys and of the sections that hold some.
func names() []string {
	all := keyNames()
	for _, s := range sections[1:] {
		all = append(all, s.name)
	}
	return all
}

func isSection(name string) bool {
	return name != "" && slices.ContainsFunc(sections, func(s section) bool { return s.name == name })
}

// sampleText is a value as the example has it, in YAML.
func (k key) sampleText() string { return k.written(k.split(cmp.Or(k.sample, k.preset))) }

// bare are texts that YAML takes as they are.
var bare = regexp.MustCompile(`^[A-Za-z0-9/][A-Za-z0-9/._-]*$`)

// written is a value in YAML.
func (k key) written(texts []string) string {
	all := make([]string, len(texts))
	for i, text := range texts {
		if all[i] = text; !bare.MatchString(text) || strings.EqualFold(text, "null") {
			all[i] = strconv.Quote(text)
		}
	}
	if k.value.list {
		return "[" + strings.Join(all, ", ") + "]"
	}
	return all[0]
}
