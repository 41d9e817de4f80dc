package pages

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/i18n"
)

// TestWhatParkedOfOurOwnIsToldWhole: a refusal that was kept as a line of text is told with
// what it was about, without the mapping's place, and not a second time as the ERP's words.
func TestWhatParkedOfOurOwnIsToldWhole(t *testing.T) {
	f := fault.New(fault.Invalid, "booking.unmapped_category", fault.Arg("category", "gifts"), fault.Arg("entity", "acme-cn"),
		fault.Arg("file", "expense.yaml"), fault.Arg("line", "9"), fault.Arg("column", "3"))
	for locale, want := range map[string]string{
		i18n.English: "category gifts has no account in acme-cn.",
		i18n.Chinese: "费用类别 gifts 在 acme-cn 没有对应科目",
	} {
		r := httptest.NewRequest(http.MethodGet, "/parked", nil)
		v := &visit{locale: locale, r: r.WithContext(i18n.With(r.Context(), locale))}
		told := v.codeText(f.Code, f.Error(), "")
		require.Contains(t, told, want)
		require.NotContains(t, told, "expense.yaml")
		require.NotContains(t, told, "…")
	}
	require.Empty(t, quoted(f.Code, "told", f.Error()))
	require.Equal(t, "Konto gesperrt", quoted("erp.refused", "told", "Konto gesperrt"))
}
