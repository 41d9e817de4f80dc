package expr_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/policy/expr"
)

func yuan(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "CNY"} }

func input(minor int64) expr.Input {
	return expr.Input{
		Amount: yuan(minor), Grade: 3, SupplierKind: "related_party",
		Base: func(a money.Amount) (money.Amount, error) { return a, nil },
		Content: document.Content{
			Currency: "CNY", Total: yuan(minor), Urgency: document.Urgent, Department: "sales", Entity: "cn",
			Payee:  document.Payee{Kind: document.PayeeSupplier},
			Fields: map[string]string{"contract": "C-1", "note": ""},
			Lines: []document.Line{
				{Category: "travel", Amount: yuan(minor - 100), Tax: yuan(0)},
				{Category: "meals", Amount: yuan(60), Tax: yuan(0)},
				{Category: "meals", Amount: yuan(40), Tax: yuan(0)},
			},
		},
	}
}

func long() expr.Input {
	in := input(500)
	in.Content.Fields["contract"] = strings.Repeat("长", 2000)
	return in
}

func compile(t testing.TB, text string) (*expr.Condition, error) {
	t.Helper()
	env, err := expr.For("CNY")
	require.NoError(t, err)
	return env.Compile(text)
}

func TestAConditionSaysWhatItSaw(t *testing.T) {
	for _, tt := range []struct {
		text string
		in   expr.Input
		want bool
		why  string
	}{
		{`amount >= money("1000.00")`, input(99999), false, `amount >= money("1000.00") is false: amount = 999.99 CNY`},
		{`amount >= money("1000.00")`, input(100000), true, `amount >= money("1000.00") is true: amount = 1000.00 CNY`},
		{`amount + money("0.01") == money("1000.00")`, input(99999), true, `: amount = 999.99 CNY`},
		{`amount - total < money("0.01","CNY")`, input(99999), true, `amount = 999.99 CNY, total = 999.99 CNY`},
		{`urgency == "urgent" && grade > 2`, input(1), true, `urgency = "urgent", grade = 3`},
		{`lines.total("meals") >= money("1.00")`, input(500), true, `lines.total("meals") = 1.00 CNY`},
		{`lines.exists(l, l.category == "meals" && l.amount > money("0.50"))`, input(500), true, `lines = 3 of them`},
		{`"travel" in categories`, input(500), true, `categories = ["travel" "meals"]`},
		{`fields.contract == "C-1"`, input(500), true, `fields.contract = "C-1"`},
		{`has(fields.nothing) && fields.nothing == "x"`, input(500), false, `is false`},
		{"payee_kind == \"supplier\" &&\n  supplier_kind == \"related_party\"", input(500), true, `payee_kind == "supplier" && supplier_kind == "related_party" is true`},
		{`size(fields.contract) > 0`, long(), true, `fields.contract = "` + strings.Repeat("长", 80) + `…"`},
		{"true", input(500), true, "true is true"},
	} {
		t.Run(tt.text, func(t *testing.T) {
			c, err := compile(t, tt.text)
			require.NoError(t, err)
			got, err := c.Judge(tt.in)
			require.NoError(t, err)
			require.Equal(t, tt.want, got.True)
			require.Contains(t, got.Reason, tt.why)
		})
	}
}

func TestAWrongConditionDoesNotCompile(t *testing.T) {
	for _, tt := range []struct {
		text         string
		line, column int
		words        string
	}{
		{`amount > 0.3`, 1, 8, "no matching overload"},
		{`amount > 1000`, 1, 8, "no matching overload"},
		{`amount * 2 > money("1")`, 1, 8, "no matching overload"},
		{`amont > money("1")`, 1, 1, "undeclared reference"},
		{`amount`, 1, 1, "true or false"},
		{`amount >= money("1.005")`, 1, 16, "money.too_many_decimals"},
		{`amount >= money("1.00", "XXX")`, 1, 16, "money.unknown_currency"},
		{`amount != money("1.00")`, 1, 8, "!(a == b)"},
		{`amount in [money("1.00")]`, 1, 8, "a == b || a == c"},
		{`[amount] == [money("1.00")]`, 1, 10, "one by one"},
		{"true &&\n  lines[0].price > money(\"1\")", 2, 11, "undefined field"},
		{`now() > amount`, 1, 4, "undeclared reference"},
		{`lines.all(a, lines.all(b, lines.all(c, a.amount > b.amount)))`, 1, 1, ""},
		{`amount >= `, 1, 11, "Syntax error"},
		{strings.Repeat("(", 200) + "true" + strings.Repeat(")", 200), 1, 1, ""},
		{`true || "` + strings.Repeat("x", expr.RunesMax) + `" == ""`, 1, 1, ""},
	} {
		t.Run(tt.text[:min(60, len(tt.text))], func(t *testing.T) {
			_, err := compile(t, tt.text)
			var wrong *expr.Error
			require.True(t, errors.As(err, &wrong), "%v", err)
			require.Contains(t, wrong.Words, tt.words)
			if tt.words != "" {
				require.Equal(t, [2]int{tt.line, tt.column}, [2]int{wrong.Line, wrong.Column}, wrong.Words)
			}
		})
	}
}

