package worker_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/countersign/countersign/domain/approval"
)

// TestDocumentsMoveToTheCurrentBuild starts a document under one build and
// finishes it under the next.
func TestDocumentsMoveToTheCurrentBuild(t *testing.T) {
	h := newHouse(t)
	h.config.Deployment, h.config.Build = "countersign", "1"
	stop := h.work()
	h.makeCurrent("1")
	id := h.submit(false)
	require.NoError(t, h.decide(id, approval.Approve, "li"))
	stop()
	h.config.Build = "2"
	defer h.work()()
	h.makeCurrent("2")
	for _, person := range []string{"wu", "sun"} {
		h.untilAsked(id, person)
		act := h.book.Commit(h.book.Decision(id, actID(), approval.Approve, person))
		require.Eventually(t, func() bool { return h.deliver(act) == nil }, settleMax, time.Second)
	}
	require.Equal(t, approval.Closed, h.closed(id).Status)
}

// makeCurrent is what an operator does at the end of a roll-out.
func (h *house) makeCurrent(build string) {
	h.t.Helper()
	handle := h.client.WorkerDeploymentClient().GetHandle("countersign")
	var err error
	require.Eventually(h.t, func() bool {
		_, err = handle.SetCurrentVersion(h.t.Context(), client.WorkerDeploymentSetCurrentVersionOptions{BuildID: build})
		return err == nil
	}, settleMax, time.Second, "%v", err)
}
