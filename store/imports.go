package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
)

// ImportRowsMost is how many documents one import brings.
const ImportRowsMost = 50_000

// importClaim is how long a claimed row may take before it is given again.
const importClaim = "60 seconds"

// ImportInput is a batch of documents to be submitted. 批量导入
type ImportInput struct {
	ID    string // "" for a new one
	Actor string
	Name  string // of the file
	Rows  []document.Content
	Idem  Idempotency
}

// Import is a batch and how far it is.
type Import struct {
	ID, Actor, Name     string
	Total, Done, Failed int
	CreatedAt           time.Time
	FinishedAt          time.Time // zero while rows are pending
}

// ImportRow is one document of an import.
type ImportRow struct {
	Import   string
	Actor    string
	N        int // from 1
	Content  document.Content
	State    string // pending, done or failed
	Document string // when done
	Fault    *fault.Fault
}

// CreateImport keeps a batch; its rows are then claimed one by one.
//
// Safe to repeat under its idempotency key. Errors: Invalid import.empty,
// import.too_large; Conflict idempotency.reused.
func (s *Store) CreateImport(ctx context.Context, in ImportInput) (Import, error) {
	if len(in.Rows) == 0 {
		return Import{}, fault.New(fault.Invalid, "import.empty")
	}
	if len(in.Rows) > ImportRowsMost {
		return Import{}, fault.New(fault.Invalid, "import.too_large", fault.Arg("most", strconv.Itoa(ImportRowsMost)))
	}
	contents := make(pq.StringArray, 0, len(in.Rows))
	for _, c := range in.Rows {
		contents = append(contents, string(mustJSON(c)))
	}
	if in.ID == "" {
		in.ID = newID()
	}
	err := s.inTx(ctx, "store.CreateImport", func(tx *sqlx.Tx) error {
		id, fresh, err := claimRequest(ctx, tx, in.Idem, in.ID)
		in.ID = id
		if err != nil || !fresh {
			return err
		}
		const batch = `INSERT INTO imports (id, actor, name, total) VALUES ($1, $2, $3, $4)`
		if _, err := tx.ExecContext(ctx, batch, in.ID, in.Actor, in.Name, len(in.Rows)); err != nil {
			return err
		}
		const rows = `
			INSERT INTO import_rows (import, n, content)
			SELECT $1, u.n, u.content FROM unnest($2::text[]) WITH ORDINALITY AS u (content, n)`
		_, err = tx.ExecContext(ctx, rows, in.ID, contents)
		return err
	})
	if err != nil {
		return Import{}, err
	}
	return s.Import(ctx, in.ID)
}

// Import tells how far a batch is.
//
// Errors: NotFound import.not_found.
func (s *Store) Import(ctx context.Context, id string) (Import, error) {
	const query = `
		SELECT i.id, i.actor, i.name, i.total, i.created_at,
		       (SELECT count(*) FROM import_rows r WHERE r.import = i.id AND r.state = 'done') AS done,
		       (SELECT count(*) FROM import_rows r WHERE r.import = i.id AND r.state = 'failed') AS failed,
		       (SELECT max(r.finished_at) FROM import_rows r WHERE r.import = i.id) AS finished_at
		FROM imports i WHERE i.id = $1`
	var row struct {
		ID, Actor, Name     string
		Total, Done, Failed int
		CreatedAt           time.Time    `db:"created_at"`
		FinishedAt          sql.NullTime `db:"finished_at"`
	}
	if err := s.db.GetContext(ctx, &row, query, id); err != nil {
		return Import{}, sqlFault("store.Import", noRows(err, fault.New(fault.NotFound, "import.not_found")))
	}
	batch := Import{
		ID: row.ID, Actor: row.Actor, Name: row.Name, Total: row.Total, Done: row.Done, Failed: row.Failed,
		CreatedAt: row.CreatedAt.UTC(),
	}
	if row.Done+row.Failed == row.Total {
		batch.FinishedAt = orZero(row.FinishedAt)
	}
	return batch, nil
}

