package booking_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/voucher"
	"github.com/countersign/countersign/policy/booking"
)

const rich = `mapping: m
type: expense
journal: EXP
text: "= number + ' ' + payee_name"
tables:
  travel: { sales: "660101" }
  employees: { lin: E-007 }
debit:
  travel: "= tables.travel.get(department, '660201')"
  meals: "= line.base <= money('5.00', 'CNY') ? '6603' : ''"
default: "6609"
taxes:
  - { when: "line.category == 'meals'" }
  - when: tax_permille == 60
    parts:
      - { account: "222101", code: V6, share: "60%" }
      - { account: "222102", share: "33.33%" }
tax: "2221"
credit: "2202"
advance: "1221"
party: "= tables.employees.get(payee, payee)"
cost_center: "= line.cost_center != '' ? line.cost_center : department_cost_center"
dimensions:
  debit: { department: "= department", trip: "= fields.trip" }
  credit: { employee: "= requester" }
settlement: { journal: BANK, text: "付款 {number}", bank: "1002", gain: "660301", loss: "660302" }
entities:
  de: { tables: { travel: { sales: "4660" } }, dimensions: { debit: { kst: "100" } } }
`

func richInput() booking.BuildInput {
	in := input()
	in.Content.Fields = map[string]string{"trip": ""}
	return in
}

// TestExpressionsBook: look-ups with defaults, an account by amount, the tax split by
// its rate, and what splits an entry beside its account.
func TestExpressionsBook(t *testing.T) {
	m := mapping(t, rich)
	v, whys, err := booking.Explain(m, richInput())
	require.NoError(t, err)
	sales := map[string]string{"department": "sales"}
	entry := func(side voucher.Side, account string, minor int64, text string, more voucher.Entry) voucher.Entry {
		more.Side, more.Account, more.Text, more.Amount, more.Base = side, account, text, of("CNY", minor), of("CNY", minor)
		return more
	}
	text := "EXP-2026-0001 林晓"
	require.Equal(t, []voucher.Entry{
		entry(voucher.Debit, "660101", 10040, "高铁", voucher.Entry{CostCenter: "CC-LINE", Dimensions: sales}),
		entry(voucher.Debit, "222101", 360, "高铁", voucher.Entry{Tax: "V6"}),
		entry(voucher.Debit, "222102", 200, "高铁", voucher.Entry{}),
		entry(voucher.Debit, "6609", 1000, text, voucher.Entry{CostCenter: "CC-SALES", Dimensions: sales}),
		entry(voucher.Credit, "2202", 11600, text, voucher.Entry{Party: "E-007", Dimensions: map[string]string{"employee": "lin"}}),
	}, v.Entries)
	require.Equal(t, booking.Why{Rule: "debit", Category: "travel", Line: 1, Expression: "tables.travel.get(department, '660201')"}, whys[0])
	require.Equal(t, "default", whys[3].Rule, "the expression named no account")

	in := richInput()
	in.Content.Entity, in.Content.Department = "de", "board"
	v, err = booking.Build(m, in)
	require.NoError(t, err)
	require.Equal(t, "660201", v.Entries[0].Account, "its table has no such department")
	require.Equal(t, map[string]string{"kst": "100"}, v.Entries[0].Dimensions)
}

func TestWrongExpressionsAreRefusedWithTheirPlace(t *testing.T) {
	head := "mapping: m\ntype: expense\njournal: E\ntext: t\ncredit: \"2202\"\ndebit:\n  travel: \"660201\"\n"
	for name, tt := range map[string]struct{ more, code, line, column string }{
		"no such thing":         {"default: \"= departmnt\"\n", "booking.bad_expression", "8", "13"},
		"no text":               {"default: \"= line.amount\"\n", "booking.bad_expression", "8", "13"},
		"an amount without its": {"taxes: [{ when: \"line.amount > money('5.00')\" }]\n", "booking.bad_expression", "8", "37"},
		"a line of no line":     {"owed: \"= line.category\"\n", "booking.bad_expression", "8", "14"},
		"no such table":         {"default: \"= tables.acounts.get(type, '')\"\ntables: { accounts: { a: b } }\n", "booking.unknown_table", "8", "11"},
		"no such master data":   {"party: \"= master.partys.get(payee_name, payee)\"\n", "booking.unknown_table", "8", "9"},
		"more than there is":    {"taxes: [{ parts: [{ account: \"1\", share: 60% }, { account: \"2\", share: 40.01% }] }]\n", "booking.too_much_tax", "8", "18"},
		"a share that is none":  {"taxes: [{ parts: [{ account: \"1\", share: \"0.6\" }] }]\n", "booking.bad_value", "8", "43"},
		"a plain party":         {"party: lin\n", "booking.bad_value", "8", "8"},
		"an entry of no rule":   {"dimensions: { debt: { project: P1 } }\n", "booking.bad_value", "8", "21"},
		"a settlement nowhere":  {"settlement: { gain: \"6603\" }\n", "yaml.missing_key", "8", "13"},
		"an unknown key":        {"settlement: { bnk: \"1002\" }\n", "yaml.unknown_key", "8", "15"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := booking.Parse("m.yaml", []byte(head+tt.more))
			all := every(err)
			require.NotEmpty(t, all)
			i := slices.IndexFunc(all, func(f *fault.Fault) bool { return f.Code == tt.code })
			require.GreaterOrEqual(t, i, 0, "%v", err)
			require.Equal(t, tt.line+":"+tt.column, all[i].Args["line"]+":"+all[i].Args["column"], "%v", all[i])
		})
	}
}

