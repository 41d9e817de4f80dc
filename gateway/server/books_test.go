package server

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/reconciliation"
	"github.com/countersign/countersign/store"
	"github.com/countersign/countersign/store/storetest"
)

// TestMetricsTellOfOpenDifferences holds that the last comparison alone is told of, and
// of it only what nobody explained.
func TestMetricsTellOfOpenDifferences(t *testing.T) {
	s := storetest.New(t)
	registry := prometheus.NewRegistry()
	require.NoError(t, registry.Register(newBooks(s)))
	for _, run := range []string{"first", "last"} {
		require.NoError(t, s.BeginReconciliation(t.Context(), store.Reconciliation{ID: run, Connection: "books",
			Entities: []string{"acme-cn"}, From: "2026-11-01", Until: "2026-11-30"}))
		var found []store.FoundDifference
		for _, reference := range []string{"v:a:accrual:1", "v:b:accrual:1", "v:c:accrual:1"} {
			found = append(found, store.FoundDifference{Run: run, Connection: "books", Fingerprint: reference,
				Difference: reconciliation.Difference{Kind: reconciliation.OtherAmount, Reference: reference}})
		}
		require.NoError(t, s.SaveDifferences(t.Context(), found))
		require.NoError(t, s.EndReconciliation(t.Context(), store.Reconciliation{ID: run, State: store.ReconciliationDone}))
	}
	_, err := s.SaveRuling(t.Context(), store.Ruling{Connection: "books", Fingerprint: "v:b:accrual:1",
		Reference: "v:b:accrual:1", Ruling: store.RulingExplained, Person: "wang", Reason: "as agreed"}, store.Idempotency{})
	require.NoError(t, err)
	families, err := registry.Gather()
	require.NoError(t, err)
	told := map[string][]string{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			labels := ""
			for _, l := range m.GetLabel() {
				labels += l.GetName() + "=" + l.GetValue() + " "
			}
			told[f.GetName()] = append(told[f.GetName()], labels)
			if f.GetName() == "countersign_reconciliation_open_differences" {
				require.InDelta(t, 2, m.GetGauge().GetValue(), 0)
			}
		}
	}
	require.Equal(t, map[string][]string{
		"countersign_reconciliation_age_seconds":      {"connection=books "},
		"countersign_reconciliation_open_differences": {"connection=books kind=amount "},
	}, told)
}
