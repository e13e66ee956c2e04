package test

import (
	"bytes"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"

	"rostrum/client/listener"
	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/rpc"
	"rostrum/internal/testkit"
	"rostrum/internal/token"
	"rostrum/mediaedge/audio"
	listenv1 "rostrum/proto/rostrum/listen/v1"
	relayv1 "rostrum/proto/rostrum/relay/v1"
	signalingv1 "rostrum/proto/rostrum/signaling/v1"
	processes "rostrum/test/cluster"
)

// hostile is signaling and upstream of one edge. It says what a script says, one pull after the other, and after the last
// what an origin would.
type hostile struct {
	signalingv1.UnimplementedNodesServer
	relayv1.UnimplementedRelayServer

	t       *testing.T
	address string
	signer  token.Signer
	room    id.Room
	script  []scripted
	pulls   atomic.Int64
}

// scripted is what one pull brings, and for what the edge should leave it.
type scripted struct {
	name   string
	reason string // of the loss, as the metric has it
	items  []*relayv1.PullItem
	hold   bool // nothing follows, but the stream stays open
}

// TestAnEdgeBelievesNoUpstream puts an edge, a process of its own, before an upstream that sends garbage, repeats, disorder,
// older epochs and worse. What its listener hears is whole, in order, and of one connection.
func TestAnEdgeBelievesNoUpstream(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	p := h.startEdge()
	grant, err := h.signer.Sign(token.Grant{
		App: id.Main, Room: h.room, Subject: string(id.NewUser()), Right: token.RightListen, Issued: time.Now(), Expires: time.Now().Add(time.Hour),
	})
	must(t, err)
	ear := record(t, at(h.url(p), string(h.room), grant))
	testkit.Eventually(t, 60*time.Second, func() error {
		if n := len(ear.all()); n < 20 || int(h.pulls.Load()) <= len(h.script) {
			return fmt.Errorf("%d batches after %d pulls; ended: %v", n, h.pulls.Load(), ear.ended)
		}
		return nil
	})
	h.checkHeard(ear)
	for _, s := range h.script {
		if n := metric(t, p.Operator, "rostrum_relay_lost_upstreams_total", `reason="`+s.reason+`"`); n == 0 {
			t.Errorf("%s: no upstream was left for %q", s.name, s.reason)
		}
	}
	for _, reason := range []string{"malformed", "repeat", "lower_epoch", "other_rendition"} {
		if metric(t, p.Operator, "rostrum_relay_refused_total", `reason="`+reason+`"`) == 0 {
			t.Errorf("nothing was refused for %q", reason)
		}
	}
	if log := logOf(p); !p.Lives() || strings.Count(log, "\n") > 60 || strings.Contains(log, "panic") {
		t.Errorf("the edge logged\n%s", log)
	}
	if pulls := metric(t, p.Operator, "rostrum_relay_pulls"); pulls != 1 {
		t.Errorf("%v pulls are open", pulls)
	}
}

func newHostile(t *testing.T) *hostile {
	t.Helper()
	h := &hostile{t: t, signer: token.NewSigner(), room: id.NewRoom()}
	network := &rpc.TCP{}
	l, err := network.Listen("127.0.0.1:0")
	must(t, err)
	h.address = l.Addr().String()
	h.script = h.plot()
	server := rpc.NewServer(slog.New(slog.DiscardHandler), rpc.Options{})
	signalingv1.RegisterNodesServer(server, h)
	relayv1.RegisterRelayServer(server, h)
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	t.Cleanup(func() {
		server.Stop()
		must(t, <-served)
	})
	return h
}

