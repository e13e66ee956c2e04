package sfu_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"rostrum/internal/fault"
	"rostrum/mediaedge/audio"
	"rostrum/mediaedge/sfu"
)

// browserOffer is of the form that browsers make: RED, other codecs, feedback, a camera nobody asked for, two slots.
var browserOffer = strings.Join([]string{
	"v=0", "o=- 4611731400430051336 2 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0 1 2 3", "a=extmap-allow-mixed",
	"a=msid-semantic: WMS stream",
	"m=audio 9 UDP/TLS/RTP/SAVPF 63 111 9 0 8 13 110 126", "c=IN IP4 0.0.0.0", "a=rtcp:9 IN IP4 0.0.0.0",
	"a=ice-ufrag:EsAw", "a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1", "a=ice-options:trickle",
	"a=fingerprint:sha-256 0F:74:31:25:CB:A2:13:EC:28:6F:6D:2C:61:FF:5D:C2:BC:B9:DB:3D:98:14:8D:1A:BB:EA:33:0C:A4:60:A8:8E",
	"a=setup:actpass", "a=mid:0", "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level",
	"a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
	"a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid", "a=sendonly", "a=msid:stream track", "a=rtcp-mux", "a=rtcp-rsize",
	"a=rtpmap:63 red/48000/2", "a=fmtp:63 111/111", "a=rtpmap:111 opus/48000/2", "a=rtcp-fb:111 transport-cc",
	"a=fmtp:111 minptime=10;useinbandfec=1", "a=rtpmap:9 G722/8000", "a=rtpmap:0 PCMU/8000", "a=rtpmap:8 PCMA/8000",
	"a=rtpmap:13 CN/8000", "a=rtpmap:110 telephone-event/48000", "a=rtpmap:126 telephone-event/8000",
	"a=ssrc:1834237842 cname:abc", "a=ssrc:1834237842 msid:stream track",
	browserSection("m=video 9 UDP/TLS/RTP/SAVPF 96", "1", "sendrecv", "a=rtpmap:96 VP8/90000"),
	browserSection("m=audio 9 UDP/TLS/RTP/SAVPF 111 63", "2", "recvonly", "a=rtpmap:111 opus/48000/2", "a=rtpmap:63 red/48000/2", "a=fmtp:63 111/111"),
	browserSection("m=audio 9 UDP/TLS/RTP/SAVPF 111 63", "3", "recvonly", "a=rtpmap:111 opus/48000/2", "a=rtpmap:63 red/48000/2", "a=fmtp:63 111/111"),
}, "\r\n") + "\r\n"

func browserSection(media, mid, direction string, codecs ...string) string {
	return strings.Join(append([]string{
		media, "c=IN IP4 0.0.0.0", "a=ice-ufrag:EsAw", "a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1",
		"a=fingerprint:sha-256 0F:74:31:25:CB:A2:13:EC:28:6F:6D:2C:61:FF:5D:C2:BC:B9:DB:3D:98:14:8D:1A:BB:EA:33:0C:A4:60:A8:8E",
		"a=setup:actpass", "a=mid:" + mid, "a=" + direction, "a=rtcp-mux", "a=rtcp-rsize",
	}, codecs...), "\r\n")
}

func TestTheAnswerToABrowser(t *testing.T) {
	s := newStage(t, sfu.Config{})
	s.room.Allow(1, "us_ann", false)
	answer, tag, _, err := s.room.Join(t.Context(), s.sfu.NewSession(), "us_ann", browserOffer)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(tag, `"`) || !strings.HasSuffix(tag, `"`) {
		t.Errorf("tag %s", tag)
	}
	sections := strings.Split(answer, "\r\nm=")
	if len(sections) != 5 {
		t.Fatalf("%d sections in\n%s", len(sections)-1, answer)
	}
	for i, wants := range [][]string{
		{"a=group:BUNDLE 0 2 3"},
		{"audio 9 UDP/TLS/RTP/SAVPF 63 111", "a=recvonly", "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level",
			"a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid", "useinbandfec=1;usedtx=1", "a=candidate:", "a=end-of-candidates"},
		{"video 0 "},
		{"audio 9 UDP/TLS/RTP/SAVPF 111\r\n", "a=sendonly", "a=ssrc:", "a=msid:slot1 "},
		{"audio 9 UDP/TLS/RTP/SAVPF 111\r\n", "a=sendonly", "a=ssrc:", "a=msid:slot2 "},
	} {
		for _, want := range wants {
			if !strings.Contains(sections[i], want) {
				t.Errorf("no %q in section %d:\n%s", want, i, sections[i])
			}
		}
	}
	for _, odd := range []string{"transport-wide", "rtcp-fb", "G722", "ice-lite", ".local"} {
		if strings.Contains(answer, odd) {
			t.Errorf("%q in\n%s", odd, answer)
		}
	}
}

// TestTheAnswerToOneSection: a microphone alone needs no BUNDLE group (RFC 9143 section 7.2), and gets none back.
func TestTheAnswerToOneSection(t *testing.T) {
	s := newStage(t, sfu.Config{})
	s.room.Allow(1, "us_ann", false)
	offer := "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n" +
		browserSection("m=audio 9 UDP/TLS/RTP/SAVPF 111", "0", "sendonly", "a=rtpmap:111 opus/48000/2") + "\r\n"
	answer, _, _, err := s.room.Join(t.Context(), s.sfu.NewSession(), "us_ann", offer)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(answer, "a=group") || !strings.Contains(answer, "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n") {
		t.Errorf("answered\n%s", answer)
	}
}

// FuzzJoin goes through pion too: whatever it makes of an offer is a documented fault or an answer.
func FuzzJoin(f *testing.F) {
	node, err := sfu.New(sfu.Config{Node: "fuzz", BindIPs: []net.IP{net.IPv4(127, 0, 0, 1)}, LoopbackCandidates: true})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = node.Close() })
	room := node.OpenRoom(audio.Clock{Anchor: time.Now()}, newIngest(), nil)
	room.Allow(1, "us_ann", false)
	f.Add(browserOffer)
	f.Add(strings.ReplaceAll(browserOffer, "a=setup:actpass", "a=setup:active"))
	f.Add(strings.ReplaceAll(browserOffer, "UDP/TLS/RTP/SAVPF", "RTP/AVP"))
	f.Fuzz(func(t *testing.T, offer string) {
		session := node.NewSession()
		answer, _, _, err := room.Join(t.Context(), session, "us_ann", offer)
		if err != nil {
			if code := fault.From(err).Code; code != fault.CodeBadSDP && code != fault.CodeTooLarge {
				t.Fatalf("refused with %v", err)
			}
			return
		}
		if !strings.HasPrefix(answer, "v=0\r\n") {
			t.Errorf("answered %q", answer)
		}
		if err := room.Leave(session, "us_ann"); err != nil {
			t.Error(err)
		}
	})
}
