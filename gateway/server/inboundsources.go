package server

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/countersign/countersign/gateway/desk"
)

// inboundSources tells how the sources of documents are read, and what of them waits.
type inboundSources struct {
	desk                 *desk.Desk
	age, failed, waiting *prometheus.Desc
}

func newInboundSources(d *desk.Desk) *inboundSources {
	labels := []string{"source", "kind"}
	return &inboundSources{
		desk: d,
		age: prometheus.NewDesc("countersign_inbound_source_age_seconds",
			"Since a source that we ask ourselves was last asked; none where it never was.", labels, nil),
		failed: prometheus.NewDesc("countersign_inbound_source_failed",
			"1 where the last reading of a source that we ask ourselves failed.", labels, nil),
		waiting: prometheus.NewDesc("countersign_inbound_messages",
			"Messages of a source that wait: received to be made documents, refused for a person.",
			append(labels, "state"), nil),
	}
}

// Describe is prometheus.Collector's.
func (m *inboundSources) Describe(to chan<- *prometheus.Desc) {
	to <- m.age
	to <- m.failed
	to <- m.waiting
}

// Collect is prometheus.Collector's. Where the database is away it tells nothing.
func (m *inboundSources) Collect(to chan<- prometheus.Metric) {
	if len(m.desk.Inbound) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), countPatience)
	defer cancel()
	all, err := desk.ReadSourcesOf(ctx, m.desk.Store, m.desk.Inbound)
	if err != nil {
		slog.Warn("the sources of documents were not counted", "error", err)
		return
	}
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	for _, s := range all {
		id := s.ID
		gauge(m.waiting, float64(s.Count.Received), id, s.Kind, "received")
		gauge(m.waiting, float64(s.Count.Refused), id, s.Kind, "refused")
		if !s.Asks() {
			continue
		}
		failed := 0.0
		if s.Code != "" {
			failed = 1
		}
		gauge(m.failed, failed, id, s.Kind)
		if !s.ReadAt.IsZero() {
			gauge(m.age, time.Since(s.ReadAt).Seconds(), id, s.Kind)
		}
	}
}
