package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

const (
	// early is how long before its end an access token is renewed.
	early = 30 * time.Second
	// settled is how long renewed tokens are believed to be good whatever the clock here says.
	settled = time.Minute
	// renewWithin bounds a renewal with its repeats.
	renewWithin = 20 * time.Second
)

// Tokens are who one is: an access token, and the refresh token that gets the next one. Each refresh token is good for
// one renewal.
type Tokens struct {
	User             User      `json:"user"`
	AccessToken      string    `json:"access_token"`
	ExpiresAt        time.Time `json:"expires_at"`
	RefreshToken     string    `json:"refresh_token"`
	RefreshExpiresAt time.Time `json:"refresh_expires_at"`
}

// errNotRenewable says that a client has nothing to renew its access token with.
var errNotRenewable = errors.New("there is no refresh token")

// Tokens answers what the client calls with.
func (c *Client) Tokens() Tokens {
	if tokens := c.tokens.Load(); tokens != nil {
		return *tokens
	}
	return Tokens{}
}

// Token is the access token that calls carry, or "". It may have expired; AccessToken answers one that is good.
func (c *Client) Token() string { return c.Tokens().AccessToken }

// AccessToken answers a good access token for what is no call of this client, such as a WebSocket. One that has expired,
// or that is the refused one, is renewed first; of several callers at once one renews and all get the result.
func (c *Client) AccessToken(ctx context.Context, refused string) (string, error) {
	tokens := c.Tokens()
	if tokens.AccessToken != "" && tokens.AccessToken != refused && !c.isOver(tokens) {
		return tokens.AccessToken, nil
	}
	if !c.isRenewable(tokens) {
		if tokens.AccessToken != "" && tokens.AccessToken == refused {
			return "", fmt.Errorf("renew the access token: %w", errNotRenewable)
		}
		return tokens.AccessToken, nil
	}
	return c.renew(ctx, tokens.AccessToken)
}

// Refresh renews the tokens now.
func (c *Client) Refresh(ctx context.Context) (Tokens, error) {
	tokens := c.Tokens()
	if !c.isRenewable(tokens) {
		return Tokens{}, fmt.Errorf("renew the access token: %w", errNotRenewable)
	}
	if _, err := c.renew(ctx, tokens.AccessToken); err != nil {
		return Tokens{}, err
	}
	return c.Tokens(), nil
}

// Exchange answers new tokens for a refresh token. A lost answer may be asked for again with the same one within 60 s;
// an older one ends the device.
func (c *Client) Exchange(ctx context.Context, refreshToken string) (Tokens, error) {
	body := struct {
		RefreshToken string `json:"refresh_token"`
	}{refreshToken}
	to := call{method: http.MethodPost, path: "/v1/token/refresh", body: body, anonymous: true, repeatable: true}
	return exchange[Tokens](ctx, c, to)
}

func (c *Client) isRenewable(tokens Tokens) bool {
	return c.renewal != nil || tokens.RefreshToken != ""
}

func (c *Client) isOver(tokens Tokens) bool {
	if tokens.ExpiresAt.IsZero() || !c.isRenewable(tokens) {
		return false
	}
	renewed := c.renewed.Load()
	return time.Until(tokens.ExpiresAt) < early && (renewed == nil || time.Since(*renewed) > settled)
}

// renew takes other tokens than those with an access token that is over. Once begun it is finished also when ctx ends:
// the refresh token is spent.
func (c *Client) renew(ctx context.Context, over string) (string, error) {
	select {
	case c.renewing <- struct{}{}:
		defer func() { <-c.renewing }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	tokens := c.Tokens()
	if tokens.AccessToken != over {
		return tokens.AccessToken, nil
	}
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), renewWithin)
	defer cancel()
	var err error
	if c.renewal != nil {
		tokens, err = c.renewal(bounded, tokens)
	} else {
		tokens, err = c.Exchange(bounded, tokens.RefreshToken)
	}
	if err != nil {
		return "", fmt.Errorf("renew the access token: %w", err)
	}
	c.take(tokens)
	return tokens.AccessToken, nil
}

// take calls with these tokens from now on.
func (c *Client) take(tokens Tokens) {
	now := time.Now()
	c.renewed.Store(&now)
	c.tokens.Store(&tokens)
	if c.onTokens != nil {
		c.onTokens(tokens)
	}
}

// isRefused says whether an answer was about the access token.
func isRefused(err error) bool {
	code := CodeOf(err)
	return code == "expired" || code == "unauthenticated"
}
