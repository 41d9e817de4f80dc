// Package erptest holds the promises that every ERP connector must keep, as
// tests that a provider runs against its ERP, and a proxy that breaks lines.
package erptest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/voucher"
)

// Fixture is one connector before a fresh ERP company, with the means to break
// the line between them and to count past the connector.
type Fixture struct {
	Port  erp.Port
	Proxy *Proxy // the line that Port speaks through

	Creates, Posts Match // which requests create a draft, and which post one

	// Counted says how many drafts and posted vouchers carry a reference, by
	// the ERP's own books and not through the connector.
	Counted func(ctx context.Context, reference string) (drafts, posted int, err error)

	// Codes that the ERP knows.
	Expense, Payable, Bank string // accounts; Payable wants a party
	Party, Journal         string
	Base, Foreign          money.Currency // Foreign "" = not tested

	Date, ClosedDate string        // in an open and in a closed period; ClosedDate "" = not tested
	Settle           time.Duration // long enough that a lost request has ended, see erp.PostInput
}

// Voucher is a small balanced voucher that the ERP should take.
func (f Fixture) Voucher(reference string, minor int64) voucher.Voucher {
	amount := money.Amount{Minor: minor, Currency: f.Base}
	return voucher.Voucher{
		Reference: reference, Document: reference, Number: "EXP-2026-000001", Kind: voucher.Accrual, Revision: 1,
		Entity: "demo", Journal: f.Journal, Date: f.Date, Text: "EXP-2026-000001 出租车 taxi",
		Entries: []voucher.Entry{
			{Side: voucher.Debit, Account: f.Expense, Amount: amount, Base: amount, Text: "出租车 taxi",
				Party: f.Party, CostCenter: "CC-SALES"},
			{Side: voucher.Credit, Account: f.Payable, Amount: amount, Base: amount, Text: "出租车 taxi",
				Party: f.Party},
		},
	}
}

// PostOnce calls erp.PostOnce with the fixture's times.
func (f Fixture) PostOnce(ctx context.Context, book erp.AttemptBook, v voucher.Voucher) (erp.Found, error) {
	return erp.PostOnce(ctx, f.input(book, v))
}

func (f Fixture) input(book erp.AttemptBook, v voucher.Voucher) erp.PostInput {
	return erp.PostInput{Port: f.Port, Voucher: v, Book: book, Settle: f.Settle, Now: time.Now}
}

// patience is how long Until tries: much longer than chance can need.
const patience = 3 * time.Minute

// Until calls PostOnce as an activity is retried: again after Busy and Unknown.
func (f Fixture) Until(ctx context.Context, book erp.AttemptBook, v voucher.Voucher) (erp.Found, error) {
	end := time.Now().Add(patience)
	for {
		found, err := f.PostOnce(ctx, book, v)
		kind := fault.KindOf(err)
		if err == nil || time.Now().After(end) || (kind != fault.Busy && kind != fault.Unknown) {
			return found, err
		}
		time.Sleep(min(f.Settle/10, 300*time.Millisecond))
	}
}

// reference makes a reference of the real form, fresh for each test.
func reference(t testing.TB) string {
	return fmt.Sprintf("v:%08x-0000-7000-8000-%012x:accrual:1", len(t.Name()), time.Now().UnixNano()&0xffffffffffff)
}

// Run checks every promise. Each runs in a subtest with a fixture of its own.
func Run(t *testing.T, open func(t *testing.T) Fixture) {
	for _, promise := range []struct {
		name string
		keep func(t *testing.T, f Fixture)
	}{
		{"what was never booked is not found", findsNothing},
		{"a voucher is created, posted and found with its lines", createsPostsFinds},
		{"amounts are exact to the last unit", keepsAmountsExact},
		{"a foreign currency keeps its base amounts", booksForeignCurrency},
		{"a second post is not an error", postsTwice},
		{"a lost answer to create is found and adopted", adoptsAfterLostCreate},
		{"a lost answer to post is found and adopted", adoptsAfterLostPost},
		{"a request that may still arrive is waited for", settlesBeforeCreatingAgain},
		{"garbage after the fact is not believed", survivesGarbage},
		{"an unreachable ERP is busy, with nothing written", busyWhenUnreachable},
		{"four at once leave one voucher", concurrentCallsLeaveOne},
		{"other content under the reference stops", conflictStops},
		{"two vouchers under one reference stop", ambiguityStops},
		{"an unbalanced voucher is refused", refusesUnbalanced},
		{"an unknown account is refused", refusesUnknownAccount},
		{"an unknown party is refused", refusesUnknownParty},
		{"a closed period is refused", refusesClosedPeriod},
		{"a voucher is reversed once", reversesOnce},
		{"vouchers are listed by their days", listsRange},
		{"a lost answer to a reversal is found and adopted", reversesAfterALostAnswer},
		{"master data is read", syncsMasterData},
	} {
		t.Run(promise.name, func(t *testing.T) { promise.keep(t, open(t)) })
	}
}

// created is the state of a voucher that was created and no more.
func (f Fixture) created() erp.State {
	if f.Port.Capabilities().PostsAtOnce {
		return erp.Posted
	}
	return erp.Draft
}

// requireCreated says how many vouchers must be there that were created and no more.
func requireCreated(t testing.TB, f Fixture, reference string, want int) {
	t.Helper()
	if f.created() == erp.Posted {
		requireCount(t, f, reference, 0, want)
	} else {
		requireCount(t, f, reference, want, 0)
	}
}

// requireCount says what the ERP's own books must hold.
func requireCount(t testing.TB, f Fixture, reference string, wantDrafts, wantPosted int) {
	t.Helper()
	drafts, posted, err := f.Counted(context.Background(), reference)
	require.NoError(t, err)
	require.Equal(t, [2]int{wantDrafts, wantPosted}, [2]int{drafts, posted}, "drafts and posted under %s", reference)
}

// requireCode says with which code something must be refused.
func requireCode(t testing.TB, err error, code string) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, code, fault.CodeOf(err), "%v", err)
}
