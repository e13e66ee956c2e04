package config

import (
	"errors"
	"strings"
	"testing"
)

// What is read is refused with bounded words, or is a configuration that is right in itself.
func FuzzLoad(f *testing.F) {
	var example strings.Builder
	writeExample(&example, nil)
	for _, text := range []string{
		example.String(), "", "a: &a [*a, *a]\n", "<<: {a: b}\n", "listen: {http: 80}\nlisten: {}\n", "? {a: b}\n: c\n", "--- a\n--- b\n", "\ufeffregion: a",
		"a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n", "redis:\n  addresses: [a:1, a:1]\n", "region: !!binary aGk=\n", "%YAML 1.1\n---\n", strings.Repeat("[", 500),
		"region: \"\\x00\"", "node: |\n  a\n  b\n", "!!map {region: a}", "region: ! a", "x: !<tag:yaml.org,2002:int> a",
	} {
		f.Add(text, "ROSTRUM_REGION=a", "region=b")
	}
	f.Add("", "ROSTRUM_REDIS_ADDRESSES=a:1,,b:2", "limits.rooms=+5")
	f.Fuzz(func(t *testing.T, text, variable, flag string) {
		file := parse("f", []byte(text))
		l := assemble(file, Source{Environ: []string{variable}, Set: []string{flag}, NoFiles: true}, []string{SFU})
		err := failure(l.problems)
		var all *Error
		if err != nil && (!errors.As(err, &all) || len(all.Problems) > problemsShown || len(err.Error()) > problemsShown*1500) {
			t.Errorf("%T of %d bytes", err, len(err.Error()))
		}
		if err == nil {
			if err := l.config.Validate([]string{SFU}); err != nil {
				t.Errorf("was taken, and is not right: %v", err)
			}
		}
		l.print(&strings.Builder{}, nil)
	})
}

// Files of the greatest size that ask for much work are answered.
func TestLargeFilesAreAnswered(t *testing.T) {
	for _, part := range []string{
		"[", "{", "- ", "? ", "a: {", "&a ", "!!str ", "*a ", "- - ", "\"", "'", "# ", "\n", "a\n", "a: b\n", "%", "--- a\n", "x: *a\n", "regoin_of_a_rather_long_name: a\n", "[a,", "{a: ", "|\n",
	} {
		if _, err := Load(Source{File: written(t, strings.Repeat(part, largestFile/len(part)))}, nil); err == nil && !strings.Contains("# \n", part) {
			t.Errorf("%q is a configuration", part)
		}
	}
}
