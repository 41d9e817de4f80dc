package booking_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/domain/voucher"
	"github.com/countersign/countersign/policy/booking"
	"github.com/countersign/countersign/policy/doctype"
)

func of(currency money.Currency, minor int64) money.Amount {
	return money.Amount{Minor: minor, Currency: currency}
}

const good = `mapping: m
type: expense
journal: EXP
text: "{number} {requester} {title}"
debit: { travel: "6602", meals: "6603" }
tax: "2221"
tax_code: V6
credit: "2202"
cost_center: line
entities:
  de: { debit: { meals: "4650" }, credit: "1600", journal: DE }
`

func mapping(t testing.TB, text string) *booking.Mapping {
	t.Helper()
	m, err := booking.Parse("m.yaml", []byte(text))
	require.NoError(t, err)
	return m
}

func input() booking.BuildInput {
	return booking.BuildInput{
		Document: "doc", Number: "EXP-2026-0001", Revision: 1, Kind: voucher.Accrual, Date: "2026-11-21", EntityCurrency: "CNY",
		Org: &org.Snapshot{People: map[string]org.Person{"lin": {ID: "lin", Name: "林晓"}},
			Departments: map[string]org.Department{"sales": {CostCenter: "CC-SALES"}}},
		Content: document.Content{
			Type: "expense", Title: "北京\n出差 {title}", Entity: "cn", Department: "sales", Requester: "lin", CostCenter: "CC-DOC",
			Payee: document.Payee{Kind: document.PayeeEmployee, ID: "lin", Name: "林晓"}, Currency: "CNY",
			Total: of("CNY", 11600), BaseTotal: of("CNY", 11600),
			Lines: []document.Line{
				{No: 1, Category: "travel", Description: "高铁", Amount: of("CNY", 10600), Tax: of("CNY", 600), CostCenter: "CC-LINE"},
				{No: 2, Category: "meals", Amount: of("CNY", 1000), Tax: of("CNY", 0)},
			}},
	}
}

func TestAnExpenseIsBooked(t *testing.T) {
	v, err := booking.Build(mapping(t, good), input())
	require.NoError(t, err)
	text := "EXP-2026-0001 林晓 北京 出差 {title}"
	require.Equal(t, voucher.Voucher{
		Reference: "v:doc:accrual:1", Short: voucher.Short("v:doc:accrual:1"), Document: "doc", Number: "EXP-2026-0001",
		Kind: voucher.Accrual, Revision: 1, Entity: "cn", Journal: "EXP", Date: "2026-11-21", Text: text,
		Entries: []voucher.Entry{
			{Side: voucher.Debit, Account: "6602", Amount: of("CNY", 10000), Base: of("CNY", 10000), Text: "高铁", CostCenter: "CC-LINE"},
			{Side: voucher.Debit, Account: "2221", Amount: of("CNY", 600), Base: of("CNY", 600), Text: "高铁", Tax: "V6"},
			{Side: voucher.Debit, Account: "6603", Amount: of("CNY", 1000), Base: of("CNY", 1000), Text: text, CostCenter: "CC-DOC"},
			{Side: voucher.Credit, Account: "2202", Amount: of("CNY", 11600), Base: of("CNY", 11600), Text: text, Party: "lin"},
		}}, v)
}

// TestASanctionIsBookedAsItWasApproved: the cost and the tax of what was approved,
// and nothing for a line of which nothing was.
func TestASanctionIsBookedAsItWasApproved(t *testing.T) {
	in := input()
	var err error
	in.Content, _, err = in.Content.Sanctioned([]document.Approved{{Line: 1, Amount: of("CNY", 5300)}, {Line: 2, Amount: of("CNY", 0)}})
	require.NoError(t, err)
	v, err := booking.Build(mapping(t, good), in)
	require.NoError(t, err)
	var booked []string
	for _, e := range v.Entries {
		booked = append(booked, e.Account+" "+e.Amount.Text())
	}
	require.Equal(t, []string{"6602 50.00", "2221 3.00", "2202 53.00"}, booked)

	in = input() // all but a fen is tax, and a fen is approved
	in.Content.Lines[0].Tax.Minor = 10599
	in.Content, _, err = in.Content.Sanctioned([]document.Approved{{Line: 1, Amount: of("CNY", 1)}, {Line: 2, Amount: of("CNY", 0)}})
	require.NoError(t, err)
	v, err = booking.Build(mapping(t, good), in)
	require.NoError(t, err)
	require.Equal(t, "2221 0.01", v.Entries[0].Account+" "+v.Entries[0].Amount.Text())
}

