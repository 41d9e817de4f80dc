package pages_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/gateway/auth"
)

// TestADraftIsTriedOnPastDocuments, by who writes it and by who is to decide on it;
// nothing is kept, and what one may not read is counted and not named.
func TestADraftIsTriedOnPastDocuments(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		yaml := draftOf(t, "1000.00", "3000.00")
		h.proposes("liu", yaml, "simulate").is(http.StatusOK).says(h.word("page.simulation.none", nil))
		passes, waits := h.submitted("a", "2000.00"), h.submitted("b", "5000.00")
		tried := h.proposes("liu", yaml, "simulate").is(http.StatusOK).
			says(h.word("page.simulation.changed", map[string]string{"share": "50.0%"}), passes, "限额 &lt;调整&gt;", "林晓")
		require.NotContains(t, tried.body, `href="`+waits+`"`, "its path stays as it is")
		h.proposes("liu", draftOf(t, "policy: expense", "policy: expense # the same"), "simulate").
			says(h.word("page.simulation.changed", map[string]string{"share": "0.0%"})).saysNot(`href="` + passes)
		h.proposes("liu", "policy: [\n", "simulate").is(http.StatusOK).says(h.word("page.check.unfit", nil)).
			saysNot(`id="simulated"`)

		at := h.proposes("liu", yaml, "propose").to()
		h.get("audit", at+"/simulation").is(http.StatusOK)
		h.get("max", at).says(at + "/simulation")
		h.get("max", at+"/simulation").is(http.StatusOK).
			says(h.word("page.simulation.changed", map[string]string{"share": "50.0%"}))
		h.get("lin", at+"/simulation").is(http.StatusForbidden)
		h.get("max", "/policies/proposals/nowhere/simulation").is(http.StatusNotFound)
	})
}

// TestASimulationNamesOnlyWhatItsAskerMayRead counts all and names what may be seen: a
// program that may propose need not be one that reads documents.
func TestASimulationNamesOnlyWhatItsAskerMayRead(t *testing.T) {
	h := newHouse(t)
	h.submitted("a", "2000.00")
	company, err := h.store.Snapshot(t.Context(), 0)
	require.NoError(t, err)
	for shown, scopes := range [][]string{{"policy:propose"}, {"policy:propose", "document:read"}} {
		who := auth.Who{Person: company.People["liu"], Subject: access.SubjectOf(company, "liu"), Token: "t"}
		who.Subject.Machine, who.Subject.Scopes = true, scopes
		report, err := h.desk.Simulate(t.Context(), who, "expense", draftOf(t, "1000.00", "3000.00"))
		require.NoError(t, err)
		require.EqualValues(t, 1, report.Changed)
		require.Len(t, report.Samples, shown)
	}
}
