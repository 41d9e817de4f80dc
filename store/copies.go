package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/cc"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/notice"
)

// CopyInput copies people in on a document. 抄送
type CopyInput struct {
	Batch    string // "" in: made here
	Document string
	By       string
	How      cc.How
	Remark   string
	People   []string // accounts, each once; who is active is the caller's to know
	Idem     Idempotency
}

// CopyRemoval is a copy that somebody takes back.
type CopyRemoval struct {
	Document, Person, By, Reason string

	Idem Idempotency
}

type copyRow struct {
	Batch, Document, Person string
	MadeBy                  string `db:"made_by"`
	How, Remark             string
	MadeAt                  time.Time    `db:"made_at"`
	ReadAt                  sql.NullTime `db:"read_at"`
	RemovedBy               string       `db:"removed_by"`
	RemovedAt               sql.NullTime `db:"removed_at"`
	RemoveReason            string       `db:"remove_reason"`
}

const copyColumns = `batch, document, person, made_by, how, remark, made_at, read_at, removed_by, removed_at,
	remove_reason`

func (r copyRow) copy() cc.Copy {
	return cc.Copy{
		Batch: r.Batch, Document: r.Document, Person: r.Person, By: r.MadeBy, How: cc.How(r.How), Remark: r.Remark,
		At: r.MadeAt.UTC(), ReadAt: orZero(r.ReadAt),
		RemovedBy: r.RemovedBy, RemovedAt: orZero(r.RemovedAt), RemoveReason: r.RemoveReason,
	}
}

