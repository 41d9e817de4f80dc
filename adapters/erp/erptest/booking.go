package erptest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/domain/money"
)

func findsNothing(t *testing.T, f Fixture) {
	found, err := f.Port.Find(context.Background(), reference(t))
	require.NoError(t, err)
	require.Empty(t, found)
}

func createsPostsFinds(t *testing.T, f Fixture) {
	ctx, ref := context.Background(), reference(t)
	draft, err := f.Port.Create(ctx, f.Voucher(ref, 12850))
	require.NoError(t, err)
	require.Equal(t, f.created(), draft.State)
	requireCreated(t, f, ref, 1)

	posted, err := f.Port.Post(ctx, draft)
	require.NoError(t, err)
	require.Equal(t, erp.Posted, posted.State)
	require.NotEmpty(t, posted.Number)

	found, err := f.Port.Find(ctx, ref)
	require.NoError(t, err)
	require.Equal(t, []erp.Found{posted}, found)
	amount := money.Amount{Minor: 12850, Currency: f.Base}
	require.Equal(t, erp.Totals{Debit: amount, Credit: amount}, found[0].Totals)
	require.Equal(t, f.Date, found[0].Date)
	require.Equal(t, ref, found[0].Reference)
	require.Equal(t, draft.ID, found[0].ID)
	require.Len(t, found[0].Lines, 2)
	for _, l := range found[0].Lines {
		if l.Account == f.Payable {
			require.Equal(t, f.Party, l.Party)
			require.Equal(t, amount, l.Credit)
		}
	}
	requireCount(t, f, ref, 0, 1)
}

func keepsAmountsExact(t *testing.T, f Fixture) {
	for _, minor := range []int64{1, 10, 99, 100, 101, 820_00, 9_007_199_254_740_993} {
		ref := reference(t)
		if most := f.Port.Capabilities().AmountMax; most > 0 && minor > most {
			_, err := f.Port.Create(context.Background(), f.Voucher(ref, minor))
			requireCode(t, err, erp.CodeUnsupported)
			minor = most // refused, not rounded; the largest it takes is kept
		}
		found, err := f.PostOnce(context.Background(), NewBook(), f.Voucher(ref, minor))
		require.NoError(t, err)
		require.Equal(t, minor, found.Totals.Debit.Minor)
		again, err := f.Port.Find(context.Background(), ref)
		require.NoError(t, err)
		require.Equal(t, minor, again[0].Totals.Credit.Minor)
	}
}

func booksForeignCurrency(t *testing.T, f Fixture) {
	if f.Foreign == "" || !f.Port.Capabilities().ForeignCurrency {
		t.Skip("this ERP books the base currency only")
	}
	ref := reference(t)
	v := f.Voucher(ref, 78125)
	for i := range v.Entries {
		v.Entries[i].Amount = money.Amount{Minor: 10000, Currency: f.Foreign}
	}
	found, err := f.PostOnce(context.Background(), NewBook(), v)
	require.NoError(t, err)
	require.Equal(t, money.Amount{Minor: 78125, Currency: f.Base}, found.Totals.Debit)
}

func postsTwice(t *testing.T, f Fixture) {
	ctx, ref, book := context.Background(), reference(t), NewBook()
	first, err := f.PostOnce(ctx, book, f.Voucher(ref, 100))
	require.NoError(t, err)
	second, err := f.Port.Post(ctx, first)
	require.NoError(t, err)
	require.Equal(t, first, second)
	third, err := f.PostOnce(ctx, book, f.Voucher(ref, 100))
	require.NoError(t, err)
	require.Equal(t, first, third)
	attempts := 2 // one to create, one to post
	if f.Port.Capabilities().PostsAtOnce {
		attempts = 1
	}
	require.Len(t, book.Attempts(ref), attempts)
	requireCount(t, f, ref, 0, 1)
}

func refusesUnbalanced(t *testing.T, f Fixture) {
	ctx, ref, book := context.Background(), reference(t), NewBook()
	v := f.Voucher(ref, 100)
	v.Entries[0].Base.Minor, v.Entries[0].Amount.Minor = 101, 101
	before := f.Proxy.Requests()
	_, err := f.PostOnce(ctx, book, v)
	requireCode(t, err, erp.CodeUnbalanced)
	require.Equal(t, before, f.Proxy.Requests(), "the ERP is not even asked")

	draft, err := f.Port.Create(ctx, v) // the ERP itself refuses as well, sooner or later
	if f.Port.Capabilities().ChecksBalance {
		requireCode(t, err, erp.CodeUnbalanced)
	} else {
		require.NoError(t, err)
		_, err = f.Port.Post(ctx, draft)
		requireCode(t, err, erp.CodeUnbalanced)
	}
	_, posted, err := f.Counted(ctx, ref)
	require.NoError(t, err)
	require.Zero(t, posted)
}

func refusesUnknownAccount(t *testing.T, f Fixture) {
	ref := reference(t)
	v := f.Voucher(ref, 100)
	v.Entries[0].Account = "no-such-account"
	_, err := f.PostOnce(context.Background(), NewBook(), v)
	requireCode(t, err, erp.CodeUnknownAccount)
	requireCount(t, f, ref, 0, 0)
}

func refusesUnknownParty(t *testing.T, f Fixture) {
	for _, party := range []string{"no-such-party", ""} {
		ref := reference(t)
		v := f.Voucher(ref, 100)
		v.Entries[1].Party = party
		_, err := f.PostOnce(context.Background(), NewBook(), v)
		requireCode(t, err, erp.CodeUnknownParty)
		requireCount(t, f, ref, 0, 0)
	}
}

func refusesClosedPeriod(t *testing.T, f Fixture) {
	if !f.Port.Capabilities().ClosedPeriods || f.ClosedDate == "" {
		t.Skip("this ERP does not close periods")
	}
	ref, book := reference(t), NewBook()
	v := f.Voucher(ref, 100)
	v.Date = f.ClosedDate
	_, err := f.PostOnce(context.Background(), book, v)
	requireCode(t, err, erp.CodeClosedPeriod)
	requireCount(t, f, ref, 0, 0)
	v.Date = f.Date // a person chose another posting date
	_, err = f.PostOnce(context.Background(), book, v)
	require.NoError(t, err)
	requireCount(t, f, ref, 0, 1)
}

func syncsMasterData(t *testing.T, f Fixture) {
	ctx := context.Background()
	all, err := f.Port.Sync(ctx, time.Time{})
	require.NoError(t, err)
	require.True(t, all.Complete)
	accounts := map[string]erp.Account{}
	for _, a := range all.Accounts {
		accounts[a.Code] = a
	}
	require.True(t, accounts[f.Payable].PartyRequired)
	require.False(t, accounts[f.Expense].PartyRequired)
	require.True(t, accounts[f.Expense].Active)
	parties := map[string]bool{}
	for _, p := range all.Parties {
		parties[p.Code] = true
	}
	require.True(t, parties[f.Party])
	open := false
	for _, p := range all.Periods {
		open = open || p.Open && p.From <= f.Date && f.Date <= p.To
		require.False(t, p.Open && f.ClosedDate != "" && p.From <= f.ClosedDate && f.ClosedDate <= p.To)
	}
	require.True(t, open)
	require.NotEmpty(t, all.Currencies)
	if !f.Port.Capabilities().Delta {
		return
	}
	later, err := f.Port.Sync(ctx, time.Now().Add(time.Hour))
	require.NoError(t, err)
	require.False(t, later.Complete)
	require.Empty(t, later.Accounts)
	require.Empty(t, later.Parties)
}
