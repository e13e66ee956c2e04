package config

import (
	"net/netip"
	"reflect"
	"slices"
	"testing"
)

func TestTheTableOfKeysIsSound(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range keys {
		if seen[k.name] || seen[k.variable()] || isSection(k.name) {
			t.Errorf("%s: another has the name, or its variable's", k.name)
		}
		seen[k.name], seen[k.variable()] = true, true
		if k.section() != "" && !isSection(k.section()) {
			t.Errorf("%s: no such section", k.name)
		}
		if orchestrated.MatchString(k.variable()) || slices.Contains(otherVariables, k.variable()) {
			t.Errorf("%s: its variable is another's", k.name)
		}
		if len(k.roles) == 0 || len(those(k.needed, k.roles)) != len(k.needed) || len(those(k.roles, Roles())) != len(k.roles) {
			t.Errorf("%s: roles %v, needed by %v", k.name, k.roles, k.needed)
		}
		if len(k.needed) > 0 && k.preset != "" {
			t.Errorf("%s: is needed and has a default", k.name)
		}
		for _, text := range []string{k.preset, k.sample} {
			if wrong := k.value.put(&Config{}, k.split(text), k.optional() || text == ""); wrong != nil {
				t.Errorf("%s: %s", k.name, k.complaint(*wrong))
			}
		}
	}
}

// Each field of a Config has a key, and no two keys the same field.
func TestEveryFieldHasAKey(t *testing.T) {
	if got := fields(reflect.TypeFor[Config]()); got != len(keys) {
		t.Errorf("%d fields, %d keys", got, len(keys))
	}
	for _, k := range keys {
		before, after := Config{}, Config{}
		for _, text := range []string{"a:1", "5", "true", "json", "bolt", "disk", "warn", "0.5", "203.0.113.7", "https://a"} {
			if k.value.put(&after, []string{text}, false) == nil && !reflect.DeepEqual(before, after) {
				break
			}
		}
		var changed []string
		for _, other := range keys {
			if !reflect.DeepEqual(other.value.texts(&before), other.value.texts(&after)) {
				changed = append(changed, other.name)
			}
		}
		if !slices.Equal(changed, []string{k.name}) {
			t.Errorf("%s changes %v", k.name, changed)
		}
	}
}

// fields counts the values in a structure, those of structures in it one by one.
func fields(of reflect.Type) int {
	if of.Kind() != reflect.Struct || of == reflect.TypeFor[netip.Addr]() {
		return 1
	}
	count := 0
	for i := range of.NumField() {
		count += fields(of.Field(i).Type)
	}
	return count
}

func TestNearestNames(t *testing.T) {
	for unknown, want := range map[string]string{
		"redis.adresses": "redis.addresses", "redis.addr": "redis.addresses", "listne": "listen", "keys.privatekey": "keys.private_key",
		"operator": "listen.operator", "public-url": "public_url", "x": "", "certificate": "", "peers.x": "", "dynamo.key": "",
	} {
		if got := nearest(unknown, names()); got != want {
			t.Errorf("%q: %q, not %q", unknown, got, want)
		}
	}
}