// AddCopies lets people read a document: rows, their event in the stream of the
// document's copies, and a notice to each, in one transaction.
//
// Safe to repeat under its idempotency key: the answer is the first copies, as
// they stand. Errors: those of cc.Check and cc.Admit; NotFound
// document.not_found, also for a draft; Conflict idempotency.reused.
func (s *Store) AddCopies(ctx context.Context, in CopyInput) ([]cc.Copy, error) {
	if in.Batch == "" {
		in.Batch = newID()
	}
	var made []cc.Copy
	err := s.inTx(ctx, "store.AddCopies", func(tx *sqlx.Tx) error {
		batch, fresh, err := claimRequest(ctx, tx, in.Idem, in.Batch)
		if err != nil {
			return err
		}
		if fresh {
			if err := addCopies(ctx, tx, in); err != nil {
				return err
			}
			if err := tellCopied(ctx, tx, in); err != nil {
				return err
			}
		}
		made, err = selectCopies(ctx, tx, `batch = $1 AND document = $2`, batch, in.Document)
		return err
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

// addCopies writes copies and their event; whom to tell is the caller's.
func addCopies(ctx context.Context, tx *sqlx.Tx, in CopyInput) error {
	if err := cc.Check(in.By, in.People, in.Remark); err != nil {
		return err
	}
	if err := lockCopies(ctx, tx, in.Document); err != nil {
		return err
	}
	before, err := selectCopies(ctx, tx, `document = $1`, in.Document)
	if err != nil {
		return err
	}
	if err := cc.Admit(before, in.People); err != nil {
		return err
	}
	return insertCopies(ctx, tx, in)
}

// insertCopies writes copies that were judged, and their event.
func insertCopies(ctx context.Context, tx sqlx.ExtContext, in CopyInput) error {
	const insert = `
		INSERT INTO copies (batch, document, person, made_by, how, remark, made_at, sorted_at)
		SELECT $1, d.id, p.person, $3, $4, $5, (SELECT clock_timestamp()), d.sorted_at
		FROM documents d, unnest($6::text[]) AS p (person)
		WHERE d.id = $2 AND d.status <> 'draft'`
	result, err := tx.ExecContext(ctx, insert, in.Batch, in.Document, in.By, string(in.How), in.Remark,
		pq.Array(in.People))
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return cmpFault(err, fault.New(fault.NotFound, "document.not_found"))
	}
	data := cc.MadeData{Batch: in.Batch, How: in.How, People: in.People, Remark: in.Remark}
	draft := evidence.Draft{Kind: cc.Given, Actor: in.By, Data: mustJSON(data)}
	return recordFact(ctx, tx, cc.StreamPrefix+in.Document, "copy:"+in.Batch, draft)
}

func cmpFault(err error, f *fault.Fault) error {
	if err != nil {
		return err
	}
	return f
}

// lockCopies makes calls on one document take turns. The lock comes before the
// document's row, always: Record holds both.
func lockCopies(ctx context.Context, tx sqlx.ExtContext, document string) error {
	const lock = `SELECT pg_advisory_xact_lock(hashtext('countersign.copies.' || $1))`
	_, err := tx.ExecContext(ctx, lock, document)
	return err
}

func tellCopied(ctx context.Context, tx sqlx.ExtContext, in CopyInput) error {
	const tell = `
		INSERT INTO notices (id, kind, person, role, entity, document, task, quiet, data)
		SELECT 'copy.' || $1 || '.' || p.person, $2, p.person, '', d.entity, d.id, '', false,
		       jsonb_build_object('number', d.number, 'title', d.title, 'amount_minor', d.total_minor::text,
		                          'currency', d.currency, 'by', $3::text, 'reason', $4::text)
		FROM documents d, unnest($5::text[]) AS p (person) WHERE d.id = $6
		ON CONFLICT DO NOTHING`
	_, err := tx.ExecContext(ctx, tell, in.Batch, noticeOf(in.How), in.By, in.Remark, pq.Array(in.People), in.Document)
	return err
}

// noticeOf is the kind that tells of a copy: no person is behind that of a policy.
func noticeOf(how cc.How) string {
	if how == cc.ByPolicy {
		return notice.CopiedByPolicy
	}
	return notice.Copied
}

// Copies lists every copy of a document in the order they were made, those taken
// back among them: 200 at most that people made, and those of its policy.
func (s *Store) Copies(ctx context.Context, document string) ([]cc.Copy, error) {
	list, err := selectCopies(ctx, s.db, `document = $1`, document)
	return list, sqlFault("store.Copies", err)
}

func selectCopies(ctx context.Context, q sqlx.QueryerContext, where string, args ...any) ([]cc.Copy, error) {
	var rows []copyRow
	query := `SELECT ` + copyColumns + ` FROM copies WHERE ` + where + ` ORDER BY made_at, person`
	if err := sqlx.SelectContext(ctx, q, &rows, query, args...); err != nil {
		return nil, err
	}
	list := make([]cc.Copy, 0, len(rows))
	for _, r := range rows {
		list = append(list, r.copy())
	}
	return list, nil
}

// ReadCopy notes when somebody first opened what they were copied in on.
//
// Safe to repeat: the first instant stays. Who has no copy changes nothing.
func (s *Store) ReadCopy(ctx context.Context, document, person string) error {
	return s.inTx(ctx, "store.ReadCopy", func(tx *sqlx.Tx) error {
		const update = `
			UPDATE copies SET read_at = clock_timestamp()
			WHERE document = $1 AND person = $2 AND removed_at IS NULL AND read_at IS NULL`
		_, err := tx.ExecContext(ctx, update, document, person)
		return err
	})
}

// RemoveCopy takes somebody's copy back: from then on they read only what other
// rights give them. Whom they passed it on to keep theirs.
//
// Safe to repeat: whose copy was taken back already is answered as it is.
// Errors: NotFound copy.not_found; Invalid copy.remark_too_long; Conflict
// idempotency.reused.
func (s *Store) RemoveCopy(ctx context.Context, in CopyRemoval) (cc.Copy, error) {
	if err := cc.CheckRemark(in.Reason, "reason"); err != nil {
		return cc.Copy{}, err
	}
	var removed cc.Copy
	err := s.inTx(ctx, "store.RemoveCopy", func(tx *sqlx.Tx) error {
		if _, _, err := claimRequest(ctx, tx, in.Idem, in.Document); err != nil {
			return err
		}
		if err := lockCopies(ctx, tx, in.Document); err != nil {
			return err
		}
		all, err := selectCopies(ctx, tx, `document = $1`, in.Document)
		if err != nil {
			return err
		}
		found, ok := CopyOf(all, in.Person)
		if !ok {
			return fault.New(fault.NotFound, "copy.not_found")
		}
		removed = found
		if !found.RemovedAt.IsZero() {
			return nil
		}
		const update = `
			UPDATE copies SET removed_at = clock_timestamp(), removed_by = $3, remove_reason = $4
			WHERE batch = $1 AND person = $2 RETURNING removed_at`
		if err := tx.GetContext(ctx, &removed.RemovedAt, update, found.Batch, in.Person, in.By, in.Reason); err != nil {
			return err
		}
		removed.RemovedAt, removed.RemovedBy, removed.RemoveReason = removed.RemovedAt.UTC(), in.By, in.Reason
		data := cc.RemovedData{Batch: found.Batch, Person: in.Person, Reason: in.Reason}
		draft := evidence.Draft{Kind: cc.Removed, Actor: in.By, Data: mustJSON(data)}
		return recordFact(ctx, tx, cc.StreamPrefix+in.Document, "remove:"+found.Batch+":"+in.Person, draft)
	})
	if err != nil {
		return cc.Copy{}, err
	}
	return removed, nil
}

// CopyOf is somebody's copy among those of a document: the one that stands, else
// the last that was taken back.
func CopyOf(all []cc.Copy, person string) (cc.Copy, bool) {
	var last cc.Copy
	for _, c := range all {
		if c.Person == person {
			last = c
		}
	}
	return last, last.Person != ""
}

// unreadMost is how far UnreadCopies counts.
const unreadMost = 1_000

// UnreadCopies counts the documents that somebody was copied in on and did not
// open yet, as far as a thousand.
func (s *Store) UnreadCopies(ctx context.Context, person string) (int64, error) {
	const count = `SELECT count(*) FROM (
		SELECT FROM copies WHERE person = $1 AND removed_at IS NULL AND read_at IS NULL LIMIT $2) AS seen`
	var n int64
	err := s.db.GetContext(ctx, &n, count, person, unreadMost)
	return n, sqlFault("store.UnreadCopies", err)
}
