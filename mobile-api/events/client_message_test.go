package events

import (
	"strings"
	"testing"

	"rostrum/internal/fault"
	"rostrum/internal/id"
)

// Whatever a client says, it is a command with a name that can be answered, nothing, or broken: and a command that is let
// through is one that a stage could mean.
func FuzzClientMessage(f *testing.F) {
	for _, text := range []string{
		"", "null", "[]", "{}", `{"type":"start","token":"t"}`, `{"type":"command","id":"k1","do":"raise","note":"n"}`,
		`{"type":"command","id":"k1","do":"invite","user":"` + noor + `","expires_in":30}`, `{"type":"command","id":"","do":"raise"}`,
		`{"type":"command","id":"k","do":"raise","id":"l"}`, `{"type":"command","id":"k","muted":"yes"}`, `{"TYPE":"command"}`,
		`{"type":"command","id":"k","expires_in":1e400}`, `{"type":"future","id":{}}`, `{"type":5}`, "{\"type\":\"\xff\"}",
		strings.Repeat(`{"type":`, 500),
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if token, err := readStart(text); err == nil && token == "" && !strings.Contains(string(text), "token") {
			t.Errorf("%q starts", text)
		} else if err != nil && !fault.Is(err, fault.CodeInvalid) && !fault.Is(err, fault.CodeUnauthenticated) {
			t.Errorf("%q: %v", text, err)
		}
		c, err := readCommand(text)
		switch {
		case err != nil:
			if c != nil || !fault.Is(err, fault.CodeInvalid) {
				t.Errorf("%q: %v, %v", text, c, err)
			}
		case c == nil:
		case c.wrong != nil:
			if _, bad := id.ParseCommand(c.id); bad != nil || fault.From(c.wrong).Code == fault.CodeInternal {
				t.Errorf("%q: %v", text, c.wrong)
			}
		default:
			if _, bad := id.ParseCommand(c.id); bad != nil || c.ask.Check() != nil {
				t.Errorf("%q became %+v", text, c)
			}
		}
	})
}
