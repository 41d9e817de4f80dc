package store

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/reconciliation"
)

// What a person may say of a difference.
const (
	RulingExplained = "explained" // it is as it should be
	RulingPost      = "post"      // have it posted again, which looks first
)

// Ruling is what a person said of a difference, in this run and every later one. 处理意见
type Ruling struct {
	ID, Connection, Fingerprint, Reference string

	Ruling, Person, Reason string
	RuledAt                time.Time
	Outcome, Code, Detail  string // of post; "" while it is under way
	Number                 string // the ERP's, once it is posted
	OutcomeAt              time.Time
}

// DifferenceFilter narrows the differences of a run.
type DifferenceFilter struct {
	Run    string
	Kind   string
	Open   bool  // only those that nobody explained
	After  int64 // n of the last one of the page before
	Limit  int   // 0 means 20; 200 at most
	Number int64 // only this one
}

type differenceRow struct {
	Run, Connection, Kind, Reference, Document, Entity, Ours, Theirs, Fingerprint string

	N         int64
	ERPID     string `db:"erp_id"`
	ERPNumber string `db:"erp_number"`
	Number    string
	rulingRow
}

type rulingRow struct {
	RulingID  string `db:"ruling_id"`
	Ruling    string
	Person    string
	Reason    string
	Outcome   string
	Code      string
	Detail    string
	Posted    string
	RuledAt   sql.NullTime `db:"ruled_at"`
	OutcomeAt sql.NullTime `db:"outcome_at"`
}

const rulingColumns = `coalesce(g.id, '') AS ruling_id, coalesce(g.ruling, '') AS ruling,
	coalesce(g.person, '') AS person,
	coalesce(g.reason, '') AS reason, coalesce(g.outcome, '') AS outcome, coalesce(g.code, '') AS code,
	coalesce(g.detail, '') AS detail, coalesce(g.erp_number, '') AS posted, g.ruled_at, g.outcome_at`

func (r differenceRow) row() FoundDifference {
	return FoundDifference{
		Difference: reconciliation.Difference{Kind: reconciliation.Kind(r.Kind), Reference: r.Reference, Document: r.Document,
			Entity: r.Entity, ERPID: r.ERPID, Number: r.ERPNumber, Ours: r.Ours, Theirs: r.Theirs},
		Run: r.Run, Connection: r.Connection, N: r.N, Fingerprint: r.Fingerprint, DocumentNumber: r.Number,
		Ruling: r.ruling(r.Connection, r.Fingerprint, r.Reference),
	}
}

func (r rulingRow) ruling(connection, fingerprint, reference string) Ruling {
	return Ruling{
		ID: r.RulingID, Connection: connection, Fingerprint: fingerprint, Reference: reference, Ruling: r.Ruling,
		Person: r.Person, Reason: r.Reason, Outcome: r.Outcome, Code: r.Code, Detail: r.Detail, Number: r.Posted,
		RuledAt: orZero(r.RuledAt), OutcomeAt: orZero(r.OutcomeAt),
	}
}

// Differences lists what a run found, as far as the scope may know of it, in the order
// in which it was found.
func (s *Store) Differences(ctx context.Context, scope access.Scope, f DifferenceFilter) (
	Page[FoundDifference], error) {
	limit := limitOf(f.Limit)
	const query = `
		SELECT x.run, x.connection, x.n, x.kind, x.reference, x.document, x.entity, x.erp_id, x.erp_number, x.ours, x.theirs,
		       x.fingerprint, coalesce(d.number, '') AS number, ` + rulingColumns + `
		FROM reconciliation_differences x
		JOIN reconciliations r ON r.id = x.run
		LEFT JOIN documents d ON d.id = x.document
		LEFT JOIN LATERAL (SELECT * FROM reconciliation_rulings g WHERE g.connection = x.connection
		                   AND g.fingerprint = x.fingerprint ORDER BY g.ruled_at DESC, g.id DESC LIMIT 1) g ON true
		WHERE x.run = $3 AND ` + seenOf + ` AND ($4 = '' OR x.kind = $4) AND (NOT $5 OR NOT ` + explained + `)
		  AND x.n > $6 AND ($7 = 0 OR x.n = $7)
		ORDER BY x.n LIMIT $8`
	var rows []differenceRow
	err := s.db.SelectContext(ctx, &rows, query, scope.All, pq.Array(scope.Entities), f.Run, f.Kind, f.Open, f.After,
		f.Number, limit+1)
	var page Page[FoundDifference]
	if len(rows) > limit {
		rows = rows[:limit]
		page.Next = strconv.FormatInt(rows[limit-1].N, 10)
	}
	for _, r := range rows {
		page.Items = append(page.Items, r.row())
	}
	return page, sqlFault("store.Differences", err)
}

