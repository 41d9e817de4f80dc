package doctype_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/policy/doctype"
)

// nights is a report of one line in the shipped expense type.
func nights(category, city string, units, minor int64) document.Content {
	c := expense()
	c.Lines = []document.Line{{Category: category, City: city, Units: units, Date: "2026-11-20", Amount: yuan(minor)}}
	return c
}

func TestStandards(t *testing.T) {
	for _, tt := range []struct {
		name, category, city string
		grade                int
		units, minor         int64
		limit, over          int64
		want                 string
	}{
		{"two nights in a first city", "lodging", "beijing", 3, 2, 120000, 120000, 0, ""},
		{"a fen more is refused", "lodging", "beijing", 3, 2, 120001, 0, 0, "lines[0].amount line.over_standard"},
		{"a second city", "lodging", "chengdu", 3, 1, 45000, 45000, 0, ""},
		{"anywhere else", "lodging", "other", 3, 1, 35001, 0, 0, "lines[0].amount line.over_standard"},
		{"a grade below eight", "lodging", "beijing", 7, 1, 60001, 0, 0, "lines[0].amount line.over_standard"},
		{"grade eight", "lodging", "beijing", 8, 1, 120000, 120000, 0, ""},
		{"above grade eight, elsewhere", "lodging", "other", 9, 1, 80000, 80000, 0, ""},
		{"a soft standard", "allowance", "other", 3, 2, 25000, 20000, 5000, ""},
		{"a soft standard abroad", "allowance", "berlin", 3, 2, 25000, 80000, 0, ""},
		{"no standard at all", "travel", "", 3, 0, 9_000_000, -1, 0, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			typ, c, people := shipped(t, "expense"), nights(tt.category, tt.city, tt.units, tt.minor), company()
			lin := people.People["lin"]
			lin.Grade = tt.grade
			people.People["lin"] = lin
			require.Empty(t, faults(doctype.Validate(typ, c, people, "2026-11-21")))
			got, err := doctype.Complete(typ, c, people, nil)
			if tt.want != "" {
				f, ok := fault.As(err)
				require.True(t, ok, "%v", err)
				require.Equal(t, tt.want, f.Field+" "+f.Code)
				return
			}
			require.NoError(t, err)
			if tt.limit < 0 {
				require.Nil(t, got.Lines[0].Standard)
				return
			}
			require.Equal(t, &document.Standard{Limit: yuan(tt.limit), Over: yuan(tt.over)}, got.Lines[0].Standard)
		})
	}
}

func TestWhereAndForHowLong(t *testing.T) {
	for _, tt := range []struct {
		category, city string
		units          int64
		want           string
	}{
		{"lodging", "", 1, "lines[0].city line.missing_city"},
		{"lodging", "atlantis", 1, "lines[0].city line.unknown_city"},
		{"lodging", "beijing", 0, "lines[0].units line.missing_nights"},
		{"lodging", "beijing", 367, "lines[0].units line.missing_nights"},
		{"lodging", "beijing", -1, "lines[0].units line.missing_nights"},
		{"lodging", "beijing", 366, ""},
		{"allowance", "beijing", 0, "lines[0].units line.missing_days"},
		{"travel", "beijing", 0, ""},
		{"travel", "", 1, "lines[0].units line.no_units"},
	} {
		c := nights(tt.category, tt.city, tt.units, 100)
		require.Equal(t, tt.want, faults(doctype.Validate(shipped(t, "expense"), c, company(), "2026-11-21")), tt)
	}
	c := payment()
	c.Lines[0].City = "beijing"
	require.Equal(t, "lines[0].city line.unknown_city",
		faults(doctype.Validate(shipped(t, "payment_request"), c, company(), "2026-11-21")))
}

// TestAStandardInAnotherCurrency compares in the document's currency where the
// table has it, else in that of the books at the frozen rate.
func TestAStandardInAnotherCurrency(t *testing.T) {
	typ := shipped(t, "expense")
	rates := func(from, to money.Currency) (document.Rate, bool) {
		return document.Rate{Value: "0.05", Source: "demo", Date: "2026-11-20"}, from == "JPY" && to == "CNY"
	}
	yen := func(minor int64) document.Content {
		c := nights("lodging", "beijing", 1, minor)
		c.Currency, c.Lines[0].Amount.Currency, c.Lines[0].Tax.Currency = "JPY", "JPY", "JPY"
		return c
	}
	got, err := doctype.Complete(typ, yen(12000), company(), rates)
	require.NoError(t, err)
	require.Equal(t, &document.Standard{Limit: yuan(60000), Over: yuan(0)}, got.Lines[0].Standard)
	require.Equal(t, "demo", got.Rate.Source)
	_, err = doctype.Complete(typ, yen(12001), company(), rates)
	require.Equal(t, "line.over_standard", fault.CodeOf(err))

	for i := range typ.Categories {
		if s := typ.Categories[i].Standard; s != nil {
			for _, r := range s.Rates {
				delete(r.Amounts, "CNY")
			}
		}
	}
	_, err = doctype.Complete(typ, yen(1), company(), rates)
	f, ok := fault.As(err)
	require.True(t, ok)
	require.Equal(t, "lines[0].amount line.no_standard", f.Field+" "+f.Code)
}

