package browser

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/gateway/i18n"
)

const proposePayments = "/policies/policy/payment_request/propose"

// TestTwoPeoplePublish lets one person write, check and propose a policy, and
// another read and approve it: at a desk in English, on a phone in Chinese.
func TestTwoPeoplePublish(t *testing.T) {
	at := address(t)
	for _, tt := range []struct {
		size   size
		locale string
	}{{desk, i18n.English}, {phone, i18n.Chinese}} {
		t.Run(tt.size.name+" "+tt.locale, func(t *testing.T) {
			r := open(t, at.url, tt.size, tt.locale)
			word := func(key string) string { return i18n.Shipped().Text(tt.locale, key, nil) }
			r.signIn("liu")
			r.visit("/policies")
			r.visit("/policies/policy/payment_request")
			r.click(fmt.Sprintf(`a[href=%q]`, proposePayments))
			text := read[string](r, `document.getElementById("yaml").value`)
			r.fill("yaml", strings.Replace(text, "finance_clerk", "finance_clark", 1))
			r.click(`button[value="check"]`)
			require.Contains(t, r.text("#checked"), word("page.check.unfit"))
			r.press(`#checked a[data-line]`)
			require.Equal(t, "yaml", read[string](r, `document.activeElement.id`), "from a finding to its place")
			require.Contains(t, read[string](r, `(() => { const e = document.getElementById("yaml");
				return e.value.slice(e.selectionStart, e.selectionEnd) })()`), "finance_clark")

			next := nextReminders(text)
			r.fill("yaml", next)
			r.fill("note", "Said so <b>x</b> 备注")
			r.click(`button[value="propose"]`)
			path := r.at()
			require.Regexp(t, `^/policies/proposals/`, path)
			require.False(t, r.has(`button[value="approve"]`), "never one's own")
			r.signOut()

			r.signIn("admin")
			r.visit("/notices")
			r.click(fmt.Sprintf(`.notices a[href=%q]`, path))
			require.Contains(t, r.text("#decide"), word("page.proposal.approve"))
			require.Contains(t, next, strings.TrimSpace(r.text(".diff .add code")))
			require.False(t, read[bool](r, `document.querySelector("main b") !== null`), "stored text is inert")
			r.visit("/policies/proposals")
			r.visit(path)
			r.click(`button[value="approve"]`)
			require.Contains(t, r.text(".note.good"), word("page.flash.proposal_approved"))
			require.Contains(t, r.text(".badges"), word("page.proposal.state.approved"))
			r.visit("/policies/policy/payment_request/replan")
			r.visit("/policies/proposals?only=ended")
			r.signOut()
		})
	}
}

var reminders = regexp.MustCompile(`at_most: [1-9]`)

// nextReminders is a policy that reminds once more often, or once again.
func nextReminders(text string) string {
	return reminders.ReplaceAllStringFunc(text, func(was string) string {
		return "at_most: " + string('1'+(was[len(was)-1]-'0')%9)
	})
}
