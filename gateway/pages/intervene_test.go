package pages_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var proposalForm = regexp.MustCompile(`action="(/documents/[^"]*/interventions/[^"]*)"`)

// intervene sends the form of a ruling on a document's page.
func (h *house) intervene(as, at, ruling string, more url.Values) page {
	h.t.Helper()
	values := h.get(as, at).is(200).form(at + "/intervene")
	values.Set("ruling", ruling)
	values.Set("opinion", "王芳已离职")
	for name, value := range more {
		values[name] = value
	}
	return h.post(as, at+"/intervene", values)
}

// openTask is the first task that the page lets an administrator take.
func (h *house) openTask(as, at string) string {
	h.t.Helper()
	m := regexp.MustCompile(`id="reassign-task" name="task"><option value="([^"]+)"`).FindStringSubmatch(h.get(as, at).is(200).body)
	require.NotNil(h.t, m)
	return m[1]
}

// TestAdministratorsIntervene walks through the card of a document: what one
// proposes the other sees and approves, and everybody reads of it.
func TestAdministratorsIntervene(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		at := h.submitted("k1", "2000.00")
		h.get("wang", at).is(200).saysNot(`id="intervene"`)
		h.get("lin", at).is(200).saysNot(`id="intervene"`)
		h.get("admin", at).is(200).says(`id="intervene"`, h.word("page.intervene.two", nil))
		task := h.openTask("admin", at)

		h.intervene("admin", at, "reassign", url.Values{"task": {task}, "to": {"nobody at all"}}).is(422).says("王芳已离职", "nobody at all")
		h.intervene("admin", at, "reassign", url.Values{"task": {task}, "to": {"sun"}, "opinion": {" "}}).is(422)
		here := map[string]string{"en": "Finance first review", "zh-CN": "财务初审"}[h.locale]
		h.intervene("admin", at, "jump", url.Values{"task": {task}, "to_step": {"finance_review"}}).is(422).
			says(h.word("fault.step.no_target", map[string]string{"step": here}))
		require.Equal(t, at+"#intervene", h.intervene("admin", at, "reassign", url.Values{"task": {task}, "to": {"sun"}}).to())
		h.get("admin", at).is(200).says(h.word("page.intervene.open", nil)).saysNot(at + "/interventions/")
		h.get("audit", at).is(200).says(h.word("page.intervene.open", nil), "王芳已离职").saysNot(at+"/interven", at+"/replan")
		m := proposalForm.FindStringSubmatch(h.get("max", at).is(200).body)
		require.NotNil(t, m)
		h.get("max", at).is(200).says(h.word("page.proposal.reason_hint", nil))
		form := h.get("max", at).form(m[1])
		form.Set("verdict", "refuse")
		h.post("max", m[1], form).is(422)
		form.Set("verdict", "approve")
		require.Equal(t, at, h.post("max", m[1], form).to())
		h.get("lin", at).is(200).says(h.word("page.intervened", nil), h.word("task.reassigned", nil), "王芳已离职",
			h.word("page.intervened.by", map[string]string{"maker": "何静"}))
		h.get("lin", "/documents?intervened=1").is(200).says(at)
		other := h.submitted("k2", "2000.00")
		h.get("lin", "/documents?intervened=1").is(200).saysNot(other)
	})
}

// TestNobodyApprovesWhatGivesThemATask: it would be approved and have no effect, so it stays
// for somebody else.
func TestNobodyApprovesWhatGivesThemATask(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		at := h.submitted("k1", "2000.00")
		h.intervene("admin", at, "reassign", url.Values{"task": {h.openTask("admin", at)}, "to": {"max"}}).to()
		m := proposalForm.FindStringSubmatch(h.get("max", at).is(200).body)
		require.NotNil(t, m)
		form := h.get("max", at).form(m[1])
		form.Set("verdict", "approve")
		h.post("max", m[1], form).is(409).says(h.word("fault.intervention.to_approver", nil))
		h.get("max", at).is(200).says(h.word("page.intervene.open", nil), m[1])
	})
}

// TestTheRouteIsSeenBeforeItIsChanged: planning anew shows both routes first, a jump
// is on the route, and a voided document offers nothing more.
func TestTheRouteIsSeenBeforeItIsChanged(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		at := h.submitted("k1", "2000.00")
		approve := func(ruling string, more url.Values) {
			t.Helper()
			h.intervene("admin", at, ruling, more).to()
			m := proposalForm.FindStringSubmatch(h.get("max", at).is(200).body)
			require.NotNil(t, m, ruling)
			form := h.get("max", at).form(m[1])
			form.Set("verdict", "approve")
			h.post("max", m[1], form).to()
		}
		h.get("admin", at+"/replan").is(200).says(h.word("page.intervene.preview.now", nil), h.word("page.intervene.preview.new", nil),
			at+"/intervene")
		h.get("lin", at+"/replan").is(403)
		steps := regexp.MustCompile(`(?s)id="jump-to".*?</select>`).FindString(h.get("admin", at).body)
		last := regexp.MustCompile(`value="([^"]+)"`).FindAllStringSubmatch(steps, -1)
		approve("jump", url.Values{"jump": {last[len(last)-1][1]}})
		h.get("lin", at).is(200).says(h.word("page.stands.jumped", nil), `class="jumped"`)
		h.get("admin", at+"/replan").is(200)
		approve("void", nil)
		h.get("lin", at).is(200).says(h.word("status.voided", nil))
		h.get("admin", at).is(200).saysNot(`id="intervene"`)
		h.get("admin", at+"/replan").is(409)
		h.get("lin", "/documents?status=stopped").is(200).says(at)
	})
}

// TestAnApprovalThatCameTooLate is told on the page, with the reason.
func TestAnApprovalThatCameTooLate(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		at := h.submitted("k1", "2000.00")
		h.intervene("admin", at, "reassign", url.Values{"task": {h.openTask("admin", at)}, "to": {"sun"}}).to()
		h.decide("wang", at, "approve", "").to()
		m := proposalForm.FindStringSubmatch(h.get("max", at).is(200).body)
		form := h.get("max", at).form(m[1])
		form.Set("verdict", "approve")
		require.True(t, strings.HasPrefix(h.post("max", m[1], form).to(), at))
		before, _, _ := strings.Cut(h.word("page.intervene.failed", map[string]string{"who": "Max Weber", "why": "|"}), "|")
		h.get("admin", at).is(200).says(before[:len(before)/2])
	})
}
