package room

import (
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// clean answers a text that cannot move a cursor or turn the writing around, whatever a gateway sent.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case unicode.Is(unicode.Bidi_Control, r):
			return -1
		case !unicode.IsGraphic(r) && r != '\u200c' && r != '\u200d':
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

// columns answers how many columns of a terminal a rune takes.
func columns(r rune) int {
	if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

func columnsOf(text string) int {
	n := 0
	for _, r := range text {
		n += columns(r)
	}
	return n
}

// fit answers a text in at most so many columns; what is cut off ends with an ellipsis.
func fit(text string, most int) string {
	if columnsOf(text) <= most {
		return text
	}
	if most <= 0 {
		return ""
	}
	var out strings.Builder
	left := most - 1
	for _, r := range text {
		if left -= columns(r); left < 0 {
			break
		}
		out.WriteRune(r)
	}
	return out.String() + "…"
}

// pad answers a text in exactly so many columns.
func pad(text string, exactly int) string {
	text = fit(text, exactly)
	return text + strings.Repeat(" ", max(0, exactly-columnsOf(text)))
}
