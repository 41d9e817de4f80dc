package store_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/invoice"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/store"
)

// titles are the titles of a whole list, read page by page.
func (w *world) titles(f store.TaskFilter) []string {
	w.t.Helper()
	f.Limit, f.WithTotal = 2, true
	var titles []string
	for {
		page, err := w.s.Tasks(w.ctx, f)
		require.NoError(w.t, err)
		for _, t := range page.Items {
			titles = append(titles, t.Title)
		}
		if f.Cursor = page.Next; f.Cursor == "" {
			require.Len(w.t, titles, int(*page.Total))
			return titles
		}
	}
}

// inbox gives ann three tasks: a train of 10.00, an urgent plane of 300.00 for rob, and
// a taxi of 20.00, each due an hour after the one before it.
func (w *world) inbox() []store.Document {
	w.t.Helper()
	var all []store.Document
	for i, c := range []struct {
		title     string
		minor     int64
		urgency   document.Urgency
		requester string
	}{{"train", 1000, document.Normal, "sue"}, {"plane", 30000, document.Urgent, "rob"}, {"taxi", 2000, document.Normal, "sue"}} {
		in := content(c.title)
		in.Urgency, in.Requester = c.urgency, c.requester
		in.Total.Minor, in.BaseTotal.Minor, in.Lines[0].Amount.Minor = c.minor, c.minor, c.minor
		d, err := w.s.Submit(w.ctx, w.submitInput(in))
		require.NoError(w.t, err)
		p := plan(1, approval.AnyOf, "ann", "bob")
		request, err := w.request(d.ID, approval.Planned{Plan: p})
		require.NoError(w.t, err)
		_, err = w.s.Record(w.ctx, request, stampIn(time.Duration(3+i)*time.Hour))
		require.NoError(w.t, err)
		all = append(all, d)
	}
	return all
}

// TestAnInboxIsNarrowedAndSorted by each field and in each order, page by page.
func TestAnInboxIsNarrowedAndSorted(t *testing.T) {
	w := newWorld(t)
	all := w.inbox()
	yuan := func(from, to int64) store.AmountRange { return store.AmountRange{Currency: "CNY", From: from, To: to} }
	for name, tt := range map[string]struct {
		f    store.TaskFilter
		want []string
	}{
		"by deadline":          {store.TaskFilter{}, []string{"train", "plane", "taxi"}},
		"the newest first":     {store.TaskFilter{Order: store.ByNewest}, []string{"taxi", "plane", "train"}},
		"the largest first":    {store.TaskFilter{Order: store.ByAmount}, []string{"plane", "taxi", "train"}},
		"of a type":            {store.TaskFilter{Narrow: store.Narrow{Types: []string{"advance"}}}, nil},
		"of an entity":         {store.TaskFilter{Narrow: store.Narrow{Entities: []string{"cn"}}}, []string{"train", "plane", "taxi"}},
		"of another entity":    {store.TaskFilter{Narrow: store.Narrow{Entities: []string{"de"}}}, nil},
		"urgent":               {store.TaskFilter{Narrow: store.Narrow{Urgency: document.Urgent}}, []string{"plane"}},
		"for somebody":         {store.TaskFilter{Narrow: store.Narrow{People: []string{"rob"}}}, []string{"plane"}},
		"submitted by":         {store.TaskFilter{Narrow: store.Narrow{People: []string{"sue"}}}, []string{"train", "plane", "taxi"}},
		"from an amount":       {store.TaskFilter{Narrow: store.Narrow{Amounts: yuan(2000, 0)}}, []string{"plane", "taxi"}},
		"up to an amount":      {store.TaskFilter{Narrow: store.Narrow{Amounts: yuan(0, 2000)}}, []string{"train", "taxi"}},
		"in another currency":  {store.TaskFilter{Narrow: store.Narrow{Amounts: store.AmountRange{Currency: "EUR"}}}, nil},
		"by a word":            {store.TaskFilter{Narrow: store.Narrow{Query: "TA"}}, []string{"taxi"}},
		"by a wild card":       {store.TaskFilter{Narrow: store.Narrow{Query: "t%n"}}, nil},
		"by number":            {store.TaskFilter{Narrow: store.Narrow{Query: all[0].Number}}, []string{"train"}},
		"by a name":            {store.TaskFilter{Narrow: store.Narrow{Query: "ro", Named: []string{"rob"}}}, []string{"plane"}},
		"due soon":             {store.TaskFilter{DueBefore: time.Now().Add(4*time.Hour + 30*time.Minute)}, []string{"train", "plane"}},
		"overdue":              {store.TaskFilter{DueBefore: time.Now()}, nil},
		"several, and largest": {store.TaskFilter{Order: store.ByAmount, Narrow: store.Narrow{Amounts: yuan(1500, 99999), Query: "a"}}, []string{"plane", "taxi"}},
	} {
		t.Run(name, func(t *testing.T) {
			tt.f.Assignees = []string{"ann", approval.AdminQueue}
			require.Equal(t, tt.want, w.titles(tt.f))
		})
	}
	capped, err := w.s.CountTasks(w.ctx, store.TaskFilter{Assignees: []string{"ann"}, TotalMost: 2})
	require.NoError(t, err)
	require.EqualValues(t, 2, capped)
	page, err := w.s.Tasks(w.ctx, store.TaskFilter{Assignees: []string{"ann"}, Limit: 1})
	require.NoError(t, err)
	_, err = w.s.Tasks(w.ctx, store.TaskFilter{Assignees: []string{"ann"}, Order: store.ByAmount, Cursor: page.Next})
	require.Equal(t, "cursor.bad", fault.CodeOf(err), "a cursor of another order")
}

