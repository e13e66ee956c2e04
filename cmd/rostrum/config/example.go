package config

import (
	"fmt"
	"io"
	"strings"
)

// writeExample writes a configuration with all keys that the roles use, or with all where no role is named.
func writeExample(w io.Writer, roles []string) {
	fmt.Fprintln(w, "# The configuration of Rostrum's processes. One file can serve all of them: each takes what its roles use.")
	fmt.Fprintln(w, "# What has a default may be left out. A variable wins over the file, a flag over both: redis.password is")
	fmt.Fprintln(w, "# ROSTRUM_REDIS_PASSWORD and --set redis.password=…")
	for _, s := range sections {
		shown := keysOf(s.name, roles)
		if len(shown) == 0 {
			continue
		}
		fmt.Fprintln(w)
		indent := ""
		if s.name != "" {
			comment(w, "", s.doc)
			fmt.Fprintf(w, "%s:\n", s.name)
			indent = "  "
		}
		for _, k := range shown {
			comment(w, indent, k.doc+k.remark(roles))
			name := strings.TrimPrefix(k.name, s.name+".")
			fmt.Fprintf(w, "%s%s: %s\n", indent, name, k.sampleText())
		}
	}
}

// keysOf are the keys of a section that the roles use.
func keysOf(section string, roles []string) []key {
	var all []key
	for _, k := range keys {
		if k.section() == section && (len(roles) == 0 || k.uses(roles)) {
			all = append(all, k)
		}
	}
	return all
}

// remark says what the value alone does not: who cannot do without it, and the default where the example has another.
func (k key) remark(roles []string) string {
	needed := k.needed
	if len(roles) > 0 {
		needed = those(k.needed, roles)
	}
	text := ""
	if len(needed) > 0 {
		text = " Needed by " + listed(needed) + "."
	}
	if k.preset != "" && k.sample != "" {
		text += " Default: " + k.preset + "."
	}
	return text
}

// comment writes a text in lines that are not too long.
func comment(w io.Writer, indent, text string) {
	const longest = 110
	line := indent + "#"
	for _, word := range strings.Fields(text) {
		if len(line)+1+len(word) > longest {
			fmt.Fprintln(w, line)
			line = indent + "#"
		}
		line += " " + word
	}
	fmt.Fprintln(w, line)
}
