// Package text owns what people may write: names, titles, descriptions that others read.
//
// Texts come out in NFC, without spaces around them. Lengths are in graphemes, counted as base characters: what
// combines with the one before it, and what a joiner binds to an emoji, does not count and is bounded by itself.
package text

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"rostrum/internal/fault"
)

const (
	// maxMarks bounds what combines with one base character: enough for every living script, too little to cover lines.
	maxMarks = 8
	// maxJoined bounds the emoji that joiners bind into one.
	maxJoined = 8
	// bytesPerGrapheme bounds a text in bytes, so that bounded in graphemes means bounded in memory.
	bytesPerGrapheme = 16
)

const (
	nonJoiner = '\u200c'
	joiner    = '\u200d'
)

// blanks are letters and symbols that show nothing.
var blanks = []rune{'\u115f', '\u1160', '\u2800', '\u3164', '\uffa0'}

// Line checks a text of one line: NFC, least to most graphemes, no control and bidirectional characters, no invisible
// ones but the joiners of scripts and emoji, and, where least is above 0, something to see.
func Line(field, raw string, least, most int) (string, error) {
	return check(field, raw, least, most, false)
}

// Paragraphs checks a text that may also have line feeds. CR LF becomes LF.
func Paragraphs(field, raw string, least, most int) (string, error) {
	return check(field, strings.ReplaceAll(raw, "\r\n", "\n"), least, most, true)
}

func check(field, raw string, least, most int, lines bool) (string, error) {
	if len(raw) > most*bytesPerGrapheme {
		return "", tooLong(field, most)
	}
	if !utf8.ValidString(raw) {
		return "", fault.Invalid(field, "valid UTF-8")
	}
	text := strings.TrimSpace(norm.NFC.String(raw))
	if len(text) > most*bytesPerGrapheme {
		return "", tooLong(field, most)
	}
	var c counter
	for _, r := range text {
		if err := c.add(field, r, lines); err != nil {
			return "", err
		}
	}
	if c.graphemes > most {
		return "", tooLong(field, most)
	}
	if c.graphemes < least || least > 0 && !c.visible {
		return "", fault.Invalid(field, fmt.Sprintf("%d to %d characters that can be seen", least, most))
	}
	return text, nil
}

// counter counts graphemes rune by rune.
type counter struct {
	graphemes int
	visible   bool
	marks     int // since the last character that is none
	joined    int // in this grapheme
	before    rune
}

func (c *counter) add(field string, r rune, lines bool) error {
	defer func() { c.before = r }()
	switch {
	case r == '\n' && lines:
		c.marks = 0 // a line feed is room on the screen, not a grapheme of the text
	case isMark(r):
		c.marks++
		if c.graphemes == 0 {
			c.graphemes = 1
		}
		if c.marks > maxMarks {
			return fault.Invalid(field, fmt.Sprintf("without more than %d combining marks in a row", maxMarks))
		}
	case !isAllowed(r):
		return fault.Invalid(field, "without control, invisible and bidirectional characters")
	case c.before == joiner && unicode.Is(unicode.So, r):
		c.marks = 1 // the joiner
		c.joined++
		if c.joined > maxJoined {
			return fault.Invalid(field, fmt.Sprintf("without more than %d joined emoji in a row", maxJoined))
		}
	default:
		c.graphemes++
		c.marks, c.joined = 0, 0
		c.visible = c.visible || !unicode.IsSpace(r) && !slices.Contains(blanks, r)
	}
	return nil
}

// isMark says whether r changes the character before it and takes no place of its own.
func isMark(r rune) bool {
	isTone := r >= 0x1f3fb && r <= 0x1f3ff // skin
	isTag := r >= 0xe0020 && r <= 0xe007f  // flags of regions
	return unicode.Is(unicode.M, r) || r == joiner || r == nonJoiner || isTone || isTag
}

func isAllowed(r rune) bool {
	return unicode.IsGraphic(r) && !unicode.Is(unicode.Bidi_Control, r) && !unicode.Is(unicode.Zl, r) && !unicode.Is(unicode.Zp, r)
}

func tooLong(field string, most int) error {
	return fault.Invalid(field, fmt.Sprintf("at most %d characters", most))
}