// TestWhoDecidedWhatForWhom reads the lists of what is over.
func TestWhoDecidedWhatForWhom(t *testing.T) {
	w := newWorld(t)
	all := w.inbox()
	w.do(all[0].ID, approval.Approve, "ann")
	w.delegates("bob", "rob", nil)
	w.commitAndRecord(all[2].ID, w.standIn(all[2].ID, approval.Approve, "rob", "bob"))
	for name, tt := range map[string]struct {
		who  string
		view store.TaskView
		want []string
	}{
		"decided":               {"ann", store.TasksDecided, []string{"train"}},
		"decided for another":   {"rob", store.TasksDecided, []string{"taxi"}},
		"for others":            {"rob", store.TasksForOthers, []string{"taxi"}},
		"nothing for others":    {"ann", store.TasksForOthers, nil},
		"by another":            {"bob", store.TasksByOthers, []string{"taxi"}},
		"ended":                 {"bob", store.TasksEnded, []string{"train"}},
		"ended by a stand-in's": {"ann", store.TasksEnded, []string{"taxi"}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, tt.want, w.titles(store.TaskFilter{View: tt.view, Delegate: tt.who}))
		})
	}
}

// TestAGlanceSeesWhatChanges in an inbox, and nothing else.
func TestAGlanceSeesWhatChanges(t *testing.T) {
	w := newWorld(t)
	look := func() store.Waiting {
		seen, err := w.s.Glance(w.ctx, []string{"ann", "nobody"})
		require.NoError(t, err)
		require.NotContains(t, seen, "nobody")
		return seen["ann"]
	}
	marks := []int64{look().Mark}
	changed := func(tasks int64) {
		t.Helper()
		seen := look()
		require.Equal(t, tasks, seen.Tasks)
		require.False(t, slices.Contains(marks, seen.Mark), "it says that something changed")
		require.Equal(t, seen, look(), "and that nothing did")
		marks = append(marks, seen.Mark)
	}
	all := w.inbox()
	changed(3)
	w.do(all[0].ID, approval.Approve, "bob")
	changed(2)
	w.tamper(`UPDATE tasks SET due_at = due_at + interval '1 hour' WHERE document = $1`, all[1].ID)
	changed(2)
	w.routed("bus", approval.AnyOf, "ann")
	changed(3)
}

