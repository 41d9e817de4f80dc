package simbooks_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/erp/simbooks"
)

func voucher() simbooks.Voucher {
	return simbooks.Voucher{Ref: "r", Date: fmt.Sprintf("%d-03-31", time.Now().Year()), State: "A", Lines: []simbooks.Line{
		{Account: "6602", Debit: 12850, Dimensions: map[string]string{"department": "CC-SALES"}},
		{Account: "2241", Credit: 12850, Dimensions: map[string]string{"employee": "lin"}}}}
}

// TestBooksRefuse holds each rule: a simulator without it would prove nothing.
func TestBooksRefuse(t *testing.T) {
	for _, tt := range []struct {
		why    string
		change func(v *simbooks.Voucher)
	}{
		{simbooks.ClosedPeriod, func(v *simbooks.Voucher) { v.Date = fmt.Sprintf("%d-01-15", time.Now().Year()-1) }},
		{simbooks.ClosedPeriod, func(v *simbooks.Voucher) { v.Date = "1999-01-15" }},
		{simbooks.ClosedPeriod, func(v *simbooks.Voucher) { v.Date += "T00:00:00" }},
		{simbooks.UnknownAccount, func(v *simbooks.Voucher) { v.Lines[0].Account = "9" }},
		{simbooks.UnknownPerson, func(v *simbooks.Voucher) { v.Lines[0].Dimensions["department"] = "x" }},
		{simbooks.UnknownPerson, func(v *simbooks.Voucher) { v.Lines[0].Dimensions["colour"] = "lin" }},
		{simbooks.UnknownPerson, func(v *simbooks.Voucher) { v.Lines[0].Dimensions["project"] = "P-009" }},
		{simbooks.NotKept, func(v *simbooks.Voucher) { v.Lines[1].Dimensions["project"] = "P-001" }},
		{simbooks.NotKept, func(v *simbooks.Voucher) { v.Lines[0].Dimensions["supplier"] = "SUP001" }},
		{simbooks.MissingPerson, func(v *simbooks.Voucher) { v.Lines[1].Dimensions = nil }},
		{simbooks.Unbalanced, func(v *simbooks.Voucher) { v.Lines[0].Debit++ }},
		{simbooks.Empty, func(v *simbooks.Voucher) { v.Lines = v.Lines[:1] }},
	} {
		v, books := voucher(), simbooks.New()
		tt.change(&v)
		_, no := books.Add(v, false)
		require.NotNil(t, no, tt.why)
		require.Equal(t, tt.why, no.Why)
		others, these := books.Count("r", "A")
		require.Zero(t, others+these)
	}
}

func TestBooksKeep(t *testing.T) {
	books := simbooks.New()
	first, no := books.Add(voucher(), true)
	require.Nil(t, no)
	_, no = books.Add(voucher(), true)
	require.Equal(t, simbooks.Duplicate, no.Why)
	_, no = books.Add(voucher(), false)
	require.Nil(t, no)
	_, no = books.Change(first.ID, func(v *simbooks.Voucher) *simbooks.Refusal { v.State = "C"; return nil })
	require.Nil(t, no)
	others, these := books.Count("r", "C")
	require.Equal(t, [2]int{1, 1}, [2]int{others, these})
	_, no = books.Change(1, func(*simbooks.Voucher) *simbooks.Refusal { return nil })
	require.Equal(t, simbooks.Missing, no.Why)
}

func TestAmounts(t *testing.T) {
	for text, minor := range map[string]int64{"128.5": 12850, "-128.50": -12850, "0.01": 1, "7": 700, "128.5000": 12850,
		"90071992547409.93": 9007199254740993} {
		got, ok := simbooks.Minor(text)
		require.True(t, ok, text)
		require.Equal(t, minor, got, text)
	}
	for _, text := range []string{"", "1e2", "1,000", "1.005", "--1", "１", "9999999999999999"} {
		_, ok := simbooks.Minor(text)
		require.False(t, ok, text)
	}
	require.Equal(t, []string{"-0.05", "128.50", "0.00"}, []string{simbooks.Text(-5), simbooks.Text(12850), simbooks.Text(0)})
}
