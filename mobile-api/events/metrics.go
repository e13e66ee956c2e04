package events

import (
	"github.com/prometheus/client_golang/prometheus"

	"rostrum/internal/obs"
)

type metrics struct {
	sockets  prometheus.Gauge
	rooms    prometheus.Gauge
	ends     *prometheus.CounterVec
	openings *prometheus.CounterVec
	commands *prometheus.CounterVec
	reports  *prometheus.CounterVec
	sent     prometheus.Counter
	lost     prometheus.Counter
}

func newMetrics(r prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		sockets: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "rostrum_events_sockets", Help: "Open events sockets.",
		}),
		rooms: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "rostrum_events_rooms", Help: "Stages that are followed for events sockets.",
		}),
		ends: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rostrum_events_ends_total", Help: "Events sockets that ended, by reason.",
		}, []string{"reason"}),
		openings: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rostrum_events_openings_total", Help: "Events sockets that began, by what they were sent first.",
		}, []string{"kind"}),
		commands: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rostrum_events_commands_total", Help: "Commands over events sockets, by result.",
		}, []string{"result"}),
		reports: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rostrum_events_presence_reports_total", Help: "Reports that a person with a raised hand is absent or present, by result.",
		}, []string{"result"}),
		sent: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "rostrum_events_sent_total", Help: "Stage events handed to events sockets.",
		}),
		lost: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "rostrum_events_watches_lost_total", Help: "Watches of a stage that were lost and taken up again.",
		}),
	}
	for _, why := range reasons {
		m.ends.WithLabelValues(string(why))
	}
	for _, how := range openings {
		m.openings.WithLabelValues(string(how))
	}
	return m, obs.Register(r, m.sockets, m.rooms, m.ends, m.openings, m.commands, m.reports, m.sent, m.lost)
}

func (m *metrics) opened(how opening) { m.openings.WithLabelValues(string(how)).Inc() }
