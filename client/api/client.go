// Package api owns the HTTP API as a Go program calls it: rooms, joining, the stage. mobile-api/openapi.yaml is the
// contract.
package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

const (
	defaultTimeout = 10 * time.Second // the gateway gives up after 5 s
	maxAnswer      = 4 << 20
)

// Client calls a gateway for one person. Safe for concurrent use.
//
// Calls that may be repeated without harm are, when the gateway cannot be reached or answers "unavailable": at most four
// times each, with growing random pauses, and only while most of the client's calls succeed.
//
// An access token that has expired, or that the gateway refuses, is renewed with the refresh token where there is one.
type Client struct {
	// static
	base     string
	http     *http.Client
	timeout  time.Duration
	budget   *budget
	onTokens func(Tokens)
	renewal  func(context.Context, Tokens) (Tokens, error)

	renewing chan struct{} // holds one token: who renews
	tokens   atomic.Pointer[Tokens]
	renewed  atomic.Pointer[time.Time]
}

// Option changes a client.
type Option func(*Client)

// WithHTTPClient makes calls through another HTTP client; nil is the default one.
func WithHTTPClient(h *http.Client) Option {
	return func(c *Client) {
		if h != nil {
			c.http = h
		}
	}
}

// WithToken calls as the person whose access token it is, for as long as it is good.
func WithToken(token string) Option { return WithTokens(Tokens{AccessToken: token}) }

// WithTokens calls as the person whose tokens they are, and renews them.
func WithTokens(tokens Tokens) Option { return func(c *Client) { c.tokens.Store(&tokens) } }

// OnTokens is told of new tokens, so that they can be kept: those of a new guest and every renewed ones. It must not call
// the client.
func OnTokens(keep func(Tokens)) Option { return func(c *Client) { c.onTokens = keep } }

// WithRenewal renews tokens in another way than by Exchange of the refresh token, as where several programs are one
// person. It is called by one goroutine at a time, with the tokens that are over.
func WithRenewal(renew func(ctx context.Context, over Tokens) (Tokens, error)) Option {
	return func(c *Client) { c.renewal = renew }
}

// WithTimeout bounds each try of a call; 0 is 10 s.
func WithTimeout(d time.Duration) Option {
	return func(c *Client) {
		if d > 0 {
			c.timeout = d
		}
	}
}

// New makes a client of the gateway at a URL such as "https://rooms.example". A URL that is none fails the first call.
func New(baseURL string, options ...Option) *Client {
	c := &Client{
		base: strings.TrimRight(baseURL, "/"), http: http.DefaultClient, timeout: defaultTimeout, budget: newBudget(),
		renewing: make(chan struct{}, 1),
	}
	for _, option := range options {
		option(c)
	}
	return c
}

// call is one exchange.
type call struct {
	method, path string
	body         any    // nil: none
	key          string // Idempotency-Key
	repeatable   bool
	anonymous    bool // carries no access token
}

// exchange makes a call that answers a T.
func exchange[T any](ctx context.Context, c *Client, to call) (T, error) {
	var out, none T
	if err := c.do(ctx, to, &out); err != nil {
		return none, err
	}
	return out, nil
}

// do makes a call and reads the answer into out. One whose access token is refused is made once more with another.
func (c *Client) do(ctx context.Context, to call, out any) error {
	body, err := encode(to.body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", to.method, to.path, err)
	}
	if to.anonymous {
		err = c.send(ctx, to, body, "", out)
	} else {
		err = c.sendAsMe(ctx, to, body, out)
	}
	if err != nil {
		return fmt.Errorf("%s %s: %w", to.method, to.path, err)
	}
	return nil
}

func (c *Client) sendAsMe(ctx context.Context, to call, body []byte, out any) error {
	token, lost := c.AccessToken(ctx, "")
	if lost != nil {
		token = c.Token() // not every call needs a good one
	}
	err := c.send(ctx, to, body, token, out)
	if !isRefused(err) || !c.isRenewable(c.Tokens()) {
		return err
	}
	if lost == nil {
		token, lost = c.AccessToken(ctx, token)
	}
	if lost != nil {
		return lost
	}
	return c.send(ctx, to, body, token, out)
}

// send makes a call and repeats it where that is allowed.
func (c *Client) send(ctx context.Context, to call, body []byte, token string, out any) error {
	try := func() error { return c.try(ctx, to, body, token, out) }
	if !to.repeatable {
		return try()
	}
	return c.budget.repeat(ctx, try)
}

func (c *Client) try(ctx context.Context, to call, body []byte, token string, out any) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, to.method, c.base+to.path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Accept", "application/json")
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if to.key != "" {
		request.Header.Set("Idempotency-Key", to.key)
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return unreached{err}
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return unreached{fmt.Errorf("read the answer: %w", err)}
	}
	if response.StatusCode >= 300 {
		return readError(response, answer)
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	return nil
}

func encode(body any) ([]byte, error) {
	if body == nil {
		return nil, nil
	}
	return json.Marshal(body)
}
