package sfu

import (
	"slices"
	"strings"

	"github.com/pion/sdp/v3"
)

// takes says whether an answer takes the microphone: pion refuses sections whose codecs it does not match.
func takes(answer *sdp.SessionDescription) bool {
	return slices.ContainsFunc(answer.MediaDescriptions, func(media *sdp.MediaDescription) bool {
		_, receives := media.Attribute(sdp.AttrKeyRecvOnly)
		return receives && media.MediaName.Port.Value != 0
	})
}

// unbundle takes the group away that only pion was given: an answer has no groups but the offer's (RFC 9143 section 7.3).
func unbundle(answer *sdp.SessionDescription) {
	answer.Attributes = slices.DeleteFunc(answer.Attributes, func(a sdp.Attribute) bool { return a.Key == sdp.AttrKeyGroup })
}

// wishes says in an answer how Opus is wanted (RFC 7587 section 6.1): pion repeats what the offer said, and senders leave
// silence out only when the answer asks for it.
func wishes(answer *sdp.SessionDescription) {
	for _, media := range answer.MediaDescriptions {
		for _, a := range media.Attributes {
			payload, codec, _ := strings.Cut(a.Value, " ")
			if a.Key == "rtpmap" && strings.HasPrefix(strings.ToLower(codec), "opus/") {
				wish(media, payload)
			}
		}
	}
}

func wish(media *sdp.MediaDescription, payload string) {
	value := payload + " " + opusCodec.SDPFmtpLine
	for i, a := range media.Attributes {
		if a.Key == "fmtp" && strings.HasPrefix(a.Value, payload+" ") {
			media.Attributes[i].Value = value
			return
		}
	}
	media.Attributes = append(media.Attributes, sdp.Attribute{Key: "fmtp", Value: value})
}
