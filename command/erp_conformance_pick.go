package command

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/adapters/erp/conformance"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
)

// pick fills what was not named from the ERP's own master data.
func (f conformanceFlags) pick(ctx context.Context, p erp.Port, base money.Currency, now time.Time,
	remember func(string)) (conformance.Fixture, error) {
	codes := f.codes
	all, err := p.Sync(ctx, time.Time{})
	if err != nil {
		return codes, err
	}
	codes.Base, codes.Foreign = money.Currency(cmp.Or(f.base, string(base))), money.Currency(f.foreign)
	codes.Payable = cmp.Or(codes.Payable, pickAccount(all.Accounts, true, "", "22", "2"))
	codes.Expense = cmp.Or(codes.Expense, pickAccount(all.Accounts, false, "", "66", "6", "5"))
	codes.Bank = cmp.Or(codes.Bank, pickAccount(all.Accounts, false, codes.Expense, "1002", "10", "1"))
	parties := candidates(all.Parties)
	if codes.Party == "" && len(parties) > 0 {
		codes.Party = parties[0]
	}
	for _, center := range all.CostCenters {
		if codes.CostCenter == "" && center.Active {
			codes.CostCenter = center.Code
		}
	}
	for _, currency := range all.Currencies {
		if code := money.Currency(currency.Code); codes.Foreign == "" && code != codes.Base {
			codes.Foreign = code
		}
	}
	today := now.Format(time.DateOnly)
	codes.Date = cmp.Or(codes.Date, openDay(all.Periods, today))
	if codes.Date == "" && len(all.Periods) == 0 {
		codes.Date = today // whoever keeps books at all keeps them today; the ERP tells no periods
	}
	codes.ClosedDate = cmp.Or(codes.ClosedDate, closedDay(all.Periods, today))
	for flag, value := range map[string]string{"expense": codes.Expense, "payable": codes.Payable, "bank": codes.Bank,
		"party": codes.Party, "date": codes.Date, "currency": string(codes.Base)} {
		if value == "" {
			return codes, fmt.Errorf("--%s: the ERP's master data has none that fits; name one", flag)
		}
	}
	if f.codes.Party != "" {
		return codes, nil
	}
	return f.tried(ctx, p, codes, parties, remember)
}

// partiesTried is how many parties are tried at most.
const partiesTried = 8

// candidates are parties from all over the list: one ERP keeps employees, customers and
// suppliers in it one after another, and an account wants one of these.
func candidates(all []erp.Party) []string {
	var active []string
	for _, party := range all {
		if party.Active {
			active = append(active, party.Code)
		}
	}
	if len(active) <= partiesTried {
		return active
	}
	var some []string
	for i := range partiesTried {
		some = append(some, active[i*(len(active)-1)/(partiesTried-1)])
	}
	return some
}

// tried books a draft with one party after another until the payable account takes it: which
// kind an account wants no master data tells. What else is refused the promises will say.
func (f conformanceFlags) tried(ctx context.Context, p erp.Port, codes conformance.Fixture, parties []string,
	remember func(string)) (conformance.Fixture, error) {
	var refused error
	for _, party := range parties {
		tried := codes
		tried.Party, tried.Remember = party, remember
		_, err := p.Create(ctx, tried.Voucher(conformance.Reference(), 100))
		switch fault.CodeOf(err) {
		case erp.CodeUnknownParty, erp.CodeUnknownDimension:
			refused = err
			continue
		}
		return tried, nil
	}
	return codes, fmt.Errorf("--party: account %s takes none of %s; name one that it takes, or another --payable: %w",
		codes.Payable, strings.Join(parties, ", "), refused)
}

// pickAccount finds an account that is in use, but not this other one; one whose
// code begins like an earlier of the prefixes is better.
func pickAccount(accounts []erp.Account, wantsParty bool, other string, prefixes ...string) string {
	for _, prefix := range append(prefixes, "") {
		for _, a := range accounts {
			if a.Active && a.PartyRequired == wantsParty && a.Code != other && strings.HasPrefix(a.Code, prefix) {
				return a.Code
			}
		}
	}
	return ""
}

// openDay is today if its period is open, else the last day of the last open
// period before it.
func openDay(periods []erp.Period, today string) string {
	day := ""
	for _, p := range periods {
		if p.Open && p.From <= today {
			day = max(day, min(p.To, today))
		}
	}
	return day
}

// closedDay is the first day of the last closed period before today.
func closedDay(periods []erp.Period, today string) string {
	day := ""
	for _, p := range periods {
		if !p.Open && p.To < today {
			day = max(day, p.From)
		}
	}
	return day
}
