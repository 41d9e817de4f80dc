package pages_test

import (
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/store"
)

var jumpOption = regexp.MustCompile(`<option value="([^" ]+ [^" ]+)">`)

// TestOnlyJumpsThatAreTakenAreOffered: beside the others it says why they are not, in
// words, and so does the refusal that a program gets.
func TestOnlyJumpsThatAreTakenAreOffered(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		_, err := h.store.PublishPolicy(t.Context(), store.PolicyRow{Kind: "policy", ID: "expense", Hash: "x", YAML: parted})
		require.NoError(t, err)
		at := h.submitted("k1", "5000.00")
		head := map[string]string{"en": "Head", "zh-CN": "财务长"}[h.locale]
		why := html.EscapeString(h.word("fault.step.beside", map[string]string{"step": head}))
		h.get("admin", at).is(200).says(`id="barred"`, why).saysNot(`id="jump-to"`)

		state := h.state(strings.TrimPrefix(at, "/documents/"))
		company, err := h.store.Snapshot(t.Context(), 0)
		require.NoError(t, err)
		admin := auth.Who{Person: company.People["admin"], Subject: access.SubjectOf(company, "admin")}
		_, err = h.desk.Intervene(t.Context(), admin, desk.Intervention{
			Document: state.Document, Ruling: "jump", Task: state.OpenTasks()[0].ID, ToStep: "manager", Round: state.Round,
			ContentHash: state.ContentHash, Opinion: "x", Channel: "api",
		}, desk.Key{})
		f, refused := fault.As(err)
		require.True(t, refused)
		require.Equal(t, "step.beside", f.Code)
		require.Equal(t, head, f.Args["step."+h.locale])

		h.decide("liu", at, "approve", "")
		offered := jumpOption.FindAllStringSubmatch(h.get("admin", at).is(200).saysNot(`id="barred"`).body, -1)
		require.NotEmpty(t, offered)
		for _, one := range offered {
			require.Equal(t, at+"#intervene", h.intervene("admin", at, "jump", url.Values{"jump": {one[1]}}).to())
		}
	})
}

// chooses lets the clerk sanction, and name who decides after them.
const chooses = `policy: expense
title: { en: Expense, zh-CN: 报销 }
base: CNY
steps:
  - id: clerk
    title: { en: Clerk, zh-CN: 经办 }
    approvers: [{ role: finance_clerk }]
    due: { normal: 1 workday }
    on_timeout: escalate
    allow: [sanction, extend]
  - id: head
    title: { en: Head, zh-CN: 财务长 }
    approvers: [{ choice: approver, of: clerk, among: { role: finance_head } }]
then: [accrue, archive]
`

// TestSanctionAndApproveWithAChoice: one press does both with who decides next, and
// without that does neither.
func TestSanctionAndApproveWithAChoice(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		_, err := h.store.PublishPolicy(t.Context(), store.PolicyRow{Kind: "policy", ID: "expense", Hash: "x", YAML: chooses})
		require.NoError(t, err)
		at := h.submitted("k1", "5000.00")
		extension := h.get("wang", at).is(200).form(at + "/decide")
		for name, value := range map[string]string{"act": "extend", "extra": "1 workday", "opinion": "开会"} {
			extension.Set(name, value)
		}
		require.Equal(t, at, h.post("wang", at+"/decide", extension).to())
		step := map[string]string{"en": "Clerk", "zh-CN": "经办"}[h.locale]
		h.get("lin", at).is(200).says(h.word("page.event.task.rescheduled.own", map[string]string{"who": "王芳", "step": step}))

		form := h.get("wang", at).is(200).says(h.word("page.sanction.and_approve", nil)).patchForm(at, "sanction")
		form.Del("to")
		for name, value := range map[string]string{"amount:1": "4000", "opinion": "超标", "then": "approve"} {
			form.Set(name, value)
		}
		h.post("wang", at+"/decide", form).is(422).says(h.word("fault.act.choice_required",
			map[string]string{"step.en": "Head", "step.zh-CN": "财务长"}))
		require.Equal(t, 1, h.state(strings.TrimPrefix(at, "/documents/")).Revision, "nothing was changed")
		form.Set("to", "liu")
		require.Equal(t, at, h.post("wang", at+"/decide", form).to())
		state := h.state(strings.TrimPrefix(at, "/documents/"))
		require.Equal(t, 2, state.Revision)
		require.True(t, state.Over("clerk"))
	})
}
