package browser

import (
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/gateway/i18n"
)

const proposePayments = "/policies/policy/payment_request/propose"

// twoPeoplePublish lets one person write, check and propose a policy, and another
// read and approve it; one proposal at a time.
func (r *reader) twoPeoplePublish() {
	proposing.Lock()
	defer proposing.Unlock()
	word := func(key string) string { return i18n.Shipped().Text(r.locale, key, nil) }
	r.signIn("liu")
	r.visit("/policies")
	r.visit("/policies/type/expense") // the form as it is filled in, and what it allows
	r.visit("/policies/type/purchase_request/propose")
	r.visit("/policies/policy/payment_request")
	r.click(fmt.Sprintf(`a[href=%q]`, proposePayments))
	text := read[string](r, `document.getElementById("yaml").value`)
	r.fill("yaml", strings.Replace(text, "finance_clerk", "finance_clark", 1))
	r.until("#checked", word("page.check.unfit")) // said while it is written
	r.click(`button[value="check"]`)
	require.Contains(r.t, r.text("#checked"), word("page.check.unfit"))
	r.press(`#checked a[data-line]`)
	require.Equal(r.t, "yaml", read[string](r, `document.activeElement.id`), "from a finding to its place")
	require.Contains(r.t, read[string](r, `(() => { const e = document.getElementById("yaml");
		return e.value.slice(e.selectionStart, e.selectionEnd) })()`), "finance_clark")

	next := nextReminders(text)
	r.fill("yaml", next)
	r.until("#checked", word("page.check.fit"))
	r.click(`button[value="simulate"]`)
	require.Contains(r.t, r.text("#simulated"), word("page.simulation.title"))
	r.fill("note", "Said so <b>x</b> 备注")
	r.click(`button[value="propose"]`)
	path := r.where()
	require.Regexp(r.t, `^/policies/proposals/`, path)
	require.False(r.t, r.has(`button[value="approve"]`), "never one's own")
	r.signOut()

	r.signIn("admin")
	r.visit("/notices")
	r.click(fmt.Sprintf(`.notices a[href=%q]`, path))
	require.Contains(r.t, r.text("#decide"), word("page.proposal.approve"))
	require.Contains(r.t, next, strings.TrimSpace(r.text(".diff .add code")))
	require.False(r.t, read[bool](r, `document.querySelector("main b") !== null`), "stored text is inert")
	r.visit("/policies/proposals")
	r.visit(path)
	r.click(`button[value="approve"]`)
	require.Contains(r.t, r.text(".note.good"), word("page.flash.proposal_approved"))
	require.Contains(r.t, r.text(".badges"), word("page.proposal.state.approved"))
	r.visit("/policies/policy/payment_request/replan")
	r.visit("/policies/proposals?only=ended")
	r.signOut()
}

var proposing sync.Mutex // two open proposals of one policy would outdate each other

var reminders = regexp.MustCompile(`at_most: [1-9]`)

// nextReminders is a policy that reminds once more often, or once again.
func nextReminders(text string) string {
	return reminders.ReplaceAllStringFunc(text, func(was string) string {
		return "at_most: " + string('1'+(was[len(was)-1]-'0')%9)
	})
}