// plot is what the pulls bring. Numbers 1 to 18 are told in it, all but 16; then the honest upstream goes on.
func (h *hostile) plot() []scripted {
	opened := func(epoch, newest uint64) *relayv1.PullItem {
		return &relayv1.PullItem{Item: &relayv1.PullItem_Opened{Opened: &relayv1.PullOpened{Epoch: epoch, Newest: newest}}}
	}
	good := func(numbers ...audio.Number) (all []*relayv1.PullItem) {
		for _, n := range numbers {
			all = append(all, h.batch(n, 5, audio.Voice32))
		}
		return all
	}
	broken := h.batch(15, 5, audio.Voice32)
	broken.GetBatch()[12] ^= 1
	junk := []*relayv1.PullItem{
		{}, broken, {Item: &relayv1.PullItem_Batch{Batch: []byte("not a batch")}}, {Item: &relayv1.PullItem_Batch{}}, h.batch(15, 5, audio.Voice16),
		{Item: &relayv1.PullItem_Gap{Gap: &listenv1.Gap{First: 20, Last: 15, Epoch: 5, Reason: 1}}},
		{Item: &relayv1.PullItem_Gap{Gap: &listenv1.Gap{First: 15, Last: 20, Epoch: 5}}},
		{Item: &relayv1.PullItem_Card{Card: &listenv1.RoomCard{App: "main", Room: string(id.NewRoom()), Title: "Another room", Epoch: 9}}},
		{Item: &relayv1.PullItem_Revocation{Revocation: &listenv1.Revocation{App: "main", Room: string(id.NewRoom()), Subject: "us_x", IssuedBefore: 1 << 40}}},
		{Item: &relayv1.PullItem_Revocation{Revocation: &listenv1.Revocation{App: "main", Room: string(h.room), Subject: strings.Repeat("x", 4000), IssuedBefore: 1 << 40}}},
	}
	redirect := func(address string) []*relayv1.PullItem {
		return []*relayv1.PullItem{{Item: &relayv1.PullItem_Redirect{Redirect: &relayv1.Redirect{Address: address, Node: "sfu-1", Epoch: 5}}}}
	}
	all := []scripted{
		{"garbage among batches", "garbage", slices.Concat([]*relayv1.PullItem{opened(5, 14)}, good(1, 2, 3, 10, 11, 12, 13, 14), junk, slices.Repeat([]*relayv1.PullItem{broken}, 30)), true},
		{"repeats and disorder, then silence", "silent", slices.Concat([]*relayv1.PullItem{opened(5, 14)}, good(10, 11, 15, 14, 15, 17, 16, 18, 17)), true},
		{"an older epoch when it opens", "stale_epoch", []*relayv1.PullItem{opened(4, 30)}, true},
		{"batches of an older epoch", "stale_epoch", slices.Concat([]*relayv1.PullItem{opened(5, 14)}, slices.Repeat([]*relayv1.PullItem{h.batch(40, 4, audio.Voice32)}, 30)), true},
		{"a batch before it opens", "protocol", good(19), true},
		{"a redirect to nowhere", "protocol", redirect(""), true},
		{"more bytes than an item has", "internal", []*relayv1.PullItem{opened(5, 14), {Item: &relayv1.PullItem_Batch{Batch: make([]byte, 200<<10)}}}, true},
		{"an end as it begins", "unavailable", []*relayv1.PullItem{opened(5, 14)}, false},
	}
	for range 4 { // three are followed
		all = append(all, scripted{"a redirect in a circle", "redirects", redirect(h.address), true})
	}
	return all
}

// batch is an item with a batch; its bytes are the same each time.
func (h *hostile) batch(n audio.Number, epoch audio.Epoch, rendition audio.Rendition) *relayv1.PullItem {
	b := audio.Batch{Number: n, Epoch: epoch, Rendition: rendition}
	for i := range b.Frames {
		b.Frames[i].Opus = bytes.Repeat([]byte{0xf8, byte(n), byte(i)}, 10)
	}
	encoded, err := b.Encode()
	must(h.t, err)
	return &relayv1.PullItem{Item: &relayv1.PullItem_Batch{Batch: encoded}}
}

// startEdge starts the edge before it.
func (h *hostile) startEdge() *processes.Process {
	h.t.Helper()
	folder, ports := h.t.TempDir(), portsOf(h.t)
	p := &processes.Process{Name: "edge", Operator: ports("operator"), Log: filepath.Join(folder, "edge.log"), Command: []string{
		rostrum(h.t), "run", "edge", "--set", "listen.operator=" + ports("operator"), "--set", "listen.http=" + ports("http"),
		"--set", "public_url=http://" + ports("http"), "--set", "peers.signaling=" + h.address, "--set", "node=edge-1",
	}}
	startProcess(h.t, p)
	must(h.t, p.Ready(bounded(h.t)))
	return p
}

