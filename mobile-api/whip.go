package mobileapi

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"google.golang.org/grpc"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	signalingv1 "rostrum/proto/rostrum/signaling/v1"
)

type sessionMaker interface {
	CreateSession(context.Context, *signalingv1.CreateSessionRequest, ...grpc.CallOption) (*signalingv1.CreateSessionResponse, error)
	RestartSession(context.Context, *signalingv1.RestartSessionRequest, ...grpc.CallOption) (*signalingv1.RestartSessionResponse, error)
	CloseSession(context.Context, *signalingv1.CloseSessionRequest, ...grpc.CallOption) (*signalingv1.CloseSessionResponse, error)
}

const (
	mediaSDP      = "application/sdp"
	mediaFragment = "application/trickle-ice-sdpfrag"
	maxTag        = 128
)

// whip lets speakers exchange SDP with the SFU of their room (RFC 9725).
type whip struct {
	sessions sessionMaker
}

func (h whip) create(r *request) (answer, error) {
	room, err := r.room()
	if err != nil {
		return answer{}, err
	}
	offer, err := readSDP(r, mediaSDP)
	if err != nil {
		return answer{}, err
	}
	made, err := h.sessions.CreateSession(r.Context(), &signalingv1.CreateSessionRequest{
		App: string(r.app), Room: string(room), User: string(r.who.user), Offer: offer,
	})
	if err != nil {
		return answer{}, fmt.Errorf("create session: %w", err)
	}
	return answer{
		status: http.StatusCreated, media: mediaSDP, body: []byte(made.GetAnswer()),
		header: map[string]string{
			"Location": "/v1/rooms/" + string(room) + "/whip/" + made.GetSession(),
			"ETag":     made.GetEtag(), "Cache-Control": "no-store",
		},
	}, nil
}

func (h whip) restart(r *request) (answer, error) {
	room, session, err := ofSession(r)
	if err != nil {
		return answer{}, err
	}
	tag, err := ifMatch(r)
	if err != nil {
		return answer{}, err
	}
	fragment, err := readSDP(r, mediaFragment)
	if err != nil {
		return answer{}, err
	}
	restarted, err := h.sessions.RestartSession(r.Context(), &signalingv1.RestartSessionRequest{
		App: string(r.app), Room: string(room), User: string(r.who.user), Session: string(session),
		IfMatch: tag, Fragment: fragment,
	})
	if err != nil {
		return answer{}, fmt.Errorf("restart session: %w", err)
	}
	if restarted.GetFragment() == "" { // candidates were taken, nothing is to be said
		return answer{status: http.StatusNoContent, header: map[string]string{"ETag": restarted.GetEtag()}}, nil
	}
	return answer{
		status: http.StatusOK, media: mediaFragment, body: []byte(restarted.GetFragment()),
		header: map[string]string{"ETag": restarted.GetEtag(), "Cache-Control": "no-store"},
	}, nil
}

func (h whip) close(r *request) (answer, error) {
	room, session, err := ofSession(r)
	if err != nil {
		return answer{}, err
	}
	_, err = h.sessions.CloseSession(r.Context(), &signalingv1.CloseSessionRequest{
		App: string(r.app), Room: string(room), User: string(r.who.user), Session: string(session),
	})
	if err != nil {
		return answer{}, fmt.Errorf("close session: %w", err)
	}
	return answer{status: http.StatusOK}, nil
}

func ofSession(r *request) (id.Room, id.Session, error) {
	room, err := r.room()
	if err != nil {
		return "", "", err
	}
	session, err := id.ParseSession(r.PathValue("session"))
	return room, session, err
}

// readSDP reads an offer or a fragment; whether it can be answered is the SFU's to say.
func readSDP(r *request, media string) (string, error) {
	body, err := readBody(r, media)
	if err != nil {
		return "", err
	}
	if len(body) == 0 || !utf8.Valid(body) {
		return "", fault.New(fault.CodeBadSDP, "the body must be SDP in UTF-8")
	}
	return string(body), nil
}

// ifMatch is the tag that the caller believes is current, with its quotes, or "*" for any (RFC 9725 section 4.3.1).
func ifMatch(r *request) (string, error) {
	values := r.Header.Values("If-Match")
	if len(values) == 0 {
		return "", fault.New(fault.CodePreconditionRequired, "say If-Match: * for an ICE restart, or the ETag of an earlier answer")
	}
	if len(values) > 1 || values[0] != "*" && !isTag(values[0]) {
		return "", fault.Invalid("If-Match", "* or the ETag of an earlier answer")
	}
	return values[0], nil
}

// isTag answers whether text is one strong entity tag of at most maxTag bytes (RFC 9110 section 8.8.3).
func isTag(text string) bool {
	inside, opened := strings.CutPrefix(text, `"`)
	inside, closed := strings.CutSuffix(inside, `"`)
	bad := func(c rune) bool { return c <= ' ' || c > '~' || c == '"' }
	return opened && closed && inside != "" && len(text) <= maxTag && !strings.ContainsFunc(inside, bad)
}