func TestAnEntityBooksItsOwnWay(t *testing.T) {
	in := input()
	in.Content.Entity = "de"
	v, err := booking.Build(mapping(t, good), in)
	require.NoError(t, err)
	require.Equal(t, []string{"DE", "6602", "4650", "1600"}, []string{v.Journal, v.Entries[0].Account, v.Entries[2].Account, v.Entries[3].Account})
}

func TestCostCentersFallBack(t *testing.T) {
	for _, tt := range []struct{ from, document, line, want string }{
		{"line", "CC-DOC", "CC-LINE", "CC-LINE"}, {"line", "CC-DOC", "", "CC-DOC"}, {"line", "", "", "CC-SALES"},
		{"document", "CC-DOC", "CC-LINE", "CC-DOC"}, {"document", "", "CC-LINE", "CC-SALES"},
		{"department", "CC-DOC", "CC-LINE", "CC-SALES"}, {"none", "CC-DOC", "CC-LINE", ""},
	} {
		in := input()
		in.Content.CostCenter, in.Content.Lines[0].CostCenter = tt.document, tt.line
		v, err := booking.Build(mapping(t, strings.Replace(good, "cost_center: line", "cost_center: "+tt.from, 1)), in)
		require.NoError(t, err)
		require.Equal(t, tt.want, v.Entries[0].CostCenter, tt)
	}
}

func TestWhatIsNotBooked(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*booking.BuildInput)
		code   string
	}{
		{"an unmapped category", func(in *booking.BuildInput) { in.Content.Lines[1].Category = "yacht" }, "booking.unmapped_category"},
		{"another type", func(in *booking.BuildInput) { in.Content.Type = "x" }, "booking.wrong_type"},
		{"a settlement", func(in *booking.BuildInput) { in.Kind = voucher.Settlement }, "booking.no_settlement"},
		{"nobody to owe", func(in *booking.BuildInput) { in.Content.Payee.ID = "" }, "booking.no_party"},
		{"another base", func(in *booking.BuildInput) { in.EntityCurrency = "EUR" }, "booking.wrong_base"},
		{"a total that is not the sum", func(in *booking.BuildInput) { in.Content.Total.Minor++; in.Content.BaseTotal.Minor++ }, "voucher.unbalanced"},
		{"a day that is none", func(in *booking.BuildInput) { in.Date = "2026-11-31" }, "voucher.bad_date"},
		{"nothing", func(in *booking.BuildInput) { in.Content.Lines = nil }, "voucher.entries"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := input()
			tt.change(&in)
			v, err := booking.Build(mapping(t, good), in)
			require.Equal(t, tt.code, fault.CodeOf(err))
			require.Empty(t, v)
		})
	}
}

// TestEveryVoucherBalances holds I10 for any lines, tax and rate: both currencies
// balance to the last minor unit, and nothing of the base total is lost.
func TestEveryVoucherBalances(t *testing.T) {
	m := mapping(t, good)
	currencies := []money.Currency{"CNY", "EUR", "JPY", "KWD"}
	rapid.Check(t, func(t *rapid.T) {
		in := input()
		c := &in.Content
		c.Currency = rapid.SampledFrom(currencies).Draw(t, "currency")
		in.EntityCurrency = rapid.SampledFrom(currencies).Draw(t, "base")
		c.Lines, c.Total = nil, of(c.Currency, 0)
		for range rapid.IntRange(1, 30).Draw(t, "lines") {
			minor := rapid.Int64Range(1, 10_000_000).Draw(t, "amount")
			c.Lines = append(c.Lines, document.Line{Category: rapid.SampledFrom([]string{"travel", "meals"}).Draw(t, "category"),
				Amount: of(c.Currency, minor), Tax: of(c.Currency, rapid.Int64Range(0, minor-1).Draw(t, "tax"))})
			c.Total.Minor += minor
		}
		c.BaseTotal = c.Total
		if c.Currency != in.EntityCurrency {
			base, err := c.Total.At(rapid.StringMatching(`(0\.[0-9]{1,5}[1-9]|[1-9][0-9]{0,2})`).Draw(t, "rate"), in.EntityCurrency)
			require.NoError(t, err)
			c.BaseTotal = base
		}
		v, err := booking.Build(m, in)
		require.NoError(t, err)
		var debit, debitBase int64
		for _, e := range v.Entries[:len(v.Entries)-1] {
			require.Equal(t, voucher.Debit, e.Side)
			debit, debitBase = debit+e.Amount.Minor, debitBase+e.Base.Minor
		}
		require.Equal(t, []int64{c.Total.Minor, c.BaseTotal.Minor}, []int64{debit, debitBase})
		again, err := booking.Build(m, in)
		require.NoError(t, err)
		require.Equal(t, v, again)
	})
}

