package worker_test

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/activities"
	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/reconciliation"
	"github.com/countersign/countersign/store"
	"github.com/countersign/countersign/worker"
)

// runs keeps in memory what a reconciliation tells. Nothing is ever ours.
type runs struct {
	activities.ReconciliationBook
	mutex sync.Mutex
	ended map[string]store.Reconciliation
	found []store.FoundDifference
	ruled store.Ruling
}

func (r *runs) BeginReconciliation(context.Context, store.Reconciliation) error { return nil }

func (r *runs) EndReconciliation(_ context.Context, end store.Reconciliation) error {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.ended[end.ID] = end
	return nil
}

func (r *runs) SaveDifferences(_ context.Context, found []store.FoundDifference) error {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.found = append(r.found, found...)
	return nil
}

func (r *runs) PostedVouchers(context.Context, []string, string, string, store.VoucherRow) ([]store.VoucherRow, error) {
	return nil, nil
}

func (r *runs) VouchersShort(context.Context, []string) ([]store.VoucherRow, error) { return nil, nil }

func (r *runs) VouchersNamed(context.Context, []string) ([]store.VoucherRow, error) { return nil, nil }

func (r *runs) RulingOn(_ context.Context, id string) (store.Ruling, reconciliation.Kind, error) {
	return store.Ruling{ID: id, Ruling: store.RulingPost, Connection: "books"}, reconciliation.MissingThere, nil
}

func (r *runs) EndRuling(_ context.Context, ruled store.Ruling) error {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.ruled = ruled
	return nil
}

// listed is an ERP with one voucher under a reference of ours, or one that cannot list.
type listed struct {
	erp.Port
	refuses bool
}

var stray = erp.Found{Reference: "v:stray:accrual:1", ID: "7", State: erp.Posted, Date: "2026-11-05"}

func (l listed) Capabilities() erp.Capabilities { return erp.Capabilities{} }

func (l listed) Find(context.Context, string) ([]erp.Found, error) { return []erp.Found{stray}, nil }

func (l listed) List(_ context.Context, asked erp.Listing) (erp.Listed, error) {
	if l.refuses {
		return erp.Listed{}, fault.New(fault.Invalid, erp.CodeUnsupported, fault.Arg("what", "list"))
	}
	if asked.From <= stray.Date && stray.Date <= asked.Until {
		return erp.Listed{Vouchers: []erp.Found{stray}}, nil
	}
	return erp.Listed{}, nil
}

func reconciler(book *runs) *activities.Reconciliations {
	connection := func(id string, port erp.Port) activities.Connection {
		return activities.Connection{ID: id, Entities: []string{"CN01"}, Ledger: activities.Ledger{Port: port}}
	}
	return &activities.Reconciliations{Book: book, Connections: map[string]activities.Connection{
		"books": connection("books", listed{}), "mute": connection("mute", listed{refuses: true}),
	}}
}

// reconciles compares two connections on a real server: one whose days are compared
// week by week, and one that cannot be compared, which ends as failed. A schedule is
// made twice, and a ruling carried out.
func (h *house) reconciles(t *testing.T) {
	ctx := t.Context()
	for connection, code := range map[string]string{"books": "", "mute": erp.CodeUnsupported} {
		id := "reconcile:" + connection + "-run"
		require.NoError(t, h.engine.Reconcile(ctx, activities.ReconcileInput{Run: connection + "-run", Connection: connection,
			From: "2026-11-01", Until: "2026-11-20"}))
		require.NoError(t, h.client.GetWorkflow(ctx, id, "").Get(ctx, nil))
		require.Equal(t, code, h.runs.ended[connection+"-run"].Code)
		play := *h
		play.t = t
		play.replay("reconciled-"+connection, id)
	}
	require.Equal(t, int64(1), h.runs.ended["books-run"].Theirs)
	require.Equal(t, store.ReconciliationDone, h.runs.ended["books-run"].State)
	require.Len(t, h.runs.found, 1)
	require.Equal(t, reconciliation.MissingHere, h.runs.found[0].Kind)

	require.NoError(t, h.engine.PostAgain(ctx, activities.PostAgainInput{Ruling: "ruling", Connection: "books"}))
	require.NoError(t, h.client.GetWorkflow(ctx, "post-again:ruling", "").Get(ctx, nil))
	require.Equal(t, "refused", h.runs.ruled.Outcome, "nobody here knows the voucher")
	play := *h
	play.t = t
	play.replay("posted-again", "post-again:ruling")

	for _, minute := range []int{30, 45} {
		require.NoError(t, worker.ScheduleReconciliations(ctx, h.client, []string{"books"},
			worker.Nightly{Hour: 2, Minute: minute, Zone: "Asia/Shanghai"}))
	}
	described, err := h.client.ScheduleClient().GetHandle(ctx, "reconcile:books").Describe(ctx)
	require.NoError(t, err)
	require.Equal(t, 45, described.Schedule.Spec.Calendars[0].Minute[0].Start)
}
