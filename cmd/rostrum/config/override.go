package config

import "strings"

// overrides takes the settings out of --set flags, each "key=value". Of several for one key the last counts.
func overrides(flags []string) (layer, []Problem) {
	given, wrong := layer{}, []Problem(nil)
	for i, flag := range flags {
		name, text, pair := strings.Cut(flag, "=")
		from := place{rank: rankFlag, name: name, turn: i}
		k, known := keyNamed(name)
		switch {
		case !known:
			from.name = quoted(name)
			wrong = append(wrong, Problem{Text: "unknown key; " + didYouMean(name, keyNames(), whereAll), place: from})
		case !pair:
			wrong = append(wrong, Problem{Text: "wants key=value", place: from})
		default:
			given[name] = setting{k.split(text), from}
		}
	}
	return given, wrong
}
