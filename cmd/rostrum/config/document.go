package config

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// document is a configuration file as it was read, key by key, so that each value has its line and nothing wrong hides
// what else is wrong.
type document struct {
	name     string
	settings layer
	lines    map[string]int // of the keys and sections that are there, also of those with something wrong
	problems []Problem
	broken   bool // it could not be read to its end
}

// parse reads a file's text.
func parse(name string, text []byte) *document {
	d := &document{name: name, settings: layer{}, lines: map[string]int{}}
	var root, second yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	if err := decoder.Decode(&root); err != nil {
		if !errors.Is(err, io.EOF) {
			d.malformed(err)
		}
		return d
	}
	d.mapping("", root.Content[0])
	if err := decoder.Decode(&second); err == nil {
		d.wrong("", second.Line, "a second document begins here; one file is one configuration")
	} else if !errors.Is(err, io.EOF) {
		d.malformed(err)
	}
	return d
}

func (d *document) wrong(key string, line int, text string) {
	d.problems = append(d.problems, Problem{Key: key, Text: text, place: d.at(line)})
}

func (d *document) at(line int) place { return place{rank: rankFile, name: d.name, line: line} }

var yamlComplaint = regexp.MustCompile(`^yaml: (?:line (\d+): )?(?s:(.*))$`)

func (d *document) malformed(err error) {
	d.broken = true
	line, text := 0, err.Error()
	if parts := yamlComplaint.FindStringSubmatch(text); parts != nil {
		line, _ = strconv.Atoi(parts[1]) // 0 where there is none
		text = parts[2]
	}
	text = text[:min(len(text), 200)] // it may repeat what is in the file
	d.wrong("", line, "is not YAML: "+text)
}

// mapping reads the keys beneath a section; at the top its name is "".
func (d *document) mapping(section string, n *yaml.Node) {
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" { // all beneath it is commented out
		return
	}
	if wants := lacksKind(n, yaml.MappingNode, "keys with values beneath it, one a line"); wants != "" {
		d.wrong(section, n.Line, wants)
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name := n.Content[i]
		if name.Kind != yaml.ScalarNode {
			d.wrong(section, name.Line, "wants a name before the colon")
			continue
		}
		full := strings.TrimPrefix(section+"."+name.Value, ".")
		if first, twice := d.lines[full]; twice {
			d.wrong(full, name.Line, "is given twice, first in line "+strconv.Itoa(first))
			continue
		}
		d.pair(full, name.Line, n.Content[i+1])
	}
}

func (d *document) pair(name string, line int, content *yaml.Node) {
	k, known := keyNamed(name)
	if !known && !isSection(name) {
		text := "unknown key " + quoted(name)
		if len(d.problems) < problemsShown { // nobody reads the others
			text += "; " + didYouMean(name, names(), whereAll)
		}
		d.wrong("", line, text)
		return
	}
	d.lines[name] = line
	if !known {
		d.mapping(name, content)
		return
	}
	texts, wants := k.texts(content)
	if wants != "" {
		d.wrong(name, line, wants)
		return
	}
	d.settings[name] = setting{texts, d.at(line)}
}

// texts are the texts of a key's value; wants says why it has none.
func (k key) texts(n *yaml.Node) (texts []string, wants string) {
	if !k.value.list {
		text, wants := k.text(n)
		return []string{text}, wants
	}
	if wants := lacksKind(n, yaml.SequenceNode, "a list, like "+k.sampleText()); wants != "" {
		return nil, wants
	}
	for _, item := range n.Content {
		text, wants := k.text(item)
		if wants != "" {
			return nil, wants
		}
		texts = append(texts, text)
	}
	return texts, ""
}

// text is what is written, whatever YAML makes of it: a password of digits is no number.
func (k key) text(n *yaml.Node) (text, wants string) {
	if wants := lacksKind(n, yaml.ScalarNode, "one value"); wants != "" {
		return "", wants
	}
	switch n.ShortTag() {
	case "!!str", "!!int", "!!float", "!!bool", "!!timestamp":
		return n.Value, ""
	case "!!null":
		return "", "has no value; leave the line out, or write \"\" for none"
	default:
		return "", "has the tag " + quoted(n.Tag) + ", which means nothing here"
	}
}

// lacksKind says what a node should be, where it is of another kind.
func lacksKind(n *yaml.Node, kind yaml.Kind, wants string) string {
	kinds := map[yaml.Kind]string{yaml.MappingNode: "keys", yaml.SequenceNode: "a list", yaml.AliasNode: "an alias", yaml.ScalarNode: "a value"}
	return unless(n.Kind == kind, "wants "+wants+", not "+kinds[n.Kind])
}
