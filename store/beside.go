package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/money"
)

// besideMost bounds the documents that are added up for one: one more than a plan
// is made of, so that the plan sees that there are too many.
const besideMost = 5001

// uncounted are the statuses of documents that count with no other.
var uncounted = []string{
	string(approval.Draft), string(approval.Rejected), string(approval.Withdrawn), string(approval.Voided),
}

// besideQuery finds the others by the index of the payee, the requester or the
// submitter. The days are those of the document itself, or of now where it is yet to
// be asked for. One row without a document comes where there are no others.
const besideQuery = `
	WITH mine AS (
		SELECT clock_timestamp() AS at,
		       date_trunc('day', coalesce((SELECT m.asked_at FROM documents m WHERE m.id = $1 AND m.status <> 'returned'),
		                                  clock_timestamp()) AT TIME ZONE $2) AS day
	), span AS (
		SELECT at, (day - make_interval(days => $3 - 1)) AT TIME ZONE $2 AS since,
		       (day + make_interval(days => $3)) AT TIME ZONE $2 AS until FROM mine
	)
	SELECT span.at, span.since, span.until, d.id, d.revision, d.content_hash,
	       coalesce(d.claimed_minor, d.total_minor) AS minor, d.currency,
	       coalesce(d.claimed_base_minor, d.base_minor) AS base_minor, d.base_currency, r.content
	FROM span
	LEFT JOIN documents d ON d.entity = $4 AND d.type = $5 AND d.id <> $1 AND d.status <> ALL($6)
	      AND d.asked_at >= span.since AND d.asked_at < span.until`

type besideRow struct {
	At, Since, Until time.Time

	ID           sql.NullString
	Revision     sql.NullInt64
	Hash         sql.NullString `db:"content_hash"`
	Minor        sql.NullInt64
	Currency     sql.NullString
	BaseMinor    sql.NullInt64  `db:"base_minor"`
	BaseCurrency sql.NullString `db:"base_currency"`
	Content      sql.NullString
}

// Beside lists the documents that count with one under a key: submitted, and not
// ended without an approval, as of the instant at which it is asked. Each counts
// with what was claimed in it, of the shared categories where the key has any.
//
// It must be asked after the document's own submission or resubmission was
// committed. Then of two documents at least the one that was committed later sees
// the other, whichever is routed first: two at once cannot both slip through.
//
// Errors: Busy.
func (s *Store) Beside(ctx context.Context, id string, key approval.CountKey) (approval.Beside, error) {
	query, args := besideStatement(id, key)
	var rows []besideRow
	if err := s.db.SelectContext(ctx, &rows, query, args...); err != nil {
		return approval.Beside{}, sqlFault("store.Beside", err)
	}
	var beside approval.Beside
	for _, r := range rows {
		beside.At, beside.From, beside.Until = r.At.UTC().Truncate(time.Microsecond), r.Since.UTC(), r.Until.UTC()
		if !r.ID.Valid {
			continue
		}
		other, counts, err := r.other(key.Categories)
		if err != nil {
			return approval.Beside{}, sqlFault("store.Beside", err)
		}
		if counts {
			beside.Documents = append(beside.Documents, other)
		}
	}
	return beside, nil
}

// besideStatement has a condition for each thing that is shared, so that PostgreSQL
// sees which index serves.
func besideStatement(id string, key approval.CountKey) (string, []any) {
	var b strings.Builder
	args := []any{id, key.Zone, key.Days, key.Entity, key.Type, pq.Array(uncounted)}
	b.WriteString(besideQuery)
	among := func(column string, values []string) {
		args = append(args, pq.Array(values))
		b.WriteString(" AND d." + column + " = ANY($" + strconv.Itoa(len(args)) + ")")
	}
	if key.PayeeKind != "" {
		among("payee_kind", []string{key.PayeeKind})
		among("payee_id", key.Payees)
	}
	if len(key.Requesters) > 0 {
		among("requester", key.Requesters)
	}
	if len(key.Submitters) > 0 {
		among("submitter", key.Submitters)
	}
	read := "false" // contents are read only where lines are asked for
	if slices.Contains(key.By, approval.CountCategory) {
		read = "true"
	}
	b.WriteString(" LEFT JOIN revisions r ON " + read + " AND r.document = d.id AND r.revision = d.revision")
	b.WriteString(" ORDER BY d.asked_at DESC, d.id DESC LIMIT " + strconv.Itoa(besideMost))
	return b.String(), args
}

// other is what of a document counts; false where nothing of it does.
func (r besideRow) other(categories []string) (approval.BesideDocument, bool, error) {
	found := approval.BesideDocument{
		CountedDocument: approval.CountedDocument{
			Document: r.ID.String, Revision: int(r.Revision.Int64), Hash: r.Hash.String,
		},
		Amount: money.Amount{Minor: r.Minor.Int64, Currency: money.Currency(r.Currency.String)},
		Base:   money.Amount{Minor: r.BaseMinor.Int64, Currency: money.Currency(r.BaseCurrency.String)},
	}
	if !r.Content.Valid {
		return found, true, nil
	}
	var content document.Content
	if err := json.Unmarshal([]byte(r.Content.String), &content); err != nil {
		return found, false, err
	}
	var counts bool
	var err error
	found.Amount, found.Base, counts, err = content.ClaimedIn(categories)
	return found, counts, err
}

// CountedRow is one of the documents that a plan counted, as it was counted.
type CountedRow struct {
	approval.CountedDocument

	Number string
	Title  string
	Amount money.Amount // that counted, in its own currency
}

// CountedRows are those of the documents named by a plan that a scope may read.
func (s *Store) CountedRows(ctx context.Context, scope access.Scope, c approval.Counted) ([]CountedRow, error) {
	const query = `
		SELECT d.id, d.number, d.title, r.revision, r.hash, r.content
		FROM unnest($5::text[], $6::int[]) WITH ORDINALITY AS n (id, revision, place)
		JOIN documents d ON d.id = n.id JOIN revisions r ON r.document = n.id AND r.revision = n.revision
		WHERE ` + readable + ` ORDER BY n.place`
	ids, revisions := make([]string, len(c.Documents)), make([]int64, len(c.Documents))
	for i, one := range c.Documents {
		ids[i], revisions[i] = one.Document, int64(one.Revision)
	}
	var rows []struct {
		ID, Number, Title, Hash, Content string

		Revision int
	}
	if err := s.db.SelectContext(ctx, &rows, query, scopeArgs(scope, pq.Array(ids), pq.Array(revisions))...); err != nil {
		return nil, sqlFault("store.CountedRows", err)
	}
	counted := make([]CountedRow, 0, len(rows))
	for _, r := range rows {
		row := CountedRow{Number: r.Number, Title: r.Title,
			CountedDocument: approval.CountedDocument{Document: r.ID, Revision: r.Revision, Hash: r.Hash}}
		var content document.Content
		err := json.Unmarshal([]byte(r.Content), &content)
		if err == nil {
			row.Amount, _, err = countedOf(content, c.CountKey)
		}
		if err != nil {
			return nil, sqlFault("store.CountedRows", err)
		}
		counted = append(counted, row)
	}
	return counted, nil
}

// countedOf is what of a content counts under a key, in its own currency and in its
// entity's.
func countedOf(c document.Content, key approval.CountKey) (amount, base money.Amount, err error) {
	if slices.Contains(key.By, approval.CountCategory) {
		amount, base, _, err = c.ClaimedIn(key.Categories)
		return amount, base, err
	}
	claimed, err := c.AsClaimed()
	return claimed.Total, claimed.BaseTotal, err
}
