package server

import (
	"database/sql"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/store"
	"github.com/countersign/countersign/store/storetest"
)

// TestMetricsTellHowTheERPsAre holds that every worker's gate is told of, with what it
// does, for how long, and how busy it is.
func TestMetricsTellHowTheERPsAre(t *testing.T) {
	s := storetest.New(t)
	registry := prometheus.NewRegistry()
	require.NoError(t, registry.Register(newGates(s)))
	require.NoError(t, s.SaveGates(t.Context(), "w1", []store.GateRow{
		{Connection: "well", Phase: "open", Since: time.Now(), InFlight: 3},
		{Connection: "sick", Phase: "resting", Since: time.Now(), Limited: 7,
			Until: sql.NullTime{Time: time.Now().Add(time.Hour), Valid: true}},
	}))
	told := gathered(t, registry)
	rests := told["countersign_erp_rests_seconds sick w1"]
	delete(told, "countersign_erp_rests_seconds sick w1")
	require.Positive(t, rests)
	require.Equal(t, map[string]float64{
		"countersign_erp_gate well open w1": 1, "countersign_erp_gate sick resting w1": 1,
		"countersign_erp_in_flight well w1": 3, "countersign_erp_in_flight sick w1": 0,
		"countersign_erp_rate_limited_total well w1": 0, "countersign_erp_rate_limited_total sick w1": 7,
		"countersign_erp_rests_seconds well w1": 0,
	}, told)
}

// gathered are the figures of a registry, by name and the values of the labels.
func gathered(t *testing.T, registry *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := registry.Gather()
	require.NoError(t, err)
	told := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			name := f.GetName()
			for _, l := range m.GetLabel() {
				name += " " + l.GetValue()
			}
			told[name] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	return told
}