// url is where an edge's listeners reach it.
func (h *hostile) url(p *processes.Process) string {
	for _, word := range p.Command {
		if url, found := strings.CutPrefix(word, "public_url="); found {
			return url
		}
	}
	return ""
}

// Control gives the key and says that every room is at home here.
func (h *hostile) Control(stream signalingv1.Nodes_ControlServer) error {
	if _, err := stream.Recv(); err != nil {
		return err
	}
	public := h.signer.Public()
	err := stream.Send(&signalingv1.EdgeOrder{Order: &signalingv1.EdgeOrder_Keys{Keys: &signalingv1.Keys{
		Keys: []*signalingv1.PublicKey{{Id: public.ID, Ed25519: public.Ed25519[:]}},
	}}})
	for err == nil {
		var report *signalingv1.EdgeReport
		if report, err = stream.Recv(); err == nil && report.GetLookup() != nil {
			err = stream.Send(&signalingv1.EdgeOrder{Order: &signalingv1.EdgeOrder_Home{Home: &signalingv1.Home{
				App: report.GetLookup().GetApp(), Room: report.GetLookup().GetRoom(), Node: "sfu-1", Address: h.address, Epoch: 5,
			}}})
		}
	}
	return err
}

// Pull plays the next part of the script, or goes on honestly.
func (h *hostile) Pull(stream grpc.BidiStreamingServer[relayv1.PullRequest, relayv1.PullItem]) error {
	opening, err := stream.Recv()
	if err != nil {
		return err
	}
	n := int(h.pulls.Add(1)) - 1
	if n >= len(h.script) {
		return h.goOn(stream, opening.GetOpen())
	}
	for _, item := range h.script[n].items {
		if err := stream.Send(item); err != nil {
			return err
		}
	}
	if !h.script[n].hold {
		return fault.New(fault.CodeUnavailable, "gone")
	}
	<-stream.Context().Done()
	return stream.Context().Err()
}

// goOn is an upstream as it should be.
func (h *hostile) goOn(stream grpc.BidiStreamingServer[relayv1.PullRequest, relayv1.PullItem], open *relayv1.PullOpen) error {
	if first := int(h.pulls.Load()) == len(h.script)+1; first && (open.GetFrom() != 19 || open.GetKnownEpoch() != 5 || open.GetKnownNumber() != 18) {
		h.t.Errorf("after the script the edge asks for %v", open)
	}
	err := stream.Send(&relayv1.PullItem{Item: &relayv1.PullItem_Opened{Opened: &relayv1.PullOpened{Epoch: 5, Newest: 18}}})
	ticker := time.NewTicker(audio.BatchDuration)
	defer ticker.Stop()
	for number := audio.Number(open.GetFrom()); err == nil; number++ {
		select {
		case <-ticker.C:
			err = stream.Send(h.batch(number, 5, audio.Voice32))
		case <-stream.Context().Done():
			err = stream.Context().Err()
		}
	}
	return err
}

// checkHeard wants every number once and in order, as the upstream made it, or in a gap that says that the edge lost it.
func (h *hostile) checkHeard(ear *recording) {
	h.t.Helper()
	next := ear.all()[0].GetNumber()
	lost := map[uint64]bool{}
	for _, gap := range ear.allGaps() {
		for n := gap.GetFirst(); n <= gap.GetLast(); n++ {
			lost[n] = gap.GetReason() == listenv1.GapReason_GAP_REASON_UPSTREAM_LOST
		}
	}
	for _, b := range ear.all() {
		for lost[next] {
			next++
		}
		want := h.batch(audio.Number(b.GetNumber()), 5, audio.Voice32).GetBatch()
		if b.GetNumber() != next || !bytes.Equal(b.Encoded, want) {
			h.t.Fatalf("number %d of epoch %d came where %d should; lost were %v", b.GetNumber(), b.GetEpoch(), next, lost)
		}
		next++
	}
	if stats := ear.listener.Stats(); stats.Connections != 1 || stats != (listener.Stats{
		Batches: stats.Batches, Gaps: stats.Gaps, Cards: stats.Cards, Bytes: stats.Bytes, Connections: 1,
	}) || stats.Cards > 0 {
		h.t.Errorf("the listener met %+v", stats)
	}
	if !lost[16] {
		h.t.Errorf("the number that came late was not told as lost: %v", lost)
	}
}
