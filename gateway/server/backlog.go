package server

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/countersign/countersign/store"
)

// backlog tells what was acknowledged and did not go on yet.
type backlog struct {
	store          *store.Store
	waiting, since *prometheus.Desc
}

func newBacklog(s *store.Store) *backlog {
	return &backlog{
		store: s,
		waiting: prometheus.NewDesc("countersign_backlog",
			"Submissions that no workflow has begun, acts without an answer, documents that wait for a ruling.",
			[]string{"kind"}, nil),
		since: prometheus.NewDesc("countersign_backlog_seconds",
			"How long the oldest of them has waited; 0 where there is none.", []string{"kind"}, nil),
	}
}

// Describe is prometheus.Collector's.
func (c *backlog) Describe(to chan<- *prometheus.Desc) {
	to <- c.waiting
	to <- c.since
}

// Collect is prometheus.Collector's. Where the database is away it tells nothing.
func (c *backlog) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), countPatience)
	defer cancel()
	b, err := c.store.Backlog(ctx)
	if err != nil {
		slog.Warn("the backlog was not read", "error", err)
		return
	}
	tell := func(kind string, n int64, oldest time.Duration) {
		to <- prometheus.MustNewConstMetric(c.waiting, prometheus.GaugeValue, float64(n), kind)
		to <- prometheus.MustNewConstMetric(c.since, prometheus.GaugeValue, oldest.Seconds(), kind)
	}
	tell("submission", b.Submissions, b.OldestStart)
	tell("act", b.Acts, b.OldestAct)
	tell("parked", b.Parked, b.OldestPark)
}
