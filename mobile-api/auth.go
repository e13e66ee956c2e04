package mobileapi

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/token"
)

type accessOpener interface {
	Open(text string, now time.Time) (token.Access, error)
}

type grantVerifier interface {
	Verify(text string, now time.Time) (token.Grant, error)
}

// person is who calls.
type person struct {
	user    id.User
	name    string    // empty where a grant spoke for the person
	expires time.Time // of the access token; zero where there was none
}

// admit says who calls, or why they may not.
type admit func(*http.Request) (person, error)

// auth reads the bearer of a call.
type auth struct {
	app    id.App
	access accessOpener
	grants grantVerifier
	now    func() time.Time
}

// sessionLifetime is how long after it was made a speak grant can still restart or close the session it opened: WHIP
// clients keep the one bearer they were configured with (RFC 9725 section 4.7).
const sessionLifetime = token.ListenLifetime

var errNoBearer = fault.New(fault.CodeUnauthenticated, "this needs Authorization: Bearer and an access token; see POST /v1/guests")

// anyone admits all calls and looks at no token.
func (a auth) anyone(*http.Request) (person, error) { return person{}, nil }

// perhaps admits calls without a token, and the bearer of a valid access token.
func (a auth) perhaps(r *http.Request) (person, error) {
	who, err := a.person(r)
	if errors.Is(err, errNoBearer) {
		return person{}, nil
	}
	return who, err
}

// person admits the bearer of an access token.
func (a auth) person(r *http.Request) (person, error) {
	text, err := bearer(r)
	if err != nil {
		return person{}, err
	}
	return a.open(text)
}

// open answers whom an access token speaks for. Faults: unauthenticated, expired, forbidden.
func (a auth) open(text string) (person, error) {
	access, err := a.access.Open(text, a.now())
	if err != nil {
		return person{}, err
	}
	if access.App != a.app {
		return person{}, fault.New(fault.CodeForbidden, "this access token is for another app")
	}
	return person{access.User, access.Name, access.Expires}, nil
}

// publisher admits the bearer of an access token, or of a speak grant for the room of the path.
func (a auth) publisher(r *http.Request) (person, error) {
	text, err := bearer(r)
	if err != nil {
		return person{}, err
	}
	if !isGrant(text) {
		return a.person(r)
	}
	grant, err := a.grants.Verify(text, a.now())
	if err != nil {
		return person{}, err
	}
	return a.speaker(r, grant)
}

// session admits as publisher does, and speak grants that have expired since they opened their session.
func (a auth) session(r *http.Request) (person, error) {
	who, err := a.publisher(r)
	if !fault.Is(err, fault.CodeExpired) {
		return who, err
	}
	text, _ := bearer(r)
	issued, readable := issuedAt(text)
	if !readable || a.now().After(issued.Add(sessionLifetime)) {
		return person{}, err
	}
	grant, verifyErr := a.grants.Verify(text, issued) // the time that was read is signed as well
	if verifyErr != nil {
		return person{}, err
	}
	return a.speaker(r, grant)
}

func (a auth) speaker(r *http.Request, g token.Grant) (person, error) {
	user, err := id.ParseUser(g.Subject)
	if err != nil || g.Right != token.RightSpeak {
		return person{}, fault.New(fault.CodeForbidden, "this grant does not let its bearer speak")
	}
	if g.App != a.app || string(g.Room) != r.PathValue("room") {
		return person{}, fault.New(fault.CodeForbidden, "this grant is for another room")
	}
	return person{user: user}, nil
}

func bearer(r *http.Request) (string, error) {
	values := r.Header.Values("Authorization")
	if len(values) == 0 {
		return "", errNoBearer
	}
	scheme, text, found := strings.Cut(values[0], " ")
	if len(values) > 1 || !found || !strings.EqualFold(scheme, "Bearer") || text == "" {
		return "", fault.New(fault.CodeUnauthenticated, "Authorization must be Bearer and one token")
	}
	return text, nil
}

// isGrant tells a compact JWS from a compact JWE by its parts.
func isGrant(text string) bool { return strings.Count(text, ".") == 2 }

// issuedAt reads a grant's time without believing it.
func issuedAt(grant string) (time.Time, bool) {
	parts := strings.Split(grant, ".")
	if len(parts) != 3 || len(grant) > token.MaxBytes {
		return time.Time{}, false
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	var claims struct {
		Issued int64 `json:"iat"`
	}
	if err != nil || json.Unmarshal(payload, &claims) != nil {
		return time.Time{}, false
	}
	return time.Unix(claims.Issued, 0), true
}
