package voucher_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/voucher"
)

func entry(side voucher.Side, minor, base int64) voucher.Entry {
	return voucher.Entry{Side: side, Account: "6602", Amount: money.Amount{Minor: minor, Currency: "USD"},
		Base: money.Amount{Minor: base, Currency: "CNY"}}
}

func made(entries ...voucher.Entry) voucher.Voucher {
	reference := voucher.Reference("doc", voucher.Accrual, 1)
	return voucher.Voucher{Reference: reference, Short: voucher.Short(reference), Document: "doc", Kind: voucher.Accrual,
		Revision: 1, Date: "2026-02-28", Entries: entries}
}

// TestReferencesNeverChange holds what ERPs keep for years.
func TestReferencesNeverChange(t *testing.T) {
	reference := voucher.Reference("0190a1b2-7c00-7000-8000-000000000001", voucher.Accrual, 1)
	require.Equal(t, "v:0190a1b2-7c00-7000-8000-000000000001:accrual:1", reference)
	require.Equal(t, "b6njh0ht5yrgp", voucher.Short(reference))
}

func TestShortIsShortAndItsOwn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.String().Draw(t, "a"), rapid.String().Draw(t, "b")
		require.Len(t, voucher.Short(a), 13)
		require.Empty(t, strings.Trim(voucher.Short(a), "0123456789abcdefghjkmnpqrstvwxyz"))
		require.Equal(t, a == b, voucher.Short(a) == voucher.Short(b))
	})
}

func TestCheckRefuses(t *testing.T) {
	ok := made(entry(voucher.Debit, 100, 720), entry(voucher.Credit, 100, 720))
	require.NoError(t, ok.Check())
	for _, tt := range []struct {
		name   string
		change func(*voucher.Voucher)
		code   string
	}{
		{"an unbalanced amount", func(v *voucher.Voucher) { v.Entries[0].Amount.Minor++ }, "voucher.unbalanced"},
		{"an unbalanced base", func(v *voucher.Voucher) { v.Entries[0].Base.Minor++ }, "voucher.unbalanced"},
		{"nothing", func(v *voucher.Voucher) { v.Entries = nil }, "voucher.entries"},
		{"a zero", func(v *voucher.Voucher) { v.Entries[0].Amount.Minor, v.Entries[1].Amount.Minor = 0, 0 }, "voucher.unbalanced"},
		{"a negative", func(v *voucher.Voucher) { v.Entries[0].Amount.Minor, v.Entries[1].Amount.Minor = -1, -1 }, "voucher.bad_entry"},
		{"two currencies", func(v *voucher.Voucher) { v.Entries[1].Amount.Currency = "EUR" }, "voucher.mixed_currency"},
		{"two bases", func(v *voucher.Voucher) { v.Entries[1].Base.Currency = "EUR" }, "voucher.mixed_currency"},
		{"no side", func(v *voucher.Voucher) { v.Entries[1].Side = "" }, "voucher.bad_entry"},
		{"no account", func(v *voucher.Voucher) { v.Entries[1].Account = "" }, "voucher.bad_entry"},
		{"another's reference", func(v *voucher.Voucher) { v.Revision = 2 }, "voucher.bad_reference"},
		{"the reversal of another", func(v *voucher.Voucher) { *v = v.Reversed("2026-03-01"); v.Reverses += "x" }, "voucher.bad_reference"},
		{"a reversal of nothing", func(v *voucher.Voucher) { v.Kind = voucher.Reversal }, "voucher.bad_reference"},
		{"another's short form", func(v *voucher.Voucher) { v.Short = "x" }, "voucher.bad_reference"},
		{"a date that is none", func(v *voucher.Voucher) { v.Date = "2026-02-30" }, "voucher.bad_date"},
		{"one side only", func(v *voucher.Voucher) { v.Entries[1].Side = voucher.Debit }, "voucher.unbalanced"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := made(entry(voucher.Debit, 100, 720), entry(voucher.Credit, 100, 720))
			tt.change(&v)
			require.Equal(t, tt.code, fault.CodeOf(v.Check()))
		})
	}
}

// TestOnlyTheBalancedPass holds that Check agrees with plain sums.
func TestOnlyTheBalancedPass(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sides := rapid.SampledFrom([]voucher.Side{voucher.Debit, voucher.Credit})
		var entries []voucher.Entry
		var amount, base int64
		for range rapid.IntRange(2, 6).Draw(t, "n") {
			e := entry(sides.Draw(t, "side"), rapid.Int64Range(1, 3).Draw(t, "amount"), rapid.Int64Range(0, 3).Draw(t, "base"))
			sign := int64(1)
			if e.Side == voucher.Credit {
				sign = -1
			}
			amount, base = amount+sign*e.Amount.Minor, base+sign*e.Base.Minor
			entries = append(entries, e)
		}
		require.Equal(t, amount == 0 && base == 0, made(entries...).Check() == nil)
	})
}

// TestAReversalUndoesItsVoucher and has a reference that never changes.
func TestAReversalUndoesItsVoucher(t *testing.T) {
	v := made(entry(voucher.Debit, 60, 432), entry(voucher.Debit, 40, 288), entry(voucher.Credit, 100, 720))
	undo := v.Reversed("2026-03-01")
	require.NoError(t, undo.Check())
	require.Equal(t, "v:doc:accrual-reversal:1", undo.Reference)
	require.Equal(t, v.Reference, undo.Reverses)
	require.Equal(t, voucher.Reversal, undo.Kind)
	require.Equal(t, "2026-03-01", undo.Date)
	require.Equal(t, "2026-02-28", v.Date)
	for i, e := range v.Entries {
		require.Equal(t, e.Side.Other(), undo.Entries[i].Side)
		e.Side = e.Side.Other()
		require.Equal(t, e, undo.Entries[i])
	}
}
