package config

import (
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Validate checks a configuration for a process that runs roles, as Load does. The error is an *Error.
func (c Config) Validate(roles []string) error {
	problems := unknownRoles(roles)
	refused := map[string]bool{}
	for _, k := range keys {
		if wrong := k.value.check(&c, k.optional()); wrong != nil {
			refused[k.name] = true
			problems = append(problems, Problem{Key: k.name, Text: k.complaint(*wrong)})
		}
	}
	r := ruling{config: &c, running: roles, files: true, at: func(string) place { return place{} }}
	for _, p := range r.problems() {
		if !refused[p.Key] {
			problems = append(problems, p)
		}
	}
	return failure(problems)
}

// ruling finds what no value shows alone: what is missing, and what does not go together.
type ruling struct {
	config  *Config
	running []string
	files   bool                   // may be opened
	at      func(key string) place // where a key is to be corrected
	found   []Problem
}

func (r *ruling) problems() []Problem {
	r.missing()
	r.together()
	r.ports()
	if r.files {
		r.readFiles()
	}
	return r.found
}

func (r *ruling) wrong(key, text string) {
	r.found = append(r.found, Problem{Key: key, Text: text, place: r.at(key)})
}

func (r *ruling) missing() {
	for _, k := range keys {
		by := those(k.needed, r.running)
		if len(by) == 0 || !k.value.empty(r.config) || r.spared(k.name) {
			continue
		}
		text := k.name + " is needed by " + listed(by)
		if k.sample != "" {
			text += ", like " + k.sampleText()
		}
		r.found = append(r.found, Problem{Key: k.name, Text: text, sentence: true, place: r.at(k.name)})
	}
	if r.config.Node == "" && len(r.running) > 0 {
		r.wrong("node", "wants a name; the host's makes none")
	}
}

// spared reports whether a key is not needed after all: roles of one process reach each other without an address, and a
// folder is for the embedded store.
func (r *ruling) spared(name string) bool {
	if role, peer := strings.CutPrefix(name, "peers."); peer {
		return slices.Contains(r.running, role)
	}
	return name == "folder" && r.config.Store != StoreBolt
}

// together checks values that mean something only with others.
func (r *ruling) together() {
	r.all("tls.certificate", "tls.private_key")
	r.all("keys.certificate", "keys.private_key")
	r.all("keys.authority", "keys.authority_key")
	r.all("dynamo.access_key", "dynamo.secret_key")
	if redis := r.config.Redis; len(redis.Addresses) > 1 && !redis.Cluster {
		r.wrong("redis.addresses", "wants one address, or redis.cluster: true")
	}
}

// all wants all of the keys or none.
func (r *ruling) all(names ...string) {
	var has, lacks []string
	for _, name := range names {
		if k, _ := keyNamed(name); k.value.empty(r.config) {
			lacks = append(lacks, name)
		} else {
			has = append(has, name)
		}
	}
	if len(has) > 0 && len(lacks) > 0 {
		r.wrong(has[0], "wants "+listed(lacks)+" with it")
	}
}

// door is an address that a process opens.
type door struct {
	key, host string
	port      int
}

// ports finds doors of this process that are in each other's way.
func (r *ruling) ports() {
	var open []door
	for _, d := range r.doors() {
		if d.port == 0 {
			continue
		}
		for _, other := range open {
			if d.port != other.port || !meet(d.host, other.host) {
				continue
			}
			if r.at(other.key).compare(r.at(d.key)) > 0 { // the one that was given further on is the one to change
				d, other = other, d
			}
			r.wrong(d.key, "takes port "+strconv.Itoa(d.port)+", which is that of "+other.key)
			break
		}
		open = append(open, d)
	}
}

// doors are what the running roles open. What is no address is refused elsewhere.
func (r *ruling) doors() []door {
	var all []door
	for _, k := range keys {
		if k.section() != "listen" || !k.uses(r.running) || k.value.empty(r.config) {
			continue
		}
		text := k.value.texts(r.config)[0]
		if !strings.Contains(text, ":") { // the media's is a port
			text = ":" + text
		}
		host, port, err := net.SplitHostPort(text)
		if err != nil {
			continue
		}
		if number, err := strconv.Atoi(port); err == nil {
			all = append(all, door{k.name, host, number})
		}
	}
	return all
}

// meet reports whether two hosts to listen on have an address in common, as far as names show it.
func meet(a, b string) bool { return a == b || isAll(a) || isAll(b) }

func isAll(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "" || err == nil && ip.IsUnspecified()
}

// listed is "a", "a and b" or "a, b and c".
func listed(all []string) string {
	last := len(all) - 1
	if last <= 0 {
		return strings.Join(all, "")
	}
	return strings.Join(all[:last], ", ") + " and " + all[last]
}
