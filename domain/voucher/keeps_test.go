package voucher_test

import (
	"testing"

	"github.com/countersign/countersign/domain/voucher"
)

// TestLosses proves that a ledger is told by account what it would leave out.
func TestLosses(t *testing.T) {
	v := voucher.Voucher{Entries: []voucher.Entry{
		{Account: "6602", Dimensions: map[string]string{"project": "P1", "customer": "C1"}},
		{Account: "2241", Dimensions: map[string]string{"project": "P1"}},
		{Account: "1002"},
	}}
	for _, tt := range []struct {
		name string
		keep voucher.Keeps
		want []voucher.Loss
	}{
		{"nothing is kept", voucher.Keeps{},
			[]voucher.Loss{{0, "6602", "customer"}, {0, "6602", "project"}, {1, "2241", "project"}}},
		{"everything is kept", voucher.Keeps{Dimensions: []string{voucher.AnyDimension}}, nil},
		{"one is kept everywhere", voucher.Keeps{Dimensions: []string{"project"}}, []voucher.Loss{{0, "6602", "customer"}}},
		{"one is kept on some accounts", voucher.Keeps{Dimensions: []string{"customer"},
			Accounts: []voucher.Kept{{Accounts: "66", Name: "project"}, {Accounts: "67", Name: "customer"}}},
			[]voucher.Loss{{1, "2241", "project"}}},
		{"one is kept but on some accounts", voucher.Keeps{Dimensions: []string{"customer"}, Accounts: []voucher.Kept{
			{Name: "project"}, {Accounts: "22", Name: "project", Not: true}}}, []voucher.Loss{{1, "2241", "project"}}},
	} {
		got := tt.keep.Lost(v)
		if len(got) != len(tt.want) {
			t.Fatalf("%s: %v where %v should be", tt.name, got, tt.want)
		}
		for i := range got {
			if got[i] != tt.want[i] {
				t.Fatalf("%s: %v where %v should be", tt.name, got, tt.want)
			}
		}
	}
}

// TestSplitsCompare proves that the same dimensions make the same text, whatever their
// order, and that a value cannot pass for a second dimension.
func TestSplitsCompare(t *testing.T) {
	one := voucher.SplitsOf(map[string]string{"project": "P1", "customer": " C1 ", "department": ""})
	if one != "customer=C1\nproject=P1" || one.Words() != "customer=C1, project=P1" {
		t.Fatalf("%q", one)
	}
	if got := one.Only(map[string]bool{"project": true}); got != "project=P1" {
		t.Fatalf("%q", got)
	}
	if sly := voucher.SplitsOf(map[string]string{"customer": "C1\nproject=P1"}); sly == one || len(sly.Names()) != 1 {
		t.Fatalf("%q", sly)
	}
	if names := voucher.Splits("").Names(); len(names) != 0 {
		t.Fatalf("%v", names)
	}
}
