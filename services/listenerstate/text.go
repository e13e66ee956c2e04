package listenerstate

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"rostrum/internal/fault"
)

// What people may read is bounded in graphemes where it is made, by account and room; the log bounds bytes, so that an
// event stays small whatever calls it.
const (
	maxTitleBytes    = 2048
	maxNameBytes     = 1024
	maxNoteBytes     = 1400 // a whole queue with such notes fits in one answer
	maxLanguageBytes = 35   // RFC 5646 section 4.4.1
)

// checkText accepts text without control and bidirectional characters.
func checkText(field, text string, maxBytes int) error {
	if len(text) > maxBytes {
		return fault.Invalid(field, fmt.Sprintf("at most %d bytes", maxBytes))
	}
	if !utf8.ValidString(text) {
		return fault.Invalid(field, "valid UTF-8")
	}
	if strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }) {
		return fault.Invalid(field, "without control and bidirectional characters")
	}
	return nil
}

func checkLanguage(tag string) error {
	strange := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-'
	}
	if len(tag) > maxLanguageBytes || strings.ContainsFunc(tag, strange) {
		return fault.Invalid("language", "a BCP 47 tag of at most 35 characters")
	}
	return nil
}
