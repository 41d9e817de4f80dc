package server

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/store"
	"github.com/countersign/countersign/store/storetest"
)

// TestMetricsTellOfWebhooks: one endpoint that fails, and one that is paused.
func TestMetricsTellOfWebhooks(t *testing.T) {
	s := storetest.New(t)
	ctx := t.Context()
	registry := prometheus.NewPedanticRegistry()
	require.NoError(t, registry.Register(newWebhooks(s)))
	require.NoError(t, s.KeepWebhooks(ctx, []string{"crm", "oa"}))
	require.NoError(t, s.TestWebhook(ctx, "crm", "adm"))
	require.NoError(t, s.WebhooksTold(ctx, store.Told{Endpoint: "crm", Answers: []store.WebhookAnswer{{No: 1, Status: 500}},
		After: time.Hour, GiveUp: time.Hour}))
	require.NoError(t, s.PauseWebhook(ctx, "oa", "adm"))
	told := gathered(t, registry)
	fails := told["countersign_webhook_failing_seconds crm"]
	delete(told, "countersign_webhook_failing_seconds crm")
	require.Positive(t, fails)
	require.Equal(t, map[string]float64{
		"countersign_webhook_endpoint crm active": 1, "countersign_webhook_endpoint oa paused": 1,
		"countersign_webhook_waiting crm": 1, "countersign_webhook_waiting oa": 0, "countersign_webhook_failing_seconds oa": 0,
	}, told)
}