func TestAnErrorIsNeverADecision(t *testing.T) {
	many := input(500)
	for range 200 {
		many.Content.Lines = append(many.Content.Lines, many.Content.Lines[0])
	}
	for _, tt := range []struct {
		text  string
		in    expr.Input
		words string
	}{
		{`amount >= money("1000.00", "EUR")`, input(1), "currency_mismatch"},
		{`amount == money("1000.00", "EUR")`, input(1), "currency_mismatch"},
		{`amount + money("1000.00", "EUR") > amount`, input(1), "currency_mismatch"},
		{`amount >= money("1000.00", "EUR") || urgency == "urgent"`, input(1), "currency_mismatch"}, // swallowed by ||
		{`amount >= money("1000.00", "EUR") && urgency == "normal"`, input(1), "currency_mismatch"}, // swallowed by &&
		{`fields.nothing == "x"`, input(1), "nothing"},
		{`money(fields.contract) > amount`, input(1), "bad_amount"},
		{`1 / (grade - 3) > 0`, input(1), "by zero"},
		{`lines.all(a, lines.all(b, a.amount + b.amount > money("0.01")))`, many, "cost"},
	} {
		t.Run(tt.text, func(t *testing.T) {
			c, err := compile(t, tt.text)
			require.NoError(t, err)
			got, err := c.Judge(tt.in)
			require.ErrorContains(t, err, tt.words)
			require.Equal(t, expr.Verdict{}, got)
		})
	}
}

func TestFieldsAreListedWithTheirPlace(t *testing.T) {
	c, err := compile(t, `has(fields.a) && fields["b"] == fields.c`)
	require.NoError(t, err)
	var names []string
	for _, use := range c.Fields() {
		names = append(names, use.Name)
		require.Positive(t, use.Column)
	}
	require.ElementsMatch(t, []string{"a", "b", "c"}, names)
}

// TestWhatAConditionReads holds that nothing a condition hangs on is left out.
func TestWhatAConditionReads(t *testing.T) {
	for text, want := range map[string]string{
		`amount >= money("1.00") && urgency == "urgent"`: "amount urgency",
		`fields.a == "x" || fields["b"] == "y"`:          "fields.a fields.b",
		`has(fields.a)`:                                  "fields.a",
		`fields[urgency] == "x"`:                         "fields.* urgency",
		`"a" in fields`:                                  "fields.*",
		`size(fields) > 1`:                               "fields.*",
		`"travel" in categories`:                         "categories lines.category",
		`lines.total("meals") > amount`:                  "amount lines lines.base lines.category",
		`lines.exists(l, l.cost_center == "x")`:          "lines lines.cost_center",
		`lines[0].over_standard`:                         "lines lines.category lines.over_standard",
		`dyn(lines)[0].category == "x"`:                  "lines lines.category",
		`grade > 3 ? department == "x" : true`:           "department grade",
	} {
		c, err := compile(t, text)
		require.NoError(t, err, text)
		require.Equal(t, want, strings.Join(c.Reads(), " "), text)
	}
}

// TestOneConditionServesMany holds that judging at the same time mixes nothing up.
func TestOneConditionServesMany(t *testing.T) {
	c, err := compile(t, `amount >= money("1000.00") || lines.total("meals") > money("2.00")`)
	require.NoError(t, err)
	var group sync.WaitGroup
	for worker := range 8 {
		group.Go(func() {
			for i := range 200 {
				minor := int64(99000 + worker*1000 + i)
				got, err := c.Judge(input(minor))
				assert.NoError(t, err)
				assert.Equal(t, minor >= 100000, got.True)
				assert.Contains(t, got.Reason, fmt.Sprintf("amount = %d.%02d CNY", minor/100, minor%100))
			}
		})
	}
	group.Wait()
}

func FuzzCondition(f *testing.F) {
	for _, seed := range []string{`amount >= money("1000.00")`, `lines.exists(l, l.tax > money("0"))`, `fields.a == "b"`,
		`lines.total("x") == amount`, `amount != total`, `[1,2].map(x, x)`, `"` + "\xff" + `"`, `a ? b : c`, `-amount < total`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := compile(t, text)
		if err != nil {
			return
		}
		if verdict, err := c.Judge(input(12345)); err != nil {
			require.False(t, verdict.True)
		}
	})
}
