package store_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/store"
)

// patchable is a routed document whose first step lets its approvers change it.
func (w *world) patchable() store.Document {
	w.t.Helper()
	d := w.submit("train")
	p := plan(1, approval.AllOf, "ann", "bob")
	p.Steps[0].Allow, p.Steps[0].Amend = []string{"sanction", "amend"}, []string{"title", "lines.category"}
	w.record(d.ID, approval.Planned{Plan: p})
	return d
}

func (w *world) saveChanged(of store.Document, next document.Content, seen string) (int, string, error) {
	hash, err := next.Hash()
	require.NoError(w.t, err)
	n, err := w.s.SaveChanged(w.ctx, store.RevisionInput{Document: of.ID, Actor: "ann", Content: next, Hash: hash}, seen)
	return n, hash, err
}

func (w *world) read(id string) store.Document {
	w.t.Helper()
	d, err := w.s.Document(w.ctx, everything, id)
	require.NoError(w.t, err)
	return d
}

// sanctions stores what would be approved of the only line, and makes the act.
func (w *world) sanctions(id, who string, minor int64) approval.Act {
	w.t.Helper()
	d := w.read(id)
	next, patch, err := d.Content.Sanctioned([]document.Approved{{Line: 1, Amount: money.Amount{Minor: minor, Currency: "CNY"}}})
	require.NoError(w.t, err)
	a := w.act(id, approval.Sanction, who)
	a.Revision, a.NewHash, err = w.saveChanged(d, next, d.ContentHash)
	require.NoError(w.t, err)
	a.Sanction = &patch
	return a
}

// TestRecordSanctionAndAmend: the row shows what is approved beside what was
// claimed, the old content stays, and the audit derives it all again.
func TestRecordSanctionAndAmend(t *testing.T) {
	w := newWorld(t)
	d := w.patchable()
	a := w.sanctions(d.ID, "ann", 50000)
	w.commit(a)
	w.record(d.ID, a)
	now := w.read(d.ID)
	assert.Equal(t, int64(50000), now.Total.Minor)
	assert.Equal(t, int64(82000), now.Claimed.Minor)
	assert.Equal(t, 2, now.Revision)
	assert.Equal(t, 1, now.Round)
	assert.Equal(t, int64(82000), now.Content.Lines[0].Claimed.Amount.Minor)
	first, _, err := w.s.Revision(w.ctx, d.ID, 1)
	require.NoError(t, err)
	assert.Nil(t, first.Claimed)
	tasks, err := w.s.DocumentTasks(w.ctx, d.ID)
	require.NoError(t, err)
	assert.Equal(t, int64(82000), tasks[0].BaseClaimed.Minor, "authority is judged by the claim")
	underway, err := w.s.Underway(w.ctx, everything, store.UnderwayFilter{Policy: "expense"})
	require.NoError(t, err)
	assert.Equal(t, int64(82000), underway.Items[0].Content.Total.Minor, "so is the route that a new version would give")

	changed, patch, err := now.Content.Amended([]document.Change{{Field: "title", Now: "plane"}})
	require.NoError(t, err)
	amend := w.act(d.ID, approval.Amend, "bob")
	amend.Revision, amend.NewHash, err = w.saveChanged(d, changed, now.ContentHash)
	require.NoError(t, err)
	amend.Changes = patch
	w.commit(amend)
	w.record(d.ID, amend)
	assert.Equal(t, "plane", w.read(d.ID).Title)
	assert.Equal(t, int64(82000), w.read(d.ID).Claimed.Minor)

	again := w.sanctions(d.ID, "ann", 82000)
	w.commit(again)
	w.record(d.ID, again)
	assert.Empty(t, w.read(d.ID).Claimed, "nothing less is approved any more")
	assert.Equal(t, 4, w.read(d.ID).Revision)
	w.clean()
}

