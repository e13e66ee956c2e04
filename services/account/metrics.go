package account

import (
	"github.com/prometheus/client_golang/prometheus"

	"rostrum/internal/obs"
)

type metrics struct {
	guests, refreshes, ended prometheus.Counter
	stores                   *obs.Calls
}

func newMetrics(registry prometheus.Registerer) (metrics, error) {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	calls, err := obs.NewCalls(registry, "accountstore", "Calls of the store of people, by what came of them.")
	if err != nil {
		return metrics{}, err
	}
	m := metrics{
		stores:    calls,
		guests:    counter("rostrum_account_guests_total", "Guests made."),
		refreshes: counter("rostrum_account_refreshes_total", "Refresh tokens exchanged."),
		ended:     counter("rostrum_account_devices_ended_total", "Devices that ended because a refresh token was used again."),
	}
	return m, obs.Register(registry, m.guests, m.refreshes, m.ended)
}
