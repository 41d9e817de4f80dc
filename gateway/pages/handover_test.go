package pages_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/config"
)

// TestAHandOverOnThePages shows an administrator what would become of everything of
// somebody, then what is left once they left, and tells the documents again.
func TestAHandOverOnThePages(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		at := h.submitted("k1", "2000.00")
		h.decide("wang", at, "approve", "").to()
		h.delegates("zhao", url.Values{"delegate": {"Emma Brown"}, "until": {typedIn(48)}})
		h.get("emma", "/notices").says(h.word("notice.delegation.made.subject", map[string]string{
			"delegate": "Emma Brown", "person": "赵敏"}), `href="/delegations"`)
		h.get("lin", "/handover?person=zhao").is(403)
		h.get("admin", "/handover?person=nobody").is(404)
		h.get("admin", "/handover?person=zhao").says(number(h, at), h.word("handover.kind.delegation", nil),
			h.word("handover.fate.revoked", nil), h.word("page.handover.works_here", map[string]string{"n": "1"})).
			saysNot(h.word("page.handover.do", nil))
		h.post("admin", "/handover", url.Values{"person": {"zhao"}}).is(409)

		people, err := config.DemoCompany()
		require.NoError(t, err)
		zhao := people.People["zhao"]
		zhao.Active = false
		people.People["zhao"] = zhao
		_, err = h.store.ReplaceOrganisation(t.Context(), people, "test")
		require.NoError(t, err)
		time.Sleep(1200 * time.Millisecond) // what is believed of the organisation
		h.get("admin", "/handover?person=zhao").says(h.word("page.handover.open", map[string]string{"n": "1"}),
			h.word("page.handover.do", nil)).saysNot(h.word("handover.fate.revoked", nil))
		done := h.post("admin", "/handover", url.Values{"person": {"zhao"}})
		require.Equal(t, "/handover?person=zhao", done.to())
		require.Contains(t, done.header.Get("Set-Cookie"), "flash=handover;")
		tellings, err := h.store.ClaimTellings(t.Context(), 10)
		require.NoError(t, err)
		require.Len(t, tellings, 1)
		require.Equal(t, at, "/documents/"+tellings[0].Document)
		h.get("emma", "/notices").says(h.word("notice.delegation.revoked.subject", map[string]string{
			"delegate": "Emma Brown", "person": "赵敏"}))
	})
}
