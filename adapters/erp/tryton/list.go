package tryton

import (
	"cmp"
	"context"
	"strconv"

	"github.com/countersign/countersign/adapters/erp/port"
)

const (
	listPage      = 100  // moves in one page
	listLines     = 2000 // lines read at once
	listLinesMost = listPage * linesMax
)

// List returns one page of the moves dated in a range that carry a reference of
// ours, by their ids. Safe to repeat.
func (p *Port) List(ctx context.Context, asked port.Listing) (port.Listed, error) {
	at, err := p.where(ctx)
	if err != nil {
		return port.Listed{}, err
	}
	domain, err := listed(at, asked)
	if err != nil {
		return port.Listed{}, err
	}
	var moves []move
	limit := min(cmp.Or(asked.Limit, listPage), listPage)
	err = p.search(ctx, &moves, query{"account.move", domain, limit, moveFields})
	if err != nil || len(moves) == 0 {
		return port.Listed{}, err
	}
	lines, err := p.linesOf(ctx, at, moves)
	if err != nil {
		return port.Listed{}, err
	}
	var page port.Listed
	for _, m := range moves {
		f, err := foundOf(m, lines[m.ID.String()], at.currency)
		if err != nil {
			return port.Listed{}, err
		}
		page.Vouchers = append(page.Vouchers, f)
	}
	if len(moves) == limit {
		page.Next = moves[len(moves)-1].ID.String()
	}
	return page, nil
}

// listed is the search for what is asked; the cursor is the last id seen.
func listed(at company, asked port.Listing) ([]any, error) {
	from, err := day(asked.From)
	if err != nil {
		return nil, port.Fault(port.CodeRefused, err.Error())
	}
	until, err := day(asked.Until)
	if err != nil {
		return nil, port.Fault(port.CodeRefused, err.Error())
	}
	domain := []any{
		[]any{"company", "=", at.id}, []any{"date", ">=", from}, []any{"date", "<=", until},
		[]any{"description", "like", refPrefix + port.ReferencePrefix + "%"},
	}
	if asked.Cursor == "" {
		return domain, nil
	}
	after, err := strconv.ParseInt(asked.Cursor, 10, 64)
	if err != nil {
		return nil, port.Fault(port.CodeRefused, "not a page: "+asked.Cursor)
	}
	return append(domain, []any{"id", ">", after}), nil
}

// linesOf reads the lines of many moves together, by move.
func (p *Port) linesOf(ctx context.Context, at company, moves []move) (map[string][]line, error) {
	ids := make([]any, 0, len(moves))
	for _, m := range moves {
		id, _ := m.ID.Int64()
		ids = append(ids, id)
	}
	byMove := map[string][]line{}
	order := []any{[]any{"id", "ASC"}}
	for from := 0; from < listLinesMost; from += listLines {
		var lines []line
		err := p.client.call(ctx, false, &lines, "model.account.move.line.search_read",
			[]any{[]any{"move", "in", ids}}, from, listLines, order, lineFields, at.context())
		if err != nil {
			return nil, err
		}
		for _, l := range lines {
			key := l.Move.String()
			byMove[key] = append(byMove[key], l)
		}
		if len(lines) < listLines {
			break
		}
	}
	return byMove, nil
}
