package stage

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/gorilla/websocket"

	"rostrum/internal/id"
)

// Config says which stage to follow, and as whom. URL, Room and Token are needed.
type Config struct {
	URL  string // of the API, http or https
	Room id.Room
	// Token answers an access token for the next connection; refused is the one that the gateway did not take, or "".
	// api.Client's AccessToken is one.
	Token func(ctx context.Context, refused string) (string, error)
	// TokenInStart sends the token as the first message and not as a subprotocol.
	TokenInStart bool
	// HTTPClient is whose transport is used: its proxy, dialer and TLS configuration; may be nil.
	HTTPClient *http.Client
	// Silence is how long an open connection may bring nothing; default 12 s.
	Silence time.Duration
	// Waiting is how many items may wait for Next; default 1024. Beyond it one snapshot takes their place.
	Waiting int
}

// Validate says everything that is wrong with the configuration.
func (c Config) Validate() error {
	var errs []error
	if u, err := url.Parse(c.URL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		errs = append(errs, fmt.Errorf("%q is not an http or https URL", c.URL))
	}
	if _, err := id.ParseRoom(string(c.Room)); err != nil {
		errs = append(errs, err)
	}
	if c.Token == nil {
		errs = append(errs, errors.New("a source of access tokens is needed"))
	}
	return errors.Join(errs...)
}

// complete checks the configuration and fills in defaults.
func (c Config) complete() (Config, error) {
	if err := c.Validate(); err != nil {
		return Config{}, err
	}
	if c.Silence <= 0 {
		c.Silence = 12 * time.Second
	}
	if c.Waiting <= 0 {
		c.Waiting = 1024
	}
	return c, nil
}

// dialer connects as the HTTP client does.
func (c Config) dialer() *websocket.Dialer {
	d := &websocket.Dialer{Proxy: http.ProxyFromEnvironment, HandshakeTimeout: dialWithin, ReadBufferSize: 8192, WriteBufferSize: 1024}
	if c.HTTPClient == nil {
		return d
	}
	if transport, ok := c.HTTPClient.Transport.(*http.Transport); ok {
		d.Proxy, d.NetDialContext = transport.Proxy, transport.DialContext
		if transport.TLSClientConfig != nil {
			d.TLSClientConfig = transport.TLSClientConfig.Clone()
			d.TLSClientConfig.NextProtos = nil // a WebSocket is no HTTP/2
		}
	}
	return d
}
