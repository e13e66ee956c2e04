package audio

import (
	"encoding/hex"
	"encoding/json"
	"flag"
	"hash/crc32"
	"os"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	listenv1 "rostrum/proto/rostrum/listen/v1"
)

var update = flag.Bool("update", false, "write docs/vectors/listen.json anew")

const vectorFile = "../../docs/vectors/listen.json"

// vector is one message of the listen protocol: its bytes and what they say, or the code with which they are refused.
type vector struct {
	Name    string          `json:"name"`
	Kind    string          `json:"kind"` // server, client
	Hex     string          `json:"hex"`
	Message json.RawMessage `json:"message,omitempty"`
	Refused string          `json:"refused,omitempty"`
}

func TestVectors(t *testing.T) {
	if *update {
		writeVectors(t)
	}
	text, err := os.ReadFile(vectorFile)
	if err != nil {
		t.Fatal(err)
	}
	var vectors []vector
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	if len(vectors) < 10 {
		t.Fatalf("only %d vectors", len(vectors))
	}
	for _, v := range vectors {
		t.Run(v.Name, func(t *testing.T) { v.check(t) })
	}
}

func (v vector) check(t *testing.T) {
	raw, err := hex.DecodeString(v.Hex)
	if err != nil {
		t.Fatal(err)
	}
	var got, want proto.Message = &listenv1.ServerMessage{}, &listenv1.ServerMessage{}
	if v.Kind == "client" {
		got, want = &listenv1.ClientMessage{}, &listenv1.ClientMessage{}
	}
	if err := proto.Unmarshal(raw, got); err != nil {
		t.Fatal(err)
	}
	got.ProtoReflect().SetUnknown(nil) // skipped, as section 1.2 wants
	if v.Refused == "" {
		if err := protojson.Unmarshal(v.Message, want); err != nil {
			t.Fatal(err)
		}
		if !proto.Equal(got, want) {
			t.Errorf("the bytes say %v, the vector %v", got, want)
		}
	}
	if server, ok := got.(*listenv1.ServerMessage); ok && server.GetBatch() != nil {
		_, err := DecodeBatch(batchBytes(raw))
		if (err != nil) != (v.Refused != "") {
			t.Errorf("decoding answers %v, the vector refuses with %q", err, v.Refused)
		}
	}
	if server, ok := got.(*listenv1.ServerMessage); ok && server.GetGap() != nil {
		if _, err := ReadGap(server.GetGap()); (err != nil) != (v.Refused != "") {
			t.Errorf("reading answers %v, the vector refuses with %q", err, v.Refused)
		}
	}
}

// batchBytes cuts the batch out of a server message that holds nothing else: a tag of one byte and a length of two.
func batchBytes(message []byte) []byte {
	if message[1] < 0x80 {
		return message[2:]
	}
	return message[3:]
}

