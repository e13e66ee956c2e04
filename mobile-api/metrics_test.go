package mobileapi

import (
	"testing"

	dto "github.com/prometheus/client_model/go"
)

// counted answers a counter's value, or the number of observations of a histogram, over all labels that fit.
func (w *world) counted(t testing.TB, name string, labels ...string) float64 {
	t.Helper()
	families, err := w.metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var sum float64
	for _, family := range families {
		for _, metric := range family.Metric {
			if family.GetName() == name && fits(metric, labels) {
				sum += metric.GetCounter().GetValue() + float64(metric.GetHistogram().GetSampleCount())
			}
		}
	}
	return sum
}

func fits(metric *dto.Metric, labels []string) bool {
	for i := 0; i < len(labels); i += 2 {
		found := false
		for _, pair := range metric.Label {
			found = found || pair.GetName() == labels[i] && pair.GetValue() == labels[i+1]
		}
		if !found {
			return false
		}
	}
	return true
}