const importRowColumns = `r.import, i.actor, r.n, r.content, r.state, r.document, r.fault`

type importRow struct {
	Import, Actor, Content, State, Document, Fault string
	N                                              int
}

func (r importRow) row() (ImportRow, error) {
	row := ImportRow{Import: r.Import, Actor: r.Actor, N: r.N, State: r.State, Document: r.Document}
	if r.Fault != "" {
		row.Fault = new(fault.Fault)
		if err := json.Unmarshal([]byte(r.Fault), row.Fault); err != nil {
			return ImportRow{}, err
		}
	}
	return row, json.Unmarshal([]byte(r.Content), &row.Content)
}

func importRows(rows []importRow) ([]ImportRow, error) {
	list := make([]ImportRow, 0, len(rows))
	for _, r := range rows {
		row, err := r.row()
		if err != nil {
			return nil, err
		}
		list = append(list, row)
	}
	return list, nil
}

// ImportRows lists a batch's rows after a number, in order.
func (s *Store) ImportRows(ctx context.Context, id string, after, limit int) ([]ImportRow, error) {
	const query = `
		SELECT ` + importRowColumns + ` FROM import_rows r JOIN imports i ON i.id = r.import
		WHERE r.import = $1 AND r.n > $2 ORDER BY r.n LIMIT $3`
	var rows []importRow
	if err := s.db.SelectContext(ctx, &rows, query, id, after, limitOf(limit)); err != nil {
		return nil, sqlFault("store.ImportRows", err)
	}
	list, err := importRows(rows)
	return list, sqlFault("store.ImportRows", err)
}

// ClaimImportRows takes up to limit rows to submit; nobody else gets them for a minute.
func (s *Store) ClaimImportRows(ctx context.Context, limit int) ([]ImportRow, error) {
	const query = `
		WITH due AS (
			SELECT import, n FROM import_rows WHERE state = 'pending' AND next_try <= statement_timestamp()
			ORDER BY next_try, import, n LIMIT $1 FOR UPDATE SKIP LOCKED
		), r AS (
			UPDATE import_rows o SET tries = o.tries + 1, next_try = clock_timestamp() + interval '` + importClaim + `'
			FROM due WHERE o.import = due.import AND o.n = due.n
			RETURNING o.import, o.n, o.content, o.state, o.document, o.fault
		)
		SELECT ` + importRowColumns + ` FROM r JOIN imports i ON i.id = r.import ORDER BY r.import, r.n`
	var list []ImportRow
	err := s.inTx(ctx, "store.ClaimImportRows", func(tx *sqlx.Tx) error {
		var rows []importRow
		if err := tx.SelectContext(ctx, &rows, query, limitOf(limit)); err != nil {
			return err
		}
		var err error
		list, err = importRows(rows)
		return err
	})
	return list, err
}

// ImportRowDone says which document a row became.
//
// Safe to repeat.
func (s *Store) ImportRowDone(ctx context.Context, id string, n int, documentID string) error {
	return s.finishRow(ctx, id, n, documentID, nil)
}

// ImportRowFailed says why a row could not be submitted.
//
// Safe to repeat.
func (s *Store) ImportRowFailed(ctx context.Context, id string, n int, f *fault.Fault) error {
	return s.finishRow(ctx, id, n, "", f)
}

func (s *Store) finishRow(ctx context.Context, id string, n int, documentID string, f *fault.Fault) error {
	state, reason := "done", ""
	if f != nil {
		state, reason = "failed", string(mustJSON(f))
	}
	return s.inTx(ctx, "store.finishRow", func(tx *sqlx.Tx) error {
		const query = `
			UPDATE import_rows SET state = $3, document = $4, fault = $5, finished_at = clock_timestamp()
			WHERE import = $1 AND n = $2 AND state = 'pending'`
		_, err := tx.ExecContext(ctx, query, id, n, state, documentID, reason)
		return err
	})
}
