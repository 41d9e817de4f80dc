package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/directory"
	"github.com/countersign/countersign/domain/fault"
)

// directoryRow is an entry of a directory as the database has it.
type directoryRow struct {
	Kind, ID, Attributes string

	Version    int
	Adopted    bool
	CreatedAt  time.Time    `db:"created_at"`
	ModifiedAt time.Time    `db:"modified_at"`
	DeletedAt  sql.NullTime `db:"deleted_at"`
}

const directoryColumns = `kind, id, attributes, version, adopted, created_at, modified_at, deleted_at`

func (r directoryRow) resource() (directory.Resource, error) {
	resource := directory.Resource{
		Kind: directory.Kind(r.Kind), ID: r.ID, Version: r.Version, Adopted: r.Adopted, Deleted: r.DeletedAt.Valid,
		Created: r.CreatedAt.UTC(), Modified: r.ModifiedAt.UTC(), Attributes: map[string]any{},
	}
	if err := json.Unmarshal([]byte(r.Attributes), &resource.Attributes); err != nil {
		return resource, fmt.Errorf("read %s %s: %w", r.Kind, r.ID, err)
	}
	return resource, nil
}

func noEntry(id string) *fault.Fault {
	return fault.New(fault.NotFound, "scim.not_found", fault.Arg("id", id))
}

// DirectoryEntry returns one user or group that a directory told of.
//
// Errors: NotFound scim.not_found, also for what was deleted.
func (s *Store) DirectoryEntry(ctx context.Context, kind directory.Kind, id string) (directory.Resource, error) {
	r, err := directoryEntry(ctx, s.db, kind, id)
	if err == nil && r.Deleted {
		err = noEntry(id)
	}
	return r, sqlFault("store.DirectoryEntry", err)
}

func directoryEntry(ctx context.Context, q sqlx.QueryerContext, kind directory.Kind, id string) (
	directory.Resource, error) {
	const query = `SELECT ` + directoryColumns + ` FROM directory_entries WHERE kind = $1 AND id = $2`
	var row directoryRow
	if err := sqlx.GetContext(ctx, q, &row, query, string(kind), id); err != nil {
		return directory.Resource{}, noRows(err, noEntry(id))
	}
	r, err := row.resource()
	if err != nil || kind == directory.User {
		return r, err
	}
	const list = `SELECT member FROM directory_members WHERE of = $1 ORDER BY member COLLATE "C"`
	return r, sqlx.SelectContext(ctx, q, &r.Members, list, id)
}

// DirectoryQuery chooses among the entries of a directory.
type DirectoryQuery struct {
	Kind    directory.Kind
	Filter  directory.Filter // nil for all
	Start   int              // of the first, from 1
	Count   int
	Members bool // of groups, with who is in them
}

// SearchDirectory lists entries in a fixed order, and says how many there are.
// What is equal to an id, a name or a member is looked up; anything else is held
// against every entry.
func (s *Store) SearchDirectory(ctx context.Context, q DirectoryQuery) ([]directory.Resource, int, error) {
	narrow := directory.NarrowOf(q.Kind, q.Filter)
	const where = `
		FROM directory_entries e WHERE kind = $1 AND deleted_at IS NULL AND ($2 = '' OR id = $2)
		  AND ($3 = '' OR name = lower($3)) AND ($4 = '' OR external = $4)
		  AND ($5 = '' OR EXISTS (SELECT FROM directory_members m WHERE m.of = e.id AND m.member = $5))`
	args := []any{string(q.Kind), narrow.ID, narrow.Name, narrow.External, narrow.Member}
	total, limit, offset := 0, sql.NullInt64{}, 0
	if q.Filter == nil {
		if err := s.db.GetContext(ctx, &total, `SELECT count(*) `+where, args...); err != nil {
			return nil, 0, sqlFault("store.SearchDirectory", err)
		}
		limit, offset = sql.NullInt64{Int64: int64(q.Count), Valid: true}, q.Start-1
	}
	const order = ` ORDER BY created_at, id LIMIT $6 OFFSET $7`
	var rows []directoryRow
	err := s.db.SelectContext(ctx, &rows, `SELECT `+directoryColumns+where+order, append(args, limit, offset)...)
	if err != nil {
		return nil, 0, sqlFault("store.SearchDirectory", err)
	}
	found := make([]directory.Resource, 0, len(rows))
	for _, row := range rows {
		r, err := row.resource()
		if err != nil {
			return nil, 0, err
		}
		found = append(found, r)
	}
	if q.Kind == directory.Group && (q.Members || directory.AsksMembers(q.Filter)) {
		if err := addMembers(ctx, s.db, found); err != nil {
			return nil, 0, sqlFault("store.SearchDirectory", err)
		}
	}
	if q.Filter == nil {
		return found, total, nil
	}
	return pageOf(found, q)
}

func pageOf(all []directory.Resource, q DirectoryQuery) ([]directory.Resource, int, error) {
	var page []directory.Resource
	total := 0
	for _, r := range all {
		if !directory.Holds(q.Filter, r) {
			continue
		}
		if total++; total >= q.Start && len(page) < q.Count {
			page = append(page, r)
		}
	}
	return page, total, nil
}

func addMembers(ctx context.Context, q sqlx.QueryerContext, groups []directory.Resource) error {
	at := map[string]int{}
	var ids []string
	for i, g := range groups {
		at[g.ID] = i
		ids = append(ids, g.ID)
	}
	const query = `SELECT of, member FROM directory_members WHERE of = ANY($1) ORDER BY of, member COLLATE "C"`
	var rows []struct{ Of, Member string }
	err := sqlx.SelectContext(ctx, q, &rows, query, pq.Array(ids))
	for _, r := range rows {
		g := &groups[at[r.Of]]
		g.Members = append(g.Members, r.Member)
	}
	return err
}
