package store

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/master"
)

// masterRow is a row as the table holds it.
type masterRow struct {
	Kind, Code, Name, Attributes string

	ID     string `db:"erp_id"`
	Active bool
	Gone   bool
}

func masterRowsOf(rows []masterRow) ([]master.Row, error) {
	all := make([]master.Row, 0, len(rows))
	for _, r := range rows {
		row := master.Row{Kind: master.Kind(r.Kind), Code: r.Code, Name: r.Name, ID: r.ID, Active: r.Active, Gone: r.Gone}
		if err := json.Unmarshal([]byte(r.Attributes), &row.Attributes); err != nil {
			return nil, fmt.Errorf("read the master data %s %s: %w", r.Kind, r.Code, err)
		}
		all = append(all, row)
	}
	return all, nil
}

// Master reads everything that we keep of a connection's master data.
func (s *Store) Master(ctx context.Context, connection string) ([]master.Row, error) {
	const query = `SELECT kind, code, name, erp_id, active, gone, attributes FROM master_rows
		WHERE connection = $1 ORDER BY kind, code`
	var rows []masterRow
	if err := s.db.SelectContext(ctx, &rows, query, connection); err != nil {
		return nil, sqlFault("store.Master", err)
	}
	return masterRowsOf(rows)
}

// MasterCount is how many rows of a kind we keep.
type MasterCount struct {
	Connection string
	Kind       string
	Usable     int64
	Other      int64 // closed, or gone from the ERP
}

// MasterCounts counts what is kept, by connection and kind.
func (s *Store) MasterCounts(ctx context.Context) ([]MasterCount, error) {
	const query = `SELECT connection, kind, count(*) FILTER (WHERE active AND NOT gone) AS usable,
		count(*) FILTER (WHERE NOT active OR gone) AS other FROM master_rows GROUP BY 1, 2 ORDER BY 1, 2`
	var counts []MasterCount
	err := s.db.SelectContext(ctx, &counts, query)
	return counts, sqlFault("store.MasterCounts", err)
}

const masterRowsPage, masterRowsMost = 20, 200

// MasterFilter narrows a list of master data.
type MasterFilter struct {
	Connection string
	Kind       string
	Query      string // in code or name
	Cursor     string
	Limit      int // 0 means 20; 200 at most
}

// MasterRows lists what is kept of a connection, by kind and code; rates the newest first.
//
// Errors: Invalid cursor.bad.
func (s *Store) MasterRows(ctx context.Context, f MasterFilter) (Page[master.Row], error) {
	limit := min(f.Limit, masterRowsMost)
	if limit <= 0 {
		limit = masterRowsPage
	}
	start, err := strconv.Atoi(cmp.Or(f.Cursor, "0"))
	if err != nil || start < 0 {
		return Page[master.Row]{}, fault.New(fault.Invalid, "cursor.bad", fault.Field("cursor"))
	}
	const query = `SELECT kind, code, name, erp_id, active, gone, attributes FROM master_rows
		WHERE connection = $1 AND ($2 = '' OR kind = $2)
		  AND ($3 = '' OR code ILIKE $3 OR name ILIKE $3)
		ORDER BY kind, CASE WHEN kind = 'rate' THEN attributes::jsonb->>'day' ELSE '' END DESC, code LIMIT $4 OFFSET $5`
	var rows []masterRow
	err = s.db.SelectContext(ctx, &rows, query, f.Connection, f.Kind, like(f.Query), limit+1, start)
	if err != nil {
		return Page[master.Row]{}, sqlFault("store.MasterRows", err)
	}
	var page Page[master.Row]
	if len(rows) > limit {
		rows = rows[:limit]
		page.Next = strconv.Itoa(start + limit)
	}
	page.Items, err = masterRowsOf(rows)
	return page, err
}
