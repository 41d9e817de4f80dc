package pages_test

import (
	"maps"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/store"
)

const proposeExpense = "/policies/policy/expense/propose"

// draftOf is the shipped policy with one change.
func draftOf(t *testing.T, from, to string) string {
	t.Helper()
	text, err := config.Shipped.ReadFile("policies/expense.yaml")
	require.NoError(t, err)
	require.Contains(t, string(text), from)
	return strings.ReplaceAll(string(text), from, to)
}

// proposes sends the form of a new version; typed is what is filled in, with what
// browsers make of line ends.
func (h *house) proposes(as, yaml, do string) page {
	h.t.Helper()
	form := h.get(as, proposeExpense).is(200).form(proposeExpense)
	form.Set("yaml", strings.ReplaceAll(yaml, "\n", "\r\n"))
	form.Set("note", "限额 <调整>")
	form.Set("days", "3")
	form.Set("do", do)
	return h.post(as, proposeExpense, form)
}

// TestAPolicyIsProposedAndPublishedOnThePages carries one from the form into
// force: the maker may not decide, the second person sees what changes.
func TestAPolicyIsProposedAndPublishedOnThePages(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		yaml := draftOf(t, "1000.00", "3000.00")
		h.proposes("liu", yaml, "check").is(200).says(h.word("page.check.fit", nil), `class="del"`, `class="add"`,
			h.word("page.via.fallback_self", nil)).saysNot("fallback:")
		none, err := h.store.Proposals(t.Context(), store.ProposalFilter{})
		require.NoError(t, err)
		require.Empty(t, none.Items, "a check keeps nothing")

		at := h.proposes("liu", yaml, "propose").to()
		require.Regexp(t, `^/policies/proposals/[0-9a-f-]{36}$`, at)
		h.get("liu", at).says("限额 &lt;调整&gt;", "刘强").saysNot(at + "/decide").
			says(map[string]string{"en": "Somebody else must decide", "zh-CN": "须由他人决定"}[h.locale])
		called := map[string]string{"en": "Expense reimbursement", "zh-CN": "费用报销"}[h.locale]
		h.get("admin", "/policies").read().says(at, h.word("page.policies.of", map[string]string{"what": h.word("what.policy", nil), "id": called}))
		h.get("admin", "/notices").says(at, h.word("notice.proposal.made.subject", map[string]string{
			"by": "刘强", "subject": "expense"}))
		h.get("liu", "/notices").saysNot(at)
		h.get("wang", "/policies").is(200).saysNot(at)
		h.get("wang", at).is(403)

		form := h.get("admin", at).is(200).says("3000.00", "1000.00", h.word("page.check.title", nil)).form(at + "/decide")
		form.Set("verdict", "refuse")
		h.post("admin", at+"/decide", form).is(422).says(h.word("fault.proposal.reason_required", nil))
		form.Set("verdict", "approve")
		stale := url.Values{"verdict": {"approve"}, "hash": {strings.Repeat("0", 64)}, "key": {"other"}}
		h.post("admin", at+"/decide", stale).is(409).says(h.word("fault.proposal.changed", nil))
		require.Equal(t, at, h.post("admin", at+"/decide", form).to())
		require.Equal(t, at, h.post("admin", at+"/decide", form).to(), "sent twice, done once")
		h.get("admin", at).says(h.word("page.proposal.state.approved", nil)).saysNot(at + "/decide")
		h.get("liu", "/notices").says(h.word("notice.proposal.approved.subject", map[string]string{
			"version": "2", "subject": "expense"}))
		h.get("lin", "/policies/policy/expense").is(200).says("3000.00", "?version=1").saysNot(proposeExpense)
		h.get("lin", "/policies/policy/expense?version=1").is(200).says("1000.00", h.word("page.policies.older", nil))
		h.get("admin", "/policies/proposals").saysNot(at)
		h.get("admin", "/policies/proposals?only=ended").says(at)
	})
}