// every lists the faults that an error joins.
func every(err error) []*fault.Fault {
	var joined interface{ Unwrap() []error }
	if !errors.As(err, &joined) {
		f, _ := fault.As(err)
		return []*fault.Fault{f}
	}
	var all []*fault.Fault
	for _, one := range joined.Unwrap() {
		f, _ := fault.As(one)
		all = append(all, f)
	}
	return all
}

func TestWhatAnExpressionCannotBook(t *testing.T) {
	head := "mapping: m\ntype: expense\njournal: E\ntext: t\n"
	for name, tt := range map[string]struct{ rest, code string }{
		"nothing under the key": {"credit: \"2202\"\ndebit: { travel: \"= fields['no_such']\", meals: \"1\" }\n", "booking.no_value"},
		"no account's code":     {"credit: \"2202\"\ndebit: { travel: \"= title\", meals: \"1\" }\n", "booking.bad_result"},
		"no account at all":     {"credit: \"= fields.get('x', '')\"\ndebit: { travel: \"1\", meals: \"1\" }\n", "booking.bad_result"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := booking.Build(mapping(t, head+tt.rest), input())
			require.Equal(t, tt.code, fault.CodeOf(err), "%v", err)
		})
	}
}

// TestASettlementPaysWhatWasOwed, at another rate than it was owed at.
func TestASettlementPaysWhatWasOwed(t *testing.T) {
	m := mapping(t, rich)
	in := richInput()
	in.Kind = voucher.Settlement
	v, whys, err := booking.Explain(m, in)
	require.NoError(t, err)
	require.Equal(t, "v:doc:settlement:1", v.Reference)
	require.Equal(t, []string{"BANK", "付款 EXP-2026-0001"}, []string{v.Journal, v.Text})
	require.Equal(t, []row{{voucher.Debit, "2202", 11600, "E-007"}, {voucher.Credit, "1002", 11600, ""}}, rowsOf(v))
	require.Equal(t, []string{"settled", "bank"}, []string{whys[0].Rule, whys[1].Rule})

	in.Content = abroad(in.Content)
	for name, tt := range map[string]struct {
		paid int64
		want []string
	}{
		"dearer":  {84000, []string{"2202 116.00 835.20", "660302 0.00 4.80", "1002 116.00 840.00"}},
		"cheaper": {83000, []string{"2202 116.00 835.20", "660301 0.00 5.20", "1002 116.00 830.00"}},
		"same":    {83520, []string{"2202 116.00 835.20", "1002 116.00 835.20"}},
	} {
		paid := of("CNY", tt.paid)
		in.Paid = &paid
		v, err := booking.Build(m, in)
		require.NoError(t, err, name)
		var got []string
		for _, e := range v.Entries {
			got = append(got, e.Account+" "+e.Amount.Text()+" "+e.Base.Text())
		}
		require.Equal(t, tt.want, got, name)
	}

	in = richInput()
	in.Kind = voucher.Settlement
	in.Content.Offset = &document.Offset{Document: "a", Number: "ADV-1", Amount: of("CNY", 11600)}
	_, err = booking.Build(m, in)
	require.Equal(t, "booking.nothing_to_settle", fault.CodeOf(err))
}

func abroad(c document.Content) document.Content {
	c.Currency, c.Total, c.BaseTotal = "USD", of("USD", 11600), of("CNY", 83520)
	c.Rate = &document.Rate{Currency: "USD", Base: "CNY", Value: "7.2", Source: "PBOC", Date: "2026-11-20"}
	c.Lines = slices.Clone(c.Lines)
	for i := range c.Lines {
		c.Lines[i].Amount.Currency, c.Lines[i].Tax.Currency = "USD", "USD"
	}
	return c
}

// TestEverySplitBalances holds, for any lines, taxes, shares and rate, that both
// currencies balance, that no cent of tax is lost, and that a settlement balances too.
func TestEverySplitBalances(t *testing.T) {
	mappings := []*booking.Mapping{mapping(t, rich), mapping(t, thirds)}
	rapid.Check(t, func(t *rapid.T) {
		in := richInput()
		in.Content = abroad(in.Content)
		c := &in.Content
		c.Lines, c.Total = nil, of("USD", 0)
		for i := range rapid.IntRange(1, 12).Draw(t, "lines") {
			minor := rapid.Int64Range(1, 1_000_000).Draw(t, "amount")
			c.Lines = append(c.Lines, document.Line{No: i + 1, Category: rapid.SampledFrom([]string{"travel", "meals"}).Draw(t, "category"),
				Amount: of("USD", minor), Tax: of("USD", rapid.Int64Range(0, minor).Draw(t, "tax"))})
			c.Total.Minor += minor
		}
		c.BaseTotal = of("CNY", rapid.Int64Range(1, 100_000_000).Draw(t, "base"))
		m := rapid.SampledFrom(mappings).Draw(t, "mapping")
		v, err := booking.Build(m, in)
		require.NoError(t, err)
		require.NoError(t, v.Check())
		in.Kind = voucher.Settlement
		paid := money.Amount{Minor: rapid.Int64Range(1, 100_000_000).Draw(t, "paid"), Currency: "CNY"}
		in.Paid = &paid
		v, err = booking.Build(m, in)
		require.NoError(t, err)
		require.NoError(t, v.Check())
	})
}

const thirds = `mapping: m
type: expense
journal: EXP
text: t
debit: { travel: "6601", meals: "6602" }
taxes: [{ parts: [{ account: "222101", share: "33.33%" }, { account: "222102", share: "33.34%" }, { account: "222103", share: "0.01%" }] }]
credit: "2202"
settlement: { bank: "1002", gain: "660301", loss: "660302" }
`