// TestAPatchIsProvedWhereItIsRecorded: whoever stored the content, or said what
// changed in it, is not believed.
func TestAPatchIsProvedWhereItIsRecorded(t *testing.T) {
	for _, tt := range []struct {
		name string
		lie  func(*document.Content, *approval.Act)
	}{
		{"another payee", func(c *document.Content, _ *approval.Act) { c.Payee.ID = "ann" }},
		{"another line", func(c *document.Content, _ *approval.Act) { c.Lines[0].Description = "yacht" }},
		{"more tax", func(c *document.Content, _ *approval.Act) { c.Lines[0].Tax.Minor = 7 }},
		{"a claim that never was", func(c *document.Content, _ *approval.Act) { c.Lines[0].Claimed.Amount.Minor = 90000 }},
		{"a claimed total that never was", func(c *document.Content, _ *approval.Act) { c.Claimed.Total.Minor = 90000 }},
		{"other amounts were said", func(_ *document.Content, a *approval.Act) {
			a.Sanction.Lines[0].Now.Minor, a.Sanction.Now.Minor = 40000, 40000
		}},
		{"another past was said", func(_ *document.Content, a *approval.Act) {
			a.Sanction.Lines[0].Was.Minor, a.Sanction.Was.Minor = 81000, 81000
		}},
		{"a higher claim was said", func(_ *document.Content, a *approval.Act) {
			a.Sanction.Lines[0].Claimed.Minor, a.Sanction.Claimed.Minor = 90000, 90000
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			d := w.patchable()
			a := w.sanctions(d.ID, "ann", 50000)
			next, _, err := w.read(d.ID).Content.Sanctioned([]document.Approved{{Line: 1, Amount: a.Sanction.Now}})
			require.NoError(t, err)
			tt.lie(&next, &a)
			a.Revision, a.NewHash, err = w.saveChanged(d, next, d.ContentHash)
			require.NoError(t, err)
			w.commit(a)
			request, err := w.request(d.ID, a)
			require.NoError(t, err, "the core cannot know")
			_, err = w.s.Record(w.ctx, request, nil)
			require.Equal(t, "revision.changed", fault.CodeOf(err))
			require.Equal(t, d.ContentHash, w.read(d.ID).ContentHash)
			w.clean()
		})
	}
}

// TestTheAuditFindsAPatchThatLies: somebody above the rules puts a dearer content
// in place, with hashes that fit.
func TestTheAuditFindsAPatchThatLies(t *testing.T) {
	w := newWorld(t)
	d := w.patchable()
	a := w.sanctions(d.ID, "ann", 50000)
	w.commit(a)
	w.record(d.ID, a)
	w.clean()
	w.tamper(`UPDATE revisions SET content = replace(content, '"title":"train"', '"title":"yacht"') WHERE revision = 1`)
	report, err := w.s.VerifyAudit(w.ctx, store.VerifyOptions{})
	require.NoError(t, err)
	var found []string
	for _, f := range report.Findings {
		found = append(found, f.What)
	}
	require.Contains(t, found, "content.unproved")
}

// TestOnlyTheContentThatWasSeenIsChanged: of two who change it at once, the second
// reloads; and nothing is stored for a document that is not under approval.
func TestOnlyTheContentThatWasSeenIsChanged(t *testing.T) {
	w := newWorld(t)
	d := w.patchable()
	first, second := w.sanctions(d.ID, "ann", 50000), w.sanctions(d.ID, "bob", 60000)
	w.commit(first)
	request, err := w.request(d.ID, first)
	require.NoError(t, err)
	_, err = w.s.Record(w.ctx, request, nil)
	require.Equal(t, "revision.changed", fault.CodeOf(err), "the second put another content in its place")
	w.commit(second)
	w.record(d.ID, second)
	next := w.read(d.ID).Content
	next.Title = "x"
	_, _, err = w.saveChanged(d, next, d.ContentHash)
	require.Equal(t, "task.changed", fault.CodeOf(err))
	w.do(d.ID, approval.Reject, "ann")
	_, _, err = w.saveChanged(d, next, d.ContentHash)
	require.Equal(t, "document.not_open", fault.CodeOf(err))
}

// TestASanctionSettlesLessOfAnAdvance: what is not approved stays open of it, may
// be settled by another report, and is then not to be had by a second sanction.
func TestASanctionSettlesLessOfAnAdvance(t *testing.T) {
	w := newWorld(t)
	advance := w.advanced()
	d, err := w.s.Submit(w.ctx, w.submitInput(settling("report", advance, 82000)))
	require.NoError(t, err)
	p := plan(1, approval.AnyOf, "ann")
	p.Steps[0].Allow = []string{"sanction"}
	w.record(d.ID, approval.Planned{Plan: p})
	a := w.sanctions(d.ID, "ann", 50000)
	require.Zero(t, w.open(advance), "until it is recorded, what was claimed counts")
	w.commit(a)
	w.record(d.ID, a)
	require.Equal(t, int64(32000), w.open(advance))
	raised, _, err := w.read(d.ID).Content.Sanctioned([]document.Approved{{Line: 1, Amount: money.Amount{Minor: 60000, Currency: "CNY"}}})
	require.NoError(t, err)
	_, _, err = w.saveChanged(d, raised, a.NewHash)
	require.NoError(t, err)
	require.Equal(t, int64(22000), w.open(advance), "what is about to be settled is held")
	_, err = w.s.Submit(w.ctx, w.submitInput(settling("another", advance, 22000)))
	require.NoError(t, err)
	full, err := raised.AsClaimed()
	require.NoError(t, err)
	_, _, err = w.saveChanged(d, full, a.NewHash)
	require.Equal(t, "offset.exceeds_open", fault.CodeOf(err))
	w.do(d.ID, approval.Approve, "ann")
	w.do(d.ID, approval.Approve, "fin")
	require.Equal(t, int64(10000), w.open(advance), "what took no effect holds nothing any more")
	w.clean()
}
