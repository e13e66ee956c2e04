package listenerstate

import (
	"strings"
	"testing"

	"rostrum/internal/fault"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
)

func TestTextsThatNobodyCanMean(t *testing.T) {
	long := func(n int) string { return strings.Repeat("a", n) }
	names := map[string]string{
		"too long": long(1025), "a line feed": "a\nb", "a null": "a\x00b", "an escape": "\x1b[31mred", "C1": "a\u0085b",
		"right to left": "a\u202eb", "an isolate": "a\u2066b", "a mark of direction": "\u200eAda", "an Arabic mark": "\u061cAda", "no UTF-8": "\xff",
		"half a surrogate": "\xed\xa0\x80", "too long by marks": "a" + strings.Repeat("\u0301", 1000),
	}
	for what, text := range names {
		for _, r := range withText(text) {
			if _, err := accepted(r); !fault.Is(err, fault.CodeInvalid) {
				t.Errorf("a name or note with %s in %T: %v", what, r.GetCommand(), err)
			}
		}
	}
	note := &wire{Command: &listenerstatev1.ApplyRequest_RaiseHand{RaiseHand: &listenerstatev1.RaiseHand{Note: long(maxNoteBytes + 1)}}}
	if _, err := accepted(addressed(note)); !fault.Is(err, fault.CodeInvalid) {
		t.Errorf("a note that is too long: %v", err)
	}
	open := &wire{Command: &listenerstatev1.ApplyRequest_OpenRoom{OpenRoom: &listenerstatev1.OpenRoom{Host: string(host), Title: "a\u202eb"}}}
	if _, err := accepted(addressed(open)); !fault.Is(err, fault.CodeInvalid) {
		t.Errorf("a title from right to left: %v", err)
	}
}

// TestTextsThatTheGatewayWouldRefuseAreHarmless gives the log what only internal/text refuses: it is stored, it is small,
// and it comes back as it was.
func TestTextsThatTheGatewayWouldRefuseAreHarmless(t *testing.T) {
	for what, text := range map[string]string{
		"a flood of marks": "Z" + strings.Repeat("\u0334\u0335", 130), "nothing to see": "\u3164\u115f", "not composed": "Zoe\u0308",
		"joined emoji": strings.Repeat("👩\u200d", 80), "tags": "🏴" + strings.Repeat("\U000e0067", 100), "many letters": strings.Repeat("ä", 280),
		"a line separator": "a\u2028b", "soft hyphens": strings.Repeat("\u00ad", 100), "no character": "\ufffe", "spaces": "   ",
	} {
		for _, r := range withText(text) {
			request, err := accepted(r)
			if err != nil {
				t.Errorf("%s in %T: %v", what, r.GetCommand(), err)
				continue
			}
			e := Event{WallTime: noon, Actor: request.Actor, Command: request.ID, Position: live().Position, Change: closed(Event{Command: "c", Change: HandRaised{
				User: stranger, Name: Name{Plain: text}, Note: Name{Plain: text},
			}})}
			encoded, err := encodeEvent(someRoom, e)
			if err != nil || len(encoded) > 3*maxNameBytes {
				t.Errorf("%s takes %d bytes, %v", what, len(encoded), err)
			}
			if back, err := decodeEvent(someRoom, encoded); err != nil || textOf(back.Change.(HandRaised).Note) != text {
				t.Errorf("%s comes back as %+v, %v", what, back.Change, err)
			}
		}
	}
}

// withText answers every command that has a name or a note, with a text in it.
func withText(text string) []*wire {
	return []*wire{
		addressed(&wire{Command: &listenerstatev1.ApplyRequest_TakeSeat{TakeSeat: &listenerstatev1.TakeSeat{Name: text}}}),
		addressed(&wire{Command: &listenerstatev1.ApplyRequest_SeatPerson{SeatPerson: &listenerstatev1.SeatPerson{User: string(speaker), Name: text}}}),
		addressed(&wire{Command: &listenerstatev1.ApplyRequest_RaiseHand{RaiseHand: &listenerstatev1.RaiseHand{Name: text, Note: "why?"}}}),
		addressed(&wire{Command: &listenerstatev1.ApplyRequest_RaiseHand{RaiseHand: &listenerstatev1.RaiseHand{Name: "Ada", Note: longer(text)}}}),
		addressed(&wire{Command: &listenerstatev1.ApplyRequest_Invite{Invite: &listenerstatev1.Invite{User: string(speaker), Name: text}}}),
		addressed(&wire{Command: &listenerstatev1.ApplyRequest_AcceptInvite{AcceptInvite: &listenerstatev1.AcceptInvite{Name: text}}}),
	}
}

// longer makes a text that is too long for a name too long for a note.
func longer(text string) string {
	if len(text) > maxNameBytes {
		return text + text
	}
	return text
}
