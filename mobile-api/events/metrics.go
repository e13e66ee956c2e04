package events

import (
	"github.com/prometheus/client_golang/prometheus"

	"rostrum/internal/obs"
)

type metrics struct {
	sockets  prometheus.Gauge
	rooms    prometheus.Gauge
	opens    *prometheus.CounterVec
	closes   *prometheus.CounterVec
	sent     prometheus.Counter
	commands *prometheus.CounterVec
	reports  *prometheus.CounterVec
	lost     prometheus.Counter
}

func newMetrics(registry prometheus.Registerer) (*metrics, error) {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	m := &metrics{
		sockets: prometheus.NewGauge(prometheus.GaugeOpts{Name: "rostrum_events_sockets", Help: "Events sockets that are open."}),
		rooms:   prometheus.NewGauge(prometheus.GaugeOpts{Name: "rostrum_events_rooms", Help: "Rooms whose stage is followed."}),
		opens:   counter("rostrum_events_opens_total", "Sockets that were greeted, by how: resumed, or why with a whole stage.", "how"),
		closes:  counter("rostrum_events_closes_total", "Sockets that ended or were refused, by reason.", "reason"),
		sent: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "rostrum_events_sent_total", Help: "Stage events handed to sockets, each to each.",
		}),
		commands: counter("rostrum_events_commands_total", "Commands over sockets, by what came of them.", "code"),
		reports:  counter("rostrum_events_presence_reports_total", "Reports of people's presence, by result.", "result"),
		lost: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "rostrum_events_watches_lost_total", Help: "Watches of stage logs that were lost and taken up again.",
		}),
	}
	for _, why := range reasons {
		m.closes.WithLabelValues(string(why))
	}
	for _, how := range openings {
		m.opens.WithLabelValues(string(how))
	}
	return m, obs.Register(registry, m.sockets, m.rooms, m.opens, m.closes, m.sent, m.commands, m.reports, m.lost)
}

func (m *metrics) closed(why reason)  { m.closes.WithLabelValues(string(why)).Inc() }
func (m *metrics) opened(how opening) { m.opens.WithLabelValues(string(how)).Inc() }
