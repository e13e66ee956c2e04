package sfu_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"rostrum/client/speaker"
	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/mediaedge/audio"
	"rostrum/mediaedge/sfu"
)

func codeOf(err error) string {
	var refusal *speaker.Error
	if errors.As(err, &refusal) {
		return refusal.Code
	}
	return fmt.Sprint(err)
}

func TestOnlyPeopleOnStageMaySpeak(t *testing.T) {
	s := newStage(t, sfu.Config{})
	join := func(user string) error {
		_, err := speaker.Join(t.Context(), speaker.Config{URL: s.http.URL + "/whip", Token: user})
		return err
	}
	if code := codeOf(join("us_stranger")); code != "not_seated" {
		t.Errorf("a stranger: %s", code)
	}
	s.room.Allow(1, "us_ann", false)
	s.room.Allow(1, "us_bob", false) // the seat is his now
	if code := codeOf(join("us_ann")); code != "not_seated" {
		t.Errorf("who lost the seat: %s", code)
	}
	s.room.Deny(1)
	if code := codeOf(join("us_bob")); code != "not_seated" {
		t.Errorf("who was denied: %s", code)
	}
	s.room.Close()
	if code := codeOf(join("us_bob")); code != "not_live" {
		t.Errorf("a closed room: %s", code)
	}
	if err := s.room.Leave("test.x", "us_bob"); !fault.Is(err, fault.CodeNotFound) {
		t.Errorf("leave: %v", err)
	}
}

func TestBadOffersAreRefusedAndCostNobodyAnything(t *testing.T) {
	s := newStage(t, sfu.Config{})
	var heard ears
	s.join(1, "us_listens", 1, heard.hear)
	s.talk(s.join(2, "us_2", 0, nil), 2)
	s.room.Allow(3, "us_bad", false)
	for name, c := range map[string]struct{ body, code string }{
		"empty":         {"", "bad_sdp"},
		"garbage":       {"\x00\x01\x02", "bad_sdp"},
		"no audio":      {"v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n", "bad_sdp"},
		"a thousand":    {"v=0\r\n" + strings.Repeat("a=x\r\n", 1001), "too_large"},
		"a large offer": {strings.Repeat("x", sfu.MaxOfferBytes+1), "too_large"},
	} {
		request, _ := http.NewRequest(http.MethodPost, s.http.URL+"/whip", strings.NewReader(c.body))
		request.Header.Set("Authorization", "Bearer us_bad")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		answer, _ := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if f := fault.ReadHTTP(response.StatusCode, answer); string(f.Code) != c.code || f.Message == "" {
			t.Errorf("%s: %s %q, want %s", name, f.Code, f.Message, c.code)
		}
	}
	before := heard.count(2)
	eventually(t, func() string {
		if n := heard.count(2); n < before+10 {
			return fmt.Sprintf("%d packets since", n-before)
		}
		return ""
	})
}

func TestMuteAndDenyStopForwardingAtOnce(t *testing.T) {
	s := newStage(t, sfu.Config{})
	var heard ears
	s.join(1, "us_listens", 1, heard.hear)
	talker := s.join(2, "us_2", 0, nil)
	s.talk(talker, 2)
	some := func() {
		t.Helper()
		before := heard.count(2)
		eventually(t, func() string {
			if n := heard.count(2); n < before+10 {
				return fmt.Sprintf("%d packets heard", n-before)
			}
			return ""
		})
	}
	some()
	s.room.Mute(2, true)
	muted := len(s.ingest.from(2))
	<-time.After(300 * time.Millisecond) // 15 packets of a client that goes on sending
	if n := len(s.ingest.from(2)); n != muted {
		t.Errorf("%d packets reached the ingest after Mute", n-muted)
	}
	eventually(t, func() string { // the last allowed may still be on its way
		last, said := heard.all(), s.ingest.from(2)
		if string(last[len(last)-1].Opus) != string(said[len(said)-1].Opus) {
			return fmt.Sprintf("a slot carried %x last, the last allowed was %x", last[len(last)-1].Opus, said[len(said)-1].Opus)
		}
		return ""
	})
	s.room.Mute(2, false)
	some()
	packets := heard.all()
	for i, p := range packets[1:] {
		if p.Sequence != packets[i].Sequence+1 {
			t.Errorf("number %d after %d: muting is no loss", p.Sequence, packets[i].Sequence)
		}
	}
	s.room.Deny(2)
	denied := len(s.ingest.from(2))
	select {
	case <-talker.Done():
	case <-time.After(time.Minute):
		t.Error("the session of who was denied is still open")
	}
	if n := len(s.ingest.from(2)); n != denied {
		t.Errorf("%d packets reached the ingest after Deny", n-denied)
	}
	s.wantNews(sfu.News{Seat: 1, User: "us_listens"})
}

