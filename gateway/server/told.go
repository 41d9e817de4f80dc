package server

import (
	"context"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/countersign/countersign/store"
)

// told tells how the telling of people stands.
type told struct {
	store              *store.Store
	notices, addresses *prometheus.Desc
}

func newTold(s *store.Store) *told {
	return &told{
		store: s,
		notices: prometheus.NewDesc("countersign_notices",
			"Notices that somebody is still to be told: queued, held for a digest, or in a message that failed so far.",
			[]string{"state"}, nil),
		addresses: prometheus.NewDesc("countersign_notice_dead_addresses",
			"People whom the last message did not reach, and will not.", nil, nil),
	}
}

// Describe is prometheus.Collector's.
func (c *told) Describe(to chan<- *prometheus.Desc) {
	to <- c.notices
	to <- c.addresses
}

// Collect is prometheus.Collector's. Where the database is away it tells nothing.
func (c *told) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), countPatience)
	defer cancel()
	counts, err := c.store.Untold(ctx)
	if err != nil {
		slog.Warn("how many notices wait was not read", "error", err)
		return
	}
	for state, n := range map[string]int64{"queued": counts.Queued, "held": counts.Held, "failing": counts.Failing} {
		to <- prometheus.MustNewConstMetric(c.notices, prometheus.GaugeValue, float64(n), state)
	}
	to <- prometheus.MustNewConstMetric(c.addresses, prometheus.GaugeValue, float64(counts.Dead))
}