// TestWhatCannotBeProposedIsToldBesideTheText names line and column, quotes the
// line, and keeps everything that was typed.
func TestWhatCannotBeProposedIsToldBesideTheText(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		for _, tt := range []struct {
			yaml string
			says []string
		}{
			{draftOf(t, "finance_clerk", "finance_clark"), []string{`data-line="`, "finance_clark"}},
			{"policy: [\n", []string{`data-line="`, `<pre class="quote">policy: [</pre>`}},
			{draftOf(t, "policy: expense", "policy: other"), []string{h.word("fault.proposal.other_subject",
				map[string]string{"id": "expense", "found": "other"})}},
		} {
			for _, do := range []string{"check", "propose"} {
				said := h.proposes("liu", tt.yaml, do).says(tt.says...).says(h.word("page.check.unfit", nil), "限额 &lt;调整&gt;")
				require.Equal(t, do == "propose", said.status == 422, said.status)
			}
		}
		form := h.get("liu", proposeExpense).form(proposeExpense)
		form.Set("yaml", draftOf(t, "1000.00", "3000.00"))
		form.Set("days", "91")
		form.Set("do", "propose")
		h.post("liu", proposeExpense, form).is(422).says(`id="days-error"`, "3000.00")
		h.post("lin", proposeExpense, form).is(403)
		h.get("lin", proposeExpense).is(403)
		h.get("liu", "/policies/nonsense/expense/propose").is(404)
		h.get("liu", "/policies/nonsense/expense").is(404)
		h.get("liu", "/policies/policy/nowhere").is(404)
		h.get("liu", "/policies/policy/brand-new/propose").is(200)
		require.Equal(t, "/policies/mapping/own/propose", h.get("liu", "/policies/new?kind=mapping&id=own").to())
		none, err := h.store.Proposals(t.Context(), store.ProposalFilter{})
		require.NoError(t, err)
		require.Empty(t, none.Items)
	})
}

// TestWhoMayNotApproveSeesWhy tells of an alias, of an outdated proposal and of a
// person who left since, and lets it be proposed anew from its text.
func TestWhoMayNotApproveSeesWhy(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		h.alias("liu", "liu2")
		first := h.proposes("liu", draftOf(t, "1000.00", "3000.00"), "propose").to()
		second := h.proposes("liu", draftOf(t, "1000.00", "4000.00"), "propose").to()
		h.get("liu2", first).is(200).saysNot(first + "/decide").
			says(map[string]string{"en": "another account of the same person", "zh-CN": "同一人的其他账号"}[h.locale])
		form := h.get("admin", first).form(first + "/decide")
		form.Set("verdict", "approve")
		h.post("liu2", first+"/decide", form).is(403)
		h.post("admin", first+"/decide", form).to()

		h.get("admin", second).says(h.word("page.proposal.state.outdated", nil), h.word("page.proposal.no_approval", nil)).
			saysNot(`value="approve"`).says(`value="refuse"`, proposeExpense+"?from=")
		h.get("liu", "/notices").says(h.word("notice.proposal.outdated.subject", map[string]string{"subject": "expense"}))
		form = h.get("admin", second).form(second + "/decide")
		form.Set("verdict", "approve")
		h.post("admin", second+"/decide", form).is(409)
		form.Set("verdict", "refuse")
		form.Set("reason", "已过时")
		form.Set("key", "another")
		require.Equal(t, second, h.post("admin", second+"/decide", form).to())
		h.get("liu", second).says(h.word("page.proposal.state.refused", nil), "已过时")
		h.get("liu", proposeExpense+"?from="+strings.TrimPrefix(second, "/policies/proposals/")).is(200).says("4000.00")

		late, err := h.store.Propose(t.Context(), store.ProposalInput{Kind: "policy", Subject: "expense", Hash: "x",
			Payload: draftOf(t, "1000.00", "9000.00"), Maker: "liu", Life: 5 * time.Millisecond})
		require.NoError(t, err)
		time.Sleep(10 * time.Millisecond)
		h.get("admin", "/policies/proposals/"+late.ID).says(h.word("page.proposal.state.expired", nil)).saysNot("/decide")
		h.get("admin", "/policies/proposals?only=ended").says(late.ID)
	})
}

// alias gives a person another account with the same roles.
func (h *house) alias(person, id string) {
	h.t.Helper()
	company, err := config.DemoCompany()
	require.NoError(h.t, err)
	twin := company.People[person]
	twin.ID, twin.Subject, twin.Email, twin.Aliases = id, "sub-"+id, id+"@example.com", []string{person}
	company.People[id] = twin
	for _, g := range company.Grants {
		if g.Person == person {
			company.Grants = append(company.Grants, org.Grant{Person: id, Role: g.Role, Entity: g.Entity})
		}
	}
	_, err = h.store.ReplaceOrganisation(h.t.Context(), company, "alias")
	require.NoError(h.t, err)
}

