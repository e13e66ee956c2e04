package test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"testing"
	"time"

	"rostrum/client/api"
	"rostrum/client/listener"
	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/rpc"
	"rostrum/internal/testkit"
	"rostrum/internal/token"
	relayv1 "rostrum/proto/rostrum/relay/v1"
	processes "rostrum/test/cluster"
)

// TestARoomThatIsNowhere asks every door for rooms that do not exist: each says so, and keeps nothing of it. The roles speak
// plain gRPC.
func TestARoomThatIsNowhere(t *testing.T) {
	t.Parallel()
	a := startApart(t, func(cfg *processes.Config) { cfg.Plain = true })
	media := []string{"sfu-1", "sfu-2", "edge-1", "edge-2"}
	before := map[string]float64{}
	for _, name := range media {
		before[name] = metric(t, a.process(name).Operator, "go_goroutines")
	}
	for range 20 {
		room := id.NewRoom()
		for _, node := range []string{"sfu-1", "sfu-2"} {
			if item, err := pullOf(t, a.Ports(node), room); err == nil || !fault.Is(fault.From(err), fault.CodeUnavailable) {
				t.Errorf("a pull of a room that is nowhere, at %s: %v, %v", node, item, err)
			}
		}
		grant := a.grant(t, room)
		for _, name := range []string{"edge-1", "edge-2"} {
			url := "http://" + a.Ports(name+" http")
			l, err := listener.Open(bounded(t), at(url, string(room), grant))
			if err == nil {
				l.Close()
			}
			if code := codeOf(err); code != "4409 not_live" && code != "4404 not_found" {
				t.Errorf("listening to a room that is nowhere, at %s: %v", name, err)
			}
		}
	}
	nowhere := string(id.NewRoom())
	a.checkAnswer("http://"+a.Ports("edge-1 http")+inRoom(nowhere, "/listen"), http.StatusBadRequest, "invalid")
	person := a.person(t, "Lost")
	_, err := person.Join(bounded(t), nowhere, api.Join{Role: "listener"})
	is(t, "join a room that is nowhere", err, "not_found")
	_, err = person.RaiseHand(bounded(t), nowhere, "")
	is(t, "raise a hand nowhere", err, "not_found")

	for _, name := range media {
		operator := a.process(name).Operator
		testkit.Eventually(t, patience, func() error {
			pulls := metric(t, operator, "rostrum_relay_pulls") + metric(t, operator, "rostrum_relay_serving_pulls")
			listeners, goroutines := metric(t, operator, "rostrum_edge_listeners"), metric(t, operator, "go_goroutines")
			if pulls+listeners > 0 || goroutines > before[name]+15 {
				return fmt.Errorf("%s has %v pulls, %v listeners, %v goroutines, at first %v", name, pulls, listeners, goroutines, before[name])
			}
			return nil
		})
	}
	a.checkNothingPanicked()
}

// TestARoomThatIsElsewhere asks each SFU for a room: where it is not at home a pull is sent on to where it is, also after it
// moved.
func TestARoomThatIsElsewhere(t *testing.T) {
	t.Parallel()
	a := startApart(t, func(cfg *processes.Config) { cfg.Plain = true })
	room := a.liveRoom(t, a.person(t, "Host"), api.CreateRoom{Title: "Elsewhere"})
	ear := a.listen(t, a.person(t, "Listener"), room.ID, "voice-32", 200*time.Millisecond)
	ear.more(t, 2)
	home, other := a.home(room.ID), "sfu-2"
	if home == other {
		other = "sfu-1"
	}
	a.checkSentOn(room.ID, other, home)
	a.kill(home)
	testkit.Eventually(t, patience, func() error {
		item, err := pullOf(t, a.Ports(other), id.Room(room.ID))
		if err == nil && item.GetOpened() == nil {
			err = fmt.Errorf("%s answers %v", other, item)
		}
		return err
	})
	a.restart(home)
	a.checkSentOn(room.ID, home, other)
	a.checkNothingPanicked()
}

// checkSentOn wants a pull of a room at one SFU to be sent on to another.
func (a *apart) checkSentOn(room, from, to string) {
	a.t.Helper()
	opened, err := pullOf(a.t, a.Ports(to), id.Room(room))
	must(a.t, err)
	sent, err := pullOf(a.t, a.Ports(from), id.Room(room))
	must(a.t, err)
	on, epoch := sent.GetRedirect(), opened.GetOpened().GetEpoch()
	if on.GetNode() != to || on.GetAddress() != a.Ports(to) || epoch == 0 || on.GetEpoch() != epoch {
		a.t.Errorf("%s answers %v; the room is at %s in epoch %d", from, sent, to, epoch)
	}
}

// pullOf answers the first item of a pull of a room.
func pullOf(t *testing.T, address string, room id.Room) (*relayv1.PullItem, error) {
	t.Helper()
	network := &rpc.TCP{}
	defer network.Close()
	conn, err := network.Dial(address)
	must(t, err)
	stream, err := relayv1.NewRelayClient(conn).Pull(bounded(t))
	must(t, err)
	open := &relayv1.PullOpen{App: string(id.Main), Room: string(room), Rendition: "voice-32", Node: "edge-9"}
	must(t, stream.Send(&relayv1.PullRequest{Request: &relayv1.PullRequest_Open{Open: open}}))
	return stream.Recv()
}

// grant signs a grant as the system does.
func (a *apart) grant(t *testing.T, room id.Room) string {
	t.Helper()
	text, err := os.ReadFile(a.file("keys.json"))
	must(t, err)
	var keys struct{ Signer string }
	must(t, json.Unmarshal(text, &keys))
	signer, err := token.ParseSigner(keys.Signer)
	must(t, err)
	grant, err := signer.Sign(token.Grant{
		App: id.Main, Room: room, Subject: string(id.NewUser()), Right: token.RightListen, Issued: time.Now(), Expires: time.Now().Add(time.Hour),
	})
	must(t, err)
	return grant
}

// checkAnswer wants a call of a URL to be answered with a fault.
func (a *apart) checkAnswer(url string, status int, code string) {
	a.t.Helper()
	answer, err := http.Get(url)
	must(a.t, err)
	defer answer.Body.Close()
	var body struct{ Error struct{ Code string } }
	if err := json.NewDecoder(answer.Body).Decode(&body); err != nil || answer.StatusCode != status || body.Error.Code != code {
		a.t.Errorf("%s answers %s, %q, %v; wanted %d, %q", url, answer.Status, body.Error.Code, err, status, code)
	}
}
