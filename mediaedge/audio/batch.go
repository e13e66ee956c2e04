package audio

// MaxBatchBytes bounds an encoded batch.
const MaxBatchBytes = 8192

// MaxFrameBytes bounds an Opus packet (RFC 6716 section 3.4).
const MaxFrameBytes = 1275

// MaxBatchEvents bounds the stage events in one batch; more wait for the next.
const MaxBatchEvents = 32

// Position is a place in a room's stage log.
type Position struct{ Term, Offset uint64 }

// Before says whether p comes before q.
func (p Position) Before(q Position) bool {
	return p.Term < q.Term || p.Term == q.Term && p.Offset < q.Offset
}

// Frame is 20 ms of Opus.
type Frame struct {
	Track uint8 // 0 is the mix
	Opus  []byte
}

// Level is how loud a seat was in each frame of a batch, in -dBov: 0 loudest, 127 silence (RFC 6465).
type Level struct {
	Seat Seat
	DBov [FramesPerBatch]uint8
}

// Silence is the level of nothing.
const Silence = 127

// Batch is 200 ms of one rendition.
type Batch struct {
	Number    Number
	Epoch     Epoch
	Rendition Rendition
	Frames    [FramesPerBatch]Frame
	Log       Position
	Events    []TimedEvent
	Levels    []Level
}

// Header is what relays and edges read of a batch that they forward.
type Header struct {
	Number    Number
	Epoch     Epoch
	Rendition Rendition
}

// Gap is a run of numbers without audio.
type Gap struct {
	First, Last Number // both inclusive
	Epoch       Epoch  // the epoch that follows
	Reason      GapReason
}

// GapReason says why there is no audio.
type GapReason uint8

const (
	GapNewOrigin GapReason = iota + 1
	GapOriginStalled
	GapUpstreamLost
)

func (r GapReason) String() string {
	switch r {
	case GapNewOrigin:
		return "new_origin"
	case GapOriginStalled:
		return "origin_stalled"
	case GapUpstreamLost:
		return "upstream_lost"
	}
	return "unspecified"
}

// Rendition names one encoding of a program.
type Rendition string

const (
	Voice32 Rendition = "voice-32" // 32 kbit/s mono, the default
	Voice16 Rendition = "voice-16" // 16 kbit/s mono
)

// Renditions are all that can be encoded, best first.
var Renditions = [...]Rendition{Voice32, Voice16}

// BitRate is the encoder's target in bit/s; 0 for a rendition that does not exist.
func (r Rendition) BitRate() int {
	switch r {
	case Voice32:
		return 32000
	case Voice16:
		return 16000
	}
	return 0
}
