package dynamo

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/prometheus/client_golang/prometheus"

	"rostrum/internal/obs"
)

// metrics are the figures of all stores of a process.
type metrics struct {
	calls   *obs.Calls
	retries *prometheus.CounterVec
}

func newMetrics(registry prometheus.Registerer) (*metrics, error) {
	calls, err := obs.NewCalls(registry, "dynamo", "Time of a call to DynamoDB with its retries, by table and operation, and what came of it.")
	if err != nil {
		return nil, err
	}
	m := &metrics{calls: calls, retries: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "rostrum_dynamo_retries_total", Help: "Calls to DynamoDB tried again, by reason.",
	}, []string{"reason"})}
	return m, obs.Register(registry, m.retries)
}

func (m *metrics) retried(err error) {
	reason := "server"
	switch {
	case retry.IsErrorThrottles(retry.DefaultThrottles).IsErrorThrottle(err) == aws.TrueTernary:
		reason = "throttled"
	case retry.RetryableConnectionError{}.IsErrorRetryable(err) == aws.TrueTernary:
		reason = "connection"
	}
	m.retries.WithLabelValues(reason).Inc()
}
