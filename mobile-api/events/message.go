package events

import (
	"encoding/json"
	"fmt"
	"strconv"

	"rostrum/internal/fault"
	"rostrum/mobile-api/view"
)

// The server's messages are those of docs/protocol.md section 10.2.

type helloMessage struct {
	Type      string `json:"type"`
	Version   int    `json:"version"`
	User      string `json:"user"`
	Resumed   bool   `json:"resumed"`
	Heartbeat int64  `json:"heartbeat_ms"`
}

type positionMessage struct {
	Type     string        `json:"type"`
	Position view.Position `json:"position"`
}

// answerMessage answers a command: with a position and a place, or with an error.
type answerMessage struct {
	Type     string         `json:"type"`
	ID       string         `json:"id"`
	Position *view.Position `json:"position,omitzero"`
	Place    *uint32        `json:"place,omitzero"`
	Error    *wireProblem   `json:"error,omitzero"`
}

// wireProblem is the error of section 4.
type wireProblem struct {
	Code         fault.Code        `json:"code"`
	Message      string            `json:"message"`
	RetryAfterMS int64             `json:"retry_after_ms,omitzero"`
	Details      map[string]string `json:"details,omitzero"`
}

func problem(err error) *wireProblem {
	f := fault.From(err)
	return &wireProblem{f.Code, f.Message, f.RetryAfter.Milliseconds(), f.Details}
}

// encode answers the frame of a message of ours.
func encode(message any) ([]byte, error) {
	body, err := json.Marshal(message)
	if err != nil {
		return nil, fmt.Errorf("encode %T: %w", message, err)
	}
	return frame(opText, body), nil
}

// placeFrame is the frame of a place message: no encoder runs for everyone who waits.
func placeFrame(place, of int) []byte {
	const longest = 64
	var body [longest]byte
	b := append(body[:0], `{"type":"place","place":`...)
	b = strconv.AppendInt(b, int64(place), 10)
	b = append(b, `,"of":`...)
	b = strconv.AppendInt(b, int64(of), 10)
	return frame(opText, append(b, '}'))
}

// snapshotFrame is the frame of a snapshot in pieces, so that everybody shares the stage.
func snapshotFrame(at view.Position, stage []byte, you view.You) ([]piece, error) {
	head := fmt.Appendf(nil, `{"type":"snapshot","position":{"term":%d,"offset":%d},"stage":`, at.Term, at.Offset)
	tail, err := json.Marshal(you)
	if err != nil {
		return nil, fmt.Errorf("encode you: %w", err)
	}
	tail = append(append([]byte(`,"you":`), tail...), '}')
	begin := appendHeader(make([]byte, 0, len(head)+10), opText, len(head)+len(stage)+len(tail))
	return []piece{{bytes: append(begin, head...), more: true}, {bytes: stage, more: true}, {bytes: tail}}, nil
}
