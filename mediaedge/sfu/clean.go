package sfu

import (
	"strings"

	"github.com/pion/sdp/v3"
)

// Attributes that are passed on to pion. Simulcast, retransmission, feedback and everything unknown stay outside.
var (
	sessionAttributes = set("group", "ice-ufrag", "ice-pwd", "ice-options", "ice-lite", "fingerprint", "setup", "extmap-allow-mixed")
	mediaAttributes   = set("mid", "ice-ufrag", "ice-pwd", "ice-options", "fingerprint", "setup", "rtcp-mux", "rtcp-rsize",
		"rtpmap", "fmtp", "extmap")
)

func set(keys ...string) map[string]bool {
	out := make(map[string]bool, len(keys))
	for _, key := range keys {
		out[key] = true
	}
	return out
}

// clean answers the description with only what an answer needs. Sections without a part become inactive. A section that is
// alone needs no BUNDLE group, but pion refuses it without one.
func clean(description *sdp.SessionDescription, parts []part) *sdp.SessionDescription {
	out := &sdp.SessionDescription{
		Origin: description.Origin, SessionName: "-", TimeDescriptions: []sdp.TimeDescription{{}},
		Attributes: filter(description.Attributes, sessionAttributes),
	}
	for i, media := range description.MediaDescriptions {
		out.MediaDescriptions = append(out.MediaDescriptions, cleanMedia(media, parts[i]))
	}
	if len(parts) == 1 && !isBundled(out) {
		mid, _ := out.MediaDescriptions[0].Attribute(sdp.AttrKeyMID)
		out.Attributes = append(out.Attributes, sdp.Attribute{Key: sdp.AttrKeyGroup, Value: "BUNDLE " + mid})
	}
	return out
}

func cleanMedia(media *sdp.MediaDescription, part part) *sdp.MediaDescription {
	out := &sdp.MediaDescription{
		MediaName: media.MediaName, ConnectionInformation: media.ConnectionInformation,
		Attributes: filter(media.Attributes, mediaAttributes),
	}
	way := sdp.AttrKeyInactive
	switch part {
	case partMicrophone:
		way = sdp.AttrKeySendOnly
		out.Attributes = append(out.Attributes, firstSource(media)...)
	case partSlot:
		way = sdp.AttrKeyRecvOnly
	}
	out.Attributes = append(out.Attributes, sdp.Attribute{Key: way})
	if part != partUnused {
		out.Attributes = append(out.Attributes, candidates(media)...)
	}
	return out
}

func isBundled(description *sdp.SessionDescription) bool {
	group, _ := description.Attribute(sdp.AttrKeyGroup)
	return strings.HasPrefix(group, "BUNDLE ")
}

func filter(attributes []sdp.Attribute, wanted map[string]bool) []sdp.Attribute {
	var out []sdp.Attribute
	for _, a := range attributes {
		if wanted[a.Key] {
			out = append(out, a)
		}
	}
	return out
}

// firstSource answers the first SSRC of a section: a microphone has one.
func firstSource(media *sdp.MediaDescription) []sdp.Attribute {
	for _, a := range media.Attributes {
		if source, _, found := strings.Cut(a.Value, " "); a.Key == "ssrc" && found {
			return []sdp.Attribute{{Key: "ssrc", Value: source + " cname:microphone"}}
		}
	}
	return nil
}

// candidates answers the first UDP candidates that are addresses: mDNS names cannot be resolved here, and nobody
// makes this machine open TCP connections.
func candidates(media *sdp.MediaDescription) []sdp.Attribute {
	var out []sdp.Attribute
	for _, a := range media.Attributes {
		if a.Key != sdp.AttrKeyCandidate || len(out) == maxCandidates {
			continue
		}
		fields := strings.Fields(a.Value)
		if len(fields) < 8 || !strings.EqualFold(fields[2], "udp") || strings.HasSuffix(fields[4], ".local") {
			continue
		}
		out = append(out, a)
	}
	return out
}
