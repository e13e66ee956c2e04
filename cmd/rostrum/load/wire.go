package load

import (
	"time"

	"rostrum/cmd/rostrum/report"
)

// What the processes of one run say to each other: JSON lines. The first line to a process is its job, a second one ends it;
// it answers news every second and a last one.

// job is what a process is to do.
type job struct {
	URL       string    `json:"url"`
	Insecure  bool      `json:"insecure"`
	Rooms     []jobRoom `json:"rooms"`
	First     int       `json:"first"` // listener; they are numbered over all processes
	Count     int       `json:"count"`
	Joins     float64   `json:"joins"` // a second
	Sources   []string  `json:"sources"`
	Rendition string    `json:"rendition"`
	CadenceMS int       `json:"cadence_ms"`
	SilenceMS int       `json:"silence_ms"`
	Sample    int       `json:"sample"` // the first so many decode
}

// jobRoom is a room and the rights to hear it. Listeners are spread over the rooms, and over the rights within one.
type jobRoom struct {
	Room   string  `json:"room"`
	Rights []right `json:"rights"`
}

// right is what a listener needs to hear a room, and to renew that.
type right struct {
	Grant     string    `json:"grant"`
	ExpiresAt time.Time `json:"expires_at"`
	URLs      []string  `json:"urls"`
	Access    string    `json:"access"` // token of the guest; "": an open grant
}

// news is what a process has to say. Counts are of all its time; everything else of the time since the news before.
type news struct {
	Counts   counts            `json:"counts"`
	Closes   map[string]uint64 `json:"closes,omitempty"`
	Joins    report.Spread     `json:"joins,omitempty"` // from setting out to the first batch, in ms
	Arrivals []arrivals        `json:"arrivals,omitempty"`
	Heard    []heard           `json:"heard,omitempty"`
	Gaps     []gapHeard        `json:"gaps,omitempty"`
	Tones    []tone            `json:"tones,omitempty"`
	Last     bool              `json:"last,omitempty"`
	Failed   string            `json:"failed,omitempty"`
}

// counts are sums over listeners.
type counts struct {
	Started     int    `json:"started"`     // set out
	Connected   int    `json:"connected"`   // now
	Hearing     int    `json:"hearing"`     // heard a batch
	Ended       int    `json:"ended"`       // were sent away for good
	Reconnected int    `json:"reconnected"` // listeners that had to
	Connections uint64 `json:"connections"` // that said Hello
	Bytes       uint64 `json:"bytes"`

	Expected    uint64 `json:"expected"` // numbers from each listener's first to its last
	Received    uint64 `json:"received"`
	GapNumbers  uint64 `json:"gap_numbers"` // told as gaps
	Lost        uint64 `json:"lost"`
	Corrupt     uint64 `json:"corrupt"`      // messages that broke CRC, form or protocol
	Repeated    uint64 `json:"repeated"`     // numbers that came again
	OutOfOrder  uint64 `json:"out_of_order"` // messages that left a number out
	LowerEpochs uint64 `json:"lower_epochs"`
	EpochFalls  uint64 `json:"epoch_falls"` // of these, after the newer epoch on the same connection
}

// add sums up.
func (c *counts) add(o counts) {
	c.Started += o.Started
	c.Connected += o.Connected
	c.Hearing += o.Hearing
	c.Ended += o.Ended
	c.Reconnected += o.Reconnected
	c.Connections += o.Connections
	c.Bytes += o.Bytes
	c.Expected += o.Expected
	c.Received += o.Received
	c.GapNumbers += o.GapNumbers
	c.Lost += o.Lost
	c.Corrupt += o.Corrupt
	c.Repeated += o.Repeated
	c.OutOfOrder += o.OutOfOrder
	c.LowerEpochs += o.LowerEpochs
	c.EpochFalls += o.EpochFalls
}

// arrivals are when the batches of one epoch came, in ms of Unix time minus the media time of their ends, counted from
// number 0. What an anchor adds makes them lateness.
type arrivals struct {
	Room       int           `json:"room"`
	Epoch      uint64        `json:"epoch"`
	Batches    report.Spread `json:"batches"`
	Deliveries report.Spread `json:"deliveries"` // of the batch in each at which it was due
}

// heard is how many listeners got these bytes as a number's batch.
type heard struct {
	Room      int    `json:"room"`
	Number    uint64 `json:"number"`
	Sum       string `json:"xxh64"`
	Listeners uint64 `json:"listeners"`
}

// gapHeard is how many listeners were told of a gap. A gap is told to each as far as it had not heard.
type gapHeard struct {
	Room      int    `json:"room"`
	First     uint64 `json:"first"`
	Last      uint64 `json:"last"`
	Epoch     uint64 `json:"epoch"`
	Reason    string `json:"reason"`
	Listeners uint64 `json:"listeners"`
}

// tone is a marker that a listener found in what it decoded. Times are in Unix ms.
type tone struct {
	Room     int     `json:"room"`
	Epoch    uint64  `json:"epoch"`
	MediaMS  float64 `json:"media_ms"`  // of its beginning, counted from number 0
	ArriveMS float64 `json:"arrive_ms"` // when the batch that holds the beginning came
	PlayMS   float64 `json:"play_ms"`   // when a player would have played it
}
