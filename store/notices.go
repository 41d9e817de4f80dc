package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/notice"
)

// Notice is one message owed to one person, with what became of it. 通知
type Notice struct {
	notice.Notice // Person is "" where a role is told that nobody holds
	ID            string
	CreatedAt     time.Time
	SentAt        time.Time // zero while it waits
	ReadAt        time.Time
	Tries         int
	Failure       string // why the last try failed
	Urgent        bool   // its document is; not told by Notices

	Held notice.Why // why it waits for the digest, or stays in the list; "" where it does not
}

// Backoff of the queues: the wait doubles with each try, from base to most.
const (
	noticeBackoffBase = "5 seconds"
	noticeBackoffMost = "10 minutes"
	noticeClaim       = "60 seconds" // a claim that nobody reported on is given again after it
)

// noticeRows writes the notices of one transition as a transition reads them.
// Their ids are made of its last event, so the same transition owes them once.
func noticeRows(owed []notice.Notice, stream string, seq int64) (string, error) {
	rows := make([]map[string]any, 0, len(owed))
	for i, o := range owed {
		if o.Data == nil {
			o.Data = map[string]string{}
		}
		rows = append(rows, map[string]any{
			"id": fmt.Sprintf("%s.%d.%d", stream, seq, i), "kind": o.Kind, "person": o.Person,
			"role": o.Role, "entity": o.Entity, "document": o.Document, "task": o.Task, "quiet": o.Quiet, "data": o.Data,
			"also": notice.ForDelegate(o.Kind),
		})
	}
	text, err := json.Marshal(rows)
	return string(text), err
}

type noticeRow struct {
	ID, Kind, Person, Role, Entity, Document, Task string
	Quiet                                          bool
	Data                                           string
	CreatedAt                                      time.Time    `db:"created_at"`
	SentAt                                         sql.NullTime `db:"sent_at"`
	ReadAt                                         sql.NullTime `db:"read_at"`
	Tries                                          int
	Failure, Held                                  string
	Urgent                                         bool
}

func (r noticeRow) notice() Notice {
	n := Notice{
		ID: r.ID, CreatedAt: r.CreatedAt.UTC(), SentAt: orZero(r.SentAt), ReadAt: orZero(r.ReadAt),
		Tries: r.Tries, Failure: r.Failure, Urgent: r.Urgent,
		Held: notice.Why(r.Held),
		Notice: notice.Notice{
			Kind: r.Kind, Person: r.Person, Role: r.Role, Entity: r.Entity,
			Document: r.Document, Task: r.Task, Quiet: r.Quiet, Data: map[string]string{},
		},
	}
	_ = json.Unmarshal([]byte(r.Data), &n.Data) // for display
	return n
}

const noticeColumns = `id, kind, person, role, entity, document, task, quiet, data, created_at, sent_at, read_at,
	tries, failure, held`

// urgentColumn says of a notice whether its document is urgent.
const urgentColumn = `
	coalesce((SELECT d.urgency = 'urgent' FROM documents d WHERE d.id = notices.document), false) AS urgent`

// togetherMost is how many notices are claimed beside those that were asked for.
const togetherMost = 5000

// ClaimNotices takes up to limit notices that wait to be sent, and whatever else waits
// for the same people, so that it is told together; nobody else gets them for a minute.
// Quiet ones are never sent.
func (s *Store) ClaimNotices(ctx context.Context, limit int) ([]Notice, error) {
	const query = `
		UPDATE notices SET tries = tries + 1, next_try = clock_timestamp() + interval '` + noticeClaim + `'
		WHERE id IN (
			SELECT id FROM notices WHERE sent_at IS NULL AND NOT quiet AND next_try <= statement_timestamp()
			  AND person IN (SELECT person FROM notices
			                 WHERE sent_at IS NULL AND NOT quiet AND next_try <= statement_timestamp()
			                 ORDER BY next_try LIMIT $1)
			ORDER BY next_try LIMIT $2 FOR UPDATE SKIP LOCKED)
		RETURNING ` + noticeColumns + `, ` + urgentColumn
	var rows []noticeRow
	err := s.inTx(ctx, "store.ClaimNotices", func(tx *sqlx.Tx) error {
		return tx.SelectContext(ctx, &rows, query, limitOf(limit), togetherMost)
	})
	return noticesOf(rows), err
}

func noticesOf(rows []noticeRow) []Notice {
	var notices []Notice
	for _, r := range rows {
		notices = append(notices, r.notice())
	}
	return notices
}

// Notices lists what a person was told, the newest first.
//
// Errors: Invalid cursor.bad.
func (s *Store) Notices(ctx context.Context, person, cursor string) (Page[Notice], error) {
	key, id, err := readTimeCursor(cursor)
	if err != nil {
		return Page[Notice]{}, err
	}
	const query = `
		SELECT ` + noticeColumns + ` FROM notices
		WHERE person = $1 AND ($2 = '' OR (created_at, id) < (nullif($2, '')::timestamptz, $3))
		ORDER BY created_at DESC, id DESC LIMIT $4`
	var rows []noticeRow
	if err := s.db.SelectContext(ctx, &rows, query, person, key, id, PageDefault+1); err != nil {
		return Page[Notice]{}, sqlFault("store.Notices", err)
	}
	var page Page[Notice]
	for i, r := range rows {
		if i == PageDefault {
			last := rows[i-1]
			page.Next = cursorOf(sortKeyOf(last.CreatedAt), last.ID)
			break
		}
		page.Items = append(page.Items, r.notice())
	}
	return page, nil
}

// NoticeRead says that a person has seen a notice of theirs.
//
// Safe to repeat. Errors: NotFound notice.not_found, also for somebody else's.
func (s *Store) NoticeRead(ctx context.Context, person, id string) error {
	return s.inTx(ctx, "store.NoticeRead", func(tx *sqlx.Tx) error {
		const query = `UPDATE notices SET read_at = coalesce(read_at, clock_timestamp()) WHERE id = $1 AND person = $2`
		result, err := tx.ExecContext(ctx, query, id, person)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return fault.New(fault.NotFound, "notice.not_found")
		}
		return nil
	})
}
