package conformance

import (
	"context"
	"slices"
	"time"

	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/domain/master"
	"github.com/countersign/countersign/domain/money"
)

func findsNothing(t T, f Fixture) {
	found, err := f.Port.Find(context.Background(), Reference())
	noError(t, err)
	length(t, found, 0)
}

func createsPostsFinds(t T, f Fixture) {
	ctx, ref := context.Background(), Reference()
	draft, err := f.Port.Create(ctx, f.Voucher(ref, 12850))
	noError(t, err)
	equal(t, f.created(), draft.State)
	countCreated(t, f, ref, 1)

	posted, err := f.Port.Post(ctx, draft)
	noError(t, err)
	equal(t, erp.Posted, posted.State)
	holds(t, len(posted.Number) > 0, "posted.Number is empty")

	found, err := f.Port.Find(ctx, ref)
	noError(t, err)
	equal(t, []erp.Found{posted}, found)
	amount := money.Amount{Minor: 12850, Currency: f.Base}
	equal(t, erp.Totals{Debit: amount, Credit: amount}, found[0].Totals)
	equal(t, f.Date, found[0].Date)
	equal(t, ref, found[0].Reference)
	if draft.ID != "" { // which is not known before what was sent was worked on
		equal(t, draft.ID, found[0].ID)
	}
	length(t, found[0].Lines, 2)
	for _, l := range found[0].Lines {
		if l.Account == f.Payable {
			equal(t, f.Party, l.Party)
			equal(t, amount, l.Credit)
		}
	}
	count(t, f, ref, 0, 1)
}

func keepsAmountsExact(t T, f Fixture) {
	for _, minor := range []int64{1, 10, 99, 100, 101, 820_00, 9_007_199_254_740_993} {
		ref := Reference()
		if most := f.Port.Capabilities().AmountMax; most > 0 && minor > most {
			_, err := f.Port.Create(context.Background(), f.Voucher(ref, minor))
			isCode(t, err, erp.CodeUnsupported)
			minor = most // refused, not rounded; the largest it takes is kept
		}
		found, err := f.PostOnce(context.Background(), NewBook(), f.Voucher(ref, minor))
		noError(t, err)
		equal(t, minor, found.Totals.Debit.Minor)
		again, err := f.Port.Find(context.Background(), ref)
		noError(t, err)
		equal(t, minor, again[0].Totals.Credit.Minor)
	}
}

func booksForeignCurrency(t T, f Fixture) {
	ref := Reference()
	v := f.inForeign(f.Voucher(ref, 78125))
	found, err := f.PostOnce(context.Background(), NewBook(), v)
	noError(t, err)
	equal(t, money.Amount{Minor: 78125, Currency: f.Base}, found.Totals.Debit)
}

func postsTwice(t T, f Fixture) {
	ctx, ref, book := context.Background(), Reference(), NewBook()
	first, err := f.PostOnce(ctx, book, f.Voucher(ref, 100))
	noError(t, err)
	second, err := f.Port.Post(ctx, first)
	noError(t, err)
	equal(t, first, second)
	third, err := f.PostOnce(ctx, book, f.Voucher(ref, 100))
	noError(t, err)
	equal(t, first, third)
	attempts := 2 // one to create, one to post
	if f.Port.Capabilities().PostsAtOnce {
		attempts = 1
	}
	length(t, book.Attempts(ref), attempts)
	count(t, f, ref, 0, 1)
}

func refusesUnbalanced(t T, f Fixture) {
	ctx, ref, book := context.Background(), Reference(), NewBook()
	v := f.Voucher(ref, 100)
	v.Entries[0].Base.Minor, v.Entries[0].Amount.Minor = 101, 101
	before := f.Proxy.Requests()
	_, err := f.PostOnce(ctx, book, v)
	isCode(t, err, erp.CodeUnbalanced)
	equal(t, before, f.Proxy.Requests(), "the ERP is not even asked")

	draft, err := f.Port.Create(ctx, v) // the ERP itself refuses as well, sooner or later
	if f.Port.Capabilities().ChecksBalance {
		isCode(t, err, erp.CodeUnbalanced)
	} else {
		noError(t, err)
		_, err = f.Port.Post(ctx, draft)
		isCode(t, err, erp.CodeUnbalanced)
	}
	_, posted, err := f.Counted(ctx, ref)
	noError(t, err)
	equal(t, 0, posted)
}

