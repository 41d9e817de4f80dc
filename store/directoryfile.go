package store

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/jmoiron/sqlx"

	"github.com/countersign/countersign/domain/org"
)

// withDirectory is an organisation that a file makes, with what a directory says of
// its people: they stay who they are, and their grants by groups stay. A file still
// gives them grade, other accounts and grants of its own.
func withDirectory(ctx context.Context, q sqlx.QueryerContext, next org.Snapshot) (org.Snapshot, error) {
	const query = `
		SELECT p.kind, p.id, p.body FROM directory_entries e
		JOIN org_rows p ON p.kind = 'person' AND p.id = e.id AND p.to_version IS NULL WHERE e.kind = 'User'`
	var rows []orgRow
	if err := sqlx.SelectContext(ctx, q, &rows, query); err != nil || len(rows) == 0 {
		return next, err
	}
	people := map[string]org.Person{}
	for id, p := range next.People {
		people[id] = p
	}
	for _, r := range rows {
		var p org.Person
		if err := json.Unmarshal([]byte(r.Body), &p); err != nil {
			return next, fmt.Errorf("read %s: %w", r.ID, err)
		}
		if of, told := next.People[p.ID]; told {
			p.Grade, p.Aliases, p.Subject = of.Grade, of.Aliases, cmp.Or(of.Subject, p.Subject)
		}
		people[p.ID] = p
	}
	next.People = people
	var grants []directoryGrant
	if err := sqlx.SelectContext(ctx, q, &grants, `SELECT person, role, entity, also FROM directory_grants`); err != nil {
		return next, err
	}
	next.Grants = slices.Clone(next.Grants)
	for _, g := range grants {
		if !slices.Contains(next.Grants, g.grant()) {
			next.Grants = append(next.Grants, g.grant())
		}
	}
	return next, nil
}

// keepAlso notes which of the grants by groups a file gives as well.
func keepAlso(ctx context.Context, tx *sqlx.Tx, next org.Snapshot) error {
	const query = `
		UPDATE directory_grants d SET also = (SELECT count(*) > 0 FROM jsonb_to_recordset($1::jsonb)
		    AS g (person text, role text, entity text)
		    WHERE g.person = d.person AND g.role = d.role AND g.entity = d.entity)`
	grants := next.Grants
	if grants == nil {
		grants = []org.Grant{}
	}
	_, err := tx.ExecContext(ctx, query, string(mustJSON(grants)))
	return err
}

// WithDirectory foresees what an organisation that a file makes becomes with what a
// directory says of its people, and what was granted and taken away in the house.
func (s *Store) WithDirectory(ctx context.Context, next org.Snapshot) (org.Snapshot, error) {
	got, err := withDirectory(ctx, s.db, next)
	if err == nil {
		got, err = withGranted(ctx, s.db, got)
	}
	return got, sqlFault("store.WithDirectory", err)
}