// TestRisksAreWhatTheRecordKnows of the documents of a page.
func TestRisksAreWhatTheRecordKnows(t *testing.T) {
	w := newWorld(t)
	plain := w.routed("train", approval.AnyOf, "ann")
	in := content("hotel")
	in.Lines[0].Standard = &document.Standard{
		Limit: money.Amount{Minor: 50000, Currency: "CNY"}, Over: money.Amount{Minor: 32000, Currency: "CNY"},
	}
	w.invoiced("short", in.Lines[0].Amount.Minor-1)
	in.Lines[0].Attachments = []document.Attachment{{ID: "short", SHA256: "short"}}
	even := content("ferry")
	w.invoiced("even", even.Lines[0].Amount.Minor)
	even.Attachments, even.Lines[0].Invoice = []document.Attachment{{ID: "even", SHA256: "even"}}, "no-even"
	enough, err := w.s.Submit(w.ctx, w.submitInput(even))
	require.NoError(t, err)
	d, err := w.s.Submit(w.ctx, w.submitInput(in))
	require.NoError(t, err)
	p := plan(1, approval.AnyOf, "ann")
	p.SignIn = &approval.FreshSignIn{Seconds: 300}
	p.Counted = &approval.Counted{Count: 2, Sum: money.Amount{Minor: 246000, Currency: "CNY"}}
	w.record(d.ID, approval.Planned{Plan: p})
	again := w.routed("taxi", approval.AnyOf, "ann")
	w.do(again.ID, approval.Return, "ann")
	act, ok := w.resubmission(again.ID, w.state(again.ID)).(approval.Act)
	require.True(t, ok)
	w.commitAndRecord(again.ID, act)
	held, err := w.s.Submit(w.ctx, w.submitInput(content("bus")))
	require.NoError(t, err)
	holds := plan(1, approval.AnyOf, "ann")
	holds.Steps[0].Allow = []string{"hold"}
	w.record(held.ID, approval.Planned{Plan: holds})
	hold := w.act(held.ID, approval.Hold, "ann")
	hold.Opinion = "the bill is missing"
	w.commitAndRecord(held.ID, hold)
	asked := []string{plain.ID, d.ID, again.ID, enough.ID, held.ID, "none"}
	risks, err := w.s.Risks(w.ctx, asked)
	require.NoError(t, err)
	require.Equal(t, map[string]store.Risks{
		plain.ID: {}, enough.ID: {}, held.ID: {StoppedBy: "ann"},
		again.ID: {Resubmitted: 1},
		d.ID: {
			Counted: 2, CountedSum: money.Amount{Minor: 246000, Currency: "CNY"}, OverLines: 1,
			Over: money.Amount{Minor: 32000, Currency: "CNY"}, FreshSignIn: true, Overclaimed: 1,
		},
	}, risks)
	w.do(held.ID, approval.Release, "ann")
	risks, err = w.s.Risks(w.ctx, asked)
	require.NoError(t, err)
	require.Empty(t, risks[held.ID], "the clock runs again")
}

// invoiced is a file out of which an invoice of that amount was read.
func (w *world) invoiced(id string, minor int64) {
	w.t.Helper()
	require.NoError(w.t, w.s.SaveAttachment(w.ctx, store.AttachmentRow{
		Attachment: document.Attachment{ID: id, Name: id, Type: "text/xml", Size: 1, SHA256: id}, Uploader: "sue", Key: id}))
	require.NoError(w.t, w.s.KeepInvoiceFact(w.ctx, id, invoice.Fact{Number: "no-" + id,
		Gross: money.Amount{Minor: minor, Currency: "CNY"}}))
}
