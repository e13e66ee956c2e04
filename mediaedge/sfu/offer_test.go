package sfu

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pion/sdp/v3"

	"rostrum/internal/fault"
)

const head = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE %s\r\n" +
	"a=fingerprint:sha-256 0F:74:31:25:CB:A2:13:EC:28:6F:6D:2C:61:FF:5D:C2:BC:B9:DB:3D:98:14:8D:1A:BB:EA:33:0C:A4:60:A8:8E\r\n" +
	"a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\na=setup:actpass\r\n"

// section is an audio section of an offer.
func section(mid, direction string) string {
	return "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:" + mid + "\r\na=" + direction +
		"\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n"
}

// offerOf is an offer of sections whose mids are 0, 1, ...
func offerOf(sections ...string) string {
	var mids []string
	for i := range sections {
		mids = append(mids, fmt.Sprint(i))
	}
	return fmt.Sprintf(head, strings.Join(mids, " ")) + strings.Join(sections, "")
}

func manySections(count int) string {
	var sections []string
	for i := range count {
		sections = append(sections, section(fmt.Sprint(i), "sendonly"))
	}
	return offerOf(sections...)
}

func TestOffersThatCannotBeAnswered(t *testing.T) {
	good := offerOf(section("0", "sendonly"))
	long := section("0", "sendonly") + strings.Repeat("a=x:y\r\n", MaxOfferLines)
	for name, c := range map[string]struct {
		text string
		code fault.Code
	}{
		"empty":             {"", fault.CodeBadSDP},
		"garbage":           {"\x00\xff not SDP\r\n", fault.CodeBadSDP},
		"no sections":       {fmt.Sprintf(head, ""), fault.CodeBadSDP},
		"nobody sends":      {offerOf(section("0", "recvonly")), fault.CodeBadSDP},
		"only inactive":     {offerOf(section("0", "inactive")), fault.CodeBadSDP},
		"only video":        {strings.ReplaceAll(good, "m=audio", "m=video"), fault.CodeBadSDP},
		"refused":           {strings.ReplaceAll(good, "m=audio 9", "m=audio 0"), fault.CodeBadSDP},
		"no opus":           {strings.ReplaceAll(good, "opus/48000/2", "PCMU/8000"), fault.CodeBadSDP},
		"opus not offered":  {strings.ReplaceAll(good, "SAVPF 111", "SAVPF 96"), fault.CodeBadSDP},
		"no mid":            {strings.ReplaceAll(good, "a=mid:0\r\n", ""), fault.CodeBadSDP},
		"same mid twice":    {offerOf(section("0", "sendonly"), section("0", "recvonly")), fault.CodeBadSDP},
		"data channel":      {offerOf(section("0", "sendonly"), "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\n"), fault.CodeBadSDP},
		"not bundled":       {strings.ReplaceAll(offerOf(section("0", "sendonly"), section("1", "recvonly")), "BUNDLE 0 1", "BUNDLE 0"), fault.CodeBadSDP},
		"no rtcp-mux":       {strings.ReplaceAll(good, "a=rtcp-mux\r\n", ""), fault.CodeBadSDP},
		"no fingerprint":    {strings.ReplaceAll(good, "a=fingerprint", "a=x"), fault.CodeBadSDP},
		"short password":    {strings.ReplaceAll(good, "abcdefghijklmnopqrstuvwx", "abc"), fault.CodeBadSDP},
		"odd ufrag":         {strings.ReplaceAll(good, "ice-ufrag:abcd", "ice-ufrag:ab cd"), fault.CodeBadSDP},
		"too many lines":    {offerOf(long), fault.CodeTooLarge},
		"too many sections": {manySections(MaxOfferSections + 1), fault.CodeTooLarge},
		"too many bytes":    {good + "a=x:" + strings.Repeat("y", MaxOfferBytes), fault.CodeTooLarge},
	} {
		if _, err := readOffer(c.text); !fault.Is(err, c.code) {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
}

func TestOffersThatAreCutDown(t *testing.T) {
	video := "m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=sendonly\r\na=rtcp-mux\r\na=rtpmap:96 VP8/90000\r\n"
	microphone := section("1", "sendrecv") + "a=ssrc:1 cname:x\r\na=ssrc:2 cname:x\r\na=rid:hi send\r\na=simulcast:send hi\r\n" +
		"a=candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host\r\na=candidate:2 1 tcp 2130706431 192.0.2.1 9 typ host tcptype passive\r\n" +
		"a=candidate:3 1 udp 2130706431 a-b-c.local 5000 typ host\r\n"
	sections := []string{video, microphone, section("2", "sendonly")}
	for i := range MaxSlots + 2 {
		sections = append(sections, section(fmt.Sprint(i+3), "recvonly"))
	}
	o, err := readOffer(offerOf(sections...))
	if err != nil {
		t.Fatal(err)
	}
	if o.slots != MaxSlots {
		t.Errorf("%d slots, want %d", o.slots, MaxSlots)
	}
	raw, err := o.description.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	for what, want := range map[string]int{
		"a=sendonly": 1, "a=recvonly": MaxSlots, "a=inactive": 4, "a=ssrc:1 ": 1, "a=ssrc:": 1, "a=candidate:": 1, "a=rid": 0, "a=simulcast": 0,
	} {
		if n := strings.Count(text, what); n != want {
			t.Errorf("%d of %q, want %d", n, what, want)
		}
	}
}

func TestFragments(t *testing.T) {
	good := "a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n" +
		"a=candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host\r\na=end-of-candidates\r\n"
	f, err := readFragment(good)
	if err != nil || f.ufrag != "abcd" || len(f.candidates) != 1 {
		t.Fatalf("read %+v, %v", f, err)
	}
	f.mid = "0"
	if f.String() != good {
		t.Errorf("written %q", f.String())
	}
	for text, code := range map[string]fault.Code{
		"":                                  fault.CodeBadSDP,
		"a=ice-ufrag:abcd\r\n":              fault.CodeBadSDP,
		strings.ReplaceAll(good, "x", "\t"): fault.CodeBadSDP,
		good + strings.Repeat("a=x\r\n", MaxFragmentBytes): fault.CodeTooLarge,
	} {
		if _, err := readFragment(text); !fault.Is(err, code) {
			t.Errorf("%.40q: %v, want %s", text, err, code)
		}
	}
}

func FuzzReadOffer(f *testing.F) {
	f.Add(offerOf(section("0", "sendonly"), section("1", "recvonly")))
	f.Add(offerOf(section("0", "sendrecv")) + "a=ssrc:1 cname:x\r\na=candidate:1 1 udp 1 192.0.2.1 5000 typ host\r\n")
	f.Add("v=0\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		o, err := readOffer(text)
		if err != nil {
			if !fault.Is(err, fault.CodeBadSDP) && !fault.Is(err, fault.CodeTooLarge) {
				t.Fatalf("refused with %v", err)
			}
			return
		}
		raw, err := o.description.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		var again sdp.SessionDescription
		if err := again.Unmarshal(raw); err != nil {
			t.Fatalf("cut down to what is not SDP: %v\n%q", err, raw)
		}
		if o.slots > MaxSlots || o.fragment().ufrag == "" {
			t.Fatalf("%d slots, ufrag %q", o.slots, o.fragment().ufrag)
		}
	})
}

func FuzzReadFragment(f *testing.F) {
	f.Add("a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		read, err := readFragment(text)
		if err != nil {
			return
		}
		if _, err := readFragment(read.String()); err != nil {
			t.Fatalf("written as %q: %v", read.String(), err)
		}
	})
}
