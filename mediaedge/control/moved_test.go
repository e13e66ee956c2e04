package control

import (
	"log/slog"
	"testing"

	"rostrum/internal/fault"
	"rostrum/internal/id"
)

func TestWhoPullsLearnsThatARoomHasMoved(t *testing.T) {
	s := &Stream{cfg: Config{Log: slog.New(slog.DiscardHandler)}, homes: map[key]*answer{}}
	k := key{id.Main, "rm_a"}
	isOver := func(address string) bool {
		select {
		case <-s.Moved(k.app, k.room, address):
			return true
		default:
			return false
		}
	}
	s.homes[k] = &answer{changed: make(chan struct{}), over: make(chan struct{})}
	s.learn(k, "a:1", nil)
	before := s.Moved(k.app, k.room, "a:1")
	if isOver("a:1") || !isOver("b:1") {
		t.Error("over at its home, or not elsewhere")
	}
	s.learn(k, "a:1", nil) // said again
	if isOver("a:1") {
		t.Error("over without having moved")
	}
	s.learn(k, "b:1", nil)
	select {
	case <-before:
	default:
		t.Error("not over after it moved")
	}
	if !isOver("a:1") || isOver("b:1") {
		t.Error("the new home is not the home")
	}
	s.learn(k, "", fault.New(fault.CodeEnded, "the room is over"))
	if isOver("b:1") {
		t.Error("what is not known is over")
	}
}
