package sfu

import (
	"github.com/prometheus/client_golang/prometheus"

	"rostrum/internal/obs"
)

// reason says why a packet was dropped; the list is closed.
type reason uint8

const (
	dropMuted      reason = iota // the stage says so
	dropDenied                   // not, or no longer, allowed to publish
	dropDoubted                  // joined since the room can no longer tell who may speak
	dropRate                     // more than maxPacketRate
	dropOversized                // a packet above MaxPacketBytes or Opus above audio.MaxFrameBytes
	dropMalformed                // not RTP, not RED, or another payload type
	dropRepeated                 // seen before, or older than the window
	dropIngestFull               // Ingest.Push said no
	dropOvertaken                // older than what its slot has sent since it switched
	dropTransport                // the subscriber's transport did not take it
	reasons
)

var reasonNames = [reasons]string{
	"muted", "denied", "doubted", "rate", "oversized", "malformed", "repeated", "ingest_full", "overtaken", "transport",
}

type metrics struct {
	sessions  prometheus.Gauge
	received  prometheus.Counter
	recovered prometheus.Counter
	forwarded prometheus.Counter
	switches  prometheus.Counter
	lost      prometheus.Counter
	loss      prometheus.Histogram
	dropped   [reasons]prometheus.Counter
}

func newMetrics(registry prometheus.Registerer) (*metrics, error) {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	drops := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "rostrum_sfu_dropped_packets_total", Help: "Packets not forwarded, by reason.",
	}, []string{"reason"})
	m := &metrics{
		sessions:  prometheus.NewGauge(prometheus.GaugeOpts{Name: "rostrum_sfu_sessions", Help: "Sessions that are open."}),
		received:  counter("rostrum_sfu_received_packets_total", "RTP packets from publishers."),
		recovered: counter("rostrum_sfu_recovered_packets_total", "Lost packets found in the redundancy of later ones."),
		forwarded: counter("rostrum_sfu_forwarded_packets_total", "RTP packets written into slots."),
		switches:  counter("rostrum_sfu_slot_switches_total", "Times that a slot began to carry a seat."),
		lost:      counter("rostrum_sfu_lost_sessions_total", "Sessions whose transport failed."),
		loss: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "rostrum_sfu_slot_loss_ratio", Help: "Loss that subscribers report of their slots.",
			Buckets: []float64{0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5},
		}),
	}
	for why, name := range reasonNames {
		m.dropped[why] = drops.WithLabelValues(name)
	}
	return m, obs.Register(registry, m.sessions, m.received, m.recovered, m.forwarded, m.switches, m.lost, m.loss, drops)
}
