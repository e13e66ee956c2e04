package speaker

import (
	"context"
	"fmt"
	"strings"

	"github.com/pion/webrtc/v4"
)

// Restart finds a new way to the service after the network changed (ICE restart, RFC 9725 section 4.3.3). The session
// goes on: seat, slots and numbering stay. A refusal is an *Error; the session should then be joined anew.
func (s *Speaker) Restart(ctx context.Context) error {
	select {
	case s.restart <- struct{}{}:
		defer func() { <-s.restart }()
	case <-ctx.Done():
		return ctx.Err()
	}
	before := s.peer.RemoteDescription()
	offer, err := s.offer(ctx, &webrtc.OfferOptions{ICERestart: true})
	if err != nil {
		return err
	}
	fragment, err := s.whip.patch(ctx, transportOf(offer.SDP))
	if err != nil {
		return err
	}
	if fragment == "" {
		return fmt.Errorf("speaker: the service did not answer the restart")
	}
	answer := webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: withTransport(before.SDP, fragment)}
	if err := s.peer.SetRemoteDescription(answer); err != nil {
		return fmt.Errorf("speaker: apply restart: %w", err)
	}
	return nil
}

var transportKeys = []string{"a=ice-ufrag:", "a=ice-pwd:", "a=candidate:", "a=end-of-candidates"}

func isTransport(line string) bool {
	for _, key := range transportKeys {
		if strings.HasPrefix(line, key) {
			return true
		}
	}
	return false
}

// transportOf answers the fragment (RFC 8840 section 9) that says what a description does of its first section's
// transport.
func transportOf(description string) string {
	var fragment strings.Builder
	sections := 0
	for line := range strings.Lines(description) {
		if strings.HasPrefix(line, "m=") {
			sections++
		}
		if sections > 1 {
			break
		}
		if isTransport(line) || strings.HasPrefix(line, "m=") || strings.HasPrefix(line, "a=mid:") {
			fragment.WriteString(strings.TrimRight(line, "\r\n") + "\r\n")
		}
	}
	return fragment.String()
}

// withTransport answers a description with the credentials and candidates of a fragment in every section.
func withTransport(description, fragment string) string {
	var transport, out strings.Builder
	for line := range strings.Lines(fragment) {
		if isTransport(line) {
			transport.WriteString(strings.TrimRight(line, "\r\n") + "\r\n")
		}
	}
	began := false
	for line := range strings.Lines(description) {
		if isTransport(line) {
			continue
		}
		if strings.HasPrefix(line, "m=") {
			if began {
				out.WriteString(transport.String())
			}
			began = true
		}
		out.WriteString(strings.TrimRight(line, "\r\n") + "\r\n")
	}
	out.WriteString(transport.String())
	return out.String()
}
