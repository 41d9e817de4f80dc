package server

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/countersign/countersign/store"
)

// gates tells how the gates before the ERPs stand, as the workers last said.
type gates struct {
	store                         *store.Store
	phase, inFlight, wait, limits *prometheus.Desc
}

func newGates(s *store.Store) *gates {
	labels := []string{"connection", "worker"}
	return &gates{
		store: s,
		phase: prometheus.NewDesc("countersign_erp_gate",
			"1 for what a worker does with calls to an ERP: open, trying, limited, resting or maintenance.",
			append(labels, "phase"), nil),
		inFlight: prometheus.NewDesc("countersign_erp_in_flight", "Calls of a worker to an ERP under way.", labels, nil),
		wait: prometheus.NewDesc("countersign_erp_rests_seconds",
			"Until a worker calls an ERP again; 0 where it may.", labels, nil),
		limits: prometheus.NewDesc("countersign_erp_rate_limited_total",
			"Times that an ERP asked a worker for time (Retry-After), since it began.", labels, nil),
	}
}

// Describe is prometheus.Collector's.
func (g *gates) Describe(to chan<- *prometheus.Desc) {
	to <- g.phase
	to <- g.inFlight
	to <- g.wait
	to <- g.limits
}

// Collect is prometheus.Collector's. Where the database is away it tells nothing.
func (g *gates) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), countPatience)
	defer cancel()
	rows, err := g.store.Gates(ctx)
	if err != nil {
		slog.Warn("the gates were not read", "error", err)
		return
	}
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	for _, r := range rows {
		gauge(g.phase, 1, r.Connection, r.Worker, r.Phase)
		gauge(g.inFlight, float64(r.InFlight), r.Connection, r.Worker)
		gauge(g.wait, max(0, time.Until(r.Until.Time).Seconds()), r.Connection, r.Worker)
		to <- prometheus.MustNewConstMetric(g.limits, prometheus.CounterValue, float64(r.Limited), r.Connection, r.Worker)
	}
}
