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
	a := startApart(t, func(cfg *processes.Config) { cfg.Plain = true })
	media := []string{"sfu-1", "sfu-2", "edge-1", "edge-2"}
	before := map[string]float64{}
	for _, name := range media {
		before[name] = metric(t, a.process(name).Operator, "go_goroutines")
	}
	network := &rpc.TCP{}
	t.Cleanup(func() { network.Close() })
	for range 20 {
		room := id.NewRoom()
		for _, node := range []string{"sfu-1", "sfu-2"} {
			if err := pullOf(t, network, a.Ports(node), room); !fault.Is(fault.From(err), fault.CodeUnavailable) { // a node knows its own rooms only
				t.Errorf("a pull of a room that is nowhere, at %s: %v", node, err)
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
		testkit.Eventually(t, 30*time.Second, func() error {
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

// pullOf answers how a pull of a room ends.
func pullOf(t *testing.T, network *rpc.TCP, address string, room id.Room) error {
	t.Helper()
	conn, err := network.Dial(address)
	must(t, err)
	stream, err := relayv1.NewRelayClient(conn).Pull(bounded(t))
	must(t, err)
	open := &relayv1.PullOpen{App: string(id.Main), Room: string(room), Rendition: "voice-32", Node: "edge-9"}
	must(t, stream.Send(&relayv1.PullRequest{Request: &relayv1.PullRequest_Open{Open: open}}))
	item, err := stream.Recv()
	if err == nil {
		t.Errorf("a pull of a room that is nowhere is answered with %v", item)
	}
	return err
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
