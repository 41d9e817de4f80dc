package server

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/store"
)

// masterData tells what is known of each ERP's master data, and how old that is.
type masterData struct {
	store                      *store.Store
	connections                []desk.Connection
	rows, age, failed, waiting *prometheus.Desc
}

func newMasterData(s *store.Store, connections []desk.Connection) *masterData {
	labels := []string{"connection"}
	return &masterData{
		store: s, connections: connections,
		rows: prometheus.NewDesc("countersign_master_rows",
			"Rows of master data that are kept, by kind and whether they may be used: usable, or other for closed and gone.",
			append(labels, "kind", "state"), nil),
		age: prometheus.NewDesc("countersign_master_age_seconds",
			"Since master data was last read to its end; none where it never was.", labels, nil),
		failed: prometheus.NewDesc("countersign_master_failed",
			"1 where the last reading of master data failed.", labels, nil),
		waiting: prometheus.NewDesc("countersign_master_waiting_differences",
			"Differences of master data that wait for somebody.", labels, nil),
	}
}

// Describe is prometheus.Collector's.
func (m *masterData) Describe(to chan<- *prometheus.Desc) {
	to <- m.rows
	to <- m.age
	to <- m.failed
	to <- m.waiting
}

// Collect is prometheus.Collector's. Where the database is away it tells nothing.
func (m *masterData) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), countPatience)
	defer cancel()
	all, err := desk.MasterBooksOf(ctx, m.store, m.connections)
	if err != nil {
		slog.Warn("the master data was not counted", "error", err)
		return
	}
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	for _, b := range all {
		for _, n := range b.Counts {
			gauge(m.rows, float64(n.Usable), b.ID, n.Kind, "usable")
			gauge(m.rows, float64(n.Other), b.ID, n.Kind, "other")
		}
		failed := 0.0
		if b.Failed != nil {
			failed = 1
		}
		gauge(m.failed, failed, b.ID)
		gauge(m.waiting, float64(b.Waiting), b.ID)
		if b.Last != nil {
			gauge(m.age, time.Since(b.Last.FinishedAt).Seconds(), b.ID)
		}
	}
}
