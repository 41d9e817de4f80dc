package store_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
)

// TestRecordHandling keeps the read model what the events say, whatever approvers
// do with their tasks: the audit folds them anew and compares.
func TestRecordHandling(t *testing.T) {
	w := newWorld(t)
	d := w.submit("train")
	p := plan(1, approval.AllOf, "ann", "bob")
	for i := range p.Steps {
		p.Steps[i].Allow = []string{"transfer", "consult", "add_signer", "remove_signer", "retract"}
	}
	w.record(d.ID, approval.Planned{Plan: p})
	handle := func(name approval.Name, actor string, change func(*approval.Act)) {
		t.Helper()
		a := w.act(d.ID, name, actor)
		change(&a)
		w.commit(a)
		w.record(d.ID, a)
	}
	to := func(people ...string) func(*approval.Act) { return func(a *approval.Act) { a.To = people } }
	first := w.state(d.ID).Tasks[0].ID

	handle(approval.Transfer, "ann", to("cat"))
	handle(approval.Consult, "cat", to("dan"))
	handle(approval.Consult, "dan", func(*approval.Act) {})
	handle(approval.AddSigner, "cat", func(a *approval.Act) { a.To, a.Where = []string{"eve"}, approval.SignBeside })
	handle(approval.RemoveSigner, "cat", to("eve"))
	w.do(d.ID, approval.Approve, "cat")
	w.do(d.ID, approval.Approve, "bob")
	handle(approval.Retract, "bob", func(a *approval.Act) {
		a.Task, a.Round, a.ContentHash = w.state(d.ID).Tasks[1].ID, 1, d.ContentHash
	})
	w.clean()
	w.do(d.ID, approval.Approve, "bob")
	handle(approval.Return, "fin", func(a *approval.Act) { a.ToStep = "one" })
	w.clean()
	w.do(d.ID, approval.Approve, "ann")
	w.do(d.ID, approval.Approve, "bob")
	w.do(d.ID, approval.Approve, "fin")
	w.clean()
	require.Equal(t, approval.Approved, w.state(d.ID).Status)
	task, err := w.s.Task(w.ctx, first)
	require.NoError(t, err)
	assert.Equal(t, approval.TaskTransferred, task.State)
	assert.Equal(t, 1, w.count(`SELECT count(*) FROM notices WHERE kind = 'task.consulted' AND person = 'dan'`))
	assert.Equal(t, 1, w.count(`SELECT count(*) FROM notices WHERE kind = 'task.advised' AND person = 'cat'`))
}
