package invariants_test

import (
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/store"
)

// sanctioned was agreed to by the manager; then finance approved less, and put the
// title right, before it agreed.
func (h *house) sanctioned() string {
	finance := step("finance", approval.AllOf, "zhang", "chen")
	finance.Allow, finance.Amend = []string{"sanction", "amend"}, []string{"title", "lines.description"}
	c := contentOf("杭州", 40000)
	c.Lines = append(c.Lines, document.Line{No: 2, Category: "meals", Amount: yuan(10000), Tax: yuan(566)})
	c.Total, c.BaseTotal = yuan(50000), yuan(50000)
	s := h.decide(h.plan(h.submit(c), step("manager", approval.AnyOf, "wu"), finance), approval.Approve, "wu", "")
	s = h.decide(s, approval.Approve, "chen", "")
	next, patch, err := c.Sanctioned([]document.Approved{{Line: 1, Amount: yuan(35000)}, {Line: 2, Amount: yuan(0)}})
	require.NoError(h.t, err)
	s = h.change(s, next, approval.Act{Name: approval.Sanction, Sanction: &patch})
	next, changes, err := next.Amended([]document.Change{{Field: "title", Now: "杭州出差"}, {Field: "lines[0].description", Now: "高铁"}})
	require.NoError(h.t, err)
	s = h.change(s, next, approval.Act{Name: approval.Amend, Changes: changes})
	return h.post(h.decide(s, approval.Approve, "zhang", "")).Document
}

// change is what zhang changes in a document.
func (h *house) change(s approval.State, next document.Content, a approval.Act) approval.State {
	hash, err := next.Hash()
	require.NoError(h.t, err)
	a.Revision, err = h.store.SaveChanged(h.ctx, store.RevisionInput{
		Document: s.Document, Actor: "zhang", Content: next, Hash: hash,
	}, s.ContentHash)
	require.NoError(h.t, err)
	a.NewHash, a.Actor, a.Round, a.ContentHash, a.Opinion = hash, "zhang", s.Round, s.ContentHash, "无发票"
	for _, t := range s.OpenTasks() {
		if t.Assignee == "zhang" {
			a.Task = t.ID
		}
	}
	return h.act(s, a)
}
