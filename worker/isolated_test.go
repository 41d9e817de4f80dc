package worker_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"

	"github.com/countersign/countersign/activities"
	"github.com/countersign/countersign/activities/activitiestest"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
)

// hanging is the books, of which some never answer until somebody lets them.
type hanging struct {
	*activitiestest.Outside
	mutex   sync.Mutex
	sick    []string // documents
	asked   []string // that hang, in order
	release chan struct{}
}

// PostVoucher posts, but for the sick: it hangs, and says that it lives, as a real call.
func (h *hanging) PostVoucher(ctx context.Context, in activities.PostVoucherInput) (activities.Posted, error) {
	h.mutex.Lock()
	hangs := slices.Contains(h.sick, in.Document)
	if hangs {
		h.asked = append(h.asked, in.Document)
	}
	h.mutex.Unlock()
	for hangs {
		select {
		case <-h.release:
			hangs = false
		case <-ctx.Done():
			return activities.Posted{}, ctx.Err()
		case <-time.After(time.Second):
			activity.RecordHeartbeat(ctx)
		}
	}
	return h.Outside.PostVoucher(ctx, in)
}

func (h *hanging) sicken(document string) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.sick = append(h.sick, document)
}

func (h *hanging) hanging() int {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	return len(h.asked)
}

// isolates proves that an ERP which hangs, with more documents before it than it may be
// asked for at once, and than there are places for all together, keeps no other entity's
// voucher waiting; and that afterwards everything is posted, once.
func (h *house) isolates(t *testing.T) {
	play := *h
	play.t = t
	var sick []string
	for range 3 * isolatedAtOnce {
		id := play.submit(false)
		play.book.BookIn(id, "SICK")
		play.books.sicken(id)
		sick = append(sick, id)
	}
	for _, id := range sick {
		play.allApprove(id)
	}
	require.Eventually(t, func() bool { return play.books.hanging() == isolatedAtOnce }, settleMax, lookEvery)

	well := play.submit(false)
	play.book.BookIn(well, "WELL")
	play.allApprove(well)
	require.Equal(t, approval.Closed, play.closed(well).Status)
	require.Equal(t, isolatedAtOnce, play.books.hanging(), "no more than that at once")
	for _, id := range sick {
		require.NotEqual(t, approval.Closed, play.book.State(id).Status)
	}
	close(play.books.release)
	posted := map[string]int{}
	for _, id := range sick {
		require.Equal(t, approval.Closed, play.closed(id).Status)
	}
	for _, post := range play.outside.Posts() {
		posted[post.Document]++
	}
	for _, id := range append(sick, well) {
		require.Equal(t, 1, posted[id])
	}
}

// isolatedAtOnce is how often the sick ERP may be asked at once, and the queue of all.
const isolatedAtOnce = 2

// playRested has the books rest each time that it is tried: for a window, then because
// they do not answer. Nobody is asked to rule on it.
func playRested(h *house, id string) {
	until := fault.Arg("until", time.Now().UTC().Format(time.RFC3339))
	h.outside.Answer(fault.New(fault.Busy, "erp.maintenance", until), fault.New(fault.Busy, "erp.resting", until),
		fault.New(fault.Unknown, "erp.unknown", until))
	h.allApprove(id)
	require.Equal(h.t, approval.Closed, h.closed(id).Status)
	kinds := map[string]int{}
	for _, e := range h.book.Stream(id) {
		kinds[e.Kind]++
	}
	require.Zero(h.t, kinds[approval.VoucherParked])
	require.Equal(h.t, 1, kinds[approval.VoucherPosted])
}