func TestASecondSessionReplacesTheFirst(t *testing.T) {
	s := newStage(t, sfu.Config{})
	var heard ears
	s.join(1, "us_listens", 1, heard.hear)
	first := s.join(2, "us_2", 0, nil)
	s.talk(first, 'x')
	eventually(t, func() string {
		if heard.count(2) == 0 {
			return "the first is not heard"
		}
		return ""
	})
	second := s.open("us_2", 0, nil)
	select {
	case <-first.Done():
	case <-time.After(time.Minute):
		t.Fatal("the first session is still open")
	}
	s.talk(second, 'y')
	eventually(t, func() string {
		packets := heard.all()
		for i, p := range packets {
			if i > 0 && p.Sequence != packets[i-1].Sequence+1 {
				return fmt.Sprintf("number %d after %d", p.Sequence, packets[i-1].Sequence)
			}
		}
		if last := packets[len(packets)-1]; last.Opus[0] != 'y' {
			return "the second is not heard"
		}
		return ""
	})
	if err := first.Close(t.Context()); err != nil {
		t.Errorf("close of a session that was replaced: %v", err)
	}
	s.wantNews(sfu.News{Seat: 1, User: "us_listens"}, sfu.News{Seat: 2, User: "us_2"})
}

func TestIceRestart(t *testing.T) {
	s := newStage(t, sfu.Config{})
	var heard ears
	listener := s.join(1, "us_listens", 1, heard.hear)
	talker := s.join(2, "us_2", 0, nil)
	s.talk(talker, 2)
	for range 3 {
		for _, p := range []*speaker.Speaker{talker, listener} {
			if err := p.Restart(t.Context()); err != nil {
				t.Fatalf("restart: %v", err)
			}
		}
		before := heard.count(2)
		eventually(t, func() string {
			if n := heard.count(2); n < before+25 {
				return fmt.Sprintf("%d packets heard since the restart", n-before)
			}
			return ""
		})
	}
}

func TestRestartWantsTheNewestTag(t *testing.T) {
	s := newStage(t, sfu.Config{})
	s.room.Allow(1, "us_ann", false)
	peer, err := webrtc.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = peer.GracefulClose() })
	session := s.sfu.NewSession()
	_, tag, seat, err := s.room.Join(t.Context(), session, "us_ann", offerWithTrack(t, peer))
	if err != nil || seat != 1 {
		t.Fatalf("seat %d, %v", seat, err)
	}
	fragment := "a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\n"
	renewed, next, err := s.room.Restart(t.Context(), session, "us_ann", tag, fragment)
	if err != nil || next == tag || !strings.Contains(renewed, "a=candidate:") || !strings.Contains(renewed, "a=ice-ufrag:"+strings.Trim(next, `"`)) {
		t.Fatalf("tag %s after %s, fragment %q, %v", next, tag, renewed, err)
	}
	if _, _, err := s.room.Restart(t.Context(), session, "us_ann", tag, fragment); !fault.Is(err, fault.CodePreconditionFailed) {
		t.Errorf("stale tag: %v", err)
	}
	if _, _, err := s.room.Restart(t.Context(), session, "us_bob", next, fragment); !fault.Is(err, fault.CodeNotFound) {
		t.Errorf("somebody else's session: %v", err)
	}
	if _, _, err := s.room.Restart(t.Context(), session, "us_ann", next, "nonsense"); !fault.Is(err, fault.CodeBadSDP) {
		t.Errorf("nonsense: %v", err)
	}
	if answer, same, err := s.room.Restart(t.Context(), session, "us_ann", next, fragment); err != nil || same != next || answer != "" {
		t.Errorf("candidates without a restart: %q, %s, %v", answer, same, err)
	}
	if _, star, err := s.room.Restart(t.Context(), session, "us_ann", "*", strings.ReplaceAll(fragment, "abcd\r", "efgh\r")); err != nil || star == next {
		t.Errorf("If-Match: *: %s, %v", star, err)
	}
	if err := s.room.Leave(session, "us_ann"); err != nil {
		t.Errorf("leave: %v", err)
	}
}

