package doctype_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/policy/doctype"
)

// TestCompareTellsWhatDiffers proves that every kind of change to a shipped type is told,
// and that a type does not differ from itself.
func TestCompareTellsWhatDiffers(t *testing.T) {
	text, err := config.Shipped.ReadFile("types/expense.yaml")
	require.NoError(t, err)
	before, err := doctype.Parse("expense", text)
	require.NoError(t, err)
	require.Empty(t, doctype.Compare(before, before))
	for _, tt := range []struct {
		name, old, new string
		want           doctype.Change
	}{
		{"the type itself", "line_dates: true", "line_dates: false",
			doctype.Change{What: "changed", Key: "line_dates", Was: "true", Now: "false"}},
		{"a limit", `max_amount: "10000000"`, `max_amount: "5000"`,
			doctype.Change{What: "changed", Key: "max_amount", Was: "10000000", Now: "5000"}},
		{"a field asked for", "    kind: text", "    kind: text\n    required: true",
			doctype.Change{Part: "field", ID: "trip", What: "changed", Key: "required", Was: "false", Now: "true"}},
		{"a field's hint", "    kind: text", "    kind: text\n    hint: { en: Where to, zh-CN: 去哪里 }",
			doctype.Change{Part: "field", ID: "trip", What: "changed", Key: "hint", Now: "Where to · 去哪里"}},
		{"a category that is new", "  - { id: meals,", "  - { id: gifts, title: { en: Gifts, zh-CN: 礼品 } }\n  - { id: meals,",
			doctype.Change{Part: "category", ID: "gifts", What: "added", Now: "Gifts · 礼品"}},
		{"a category taken out", "  - { id: training, title: { en: Training, zh-CN: 培训费 } }\n", "",
			doctype.Change{Part: "category", ID: "training", What: "removed", Was: "Training · 培训费"}},
		{"a city's tier", "title: { en: Wuhan, zh-CN: 武汉 }, tier: second", "title: { en: Wuhan, zh-CN: 武汉 }, tier: first",
			doctype.Change{Part: "city", ID: "wuhan", What: "changed", Key: "tier", Was: "second", Now: "first"}},
		{"a rate of a standard", `{ tier: abroad, amounts: { CNY: "400.00", EUR: "50.00", USD: "60.00" } }`,
			`{ tier: abroad, amounts: { CNY: "500.00", EUR: "50.00" } }`,
			doctype.Change{Part: "category", ID: "allowance", What: "changed", Key: "standard",
				Was: "day, warn: abroad CNY 400.00 EUR 50.00 USD 60.00; CNY 100.00 EUR 28.00",
				Now: "day, warn: abroad CNY 500.00 EUR 50.00; CNY 100.00 EUR 28.00"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.Contains(t, string(text), tt.old)
			after, err := doctype.Parse("expense", []byte(strings.Replace(string(text), tt.old, tt.new, 1)))
			require.NoError(t, err)
			require.Equal(t, []doctype.Change{tt.want}, doctype.Compare(before, after))
		})
	}
}