// DifferenceCounts counts what a run found by kind, as far as the scope may know of it.
func (s *Store) DifferenceCounts(ctx context.Context, scope access.Scope, run string) (
	map[reconciliation.Kind]int64, error) {
	const query = `
		SELECT x.kind, count(*) AS n FROM reconciliation_differences x JOIN reconciliations r ON r.id = x.run
		WHERE x.run = $3 AND ` + seenOf + ` GROUP BY x.kind`
	var rows []struct {
		Kind string
		N    int64
	}
	if err := s.db.SelectContext(ctx, &rows, query, scope.All, pq.Array(scope.Entities), run); err != nil {
		return nil, sqlFault("store.DifferenceCounts", err)
	}
	counts := make(map[reconciliation.Kind]int64, len(rows))
	for _, r := range rows {
		counts[reconciliation.Kind(r.Kind)] = r.N
	}
	return counts, nil
}

// SaveRuling keeps what a person said of a difference, and answers with its id: that of
// the first request under the same key.
//
// Safe to repeat with the same key. Errors: Conflict idempotency.reused.
func (s *Store) SaveRuling(ctx context.Context, r Ruling, idem Idempotency) (string, error) {
	const save = `
		INSERT INTO reconciliation_rulings (id, connection, fingerprint, reference, ruling, person, reason)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`
	id := newID()
	err := s.inTx(ctx, "store.SaveRuling", func(tx *sqlx.Tx) error {
		var fresh bool
		var err error
		if id, fresh, err = claimRequest(ctx, tx, idem, id); err != nil || !fresh {
			return err
		}
		_, err = tx.ExecContext(ctx, save, id, r.Connection, r.Fingerprint, r.Reference, r.Ruling, r.Person, r.Reason)
		return err
	})
	return id, err
}

// RulingOn reads a ruling, with the newest difference that it is about.
//
// Errors: NotFound ruling.not_found.
func (s *Store) RulingOn(ctx context.Context, id string) (Ruling, reconciliation.Kind, error) {
	const query = `
		SELECT g.connection, g.fingerprint, g.reference, coalesce(x.kind, '') AS kind, ` + rulingColumns + `
		FROM reconciliation_rulings g
		LEFT JOIN LATERAL (SELECT kind FROM reconciliation_differences x WHERE x.connection = g.connection
		                   AND x.fingerprint = g.fingerprint AND x.reference = g.reference ORDER BY n DESC LIMIT 1) x ON true
		WHERE g.id = $1`
	var row struct {
		Connection, Fingerprint, Reference, Kind string
		rulingRow
	}
	err := s.db.GetContext(ctx, &row, query, id)
	return row.ruling(row.Connection, row.Fingerprint, row.Reference), reconciliation.Kind(row.Kind),
		sqlFault("store.RulingOn", noRows(err, fault.New(fault.NotFound, "ruling.not_found")))
}

// PostedAgain is the last ruling by which a voucher that was missing in the ERP was posted
// there once more; its ID is "" where there is none.
func (s *Store) PostedAgain(ctx context.Context, reference string) (Ruling, error) {
	const query = `
		SELECT g.connection, g.fingerprint, ` + rulingColumns + ` FROM reconciliation_rulings g
		WHERE g.reference = $1 AND g.outcome = 'posted' ORDER BY g.outcome_at DESC, g.id DESC LIMIT 1`
	var row struct {
		Connection, Fingerprint string
		rulingRow
	}
	err := s.db.GetContext(ctx, &row, query, reference)
	if errors.Is(err, sql.ErrNoRows) {
		return Ruling{}, nil
	}
	return row.ruling(row.Connection, row.Fingerprint, reference), sqlFault("store.PostedAgain", err)
}

// EndRuling keeps what came of a ruling. Safe to repeat: the first outcome stands.
func (s *Store) EndRuling(ctx context.Context, r Ruling) error {
	const end = `
		UPDATE reconciliation_rulings SET outcome = $2, code = $3, detail = $4, erp_number = $5,
		       outcome_at = clock_timestamp()
		WHERE id = $1 AND outcome IS NULL`
	return s.inTx(ctx, "store.EndRuling", func(tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, end, r.ID, r.Outcome, r.Code, r.Detail, r.Number)
		return err
	})
}

// ReconciliationCount is how one connection stands, for the metrics.
type ReconciliationCount struct {
	Connection string
	Kind       string // of the open differences; "" where there are none
	Open       int64
	Age        float64 // seconds since the last comparison that was done
}

// ReconciliationCounts counts the open differences of the last comparison of every
// connection, by kind.
func (s *Store) ReconciliationCounts(ctx context.Context) ([]ReconciliationCount, error) {
	const query = `
		WITH last AS (
			SELECT DISTINCT ON (connection) connection, id, finished_at FROM reconciliations
			WHERE state = 'done' ORDER BY connection, started_at DESC
		)
		SELECT l.connection, coalesce(x.kind, '') AS kind, count(x.kind) AS open,
		       extract(epoch FROM clock_timestamp() - l.finished_at)::float8 AS age
		FROM last l LEFT JOIN reconciliation_differences x ON x.run = l.id AND NOT ` + explained + `
		GROUP BY l.connection, l.finished_at, x.kind ORDER BY 1, 2`
	var counts []ReconciliationCount
	err := s.db.SelectContext(ctx, &counts, query)
	return counts, sqlFault("store.ReconciliationCounts", err)
}
