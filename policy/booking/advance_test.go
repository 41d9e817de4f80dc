package booking_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/voucher"
	"github.com/countersign/countersign/policy/booking"
	"github.com/countersign/countersign/policy/doctype"
)

func shippedMapping(t testing.TB, name string) *booking.Mapping {
	t.Helper()
	text, err := os.ReadFile("../../config/mappings/" + name + ".yaml")
	require.NoError(t, err)
	return mapping(t, string(text))
}

// TestWhatShipsIsBookedWhole holds every shipped mapping against its type.
func TestWhatShipsIsBookedWhole(t *testing.T) {
	for _, name := range []string{"expense", "payment_request", "advance"} {
		text, err := os.ReadFile("../../config/types/" + name + ".yaml")
		require.NoError(t, err)
		typ, err := doctype.Parse(name, text)
		require.NoError(t, err)
		require.Equal(t, name, typ.Mapping)
		require.Empty(t, booking.Check(shippedMapping(t, name), typ))
	}
}

// row is an entry as finance reads it.
type row struct {
	side    voucher.Side
	account string
	minor   int64
	party   string
}

func rowsOf(v voucher.Voucher) []row {
	var rows []row
	for _, e := range v.Entries {
		rows = append(rows, row{e.Side, e.Account, e.Amount.Minor, e.Party})
	}
	return rows
}

// TestAnAdvanceAndWhatSettlesIt follows 1,000.00 through the books.
func TestAnAdvanceAndWhatSettlesIt(t *testing.T) {
	paid := input()
	paid.Content.Type, paid.Content.Total, paid.Content.BaseTotal = "advance", of("CNY", 100000), of("CNY", 100000)
	paid.Content.Lines = []document.Line{{Category: "petty_cash", Amount: of("CNY", 100000), Tax: of("CNY", 0)}}
	v, err := booking.Build(shippedMapping(t, "advance"), paid)
	require.NoError(t, err)
	require.Equal(t, []row{{voucher.Debit, "1221", 100000, "lin"}, {voucher.Credit, "2202", 100000, "lin"}}, rowsOf(v))
	require.Empty(t, v.Entries[0].CostCenter, "an advance is no cost")

	costs := []row{{voucher.Debit, "6602", 10000, ""}, {voucher.Debit, "2221", 600, ""}, {voucher.Debit, "6602", 1000, ""}}
	for _, tt := range []struct {
		name   string
		settle int64
		rest   []row
	}{
		{"less than the report", 1600, []row{{voucher.Credit, "1221", 1600, "lin"}, {voucher.Credit, "2202", 10000, "lin"}}},
		{"the whole report", 11600, []row{{voucher.Credit, "1221", 11600, "lin"}}},
		{"more than the report", 12000, []row{{voucher.Debit, "2202", 400, "lin"}, {voucher.Credit, "1221", 12000, "lin"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := input()
			in.Content.Offset = &document.Offset{Document: "a", Number: "ADV-2026-000001", Amount: of("CNY", tt.settle)}
			v, err := booking.Build(shippedMapping(t, "expense"), in)
			require.NoError(t, err)
			require.Equal(t, append(append([]row{}, costs...), tt.rest...), rowsOf(v))
		})
	}
}

func TestWhatIsNotSettled(t *testing.T) {
	in := input()
	in.Content.Offset = &document.Offset{Document: "a", Number: "ADV-2026-000001", Amount: of("CNY", 100)}
	_, err := booking.Build(mapping(t, good), in)
	require.Equal(t, "booking.no_advance_account", fault.CodeOf(err))
	in.Content.Offset.Amount.Currency = "EUR"
	_, err = booking.Build(shippedMapping(t, "expense"), in)
	require.Equal(t, "offset.wrong_currency", fault.CodeOf(err))
	settles := &doctype.Type{ID: "expense", Offsets: "advance", Categories: []doctype.Category{{ID: "travel"}, {ID: "meals"}}}
	found := booking.Check(mapping(t, good), settles)
	require.Len(t, found, 1)
	require.Equal(t, "booking.no_advance_account", found[0].Code)

	owed := mapping(t, good+"advance: \"1221\"\nowed: \"1133\"\n")
	in.Content.Offset.Amount = of("CNY", 11601)
	v, err := booking.Build(owed, in)
	require.NoError(t, err)
	require.Equal(t, row{voucher.Debit, "1133", 1, "lin"}, rowsOf(v)[3])
	in.Content.Entity = "de"
	v, err = booking.Build(owed, in)
	require.NoError(t, err)
	require.Equal(t, "1133", v.Entries[3].Account, "an entity's overrides leave the rest as it is")
}

// TestEveryOffsetBalances holds I10 for any lines, tax and offset: what is booked
// on the advance is the offset, and the payee's entry is total less offset.
func TestEveryOffsetBalances(t *testing.T) {
	m := shippedMapping(t, "expense")
	rapid.Check(t, func(t *rapid.T) {
		in := input()
		c := &in.Content
		c.Lines, c.Total = nil, of("CNY", 0)
		for range rapid.IntRange(1, 20).Draw(t, "lines") {
			minor := rapid.Int64Range(1, 1_000_000).Draw(t, "amount")
			c.Lines = append(c.Lines, document.Line{Category: rapid.SampledFrom([]string{"travel", "lodging"}).Draw(t, "category"),
				Amount: of("CNY", minor), Tax: of("CNY", rapid.Int64Range(0, minor-1).Draw(t, "tax"))})
			c.Total.Minor += minor
		}
		c.BaseTotal = c.Total
		settle := rapid.OneOf(rapid.Just(c.Total.Minor), rapid.Int64Range(1, 30_000_000)).Draw(t, "offset")
		c.Offset = &document.Offset{Document: "a", Number: "ADV-2026-000001", Amount: of("CNY", settle)}
		v, err := booking.Build(m, in)
		require.NoError(t, err)
		sums := map[string]int64{}
		var balance int64
		for _, e := range v.Entries {
			require.Equal(t, e.Amount, e.Base)
			signed := e.Amount.Minor
			if e.Side == voucher.Credit {
				signed = -signed
			}
			sums[e.Account] += signed
			balance += signed
		}
		require.Zero(t, balance)
		require.Equal(t, -settle, sums["1221"])
		require.Equal(t, settle-c.Total.Minor, sums["2202"])
		require.Equal(t, c.Total.Minor, sums["6602"]+sums["2221"])
	})
}
