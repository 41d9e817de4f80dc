package tryton

import (
	"context"
	"strings"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/voucher"
)

const (
	refPrefix      = "ref:" // before our reference in a move's description
	linesMax       = 1000   // of one voucher
	defaultJournal = "EXP"  // where a voucher names none
)

// moveValues makes the record of a voucher, and its lines as they will be found.
func (p *Port) moveValues(ctx context.Context, at company, v voucher.Voucher) (object, []port.Line, error) {
	date, err := day(v.Date)
	if err != nil {
		return nil, nil, port.Fault(port.CodeRefused, err.Error())
	}
	if len(v.Entries) > linesMax {
		return nil, nil, port.Fault(port.CodeRefused, "too many entries")
	}
	journal := v.Journal
	if journal == "" {
		journal = defaultJournal
	}
	journalID, err := p.journal(ctx, journal)
	if err != nil {
		return nil, nil, err
	}
	periodID, err := p.period(ctx, at, v.Date)
	if err != nil {
		return nil, nil, err
	}
	records := make([]any, 0, len(v.Entries))
	lines := make([]port.Line, 0, len(v.Entries))
	for _, e := range v.Entries {
		record, l, err := p.lineValues(ctx, at, e)
		if err != nil {
			return nil, nil, err
		}
		records, lines = append(records, record), append(lines, l)
	}
	return object{"company": at.id, "journal": journalID, "period": periodID, "date": date,
		"description": refPrefix + v.Reference, "lines": []any{[]any{"create", records}}}, lines, nil
}

// lineValues makes the record of one entry. Tryton wants a party exactly where
// the account says so, and refuses one everywhere else.
func (p *Port) lineValues(ctx context.Context, at company, e voucher.Entry) (object, port.Line, error) {
	l := port.LineOf(e)
	account, err := p.account(ctx, at, e.Account)
	if err != nil {
		return nil, l, err
	}
	if base := port.Base(e); base.Currency != at.currency {
		return nil, l, port.Fault(port.CodeRefused,
			"the books are kept in "+string(at.currency)+", not "+string(base.Currency))
	}
	record := object{"account": account.id, "debit": decimal(l.Debit), "credit": decimal(l.Credit),
		"description": lineText(e)}
	l.Party = ""
	if account.partyRequired {
		if e.Party == "" {
			return nil, l, port.Fault(port.CodeUnknownParty, "account "+e.Account+" wants a party")
		}
		if record["party"], err = p.party(ctx, e.Party); err != nil {
			return nil, l, err
		}
		l.Party = e.Party
	}
	if e.Amount.Currency != at.currency && e.Amount.Currency != "" {
		second := e.Amount // its sign follows debit minus credit
		if e.Side == voucher.Credit {
			second.Minor = -second.Minor
		}
		if record["second_currency"], err = p.currency(ctx, e.Amount.Currency); err != nil {
			return nil, l, err
		}
		record["amount_second_currency"] = decimal(second)
	}
	return record, l, nil
}

// lineText keeps the cost center readable, for which plain Tryton has no field.
func lineText(e voucher.Entry) string {
	if e.CostCenter == "" {
		return e.Text
	}
	return strings.TrimSpace(e.Text + " [" + e.CostCenter + "]")
}

// foundOf turns what was read into the port's terms. The number for people is
// the posting number once there is one.
func foundOf(m move, lines []line, c money.Currency) (port.Found, error) {
	f := port.Found{ID: m.ID.String(), Number: m.Number, State: port.Draft, Date: m.Date.text(),
		Reference: strings.TrimPrefix(m.Description, refPrefix)}
	if m.State == "posted" {
		f.State = port.Posted
		if m.PostNumber != "" {
			f.Number = m.PostNumber
		}
	}
	for _, l := range lines {
		debit, err := l.Debit.amount(c)
		if err != nil {
			return f, unreadable(f.ID, err)
		}
		credit, err := l.Credit.amount(c)
		if err != nil {
			return f, unreadable(f.ID, err)
		}
		f.Lines = append(f.Lines, port.Line{Account: l.Account.code(), Party: l.Party.code(), Debit: debit, Credit: credit})
	}
	f.Totals = port.Sum(f.Lines)
	return f, nil
}

// unreadable is a voucher with amounts that its currency cannot have: a person must look.
func unreadable(id string, err error) error {
	return port.Fault(port.CodeConflict, err.Error(), fault.Arg("what", id))
}