// offerWithTrack is what a program makes that only adds a track: one section that could also receive.
func offerWithTrack(t *testing.T, peer *webrtc.PeerConnection) string {
	t.Helper()
	track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus}, "audio", "stream")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := peer.AddTrack(track); err != nil {
		t.Fatal(err)
	}
	offer, err := peer.CreateOffer(nil)
	if err != nil {
		t.Fatal(err)
	}
	return offer.SDP
}

func TestAPlainWhipClientIsHeard(t *testing.T) {
	s := newStage(t, sfu.Config{})
	s.talk(s.join(1, "us_plain", 0, nil), 1)
	eventually(t, func() string {
		if n := len(s.ingest.from(1)); n < 10 {
			return fmt.Sprintf("%d packets", n)
		}
		return ""
	})
}

func TestAClientThatHangsUpIsLost(t *testing.T) {
	s := newStage(t, sfu.Config{})
	s.room.Allow(4, "us_ann", false)
	ctx := t.Context()
	p, err := speaker.Join(ctx, speaker.Config{URL: s.http.URL + "/whip", Token: "us_ann", HTTPClient: &http.Client{Transport: deaf{}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Close(ctx); err == nil {
		t.Error("DELETE went through")
	}
	s.wantLoss(4, "us_ann")
}

// deaf does all requests but DELETE.
type deaf struct{}

func (deaf) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodDelete {
		return nil, errors.New("no network")
	}
	return http.DefaultTransport.RoundTrip(r)
}

// wantNews takes the news until it is just this, but for the names of sessions.
func (s *stage) wantNews(want ...sfu.News) {
	s.t.Helper()
	eventually(s.t, func() string {
		for _, n := range s.room.News() {
			if n.Session.Node() != "test" {
				s.t.Errorf("news of session %q", n.Session)
			}
			n.Session = ""
			s.told = append(slices.DeleteFunc(s.told, func(older sfu.News) bool { return older.Seat == n.Seat }), n)
		}
		if !slices.Equal(s.told, want) {
			return fmt.Sprintf("news is %+v, want %+v", s.told, want)
		}
		return ""
	})
	s.told = nil
}

func (s *stage) wantLoss(seat audio.Seat, user id.User) {
	s.t.Helper()
	s.wantNews(sfu.News{Seat: seat, User: user, Lost: true})
	if err := s.room.Leave("test.x", user); !fault.Is(err, fault.CodeNotFound) {
		s.t.Errorf("leave: %v", err)
	}
}

func TestManySessionsShareOnePort(t *testing.T) {
	s := newStage(t, sfu.Config{})
	const people = 12
	var joining sync.WaitGroup
	heard := make([]ears, people)
	for i := range people {
		seat := audio.Seat(i + 1)
		user := id.User(fmt.Sprint("us_", seat))
		s.room.Allow(seat, user, false)
		joining.Go(func() {
			p, err := speaker.Join(t.Context(), speaker.Config{URL: s.http.URL + "/whip", Token: string(user), Slots: people - 1, Heard: heard[i].hear, Silence: 20 * time.Second})
			if err != nil {
				t.Errorf("%s: %v", user, err)
				return
			}
			t.Cleanup(func() { _ = p.Close(context.Background()) })
			s.talk(p, byte(seat))
		})
	}
	joining.Wait()
	eventually(t, func() string {
		for i := range people {
			for seat := uint8(1); seat <= people; seat++ {
				if n := heard[i].count(seat); n < 5 != (int(seat) == i+1) {
					return fmt.Sprintf("seat %d heard %d packets of %d", i+1, n, seat)
				}
			}
		}
		return ""
	})
}
