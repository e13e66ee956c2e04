package mobileapi

import (
	"github.com/prometheus/client_golang/prometheus"

	"rostrum/internal/obs"
)

type metrics struct {
	seconds *prometheus.HistogramVec
	missing prometheus.Counter
}

func newMetrics(registry prometheus.Registerer) (metrics, error) {
	m := metrics{
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "rostrum_mobileapi_request_seconds",
			Help:    "Time from a call's header to its answer, by route and fault code.",
			Buckets: []float64{.002, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5},
		}, []string{"route", "code"}),
		missing: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "rostrum_mobileapi_stages_missing_total",
			Help: "Rooms that were answered without their stage, because it could not be had in time.",
		}),
	}
	return m, obs.Register(registry, m.seconds, m.missing)
}
