package program

import (
	"github.com/prometheus/client_golang/prometheus"

	"rostrum/internal/obs"
	"rostrum/mediaedge/jitter"
)

// Metrics counts over all programs of a process.
type Metrics struct {
	batches     prometheus.Counter
	dropped     [dropReasons]prometheus.Counter
	bridged     [bridges]prometheus.Counter
	corrections [corrections]prometheus.Counter
	corrected   prometheus.Counter
	anchors     prometheus.Counter
	events      prometheus.Counter
	encodes     prometheus.Counter
}

// Why a program drops packets, beside the reasons of its jitter buffers.
const (
	dropUnknownSeat = iota + jitter.Reasons
	dropMuted
	dropMalformed
	dropReasons
)

// How a hole between two packets was filled.
const (
	bridgeRecovered = iota // from the copy in the next packet
	bridgeConcealed        // speech was missing and is prolonged
	bridgePause            // nothing was said
	bridges
)

// Where drift was taken out.
const (
	correctPause  = iota // between two packets
	correctQuiet         // in a frame without speech
	correctSpeech        // in speech, by whole periods
	corrections
)

// NewMetrics makes the metrics of all programs of a process and registers them; registry may be nil.
func NewMetrics(registry prometheus.Registerer) (*Metrics, error) {
	m := &Metrics{}
	var all []prometheus.Collector
	single := func(name, about string) prometheus.Counter {
		c := prometheus.NewCounter(prometheus.CounterOpts{Name: "rostrum_program_" + name, Help: about})
		all = append(all, c)
		return c
	}
	family := func(name, about, label string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "rostrum_program_" + name, Help: about}, []string{label})
		all = append(all, c)
		return c
	}
	m.batches = single("batches_total", "Batches mixed, each encoded once per rendition.")
	m.corrected = single("drift_corrected_seconds_total", "Time put in or taken out because publishers' clocks drift.")
	m.anchors = single("reanchored_total", "Times a publisher's timestamps jumped and were mapped to media time anew.")
	m.events = single("dropped_events_total", "Stage events dropped because too many waited.")
	m.encodes = single("encode_errors_total", "Frames that libopus refused to encode and DTX replaced.")
	dropped := family("dropped_packets_total", "Packets of speakers that were not mixed, by reason.", "reason")
	for i := range m.dropped {
		m.dropped[i] = dropped.WithLabelValues(dropName(i))
	}
	bridged := family("bridged_seconds_total", "Time between packets that was filled, by how.", "how")
	for i, how := range [...]string{"recovered", "concealed", "pause"} {
		m.bridged[i] = bridged.WithLabelValues(how)
	}
	corrections := family("drift_corrections_total", "Corrections of drift, by place.", "place")
	for i, place := range [...]string{"pause", "quiet", "speech"} {
		m.corrections[i] = corrections.WithLabelValues(place)
	}
	return m, obs.Register(registry, all...)
}

func dropName(reason int) string {
	if reason < jitter.Reasons {
		return jitter.Reason(reason).String()
	}
	return [...]string{"unknown_seat", "muted", "malformed"}[reason-jitter.Reasons]
}
