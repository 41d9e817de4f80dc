package tryton

import (
	"context"
	"encoding/json"
	"time"

	"github.com/countersign/countersign/adapters/erp/port"
)

const (
	pageSize = 500
	pagesMax = 200 // of one model: a hundred thousand rows

	// syncOverlap is how far AsOf lies back, for transactions that were open
	// while we read and for clocks that differ. Rows may come twice.
	syncOverlap = 5 * time.Minute
)

// masterRow is what Sync reads, of any model.
type masterRow struct {
	ID            json.Number `json:"id"`
	Code          string      `json:"code"`
	Name          string      `json:"name"`
	Active        *bool       `json:"active"`
	PartyRequired bool        `json:"party_required"`
	Closed        bool        `json:"closed"`
	StartDate     jsonDate    `json:"start_date"`
	EndDate       jsonDate    `json:"end_date"`
	State         string      `json:"state"`
	Digits        int         `json:"digits"`
}

func (r masterRow) active() bool { return r.Active == nil || *r.Active }

// Sync reads accounts, parties, periods and currencies. What was deleted in
// Tryton is invisible to a delta: read everything once a night.
func (p *Port) Sync(ctx context.Context, since time.Time) (port.Master, error) {
	at, err := p.where(ctx)
	if err != nil {
		return port.Master{}, err
	}
	m := port.Master{Complete: since.IsZero(), AsOf: time.Now().Add(-syncOverlap)}
	ours := []any{[]any{"company", "=", at.id}}
	err = p.pages(ctx, "account.account", ours, since, []string{"code", "name", "party_required", "closed"}, func(r masterRow) {
		if r.Code != "" { // without a code it is a heading of the chart
			m.Accounts = append(m.Accounts, port.Account{ID: r.ID.String(), Code: r.Code, Name: r.Name,
				PartyRequired: r.PartyRequired, Active: !r.Closed})
		}
	})
	if err != nil {
		return port.Master{}, err
	}
	err = p.pages(ctx, "party.party", nil, since, []string{"code", "name", "active"}, func(r masterRow) {
		m.Parties = append(m.Parties, port.Party{ID: r.ID.String(), Code: r.Code, Name: r.Name, Active: r.active()})
	})
	if err != nil {
		return port.Master{}, err
	}
	standard := append(ours, []any{"type", "=", "standard"})
	err = p.pages(ctx, "account.period", standard, since, []string{"name", "start_date", "end_date", "state"}, func(r masterRow) {
		m.Periods = append(m.Periods, port.Period{ID: r.ID.String(), Name: r.Name,
			From: r.StartDate.text(), To: r.EndDate.text(), Open: r.State == "open"})
	})
	if err != nil {
		return port.Master{}, err
	}
	err = p.pages(ctx, "currency.currency", nil, since, []string{"code", "digits"}, func(r masterRow) {
		m.Currencies = append(m.Currencies, port.Currency{ID: r.ID.String(), Code: r.Code, Digits: r.Digits})
	})
	return m, err
}

// pages reads all rows of a model that changed, a page at a time, ordered by id.
func (p *Port) pages(ctx context.Context, model string, domain []any, since time.Time, fields []string, each func(masterRow)) error {
	at, err := p.where(ctx)
	if err != nil {
		return err
	}
	search := append([]any{}, domain...)
	if !since.IsZero() {
		search = append(search, []any{"OR", []any{"write_date", ">", instant(since)},
			[]any{[]any{"write_date", "=", nil}, []any{"create_date", ">", instant(since)}}})
	}
	for page := range pagesMax {
		var rows []masterRow
		err := p.client.call(ctx, false, &rows, "model."+model+".search_read", search, page*pageSize, pageSize,
			[]any{[]any{"id", "ASC"}}, fields, at.context())
		if err != nil {
			return err
		}
		for _, r := range rows {
			each(r)
		}
		if len(rows) < pageSize {
			return nil
		}
	}
	return port.Fault(port.CodeUnsupported, "", faultWhat(model+" has too many rows"))
}