func writeVectors(t *testing.T) {
	batch := sample()
	for i := range batch.Frames {
		batch.Frames[i].Opus = []byte{0xf8, 0xff, byte(i)}
	}
	changes := changing()
	changes.Frames = batch.Frames
	dtx := &Batch{Number: 1, Epoch: 1, Rendition: Voice16}
	for i := range dtx.Frames {
		dtx.Frames[i].Opus = []byte{0xf8}
	}
	flipped := encode(t, batch)
	flipped[20] ^= 1
	short := *dtx
	var vectors []vector
	add := func(name, kind string, raw []byte, refused string) {
		var message proto.Message = &listenv1.ServerMessage{}
		if kind == "client" {
			message = &listenv1.ClientMessage{}
		}
		if err := proto.Unmarshal(raw, message); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		text, err := protojson.Marshal(message)
		if err != nil {
			t.Fatal(err)
		}
		v := vector{Name: name, Kind: kind, Hex: hex.EncodeToString(raw), Refused: refused}
		if refused == "" {
			v.Message = text
		}
		vectors = append(vectors, v)
	}
	server := func(m *listenv1.ServerMessage) []byte { return marshal(t, m) }
	client := func(m *listenv1.ClientMessage) []byte { return marshal(t, m) }
	add("a batch with events and levels", "server", wrap(encode(t, batch)), "")
	add("a batch of silence", "server", wrap(encode(t, dtx)), "")
	add("a batch with a flipped bit", "server", wrap(flipped), "invalid")
	add("a batch with nine frames", "server", wrap(withoutLastFrame(t, &short)), "invalid")
	add("a gap after a new origin", "server", server(&listenv1.ServerMessage{Message: &listenv1.ServerMessage_Gap{
		Gap: WireGap(Gap{First: 8_640_001, Last: 8_640_009, Epoch: 1_790_000_000_001, Reason: GapNewOrigin}),
	}}), "")
	add("a gap that ends before it begins", "server", server(&listenv1.ServerMessage{Message: &listenv1.ServerMessage_Gap{
		Gap: &listenv1.Gap{First: 9, Last: 8, Epoch: 1, Reason: 1},
	}}), "invalid")
	add("hello", "server", server(&listenv1.ServerMessage{Message: &listenv1.ServerMessage_Hello{Hello: &listenv1.Hello{
		Epoch: 1_790_000_000_000, First: 8_640_000, Newest: 8_640_003, Oldest: 8_639_704, CadenceMs: 200,
		Rendition: "voice-32", MinVersion: 1, Node: "edge-1",
	}}}), "")
	add("a room card", "server", server(&listenv1.ServerMessage{Message: &listenv1.ServerMessage_Card{Card: &listenv1.RoomCard{
		App: "main", Room: "rm_0123456789abcdefghjk", Title: "Grüße", State: listenv1.RoomState_ROOM_STATE_LIVE,
		Seats:  []*listenv1.Seat{{Seat: 1, User: "us_0123456789abcdefghjk", Name: "Ada", Role: listenv1.Role_ROLE_HOST}},
		Counts: &listenv1.Counts{Listeners: 12, DoorListeners: 1}, Policy: &listenv1.Policy{OpenStage: true},
		Position: &listenv1.Position{Term: 3, Offset: 41}, Revision: 7, Epoch: 1_790_000_000_000,
		Renditions: []string{"voice-32", "voice-16"}, Language: "de",
	}}}), "")
	add("move", "server", server(&listenv1.ServerMessage{Message: &listenv1.ServerMessage_Move{
		Move: &listenv1.Move{Urls: []string{"https://edge-2.example"}},
	}}), "")
	add("a message that is not known yet", "server", []byte{0xaa, 0x06, 0x01, 0x00}, "")
	add("a batch in which a seat and the policy change", "server", wrap(encode(t, changes)), "")
	add("a batch with a change of a seat that cannot be", "server", wrap(withSeat(t, changes, 101)), "invalid")
	add("a room card with a held, an absent and a connected person", "server", server(&listenv1.ServerMessage{Message: &listenv1.ServerMessage_Card{Card: &listenv1.RoomCard{
		App: "main", Room: "rm_0123456789abcdefghjk", Title: "Grüße", State: listenv1.RoomState_ROOM_STATE_LIVE,
		Seats: []*listenv1.Seat{
			{Seat: 1, User: "us_0123456789abcdefghjk", Name: "Ada", Role: listenv1.Role_ROLE_HOST},
			{Seat: 2, User: "us_1123456789abcdefghjk", Name: "Bo", Role: listenv1.Role_ROLE_SPEAKER, Muted: true, Held: true},
			{Seat: 7, User: "us_2123456789abcdefghjk", Name: "Cem", Role: listenv1.Role_ROLE_MODERATOR, Away: true},
		},
		Policy:   &listenv1.Policy{OpenListening: true, HandMode: listenv1.HandMode_HAND_MODE_INVITED},
		Position: &listenv1.Position{Term: 3, Offset: 46}, Revision: 8, Epoch: 1_790_000_000_000,
		Renditions: []string{"voice-32", "voice-16"},
	}}}), "")
	add("start", "client", client(&listenv1.ClientMessage{Message: &listenv1.ClientMessage_Start{Start: &listenv1.Start{Grant: "e30.e30.e30"}}}), "")
	add("acknowledge", "client", client(&listenv1.ClientMessage{Message: &listenv1.ClientMessage_Ack{Ack: &listenv1.Ack{Number: 8_640_000}}}), "")
	add("wish for a cadence", "client", client(&listenv1.ClientMessage{Message: &listenv1.ClientMessage_Cadence{Cadence: &listenv1.Cadence{Ms: 1000}}}), "")
	text, err := json.MarshalIndent(vectors, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(vectorFile, append(text, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}

func encode(t *testing.T, b *Batch) []byte {
	t.Helper()
	raw, err := b.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func marshal(t *testing.T, m proto.Message) []byte {
	t.Helper()
	raw, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// wrap puts a batch into a server message, as an edge does.
func wrap(batch []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), batch)
}

// withoutLastFrame encodes a batch that breaks the rule of ten frames and has a right sum.
func withoutLastFrame(t *testing.T, b *Batch) []byte {
	t.Helper()
	var wire listenv1.Batch
	if err := proto.Unmarshal(encode(t, b), &wire); err != nil {
		t.Fatal(err)
	}
	wire.Frames, wire.Crc32C = wire.Frames[:FramesPerBatch-1], 0
	return summed(marshal(t, &wire))
}

// withSeat encodes a batch whose changed seats have another number, and has a right sum.
func withSeat(t *testing.T, b *Batch, seat uint32) []byte {
	t.Helper()
	var wire listenv1.Batch
	if err := proto.Unmarshal(encode(t, b), &wire); err != nil {
		t.Fatal(err)
	}
	for _, e := range wire.Events {
		if changed := e.GetChanged(); changed != nil {
			changed.Seat = seat
		}
	}
	wire.Crc32C = 0
	return summed(marshal(t, &wire))
}

func summed(raw []byte) []byte {
	sum := crc32.Checksum(raw, castagnoli)
	return protowire.AppendFixed32(protowire.AppendTag(raw, crcField, protowire.Fixed32Type), sum)
}