// TestNobodyPassesAHardStandard holds for any line, grade and city: what is
// completed keeps within it, and what a soft one reports is exactly the excess.
func TestNobodyPassesAHardStandard(t *testing.T) {
	typ := shipped(t, "expense")
	var cities []string
	for _, c := range typ.Cities {
		cities = append(cities, c.ID)
	}
	rapid.Check(t, func(t *rapid.T) {
		people := company()
		lin := people.People["lin"]
		lin.Grade = rapid.IntRange(0, 12).Draw(t, "grade")
		people.People["lin"] = lin
		c := nights(rapid.SampledFrom([]string{"lodging", "allowance"}).Draw(t, "category"),
			rapid.SampledFrom(cities).Draw(t, "city"), rapid.Int64Range(1, 30).Draw(t, "units"),
			rapid.Int64Range(1, 5_000_000).Draw(t, "amount"))
		require.Empty(t, doctype.Validate(typ, c, people, "2026-11-21"))
		got, err := doctype.Complete(typ, c, people, nil)
		if err != nil {
			require.Equal(t, "line.over_standard", fault.CodeOf(err))
			require.Equal(t, "lodging", c.Lines[0].Category)
			return
		}
		s := got.Lines[0].Standard
		require.Zero(t, s.Limit.Minor%c.Lines[0].Units)
		require.Equal(t, max(0, c.Lines[0].Amount.Minor-s.Limit.Minor), s.Over.Minor)
		require.True(t, c.Lines[0].Category == "allowance" || s.Over.IsZero())
	})
}

func TestAWrongStandardIsRefusedWhereItIsWrong(t *testing.T) {
	const good = `standard: { per: night, over: warn, rates: [{ tier: far, amounts: { CNY: "5" } }, { amounts: { CNY: "3" } }] }`
	text := strings.Replace(everyKind, "categories: [{ id: x, title: { en: X, zh-CN: 其 } }]",
		"cities: [{ id: c, title: { en: C, zh-CN: 城 }, tier: far }]\ncategories:\n  - id: x\n    title: { en: X, zh-CN: 其 }\n    "+
			good+"\n", 1)
	parsed(t, text)
	for _, tt := range []struct{ name, old, new, code, field string }{
		{"a unit of elsewhere", "per: night", "per: month", "type.bad_value", "categories[0].standard.per"},
		{"neither soft nor hard", "over: warn", "over: shout", "type.bad_value", "categories[0].standard.over"},
		{"a tier of no city", "tier: far, am", "tier: near, am", "type.bad_value", "categories[0].standard.rates[0].tier"},
		{"an amount with too many decimals", `CNY: "5"`, `CNY: "5.005"`, "type.bad_value", "categories[0].standard.rates[0].amounts.CNY"},
		{"a gap", `{ amounts: { CNY: "3" } }`, `{ grade: 1, amounts: { CNY: "3" } }`, "type.standard_gap", "categories[0].standard.rates"},
		{"a row nobody reaches", `tier: far, amounts: { CNY: "5" }`, `amounts: { CNY: "5" }`, "type.standard_dead", "categories[0].standard.rates[1]"},
		{"no rows", `[{ tier: far, amounts: { CNY: "5" } }, { amounts: { CNY: "3" } }]`, `[]`, "type.standard_gap", "categories[0].standard.rates"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.Contains(t, text, tt.old)
			_, err := doctype.Parse("t.yaml", []byte(strings.Replace(text, tt.old, tt.new, 1)))
			f, ok := fault.As(err)
			require.True(t, ok, "%v", err)
			require.Equal(t, []string{tt.code, tt.field}, []string{f.Code, f.Field}, f.Error())
		})
	}
}

// TestStandardsWhileWriting proves that a line is measured as soon as it tells enough,
// whatever is wrong with the others, and just as Complete measures it.
func TestStandardsWhileWriting(t *testing.T) {
	typ, c := shipped(t, "expense"), nights("lodging", "beijing", 2, 130000)
	c.Title = ""
	c.Lines = append(c.Lines, document.Line{Category: "lodging", City: "beijing", Amount: yuan(100)}, // no nights yet
		document.Line{Category: "travel"}, document.Line{Category: "nothing"},
		document.Line{Category: "allowance", City: "other", Units: 1, Amount: yuan(0)})
	got := doctype.Standards(typ, c, company(), nil)
	require.Equal(t, []*document.Standard{
		{Limit: yuan(120000), Over: yuan(10000)}, nil, nil, nil, {Limit: yuan(10000), Over: yuan(0)},
	}, got)
	require.Nil(t, c.Lines[0].Standard, "the content is not changed")
}
