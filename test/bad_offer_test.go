package test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/token"
)

const (
	mediaSDP      = "application/sdp"
	mediaFragment = "application/trickle-ice-sdpfrag"
)

// goodOffer is the least that can be answered: one microphone.
var goodOffer = strings.Join([]string{
	"v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0",
	"m=audio 9 UDP/TLS/RTP/SAVPF 111", "c=IN IP4 0.0.0.0", "a=mid:0", "a=sendonly", "a=rtcp-mux", "a=setup:actpass",
	"a=ice-ufrag:abcd", "a=ice-pwd:abcdefghijklmnopqrstuv", "a=fingerprint:sha-256 " + strings.TrimSuffix(strings.Repeat("AB:", 32), ":"),
	"a=rtpmap:111 opus/48000/2", "",
}, "\r\n")

func (w *world) badOffers(t *testing.T) {
	for _, c := range append(w.badSpeakers(t), w.badSDP()...) {
		t.Run(c.name, func(t *testing.T) {
			w.seatGuest(t)
			w.isRefused(t, c)
		})
	}
	w.seatGuest(t)
	status, answer, header := w.call(t, w.offers("", w.live.ID, w.guest.Token(), goodOffer, ""))
	if status != http.StatusCreated || header.Get("Location") == "" || header.Get("ETag") == "" {
		t.Fatalf("a good offer is answered %d %s, %v", status, answer, header)
	}
	session := header.Get("Location")
	for _, c := range w.badSessions(session) {
		t.Run(c.name, func(t *testing.T) { w.isRefused(t, c) })
	}
	status, answer, _ = w.call(t, badCall{method: "DELETE", path: session, bearer: w.guestSpeaks})
	if status != http.StatusOK {
		t.Errorf("the session that was meant by none of this is closed with %d %s", status, answer)
	}
}

// isRefused makes a call that is to be refused, and not for coming too soon after others.
func (w *world) isRefused(t *testing.T, c badCall) {
	t.Helper()
	status, answer, _ := w.call(t, c)
	for status == http.StatusTooManyRequests && c.want != fault.CodeRateLimited {
		<-time.After(100 * time.Millisecond)
		status, answer, _ = w.call(t, c)
	}
	refused(t, status, answer, c.want)
}

func (w *world) offers(name, room, bearer, offer string, want fault.Code) badCall {
	return badCall{name: name, method: "POST", path: inRoom(room, "/whip"), bearer: bearer, body: offer, media: mediaSDP, want: want}
}

func (w *world) badSpeakers(t *testing.T) []badCall {
	unknown := string(id.NewRoom())
	guest, live := w.guest.Token(), w.live.ID
	return []badCall{
		w.offers("no bearer", live, "", goodOffer, fault.CodeUnauthenticated),
		w.offers("not a token", live, "a.b.c", goodOffer, fault.CodeUnauthenticated),
		w.offers("a forged grant", live, w.signedBy(t, w.forger(t), live, token.RightSpeak, 0), goodOffer, fault.CodeUnauthenticated),
		w.offers("an expired grant", live, w.signed(t, live, token.RightSpeak, 2*time.Hour), goodOffer, fault.CodeExpired),
		w.offers("a listen grant", live, w.guestListens, goodOffer, fault.CodeForbidden),
		w.offers("a door grant", live, w.signed(t, live, token.RightOgg, 0), goodOffer, fault.CodeForbidden),
		w.offers("another room's grant", live, w.speaksElsewhere, goodOffer, fault.CodeForbidden),
		w.offers("no seat", live, w.stranger.Token(), goodOffer, fault.CodeNotSeated),
		w.offers("not a room", "lobby", guest, goodOffer, fault.CodeInvalid),
		w.offers("an unknown room", unknown, guest, goodOffer, fault.CodeNotFound),
		w.offers("before the start", w.scheduled.ID, w.host.Token(), goodOffer, fault.CodeNotLive),
		w.offers("after the end", w.ended.ID, w.host.Token(), goodOffer, fault.CodeEnded),
	}
}

