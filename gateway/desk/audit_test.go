package desk

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/gateway/i18n"
)

// TestTheRecordIsFoundAndToldInWords: each group has its name, and each of its kinds that
// no document's history tells has a sentence.
func TestTheRecordIsFoundAndToldInWords(t *testing.T) {
	require.Len(t, recordKinds, len(RecordKinds()))
	for _, locale := range i18n.Locales {
		for _, group := range RecordKinds() {
			require.NotEmpty(t, recordKinds[group], group)
			require.True(t, i18n.Shipped().Has(locale, "page.audit.kind."+group), "%s %s", locale, group)
		}
		for _, group := range []string{"policies", "people", "rights", "delegations", "copies"} {
			for _, kind := range recordKinds[group] {
				told := i18n.Shipped().Has(locale, "page.record."+kind) || i18n.Shipped().Has(locale, "page.event."+kind)
				require.True(t, told, "%s %s", locale, kind)
			}
		}
	}
}