// TestOpenDocumentsAreReplannedOnPaper shows for a proposal, and for what became
// of it, whose path would change; looking changes nothing.
func TestOpenDocumentsAreReplannedOnPaper(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		small := h.submitted("k1", "1200.00")
		large := h.submitted("k2", "2500.00")
		h.get("admin", "/policies/policy/expense/replan").is(200).says(h.word("page.replan.none", nil)).
			saysNot("<h1>" + h.word("page.replan.title", map[string]string{"id": "expense"}))
		at := h.proposes("liu", draftOf(t, "1000.00", "2000.00"), "propose").to()
		proposed := "/policies/policy/expense/replan?proposal=" + strings.TrimPrefix(at, "/policies/proposals/")
		h.get("admin", at).says(strings.ReplaceAll(proposed, "&", "&amp;"))
		before := h.get("admin", proposed).is(200).says(small, large, h.word("page.replan.other", nil), "王芳",
			h.word("page.replan.proposed", map[string]string{"n": "2"}),
			`<span class="big">2</span>`+h.word("page.replan.documents", nil),
			`<span class="big">1</span>`+h.word("page.replan.changed", nil))
		require.Equal(t, 1, strings.Count(before.body, "⇒")+strings.Count(before.body, h.word("page.replan.after", nil)))

		form := h.get("admin", at).form(at + "/decide")
		form.Set("verdict", "approve")
		h.post("admin", at+"/decide", form).to()
		h.get("admin", "/policies/policy/expense/replan").says(small, `<span class="big">1</span>`+h.word("page.replan.changed", nil))
		h.get("wang", proposed).is(403)
		h.get("admin", "/policies/policy/payment/replan?proposal="+strings.TrimPrefix(at, "/policies/proposals/")).is(422)
		h.get("admin", "/policies/type/expense/replan").is(404)
		fresh := h.submitted("k3", "1300.00")
		h.get("admin", "/policies/policy/expense/replan").saysNot(fresh)
	})
}

// TestOpenDocumentsArePlannedAnewByTwo chooses documents in the preview: for money
// another administrator approves, then their route is the new one; sending it
// again does nothing more.
func TestOpenDocumentsArePlannedAnewByTwo(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		h.alias("admin", "ada")
		h.apart("ada")
		first, second := h.submitted("k1", "1200.00"), h.submitted("k2", "1300.00")
		at := h.proposes("liu", draftOf(t, "1000.00", "2000.00"), "propose").to()
		form := h.get("admin", at).form(at + "/decide")
		form.Set("verdict", "approve")
		h.post("admin", at+"/decide", form).to()

		const replan = "/policies/policy/expense/replan"
		h.get("liu", replan).is(200).saysNot(`name="these"`)
		preview := h.get("admin", replan).is(200).says(first, second).saysNot(" checked", "finance_review")
		form = preview.form(replan)
		form["these"] = values(preview, "these")
		require.Len(t, form["these"], 2)
		form.Set("do", "replan")
		h.post("liu", replan, form).is(403)
		for _, do := range []string{"replan", "approve"} {
			h.post("admin", replan, url.Values{"do": {do}, "opinion": {"so"}}).is(422).says(h.word("fault.replan.nothing", nil))
		}
		h.post("admin", replan, form).says(h.word("fault.act.opinion_required", nil), h.word("page.replan.state.refused", nil))
		form.Set("opinion", "新制度")
		form.Set("key", "another")
		for range 2 {
			h.post("admin", replan, form).is(200).says(h.word("page.replan.state.proposed", nil)).
				saysNot(h.word("page.replan.state.refused", nil))
		}
		form.Set("key", "a third")
		h.post("admin", replan, form).says(h.word("page.replan.state.waits", nil)).saysNot(`name="approve"`)
		open, err := h.store.Proposals(t.Context(), store.ProposalFilter{Only: store.OnlyOpen})
		require.NoError(t, err)
		require.Len(t, open.Items, 2, "one for each, however often it is sent")

		preview = h.get("ada", replan).says(h.word("page.replan.waits", map[string]string{"who": "何静"})).saysNot(" checked")
		form = preview.form(replan)
		form["approve"] = values(preview, "approve")
		form.Set("do", "approve")
		h.post("ada", replan, form).is(200).says(h.word("page.replan.results", nil), h.word("page.replan.state.done", nil),
			h.word("page.replan.none", nil)).saysNot(h.word("page.replan.state.refused", nil))
		for _, path := range []string{first, second} {
			events, err := h.store.Events(t.Context(), strings.TrimPrefix(path, "/documents/"), 0, 0)
			require.NoError(t, err)
			n := 0
			for _, e := range events {
				if e.Kind == "plan.discarded" {
					n++
				}
			}
			require.Equal(t, 1, n)
		}
	})
}

// values are those of the boxes of a name.
func values(p page, name string) []string {
	var all []string
	for _, m := range regexp.MustCompile(`type="checkbox" name="`+name+`" value="([^"]*)"`).FindAllStringSubmatch(p.body, -1) {
		all = append(all, m[1])
	}
	return all
}

// apart makes another human of what was an alias.
func (h *house) apart(id string) {
	h.t.Helper()
	snapshot, err := h.store.Snapshot(h.t.Context(), 0)
	require.NoError(h.t, err)
	company := *snapshot
	company.People = maps.Clone(snapshot.People)
	twin := company.People[id]
	twin.Aliases, twin.Name = nil, "Ada"
	company.People[id] = twin
	_, err = h.store.ReplaceOrganisation(h.t.Context(), company, "apart")
	require.NoError(h.t, err)
}
