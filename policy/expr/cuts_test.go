package expr_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/policy/expr"
)

func TestCuts(t *testing.T) {
	env, err := expr.For("CNY")
	require.NoError(t, err)
	for _, tt := range []struct {
		text     string
		amounts  []int64
		totals   map[string][]int64
		texts    map[string][]string
		grades   []int64
		complete bool
	}{
		{text: `amount >= money("10.00")`, amounts: []int64{1000}, complete: true},
		{text: `money("10.00") < amount || !(amount == money("7.00", "CNY"))`, amounts: []int64{1000, 700}, complete: true},
		{text: `lines.total("meals") >= money("3.00")`, totals: map[string][]int64{"meals": {300}}, complete: true},
		{text: `grade < 5 && 3 <= grade`, grades: []int64{5, 3}, complete: true},
		{text: `urgency == "urgent" && entity in ["a", "b"] && fields.trip != "x"`, complete: true,
			texts: map[string][]string{"urgency": {"urgent"}, "entity": {"a", "b"}, "fields.trip": {"x"}}},
		{text: `"training" in categories`, texts: map[string][]string{"categories": {"training"}}, complete: true},
		{text: `true`, complete: true},
		{text: `amount >= money("1.00", "EUR")`},
		{text: `total >= money("1.00")`, amounts: []int64{100}},
		{text: `amount + money("1.00") > money("2.00")`, amounts: []int64{100, 200}},
		{text: `entity == department`},
		{text: `entity < "b"`, texts: map[string][]string{"categories": {"b"}, "entity": {"b"}}},
		{text: `lines.exists(l, l.base > money("9.00"))`, amounts: []int64{900}},
		{text: `has(fields.trip)`},
		{text: `grade % 2 == 0`},
	} {
		t.Run(tt.text, func(t *testing.T) {
			condition, err := env.Compile(tt.text)
			require.NoError(t, err)
			got := condition.Cuts()
			want := expr.Cuts{Amounts: tt.amounts, Totals: tt.totals, Texts: tt.texts, Grades: tt.grades, Complete: tt.complete}
			if want.Totals == nil {
				want.Totals = map[string][]int64{}
			}
			if want.Texts == nil {
				want.Texts = map[string][]string{}
			}
			require.Equal(t, want, got)
		})
	}
}
