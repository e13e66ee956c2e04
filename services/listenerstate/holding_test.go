package listenerstate

import (
	"sync/atomic"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"

	"rostrum/internal/fault"
	"rostrum/internal/testkit"
)

// TestWhatIsSaidOfHoldingIsBelieved: a Redis with neither replica nor synced writes counts as what the configuration says of it.
func TestWhatIsSaidOfHoldingIsBelieved(t *testing.T) {
	t.Parallel()
	server := testkit.RedisServer(t)
	for said, once := range map[Holding]float64{HoldingDisk: 0, HoldingOnce: 1} {
		t.Run(string(said), func(t *testing.T) {
			h := newHouse(t, server.Address)
			h.acknowledge = AcknowledgeLog
			s := h.open(t, func(c *Config) { c.Behind.Holding = said })
			var gauge dto.Metric
			if err := s.metrics.heldOnce.Write(&gauge); err != nil {
				t.Fatal(err)
			}
			if found, told := s.Holding(), gauge.GetGauge().GetValue(); found != said || told != once {
				t.Errorf("events are held %q, and told as %v", found, told)
			}
			key := openRoom(t, s)
			apply(t, s, key, request(speaker, TakeSeat{}))
			h.verify(t, key)
		})
	}
	t.Run("replica", func(t *testing.T) {
		h := newHouse(t, server.Address)
		h.acknowledge = AcknowledgeLog
		var away atomic.Bool
		s := h.besides(t, &away, func(c *Config) { c.Behind.Holding, c.Behind.ReplicaWait = HoldingReplica, 50*time.Millisecond })
		key := openRoom(t, s.Service) // which the archive has
		away.Store(true)
		_, err := s.Apply(t.Context(), key, request(speaker, TakeSeat{}))
		wantFault(t, "a command without the replica that there is said to be", err, fault.CodeUnavailable)
	})
}
