package sfu

import (
	"strings"

	"github.com/pion/sdp/v3"

	"rostrum/internal/fault"
)

// MaxFragmentBytes bounds an ICE restart's fragment.
const MaxFragmentBytes = 16 << 10

// fragment is a trickle-ice-sdpfrag (RFC 8840 section 9): the ICE credentials and candidates of one side.
type fragment struct {
	mid             string // of the section that transports everything
	ufrag, password string
	candidates      []sdp.Attribute
}

// readFragment checks a fragment from outside. The candidates are those of its first section.
func readFragment(text string) (fragment, error) {
	var f fragment
	if len(text) > MaxFragmentBytes {
		return f, fault.New(fault.CodeTooLarge, "a fragment has at most %d bytes", MaxFragmentBytes)
	}
	section := &sdp.MediaDescription{}
	sections := 0
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if strings.HasPrefix(line, "m=") {
			sections++
		}
		attribute, found := strings.CutPrefix(line, "a=")
		if !found {
			continue
		}
		switch key, value, _ := strings.Cut(attribute, ":"); {
		case key == "ice-ufrag" && f.ufrag == "":
			f.ufrag = value
		case key == "ice-pwd" && f.password == "":
			f.password = value
		case key == sdp.AttrKeyCandidate && sections <= 1:
			section.Attributes = append(section.Attributes, sdp.Attribute{Key: key, Value: value})
		}
	}
	if !isCredential(f.ufrag, 4) || !isCredential(f.password, 22) {
		return f, fault.New(fault.CodeBadSDP, "the fragment needs a=ice-ufrag and a=ice-pwd of the client (RFC 8840 section 9)")
	}
	f.candidates = candidates(section)
	return f, nil
}

// applied answers the offer with the fragment in place of the credentials and candidates it had.
func (f fragment) applied(o *offer) *sdp.SessionDescription {
	out := *o.description
	out.Origin.SessionVersion++
	out.Attributes = without(o.description.Attributes)
	out.MediaDescriptions = nil
	for i, media := range o.description.MediaDescriptions {
		section := *media
		section.Attributes = append(without(media.Attributes),
			sdp.Attribute{Key: "ice-ufrag", Value: f.ufrag}, sdp.Attribute{Key: "ice-pwd", Value: f.password})
		if i == 0 {
			section.Attributes = append(section.Attributes, f.candidates...)
		}
		out.MediaDescriptions = append(out.MediaDescriptions, &section)
	}
	return &out
}

func without(attributes []sdp.Attribute) []sdp.Attribute {
	out := make([]sdp.Attribute, 0, len(attributes)+2)
	for _, a := range attributes {
		switch a.Key {
		case "ice-ufrag", "ice-pwd", sdp.AttrKeyCandidate, sdp.AttrKeyEndOfCandidates:
		default:
			out = append(out, a)
		}
	}
	return out
}

// fragmentOf answers the fragment that says what a description does about its first section's transport.
func fragmentOf(description *sdp.SessionDescription) fragment {
	var f fragment
	for _, media := range description.MediaDescriptions {
		ufrag := either(description, media, "ice-ufrag")
		if ufrag == "" {
			continue // a refused section
		}
		f.mid, _ = media.Attribute(sdp.AttrKeyMID)
		f.ufrag, f.password = ufrag, either(description, media, "ice-pwd")
		for _, a := range media.Attributes {
			if a.Key == sdp.AttrKeyCandidate {
				f.candidates = append(f.candidates, a)
			}
		}
		return f
	}
	return f
}

// String is the fragment's text.
func (f fragment) String() string {
	var b strings.Builder
	b.WriteString("a=ice-ufrag:" + f.ufrag + "\r\na=ice-pwd:" + f.password + "\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:" + f.mid + "\r\n")
	for _, candidate := range f.candidates {
		b.WriteString("a=candidate:" + candidate.Value + "\r\n")
	}
	b.WriteString("a=end-of-candidates\r\n")
	return b.String()
}
