package text

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"rostrum/internal/fault"
)

func TestNamesOfPeople(t *testing.T) {
	for raw, want := range map[string]string{
		"Ada":               "Ada",
		"  Ada  Lovelace\t": "Ada  Lovelace",
		"Zoe\u0308":         "Zoë",
		"Ångström":          "Ångström",
		"محمد":              "محمد",
		"नमस्ते":            "नमस्ते",
		"می\u200cخواهم":     "می\u200cخواهم",
		"👩🏽‍🚀":              "👩🏽‍🚀",
		"👨‍👩‍👧‍👦 & co":      "👨‍👩‍👧‍👦 & co",
		"🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f": "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
		strings.Repeat("ẹ̀", 40):                                        strings.Repeat("ẹ̀", 40),
	} {
		got, err := Line("name", raw, 1, 40)
		if err != nil || got != want {
			t.Errorf("%q became %q, %v", raw, got, err)
		}
	}
}

func TestStrangeNamesAreRefused(t *testing.T) {
	for name, raw := range map[string]string{
		"empty": "", "spaces": " \u00a0\u3000", "bytes": "\xff\xfe", "control": "a\x00b", "line": "a\nb", "escape": "\x1b[31mred",
		"override": "user\u202egnp.exe", "isolate": "\u2066a\u2069", "mark": "\u200fa", "separator": "a\u2028b",
		"zero width space": "a\u200bb", "byte order": "\ufeffa", "soft hyphen": "a\u00adb", "private": "\ue000", "unassigned": "\U000e0fff",
		"fillers": "\u3164\u3164", "blank braille": "\u2800", "only marks": "\u0301", "only joiners": "\u200d\u200d",
		"flood":         "a" + strings.Repeat("\u0335", maxMarks+1),
		"joiners":       "a" + strings.Repeat("\u200d", maxMarks+1),
		"joined emoji":  "👩" + strings.Repeat("\u200d👩", maxJoined+1),
		"joined text":   strings.Repeat("a\u200d", 41),
		"long":          strings.Repeat("a", 41),
		"long in bytes": strings.Repeat("a"+strings.Repeat("\u0335", maxMarks), 40),
		"endless":       strings.Repeat(" ", 1<<20),
	} {
		if got, err := Line("name", raw, 1, 40); !fault.Is(err, fault.CodeInvalid) {
			t.Errorf("%s: %q became %q, %v", name, raw, got, err)
		}
	}
}

func TestDescriptionsHaveLines(t *testing.T) {
	if got, err := Paragraphs("description", "one\r\n\r\ntwo\n", 0, 2000); err != nil || got != "one\n\ntwo" {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := Paragraphs("description", "", 0, 2000); err != nil || got != "" {
		t.Errorf("%q, %v", got, err)
	}
	for _, raw := range []string{"a\rb", "a\vb", strings.Repeat("a", 2001)} {
		if _, err := Paragraphs("description", raw, 0, 2000); !fault.Is(err, fault.CodeInvalid) {
			t.Errorf("%.10q was accepted", raw)
		}
	}
}

func FuzzLine(f *testing.F) {
	for _, seed := range []string{"Ada", "Zoe\u0308", "👩🏽‍🚀", "\u202eabc", "\xff", "a\u0335\u0335", " \u0301"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		got, err := Line("name", raw, 1, 40)
		if err != nil {
			if !fault.Is(err, fault.CodeInvalid) {
				t.Fatalf("undocumented: %v", err)
			}
			return
		}
		if !utf8.ValidString(got) || !norm.NFC.IsNormalString(got) || got == "" || len(got) > 40*bytesPerGrapheme {
			t.Fatalf("accepted %q", got)
		}
		if strings.ContainsFunc(got, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }) {
			t.Fatalf("accepted %q", got)
		}
		if again, err := Line("name", got, 1, 40); err != nil || again != got {
			t.Fatalf("%q became %q at the second time, %v", got, again, err)
		}
	})
}
