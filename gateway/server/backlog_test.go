package server

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/store/storetest"
)

// TestMetricsTellTheBacklog: nothing waits in an empty house, and each kind says so.
func TestMetricsTellTheBacklog(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	require.NoError(t, registry.Register(newBacklog(storetest.New(t))))
	require.Equal(t, map[string]float64{
		"countersign_backlog submission": 0, "countersign_backlog act": 0, "countersign_backlog parked": 0,
		"countersign_backlog_seconds submission": 0, "countersign_backlog_seconds act": 0, "countersign_backlog_seconds parked": 0,
	}, gathered(t, registry))
}
