package sfu

import (
	"slices"
	"strings"

	"github.com/pion/sdp/v3"

	"rostrum/internal/fault"
)

// Bounds of an offer.
const (
	MaxOfferBytes    = 64 << 10
	MaxOfferLines    = 1000
	MaxOfferSections = 32
	MaxSlots         = 12

	maxCandidates = 32
)

// offer is an offer that can be answered, cut down to what the answer needs: pion sees nothing else of it.
type offer struct {
	description *sdp.SessionDescription
	slots       int
	bundled     bool // as it came
}

// part is what a media section of an offer is for.
type part uint8

const (
	partUnused part = iota
	partMicrophone
	partSlot
)

// readOffer checks an offer from outside. Faults: too_large above a bound, bad_sdp for what cannot be answered.
func readOffer(text string) (*offer, error) {
	if err := checkSize(text); err != nil {
		return nil, err
	}
	var description sdp.SessionDescription
	if err := description.UnmarshalString(text); err != nil {
		return nil, fault.New(fault.CodeBadSDP, "the offer is not SDP: send what createOffer() made").Because(err)
	}
	if len(description.MediaDescriptions) > MaxOfferSections {
		return nil, fault.New(fault.CodeTooLarge, "an offer has at most %d media sections", MaxOfferSections)
	}
	parts, err := assign(&description)
	if err != nil {
		return nil, err
	}
	if err := checkTransport(&description, parts); err != nil {
		return nil, err
	}
	o := &offer{description: clean(&description, parts), bundled: isBundled(&description)}
	for _, part := range parts {
		if part == partSlot {
			o.slots++
		}
	}
	return o, nil
}

func checkSize(text string) error {
	switch {
	case len(text) > MaxOfferBytes:
		return fault.New(fault.CodeTooLarge, "an offer has at most %d bytes", MaxOfferBytes)
	case strings.Count(text, "\n") > MaxOfferLines || strings.Count(text, "\r") > MaxOfferLines:
		return fault.New(fault.CodeTooLarge, "an offer has at most %d lines", MaxOfferLines)
	case strings.TrimSpace(text) == "":
		return fault.New(fault.CodeBadSDP, "the offer is empty: send what createOffer() made")
	}
	return nil
}

// assign finds the microphone, the first audio section that sends, and the slots, the others that only receive.
func assign(description *sdp.SessionDescription) ([]part, error) {
	parts := make([]part, len(description.MediaDescriptions))
	mids := make(map[string]bool)
	microphone, slots := false, 0
	for i, media := range description.MediaDescriptions {
		mid, _ := media.Attribute(sdp.AttrKeyMID)
		if mid == "" || len(mid) > 32 || strings.ContainsAny(mid, " \t") || mids[mid] {
			return nil, fault.New(fault.CodeBadSDP, "media section %d needs an a=mid of its own, of 1 to 32 characters", i)
		}
		mids[mid] = true
		switch {
		case media.MediaName.Media == "application":
			return nil, fault.New(fault.CodeBadSDP, "media section %d is a data channel: offer audio only", i)
		case media.MediaName.Media != "audio" || refused(media):
		case sends(description, media) && !microphone:
			parts[i], microphone = partMicrophone, true
			if !hasOpus(media) {
				return nil, fault.New(fault.CodeBadSDP, "the microphone's section must offer opus/48000/2")
			}
		case direction(description, media) == sdp.AttrKeyRecvOnly && slots < MaxSlots && hasOpus(media):
			parts[i] = partSlot
			slots++
		}
	}
	if !microphone {
		return nil, fault.New(fault.CodeBadSDP, "no audio section sends: add the microphone to the connection before createOffer()")
	}
	return parts, nil
}

// checkTransport wants ICE, DTLS and one transport for everything (RFC 9725 section 4.4.2).
func checkTransport(description *sdp.SessionDescription, parts []part) error {
	group, _ := description.Attribute(sdp.AttrKeyGroup)
	bundled := strings.Fields(group)
	for i, part := range parts {
		if part == partUnused {
			continue
		}
		media := description.MediaDescriptions[i]
		mid, _ := media.Attribute(sdp.AttrKeyMID)
		if len(parts) > 1 && (len(bundled) == 0 || bundled[0] != "BUNDLE" || !slices.Contains(bundled[1:], mid)) {
			return fault.New(fault.CodeBadSDP, "media section %d is not in the BUNDLE group: use bundlePolicy max-bundle", i)
		}
		if _, multiplexed := media.Attribute(sdp.AttrKeyRTCPMux); !multiplexed {
			return fault.New(fault.CodeBadSDP, "media section %d needs a=rtcp-mux", i)
		}
		ufrag, password := either(description, media, "ice-ufrag"), either(description, media, "ice-pwd")
		if !isCredential(ufrag, 4) || !isCredential(password, 22) {
			return fault.New(fault.CodeBadSDP, "media section %d needs a=ice-ufrag and a=ice-pwd as in RFC 8839 section 5.4", i)
		}
		if either(description, media, "fingerprint") == "" {
			return fault.New(fault.CodeBadSDP, "media section %d needs a=fingerprint: only DTLS-SRTP is spoken", i)
		}
	}
	return nil
}

func refused(media *sdp.MediaDescription) bool {
	_, bundleOnly := media.Attribute("bundle-only")
	return media.MediaName.Port.Value == 0 && !bundleOnly
}

func sends(description *sdp.SessionDescription, media *sdp.MediaDescription) bool {
	d := direction(description, media)
	return d == sdp.AttrKeySendOnly || d == sdp.AttrKeySendRecv
}

// direction is the media section's, else the session's, else sendrecv (RFC 8866 section 6.7).
func direction(description *sdp.SessionDescription, media *sdp.MediaDescription) string {
	for _, attributes := range [][]sdp.Attribute{media.Attributes, description.Attributes} {
		for _, a := range attributes {
			switch a.Key {
			case sdp.AttrKeySendOnly, sdp.AttrKeyRecvOnly, sdp.AttrKeySendRecv, sdp.AttrKeyInactive:
				return a.Key
			}
		}
	}
	return sdp.AttrKeySendRecv
}

func either(description *sdp.SessionDescription, media *sdp.MediaDescription, key string) string {
	if value, ok := media.Attribute(key); ok {
		return value
	}
	value, _ := description.Attribute(key)
	return value
}

// hasOpus looks for a payload type that the m= line offers as Opus.
func hasOpus(media *sdp.MediaDescription) bool {
	for _, a := range media.Attributes {
		if a.Key != "rtpmap" {
			continue
		}
		payload, codec, _ := strings.Cut(a.Value, " ")
		if strings.EqualFold(strings.TrimSpace(codec), "opus/48000/2") && slices.Contains(media.MediaName.Formats, payload) {
			return true
		}
	}
	return false
}

// isCredential accepts ice-chars (RFC 8839 section 5.4) from a length up to 256.
func isCredential(text string, shortest int) bool {
	if len(text) < shortest || len(text) > 256 {
		return false
	}
	return !strings.ContainsFunc(text, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '+' && c != '/'
	})
}

// fragment is the client's side of the transport.
func (o *offer) fragment() fragment { return fragmentOf(o.description) }
