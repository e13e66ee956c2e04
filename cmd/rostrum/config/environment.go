package config

import (
	"regexp"
	"slices"
	"strings"
)

const variablePrefix = "ROSTRUM_"

// otherVariables are those of the program's flags.
var otherVariables = []string{"ROSTRUM_CONFIG", "ROSTRUM_NAME", "ROSTRUM_URL"}

// orchestrated are the variables that Kubernetes sets in each container for a service named rostrum or rostrum-something.
var orchestrated = regexp.MustCompile(`^ROSTRUM_(?:[A-Z0-9_]+_)?(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?|PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)?)$`)

// environment takes the settings out of variables, each "NAME=value".
func environment(variables []string) (layer, []Problem) {
	given, wrong := layer{}, []Problem(nil)
	known := map[string]key{}
	var all []string
	for _, k := range keys {
		known[k.variable()] = k
		all = append(all, k.variable())
	}
	for _, variable := range slices.Sorted(slices.Values(variables)) {
		name, text, _ := strings.Cut(variable, "=")
		if !strings.HasPrefix(name, variablePrefix) || slices.Contains(otherVariables, name) || orchestrated.MatchString(name) {
			continue
		}
		from := place{rank: rankEnvironment, name: name, turn: len(given) + len(wrong)}
		if k, ok := known[name]; ok {
			given[k.name] = setting{k.split(text), from}
			continue
		}
		hint := whereAll
		if meant := nearest(strings.TrimPrefix(name, variablePrefix), trimmed(all)); meant != "" {
			hint = "did you mean " + variablePrefix + meant + "?"
		}
		from.name = name[:min(len(name), 64)]
		wrong = append(wrong, Problem{Text: "unknown variable; " + hint, place: from})
	}
	return given, wrong
}

func trimmed(variables []string) []string {
	all := make([]string, len(variables))
	for i, name := range variables {
		all[i] = strings.TrimPrefix(name, variablePrefix)
	}
	return all
}
