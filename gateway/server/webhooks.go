package server

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/countersign/countersign/store"
)

// webhooks tells how the systems that are told of events stand.
type webhooks struct {
	store                   *store.Store
	state, waiting, failing *prometheus.Desc
}

func newWebhooks(s *store.Store) *webhooks {
	labels := []string{"endpoint"}
	return &webhooks{
		store: s,
		state: prometheus.NewDesc("countersign_webhook_endpoint",
			"1 for how an endpoint stands: active, paused or disabled.", append(labels, "state"), nil),
		waiting: prometheus.NewDesc("countersign_webhook_waiting",
			"Messages that an endpoint is still to be told.", labels, nil),
		failing: prometheus.NewDesc("countersign_webhook_failing_seconds",
			"Since an endpoint last accepted anything; 0 where it does not fail.", labels, nil),
	}
}

// Describe is prometheus.Collector's.
func (w *webhooks) Describe(to chan<- *prometheus.Desc) {
	to <- w.state
	to <- w.waiting
	to <- w.failing
}

// Collect is prometheus.Collector's. Where the database is away it tells nothing.
func (w *webhooks) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), countPatience)
	defer cancel()
	all, err := w.store.Endpoints(ctx)
	if err != nil {
		slog.Warn("the endpoints of webhooks were not read", "error", err)
		return
	}
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	for _, e := range all {
		since := time.Duration(0)
		if !e.FailingSince.IsZero() {
			since = max(time.Since(e.FailingSince), 0)
		}
		gauge(w.state, 1, e.ID, e.State)
		gauge(w.waiting, float64(e.Waiting), e.ID)
		gauge(w.failing, since.Seconds(), e.ID)
	}
}