func (w *world) badSDP() []badCall {
	offer := func(name, text string, want fault.Code) badCall {
		return w.offers(name, w.live.ID, w.guest.Token(), text, want)
	}
	without := func(line string) string { return strings.Replace(goodOffer, line+"\r\n", "", 1) }
	instead := func(old, text string) string { return strings.ReplaceAll(goodOffer, old, text) }
	lines := strings.Count(goodOffer, "\n")
	var sections strings.Builder
	for i := range 32 {
		fmt.Fprintf(&sections, "m=audio 0 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:m%d\r\n", i)
	}
	json := offer("JSON", `{"type":"offer"}`, fault.CodeUnsupportedMedia)
	json.media = "application/json"
	return []badCall{
		json,
		offer("nothing", "", fault.CodeBadSDP),
		offer("garbage", "\x00\x01\x02 not SDP", fault.CodeBadSDP),
		offer("not UTF-8", "v=0\r\n\xff\xfe", fault.CodeBadSDP),
		offer("half an offer", goodOffer[:len(goodOffer)/2], fault.CodeBadSDP),
		offer("no section", goodOffer[:strings.Index(goodOffer, "m=")], fault.CodeBadSDP),
		offer("video", instead("m=audio", "m=video"), fault.CodeBadSDP),
		offer("a data channel", instead("m=audio", "m=application"), fault.CodeBadSDP),
		offer("no microphone", instead("sendonly", "recvonly"), fault.CodeBadSDP),
		offer("no Opus", instead("opus/48000/2", "PCMU/8000"), fault.CodeBadSDP),
		offer("no fingerprint", without(goodOffer[strings.Index(goodOffer, "a=fingerprint"):strings.Index(goodOffer, "\r\na=rtpmap")]), fault.CodeBadSDP),
		offer("no password", without("a=ice-pwd:abcdefghijklmnopqrstuv"), fault.CodeBadSDP),
		offer("1,001 lines", goodOffer+strings.Repeat("a=x\r\n", 1001-lines), fault.CodeTooLarge),
		offer("33 sections", goodOffer+sections.String(), fault.CodeTooLarge),
		offer("too large", goodOffer+"a=x:"+strings.Repeat("x", maxBody)+"\r\n", fault.CodeTooLarge),
	}
}

// badSessions meddle with a session of the guest's.
func (w *world) badSessions(session string) []badCall {
	guest, stranger := w.guest.Token(), w.stranger.Token()
	unknown := inRoom(w.live.ID, "/whip/"+string(id.NewSession("dev")))
	elsewhere := inRoom(w.live.ID, "/whip/"+string(id.NewSession("nowhere")))
	patch := func(name, path, bearer, match, body string, want fault.Code) badCall {
		c := badCall{name: name, method: "PATCH", path: path, bearer: bearer, body: body, media: mediaFragment, want: want}
		if match != "" {
			c.headers = map[string]string{"If-Match": match}
		}
		return c
	}
	fragment := "a=ice-ufrag:efgh\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\n"
	return []badCall{
		patch("restart without If-Match", session, guest, "", fragment, fault.CodePreconditionRequired),
		patch("restart with an older tag", session, guest, `"older"`, fragment, fault.CodePreconditionFailed),
		patch("restart with garbage", session, guest, "*", "garbage", fault.CodeBadSDP),
		patch("restart another's session", session, stranger, "*", fragment, fault.CodeNotFound),
		patch("restart an unknown session", unknown, guest, "*", fragment, fault.CodeNotFound),
		patch("restart at an unknown node", elsewhere, guest, "*", fragment, fault.CodeNotFound),
		{name: "close another's session", method: "DELETE", path: session, bearer: stranger, want: fault.CodeNotFound},
		{name: "close an unknown session", method: "DELETE", path: unknown, bearer: guest, want: fault.CodeNotFound},
		{name: "close with no session's name", method: "DELETE", path: inRoom(w.live.ID, "/whip/x"), bearer: guest, want: fault.CodeInvalid},
	}
}
