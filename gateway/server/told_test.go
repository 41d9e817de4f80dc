package server

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/notice"
	"github.com/countersign/countersign/store"
	"github.com/countersign/countersign/store/storetest"
)

// TestMetricsTellOfNotices: one is queued, one is held, one was refused for good.
func TestMetricsTellOfNotices(t *testing.T) {
	s := storetest.New(t)
	ctx := t.Context()
	registry := prometheus.NewPedanticRegistry()
	require.NoError(t, registry.Register(newTold(s)))
	added := func(passkey string) []store.Notice {
		_, err := s.AddPasskey(ctx, store.Passkey{ID: passkey, Person: "lin", Name: passkey, Credential: passkey, PublicKey: passkey})
		require.NoError(t, err)
		due, err := s.ClaimNotices(ctx, 10)
		require.NoError(t, err)
		require.Len(t, due, 1)
		return due
	}
	settle := func(due []store.Notice, p notice.Plan) {
		begun, err := s.PlanNotices(ctx, due, func(time.Time, map[string][]time.Time) map[string]notice.Plan {
			return map[string]notice.Plan{"lin": p}
		})
		require.NoError(t, err)
		for _, d := range begun {
			require.NoError(t, s.DeliveriesEnded(ctx, []store.DeliveryEnd{{ID: d.ID, State: store.DeliveryFailed, Failure: "no box"}}))
		}
	}
	due := added("a")
	settle(due, notice.Plan{Hold: []notice.Held{{ID: due[0].ID, Why: notice.InQuiet}}})
	due = added("b")
	settle(due, notice.Plan{Tell: []notice.Telling{{Notices: []string{due[0].ID}, Urgency: notice.Urgent}}})
	added("c")
	require.Equal(t, map[string]float64{"countersign_notices queued": 1, "countersign_notices held": 2, "countersign_notices failing": 0,
		"countersign_notice_dead_addresses": 1}, gathered(t, registry))
}
