package pages_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestNobodyIsSubmittedForByMistake: a form that names somebody else than it is for is not
// handed in, whether the name was refused or never taken.
func TestNobodyIsSubmittedForByMistake(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		const at = "/new/expense"
		refused := expense("k1", "2000.00")
		refused.Set("for", "Emma Brown")
		refused.Set("requester", "zhao")
		h.post("zhao", at, refused).is(http.StatusForbidden).says(`value="Emma Brown"`, `id="f-requester-error"`)

		taken := expense("k2", "2000.00")
		taken.Set("for", "林晓")
		taken.Set("requester", "zhao")
		seen := h.post("zhao", at, taken).is(http.StatusOK).says(h.word("page.for.now", map[string]string{"name": "林晓"})).form(at)
		require.Equal(t, "lin", seen.Get("requester"))
		taken.Set("requester", "lin")
		doc := h.post("zhao", at, taken).to()
		h.get("lin", doc).is(http.StatusOK)
	})
}
