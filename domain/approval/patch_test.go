package approval_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
)

// less approves 60 of the 100 that one line claimed.
func less(a *approval.Act) {
	a.Revision, a.NewHash = 2, "hash2"
	a.Sanction = &document.Sanction{Claimed: yuan(100), Was: yuan(100), Now: yuan(60),
		Lines: []document.SanctionedLine{{Line: 1, Claimed: yuan(100), Was: yuan(100), Now: yuan(60)}}}
}

func amends(changes ...document.Change) func(*approval.Act) {
	return func(a *approval.Act) { a.Revision, a.NewHash, a.Changes = 2, "hash2", changes }
}

var titleChange = document.Change{Field: "title", Was: "a", Now: "b"}

// TestWhatChangesTheContent holds the refusals that no scenario tells.
func TestWhatChangesTheContent(t *testing.T) {
	title := titleChange
	for _, tt := range []struct {
		name   string
		act    approval.Name
		change func(*approval.Act)
		want   string
	}{
		{"less", approval.Sanction, less, ""},
		{"no patch", approval.Sanction, func(a *approval.Act) { less(a); a.Sanction = nil }, "sanction.no_change"},
		{"a total that does not follow", approval.Sanction, func(a *approval.Act) { less(a); a.Sanction.Now = yuan(61) }, "sanction.bad_total"},
		{"a total above what was claimed", approval.Sanction, func(a *approval.Act) { less(a); a.Sanction.Claimed = yuan(59) }, "sanction.bad_total"},
		{"no hash", approval.Sanction, func(a *approval.Act) { less(a); a.NewHash = "" }, "act.hash_required"},
		{"another revision", approval.Sanction, func(a *approval.Act) { less(a); a.Revision = 3 }, "document.revision_stale"},
		{"only spaces as a reason", approval.Sanction, func(a *approval.Act) { less(a); a.Opinion = " " }, "act.opinion_required"},
		{"the title", approval.Amend, amends(title), ""},
		{"nothing", approval.Amend, amends(), "amend.no_change"},
		{"the same again", approval.Amend, amends(document.Change{Field: "title", Was: "a", Now: "a"}), "amend.no_change"},
		{"a field twice", approval.Amend, amends(title, title), "amend.bad_field"},
		{"far too many", approval.Amend, amends(make([]document.Change, document.ChangesMost+1)...), "amend.too_many"},
		{"a NUL", approval.Amend, amends(document.Change{Field: "title", Now: "\x00"}), "act.bad_text"},
		{"a novel", approval.Amend, amends(document.Change{Field: "title", Now: strings.Repeat("字", 2001)}), "act.opinion_too_long"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := handled(approval.AnyOf, "li")
			s.Amend = []string{"title"}
			r := planned(t, s)
			a := r.act(tt.act, "li")
			tt.change(&a)
			before := r.state
			require.Equal(t, tt.want, fault.CodeOf(r.do(a)))
			if tt.want != "" {
				require.Equal(t, before, r.state)
				return
			}
			require.Equal(t, 2, r.state.Revision)
			require.Equal(t, "hash2", r.state.ContentHash)
			require.Equal(t, []string{"li"}, open(r.state))
			require.NoError(t, r.do(r.act(approval.Approve, "li")))
			require.Equal(t, approval.Approved, r.state.Status)
			require.True(t, strings.HasSuffix(r.state.Effect.Reference, ":2"), "what was sanctioned is booked")
		})
	}
}

// TestAdviceChangesNothing: who is only asked sets no amounts; and whoever took a
// yes back leaves the amounts as they are.
func TestAdviceChangesNothing(t *testing.T) {
	r := planned(t, handled(approval.AnyOf, "li"), handled(approval.AnyOf, "zoe"))
	ask := r.act(approval.Consult, "li")
	ask.To = []string{"mia"}
	require.NoError(t, r.do(ask))
	theirs := r.act(approval.Sanction, "mia")
	less(&theirs)
	require.Equal(t, "task.only_advice", fault.CodeOf(r.do(theirs)))
	mine := r.act(approval.Sanction, "li")
	less(&mine)
	require.NoError(t, r.do(mine))
	task := mine.Task
	require.NoError(t, r.do(r.act(approval.Approve, "li")))
	back := r.act(approval.Retract, "li")
	back.Task = task
	r.after(1)
	require.NoError(t, r.do(back))
	require.Equal(t, 2, r.state.Revision)
	require.Equal(t, []string{"li"}, open(r.state))
}
