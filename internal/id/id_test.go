package id

import (
	"strings"
	"testing"
)

func TestMadeIdsParse(t *testing.T) {
	for range 100 {
		if _, err := ParseRoom(string(NewRoom())); err != nil {
			t.Fatal(err)
		}
		if _, err := ParseUser(string(NewUser())); err != nil {
			t.Fatal(err)
		}
		if _, err := ParseCommand(string(NewCommand())); err != nil {
			t.Fatal(err)
		}
		session := NewSession("sfu-1")
		if _, err := ParseSession(string(session)); err != nil || session.Node() != "sfu-1" {
			t.Fatalf("%s: node %q, %v", session, session.Node(), err)
		}
	}
}

func TestStrangeTextsAreRefused(t *testing.T) {
	room := string(NewRoom())
	for _, text := range []string{
		"", "rm_", room + "0", room[:len(room)-1], strings.ToUpper(room), "us_" + room[3:], room[:5] + "u" + room[6:],
		room[:5] + "/" + room[6:], room + "\n", "rm_\xff\xff\xff",
	} {
		if _, err := ParseRoom(text); err == nil {
			t.Errorf("%q was accepted as a room", text)
		}
	}
	for _, text := range []string{"", "A", "a_b", "a.b", strings.Repeat("a", 33), "ä"} {
		if _, err := ParseNode(text); err == nil {
			t.Errorf("%q was accepted as a node", text)
		}
		if _, err := ParseApp(text); err == nil {
			t.Errorf("%q was accepted as an app", text)
		}
	}
	for _, text := range []string{"", ".", "sfu-1", "sfu-1.", "sfu-1.x", ".01234567890123456789"} {
		if _, err := ParseSession(text); err == nil {
			t.Errorf("%q was accepted as a session", text)
		}
	}
}