func refusesUnknownAccount(t T, f Fixture) {
	ref := Reference()
	v := f.Voucher(ref, 100)
	v.Entries[0].Account = "no-such-account"
	_, err := f.PostOnce(context.Background(), NewBook(), v)
	isCode(t, err, erp.CodeUnknownAccount)
	count(t, f, ref, 0, 0)
}

func refusesUnknownParty(t T, f Fixture) {
	for _, party := range []string{"no-such-party", ""} {
		ref := Reference()
		v := f.Voucher(ref, 100)
		v.Entries[1].Party = party
		_, err := f.PostOnce(context.Background(), NewBook(), v)
		isCode(t, err, erp.CodeUnknownParty)
		count(t, f, ref, 0, 0)
	}
}

func refusesClosedPeriod(t T, f Fixture) {
	ref, book := Reference(), NewBook()
	v := f.Voucher(ref, 100)
	v.Date = f.ClosedDate
	_, err := f.PostOnce(context.Background(), book, v)
	isCode(t, err, erp.CodeClosedPeriod)
	count(t, f, ref, 0, 0)
	v.Date = f.Date // a person chose another posting date
	_, err = f.PostOnce(context.Background(), book, v)
	noError(t, err)
	count(t, f, ref, 0, 1)
}

func syncsMasterData(t T, f Fixture) {
	ctx := context.Background()
	all, err := f.Port.Sync(ctx, time.Time{})
	noError(t, err)
	holds(t, all.Complete, "all of it does not say that it is complete")
	accounts := map[string]erp.Account{}
	for _, a := range all.Accounts {
		accounts[a.Code] = a
	}
	holds(t, accounts[f.Payable].PartyRequired, "account %s wants no party", f.Payable)
	holds(t, !accounts[f.Expense].PartyRequired, "account %s wants a party", f.Expense)
	holds(t, accounts[f.Expense].Active, "account %s is not active", f.Expense)
	parties := map[string]bool{}
	for _, p := range all.Parties {
		parties[p.Code] = true
	}
	holds(t, parties[f.Party], "party %s is missing", f.Party)
	open := false
	for _, p := range all.Periods {
		open = open || p.Open && p.From <= f.Date && f.Date <= p.To
		closed := p.Open && f.ClosedDate != "" && p.From <= f.ClosedDate && f.ClosedDate <= p.To
		holds(t, !closed, "%s lies in an open period", f.ClosedDate)
	}
	holds(t, open || len(all.Periods) == 0, "%s lies in no open period", f.Date)
	holds(t, len(all.Currencies) > 0, "all.Currencies is empty")
	tells := f.Port.Capabilities().Master
	for kind, n := range map[master.Kind]int{
		master.Account: len(all.Accounts), master.Party: len(all.Parties), master.Employee: len(all.Employees),
		master.Department: len(all.Departments), master.CostCenter: len(all.CostCenters),
		master.Project: len(all.Projects), master.Period: len(all.Periods), master.Rate: len(all.Rates),
	} {
		holds(t, n == 0 || slices.Contains(tells, kind), "%d of %s came, which its capabilities do not name", n, kind)
	}
	for _, r := range all.Rates {
		err := money.CheckRate(r.Value)
		holds(t, err == nil, "1 %s is %s %s from %s on: %v", r.Currency, r.Value, r.Base, r.Date, err)
	}
	if !f.Port.Capabilities().Delta {
		return
	}
	later, err := f.Port.Sync(ctx, time.Now().Add(time.Hour))
	noError(t, err)
	holds(t, !later.Complete, "a delta says that it is complete")
	length(t, later.Accounts, 0)
	length(t, later.Parties, 0)
}