func TestAWrongMappingIsRefusedWhereItIsWrong(t *testing.T) {
	for _, tt := range []struct{ name, old, new, code, at, field string }{
		{"a mistyped key", "journal", "jurnal", "yaml.unknown_key", "3:1", "jurnal"},
		{"an account as a number", `"6602"`, "6602", "yaml.wrong_type", "5:18", "debit.travel"},
		{"an account that is none", `"6602"`, `"66 02"`, "booking.bad_value", "5:19", "debit.travel"},
		{"an unknown placeholder", "{title}", "{titel}", "booking.bad_value", "4:8", "text"},
		{"a Go template", "{title}", "{{.Title}}", "booking.bad_value", "4:8", "text"},
		{"a cost centre of elsewhere", "cost_center: line", "cost_center: moon", "booking.bad_value", "9:14", "cost_center"},
		{"an override that is none", `credit: "1600"`, `credit: "?"`, "booking.bad_value", "11:44", "entities.de.credit"},
		{"a journal that ends in a blank", "journal: EXP", `journal: "EXP "`, "booking.bad_value", "3:11", "journal"},
		{"no payable account", "credit: \"2202\"\n", "", "yaml.missing_key", "1:1", "credit"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.Contains(t, good, tt.old)
			_, err := booking.Parse("m.yaml", []byte(strings.Replace(good, tt.old, tt.new, 1)))
			f, ok := fault.As(err)
			require.True(t, ok, "%v", err)
			require.Equal(t, []string{tt.code, tt.at, tt.field}, []string{f.Code, f.Args["line"] + ":" + f.Args["column"], f.Field}, f.Error())
		})
	}
}

// TestJournalsAsERPsNameThem proves that a mapping can name the voucher types of every ERP.
func TestJournalsAsERPsNameThem(t *testing.T) {
	for _, journal := range []string{"EXP", "PRE001", "Bank Entry", "记", "记账 凭证", "X"} {
		m := mapping(t, strings.Replace(good, "journal: EXP", "journal: "+journal, 1))
		require.Equal(t, journal, m.For("cn").Journal)
	}
}

func TestCheckFindsWhatIsNotMapped(t *testing.T) {
	typ := &doctype.Type{ID: "expense", Categories: []doctype.Category{{ID: "travel"}, {ID: "meals"}, {ID: "office"}}}
	codes := func(m *booking.Mapping) (rows []string) {
		for _, f := range booking.Check(m, typ) {
			rows = append(rows, f.Code+" "+f.Args["category"]+f.Args["entity"])
		}
		return rows
	}
	require.Equal(t, []string{"booking.unmapped_category office", "booking.unmapped_category officede"}, codes(mapping(t, good)))
	require.Empty(t, codes(mapping(t, good+"default: \"6699\"\n")))
	require.Equal(t, []string{"booking.unknown_category mael"},
		codes(mapping(t, strings.Replace(good, "debit: { meals:", "debit: { mael:", 1)+"default: \"6699\"\n"))[:1])
	typ.ID = "other"
	require.Equal(t, "booking.wrong_type ", codes(mapping(t, good))[0])
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	for _, name := range []string{"expense", "payment_request"} {
		text, err := os.ReadFile("../../config/mappings/" + name + ".yaml")
		require.NoError(f, err)
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := booking.Parse("f.yaml", text)
		if err != nil {
			require.NotEmpty(t, fault.CodeOf(err))
			return
		}
		if v, err := booking.Build(m, input()); err == nil {
			require.NoError(t, v.Check())
		}
	})
}

// TestEveryEntryTellsItsRule proves that each entry names the rule that made it, and
// whose it is.
func TestEveryEntryTellsItsRule(t *testing.T) {
	in := input()
	in.Content.Entity = "de"
	in.Content.Lines = append(in.Content.Lines,
		document.Line{No: 3, Category: "other", Amount: of("CNY", 1), Tax: of("CNY", 0)})
	in.Content.Total, in.Content.BaseTotal = of("CNY", 11601), of("CNY", 11601)
	m := mapping(t, strings.Replace(good, "tax: ", "default: \"6609\"\ntax: ", 1))
	v, whys, err := booking.Explain(m, in)
	require.NoError(t, err)
	require.Len(t, whys, len(v.Entries))
	require.Equal(t, []booking.Why{
		{Rule: "debit", Category: "travel", Line: 1}, {Rule: "tax", Line: 1},
		{Rule: "debit", Category: "meals", Line: 2, Entity: "de"}, {Rule: "default", Category: "other", Line: 3},
		{Rule: "credit", Entity: "de"},
	}, whys)
}
