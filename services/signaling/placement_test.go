package signaling

import (
	"fmt"
	"testing"

	"rostrum/internal/id"
)

func sfu(name string, load Load) Node {
	return Node{ID: id.Node(name), Address: name + ":7010", Load: load, Alive: true}
}

func TestChoose(t *testing.T) {
	key := RoomKey{id.Main, id.NewRoom()}
	idle, busy := sfu("idle", Load{CPU: 0.11}), sfu("busy", Load{CPU: 0.7})
	dead := sfu("dead", Load{})
	dead.Alive = false
	forgotten := Node{ID: "forgotten"}
	for name, c := range map[string]struct {
		nodes   []Node
		program Program
		tried   []id.Node
		want    id.Node // "": none
		why     Reason
	}{
		"nobody":                         {want: ""},
		"only the dead":                  {nodes: []Node{dead}, want: ""},
		"the least loaded":               {nodes: []Node{busy, idle, dead}, want: "idle", why: ReasonFirst},
		"less CPU within noise":          {nodes: []Node{sfu("a", Load{CPU: 0.12, Rooms: 3}), sfu("b", Load{CPU: 0.19})}, want: "b", why: ReasonFirst},
		"fewer sessions before rooms":    {nodes: []Node{sfu("a", Load{Sessions: 9}), sfu("b", Load{Rooms: 9})}, want: "b", why: ReasonFirst},
		"not the one tried":              {nodes: []Node{busy, idle}, tried: []id.Node{"idle"}, want: "busy", why: ReasonFirst},
		"a held home stays":              {nodes: []Node{idle}, program: Program{Epoch: 7, Held: true, Node: busy}, want: "busy", why: ReasonKept},
		"a held home stays though tried": {nodes: []Node{idle}, program: Program{Epoch: 7, Held: true, Node: busy}, tried: []id.Node{"busy"}, want: ""},
		"a held home without address":    {nodes: []Node{idle}, program: Program{Epoch: 7, Held: true, Node: forgotten}, want: ""},
		"a home that ran out is probed":  {nodes: []Node{idle}, program: Program{Epoch: 7, Node: dead}, want: "dead", why: ReasonReturned},
		"then the room moves":            {nodes: []Node{idle}, program: Program{Epoch: 7, Node: dead}, tried: []id.Node{"dead"}, want: "idle", why: ReasonMoved},
		"a forgotten home":               {nodes: []Node{idle}, program: Program{Epoch: 7, Node: forgotten}, want: "idle", why: ReasonMoved},
		"recalled, and announced again":  {nodes: []Node{idle, busy}, program: recall(Program{Epoch: 7, Node: Node{ID: "busy"}}, []Node{idle, busy}), want: "busy", why: ReasonReturned},
		"recalled, and not announced":    {nodes: []Node{idle}, program: recall(Program{Epoch: 7, Node: Node{ID: "busy"}}, []Node{idle}), want: "idle", why: ReasonMoved},
	} {
		tried := map[id.Node]bool{}
		for _, node := range c.tried {
			tried[node] = true
		}
		got, why, found := choose(c.nodes, c.program, key, tried)
		if found != (c.want != "") || found && (got.ID != c.want || why != c.why) {
			t.Errorf("%s: %q, %v, %s, want %q, %s", name, got.ID, found, why, c.want, c.why)
		}
	}
}

func TestIdleNodesShareRooms(t *testing.T) {
	nodes := []Node{sfu("a", Load{}), sfu("b", Load{}), sfu("c", Load{})}
	count := map[id.Node]int{}
	for i := range 300 {
		node, _, _ := choose(nodes, Program{}, RoomKey{id.Main, id.Room(fmt.Sprint("rm_", i))}, nil)
		count[node.ID]++
	}
	for _, n := range nodes {
		if count[n.ID] < 60 {
			t.Errorf("of 300 rooms %s got %d", n.ID, count[n.ID])
		}
	}
}

func TestEdgeOrder(t *testing.T) {
	key := RoomKey{id.Main, "rm_1"}
	near := Edge{ID: "near", Region: "eu"}
	full := Edge{ID: "full", Region: "eu", Load: Load{Listeners: 20_000}}
	hot := Edge{ID: "hot", Region: "eu", Load: Load{CPU: 0.9}}
	far := Edge{ID: "far", Region: "us"}
	order := func(region string, edges ...Edge) (ids []id.Node) {
		for _, e := range orderEdges(edges, key, region) {
			ids = append(ids, e.ID)
		}
		return ids
	}
	if got := fmt.Sprint(order("eu", far, hot, full, near)); got != "[near hot full far]" {
		t.Errorf("in eu: %s", got)
	}
	if got := order("us", near, full, hot, far); got[0] != "far" {
		t.Errorf("in us: %v", got)
	}
	if got := order("", hot, far); got[0] != "far" {
		t.Errorf("without a region: %v", got)
	}
	var many []Edge
	for i := range 40 {
		many = append(many, Edge{ID: id.Node(fmt.Sprint("e-", i)), Load: Load{Listeners: uint64(i)}})
	}
	first := order("", many...)
	if len(first) != maxEdges {
		t.Errorf("%d edges", len(first))
	}
	if again := order("", append(many[20:], many[:20]...)...); fmt.Sprint(again) != fmt.Sprint(first) {
		t.Errorf("the order depends on the order of the question: %v, %v", first, again)
	}
	key.Room = "rm_2"
	if other := order("", many...); fmt.Sprint(other) == fmt.Sprint(first) {
		t.Error("all rooms go to the same edges")
	}
}

func TestEdgeAddresses(t *testing.T) {
	for url, want := range map[string]bool{
		"http://127.0.0.1:8080": true, "https://edge-1.example.org/base": true, "": true, "edge:8080": false, "ftp://e": false,
		"http://": false, "http://e?grant=1": false, "http://user:word@e": false, "javascript:alert(1)": false, "http://e#f": false,
	} {
		if err := (Edge{ID: "e", URL: url, Address: "e:1"}).check(); (err == nil) != want {
			t.Errorf("%q: %v", url, err)
		}
	}
}
