package load

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

const (
	// ownSources are the addresses of this machine that listeners come from where they go to this machine.
	ownSources = "127.0.0.1-127.0.0.16"
	// maxSources bounds the addresses to come from.
	maxSources = 4096
	dialWithin = 10 * time.Second
	// callWithin bounds a call of the API.
	callWithin = 15 * time.Second
)

// readSources reads "a-b" or "a". The default is many addresses where the target is this machine's 127.0.0.1, else none.
func readSources(text string, target *url.URL) ([]string, error) {
	if text == "" {
		ip, err := netip.ParseAddr(target.Hostname())
		if err != nil || !ip.IsLoopback() || !ip.Is4() {
			return nil, nil
		}
		text = ownSources
	}
	from, to, isRange := strings.Cut(text, "-")
	first, err := netip.ParseAddr(from)
	if err != nil {
		return nil, fmt.Errorf("--sources: %w", err)
	}
	last := first
	if isRange {
		if last, err = netip.ParseAddr(to); err != nil {
			return nil, fmt.Errorf("--sources: %w", err)
		}
	}
	var out []string
	for at := first; at.IsValid() && at.BitLen() == last.BitLen() && at.Compare(last) <= 0; at = at.Next() {
		if out = append(out, at.String()); len(out) > maxSources {
			return nil, fmt.Errorf("--sources: more than %d addresses", maxSources)
		}
	}
	if out == nil {
		return nil, fmt.Errorf("--sources: %s does not come before %s", from, to)
	}
	return out, nil
}

// source makes connections, each from the next of several addresses.
type source struct {
	addresses []string // empty: the kernel chooses
	insecure  bool
	taken     atomic.Uint64
}

func (s *source) dial(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := net.Dialer{Timeout: dialWithin}
	if n := uint64(len(s.addresses)); n > 0 {
		dialer.LocalAddr = &net.TCPAddr{IP: net.ParseIP(s.addresses[s.taken.Add(1)%n])}
		dialer.Control = bindWithoutPort
	}
	return dialer.DialContext(ctx, network, address)
}

func (s *source) tls() *tls.Config { return &tls.Config{InsecureSkipVerify: s.insecure} }

// client is for calls of the API. It keeps connections, so that a call comes from one of few addresses.
func (s *source) client() *http.Client {
	return &http.Client{Timeout: callWithin, Transport: &http.Transport{
		DialContext: s.dial, TLSClientConfig: s.tls(), MaxIdleConnsPerHost: 16, IdleConnTimeout: 30 * time.Second,
	}}
}

// websockets is for listening. Its connections take little memory.
func (s *source) websockets() *websocket.Dialer {
	return &websocket.Dialer{
		NetDialContext: s.dial, TLSClientConfig: s.tls(), HandshakeTimeout: dialWithin, ReadBufferSize: 4096, WriteBufferSize: 256,
	}
}
