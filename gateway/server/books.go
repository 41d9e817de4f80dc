package server

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/countersign/countersign/store"
)

// countPatience bounds the question behind one reading of the metrics.
const countPatience = 2 * time.Second

// books tells how both sides of the books stand, as the last comparisons found.
type books struct {
	store     *store.Store
	open, age *prometheus.Desc
}

func newBooks(s *store.Store) *books {
	return &books{
		store: s,
		open: prometheus.NewDesc("countersign_reconciliation_open_differences",
			"Differences that nobody explained, of the last comparison of a connection, by kind.",
			[]string{"connection", "kind"}, nil),
		age: prometheus.NewDesc("countersign_reconciliation_age_seconds",
			"Since the last comparison of a connection that came to its end.", []string{"connection"}, nil),
	}
}

// Describe is prometheus.Collector's.
func (b *books) Describe(to chan<- *prometheus.Desc) { to <- b.open; to <- b.age }

// Collect is prometheus.Collector's. Where the database is away it tells nothing.
func (b *books) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), countPatience)
	defer cancel()
	counts, err := b.store.ReconciliationCounts(ctx)
	if err != nil {
		slog.Warn("the reconciliations were not counted", "error", err)
		return
	}
	told := map[string]bool{}
	for _, c := range counts {
		if !told[c.Connection] {
			told[c.Connection] = true
			to <- prometheus.MustNewConstMetric(b.age, prometheus.GaugeValue, c.Age, c.Connection)
		}
		if c.Kind != "" {
			to <- prometheus.MustNewConstMetric(b.open, prometheus.GaugeValue, float64(c.Open), c.Connection, c.Kind)
		}
	}
}
