package signaling

import (
	"google.golang.org/grpc"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/token"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
	mediav1 "rostrum/proto/rostrum/media/v1"
	signalingv1 "rostrum/proto/rostrum/signaling/v1"
)

// named are the requests about a room.
type named interface {
	GetApp() string
	GetRoom() string
}

func readRoomKey(in named) (RoomKey, error) {
	app, err := id.ParseApp(in.GetApp())
	if err != nil {
		return RoomKey{}, err
	}
	room, err := id.ParseRoom(in.GetRoom())
	return RoomKey{App: app, Room: room}, err
}

func readSpeaker(in interface {
	named
	GetUser() string
}) (Speaker, error) {
	key, err := readRoomKey(in)
	if err != nil {
		return Speaker{}, err
	}
	user, err := id.ParseUser(in.GetUser())
	return Speaker{RoomKey: key, User: user}, err
}

// bidder are the requests about a room's program.
type bidder interface {
	named
	GetNode() string
}

func readBid(in bidder, boot, epoch uint64) (Bid, error) {
	key, err := readRoomKey(in)
	if err != nil {
		return Bid{}, err
	}
	node, err := id.ParseNode(in.GetNode())
	return Bid{RoomKey: key, Node: node, Boot: boot, Epoch: epoch}, err
}

func readNode(in *signalingv1.AnnounceRequest) (Node, error) {
	node, err := id.ParseNode(in.GetNode())
	return Node{
		ID: node, Address: in.GetAddress(), Region: in.GetRegion(), BootID: in.GetBootId(), Load: readLoad(in.GetLoad()), Alive: true,
	}, err
}

func readLoad(in *signalingv1.Load) Load {
	return Load{Rooms: in.GetRooms(), Sessions: in.GetSessions(), Listeners: in.GetListeners(), CPU: in.GetCpu()}
}

func readHello(in *signalingv1.EdgeHello) (hello, error) {
	node, err := id.ParseNode(in.GetNode())
	return hello{enrolment: in.GetEnrolmentToken(), edge: Edge{
		ID: node, Region: in.GetRegion(), URL: in.GetPublicUrl(), Address: in.GetAddress(), BootID: in.GetBootId(),
	}}, err
}

func readApplicant(in *signalingv1.EnrolRequest) (applicant, error) {
	node, err := id.ParseNode(in.GetNode())
	return applicant{node: node, region: in.GetRegion(), token: in.GetToken(), request: in.GetRequest()}, err
}

func readReport(in *signalingv1.EdgeReport) (report, error) {
	switch r := in.GetReport().(type) {
	case *signalingv1.EdgeReport_Hello:
		h, err := readHello(r.Hello)
		return report{hello: &h}, err
	case *signalingv1.EdgeReport_Load:
		l := readLoad(r.Load)
		return report{load: &l}, nil
	case *signalingv1.EdgeReport_Lookup:
		key, err := readRoomKey(r.Lookup)
		return report{lookup: &key}, err
	}
	return report{}, nil // a newer edge says something that does not concern this service
}

// readAnchor answers the appointment that an anchor is of.
func readAnchor(in *listenerstatev1.OriginAnchored) Program {
	return Program{Epoch: in.GetEpoch(), Node: Node{ID: id.Node(in.GetNode())}}
}

func wireHome(h Home) *signalingv1.Home {
	return &signalingv1.Home{App: string(h.App), Room: string(h.Room), Node: string(h.Node), Address: h.Address, Epoch: h.Epoch}
}

func wireProgram(p Program) *signalingv1.ProgramLease {
	return &signalingv1.ProgramLease{Epoch: p.Epoch, Reserved: p.Reserved, LeaseMs: uint32(LeaseTime.Milliseconds())}
}

func wireEdges(edges []Edge) []*signalingv1.Edge {
	out := make([]*signalingv1.Edge, len(edges))
	for i, e := range edges {
		out[i] = &signalingv1.Edge{Node: string(e.ID), Url: e.URL, Region: e.Region}
	}
	return out
}

func wireKeys(keys []token.PublicKey) *signalingv1.EdgeOrder {
	out := &signalingv1.Keys{}
	for _, key := range keys {
		out.Keys = append(out.Keys, &signalingv1.PublicKey{Id: key.ID, Ed25519: key.Ed25519[:]})
	}
	return &signalingv1.EdgeOrder{Order: &signalingv1.EdgeOrder_Keys{Keys: out}}
}

func wireFinding(f finding) *signalingv1.EdgeOrder {
	if f.missing == "" {
		return &signalingv1.EdgeOrder{Order: &signalingv1.EdgeOrder_Home{Home: wireHome(f.home)}}
	}
	return &signalingv1.EdgeOrder{Order: &signalingv1.EdgeOrder_NotHome{NotHome: &signalingv1.NotHome{
		App: string(f.home.App), Room: string(f.home.Room), Code: string(f.missing),
	}}}
}

func wireOffer(who Speaker, offer string) *mediav1.OfferRequest {
	return &mediav1.OfferRequest{App: string(who.App), Room: string(who.Room), User: string(who.User), Offer: offer}
}

func wireRestart(who Speaker, r Restart) *mediav1.RestartRequest {
	return &mediav1.RestartRequest{
		App: string(who.App), Room: string(who.Room), User: string(who.User),
		Session: string(r.Session), IfMatch: r.IfMatch, Fragment: r.Fragment,
	}
}

func wireClose(who Speaker, session id.Session) *mediav1.CloseRequest {
	return &mediav1.CloseRequest{App: string(who.App), Room: string(who.Room), User: string(who.User), Session: string(session)}
}

// readAnswer checks that the session routes back to the node that made it.
func readAnswer(in *mediav1.OfferResponse, node id.Node) (Answer, error) {
	session, err := id.ParseSession(in.GetSession())
	if err != nil || session.Node() != node {
		return Answer{}, fault.New(fault.CodeInternal, "the media node answered strangely").With("node", string(node))
	}
	return Answer{Session: session, SDP: in.GetAnswer(), ETag: in.GetEtag(), Seat: in.GetSeat()}, nil
}

// wireStream is a control stream as gRPC has it.
type wireStream struct {
	grpc.BidiStreamingServer[signalingv1.EdgeReport, signalingv1.EdgeOrder]
}

func (w wireStream) receive() (report, error) {
	in, err := w.Recv()
	if err != nil {
		return report{}, err
	}
	return readReport(in)
}

func (w wireStream) sendKeys(keys []token.PublicKey) error { return w.Send(wireKeys(keys)) }
func (w wireStream) sendFinding(f finding) error           { return w.Send(wireFinding(f)) }
