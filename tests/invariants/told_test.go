package invariants_test

import (
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/notice"
	"github.com/countersign/countersign/store"
)

// tell tells everybody everything; one message of five fails.
func (h *house) tell() {
	for {
		notices, err := h.store.ClaimNotices(h.ctx, store.PageMost)
		require.NoError(h.t, err)
		if len(notices) == 0 {
			break
		}
		begun, err := h.store.PlanNotices(h.ctx, notices, tellAll(notices))
		require.NoError(h.t, err)
		var ends []store.DeliveryEnd
		for i, d := range begun {
			end := store.DeliveryEnd{ID: d.ID, Channel: notice.Mail, State: store.DeliveryDelivered}
			if i%5 == 0 {
				end.State, end.Failure = store.DeliveryWaiting, "mailbox is full"
			}
			ends = append(ends, end)
		}
		require.NoError(h.t, h.store.DeliveriesEnded(h.ctx, ends))
	}
}

// tellAll tells each notice by itself, at once.
func tellAll(due []store.Notice) store.Planner {
	return func(time.Time, map[string][]time.Time) map[string]notice.Plan {
		plans := map[string]notice.Plan{}
		for _, n := range due {
			p := plans[n.Person]
			p.Tell = append(p.Tell, notice.Telling{Notices: []string{n.ID}, Urgency: notice.News, Channels: []notice.Channel{notice.Mail}})
			plans[n.Person] = p
		}
		return plans
	}
}
