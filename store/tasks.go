package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
)

// taskRow is a task as the tables hold it.
type taskRow struct {
	ID, Document, Step, Assignee, Via, State, Opinion string

	StepTitle   string `db:"step_title"`
	Round       int
	Slot        int
	DecidedBy   string       `db:"decided_by"`
	DecidedAt   sql.NullTime `db:"decided_at"`
	OpenedAt    time.Time    `db:"opened_at"`
	DueAt       sql.NullTime `db:"due_at"`
	RemindAt    string       `db:"remind_at"`
	Reminded    int
	Overdue     bool
	Provisional bool
	For         string `db:"for_task"`

	CalendarVersion int          `db:"calendar_version"`
	CountedAt       sql.NullTime `db:"counted_at"`

	Number       string
	Type         string
	Title        string
	Submitter    string
	Requester    string
	Entity       string
	TotalMinor   int64 `db:"total_minor"`
	Currency     string
	BaseMinor    int64  `db:"base_minor"`
	BaseCurrency string `db:"base_currency"`

	ClaimedMinor   sql.NullInt64 `db:"claimed_minor"`
	BaseClaimed    int64         `db:"base_claimed"`
	Urgency        string
	DocumentStatus string `db:"document_status"`
	ContentHash    string `db:"content_hash"`
	Intervened     bool
	Calendar       string
	SortKey        string `db:"sort_key"` // in lists
}

const taskColumns = `
	t.id, t.document, t.step, t.step_title, t.round, t.assignee, t.via, t.slot, t.state, t.decided_by, t.decided_at,
	t.opinion, t.opened_at, t.due_at, t.remind_at, t.reminded, t.overdue, t.provisional, t.for_task,
	t.calendar_version, t.counted_at,
	d.number, d.type, d.title, d.submitter, d.requester, d.entity, d.total_minor, d.currency, d.base_minor,
	d.base_currency, d.claimed_minor, coalesce(d.claimed_base_minor, d.base_minor) AS base_claimed, d.urgency,
	d.status AS document_status, d.content_hash, d.intervened, t.calendar`

func (r taskRow) task() Task {
	t := Task{
		Task: approval.Task{
			ID: r.ID, Step: r.Step, Round: r.Round, Assignee: r.Assignee, Via: r.Via, Slot: r.Slot,
			State: approval.TaskState(r.State), DecidedBy: r.DecidedBy, DecidedAt: orZero(r.DecidedAt),
			Opinion: r.Opinion, OpenedAt: r.OpenedAt.UTC(), DueAt: orZero(r.DueAt), Reminded: r.Reminded,
			Overdue: r.Overdue, For: r.For, Provisional: r.Provisional, CalendarVersion: r.CalendarVersion,
			CountedAt: orZero(r.CountedAt),
		},
		Document: r.Document, Number: r.Number, Type: r.Type, Title: r.Title, Submitter: r.Submitter,
		Requester: r.Requester, Entity: r.Entity,
		Total:     money.Amount{Minor: r.TotalMinor, Currency: money.Currency(r.Currency)},
		BaseTotal: money.Amount{Minor: r.BaseMinor, Currency: money.Currency(r.BaseCurrency)},
		Claimed:   claimed(r.ClaimedMinor, r.Currency),

		BaseClaimed: money.Amount{Minor: r.BaseClaimed, Currency: money.Currency(r.BaseCurrency)},

		Urgency: document.Urgency(r.Urgency), DocumentStatus: approval.Status(r.DocumentStatus),
		ContentHash: r.ContentHash, StepTitle: readTitles(r.StepTitle), Provisional: r.Provisional,
		Intervened: r.Intervened, Calendar: r.Calendar,
	}
	_ = json.Unmarshal([]byte(r.RemindAt), &t.RemindAt) // we wrote it
	return t
}

// Task returns one task.
//
// Errors: NotFound task.not_found.
func (s *Store) Task(ctx context.Context, id string) (Task, error) {
	// Not TasksOf: of an array PostgreSQL does not know how long it is, so it plans the statement
	// anew each time, which takes longer than all that a decision asks of it.
	const query = askedTasks + ` WHERE t.id = $1`
	var row askedRow
	err := s.db.GetContext(ctx, &row, query, id)
	if errors.Is(err, sql.ErrNoRows) {
		return Task{}, fault.New(fault.NotFound, "task.not_found")
	}
	if err != nil {
		return Task{}, sqlFault("store.Task", err)
	}
	task, err := row.asked()
	return task, sqlFault("store.Task", err)
}

// TasksOf are tasks by their ids, of those that there are.
func (s *Store) TasksOf(ctx context.Context, ids []string) (map[string]Task, error) {
	const query = askedTasks + ` WHERE t.id = ANY($1)`
	var rows []askedRow
	if err := s.db.SelectContext(ctx, &rows, query, pq.Array(ids)); err != nil {
		return nil, sqlFault("store.TasksOf", err)
	}
	tasks := make(map[string]Task, len(rows))
	for _, row := range rows {
		task, err := row.asked()
		if err != nil {
			return nil, sqlFault("store.TasksOf", err)
		}
		tasks[task.ID] = task
	}
	return tasks, nil
}

// askedTasks reads what askedRow holds.
const askedTasks = `
	SELECT ` + taskColumns + `,
	       coalesce((SELECT CASE WHEN e.data LIKE '%"sign_in"%' OR e.data LIKE '%"passkey"%' THEN jsonb_build_object(
	                     'sign_in', e.data::jsonb #> '{plan,sign_in}', 'passkey', e.data::jsonb #> '{plan,passkey}')::text
	                 END FROM events e
	                 WHERE e.stream = t.document AND e.kind = 'plan.made' ORDER BY e.seq DESC LIMIT 1), '{}') AS asks,
	       coalesce((SELECT e.data::jsonb ->> 'given_by' FROM events e
	                 WHERE e.stream = t.document AND e.seq = t.opened_seq), '') AS given_by, d.department
	FROM tasks t JOIN documents d ON d.id = t.document`

// askedRow is a task with what its plan asks of whoever decides.
type askedRow struct {
	taskRow
	Asks    string
	GivenBy string `db:"given_by"`

	Department string
}

func (r askedRow) asked() (Task, error) {
	task := r.task()
	task.GivenBy, task.Department = r.GivenBy, r.Department
	var asks struct {
		SignIn  *approval.FreshSignIn `json:"sign_in"`
		Passkey bool                  `json:"passkey"`
	}
	err := json.Unmarshal([]byte(r.Asks), &asks)
	task.FreshSignIn, task.Passkey = asks.SignIn, asks.Passkey
	return task, err
}

// TaskEnd says who ended a task without deciding it, when and how; zero where it is
// open, or was decided.
func (s *Store) TaskEnd(ctx context.Context, document, task string) (approval.End, error) {
	const query = `
		SELECT ` + eventColumns + ` FROM events
		WHERE stream = $1 AND kind = ANY($2) AND data::jsonb ->> 'task' = $3 ORDER BY seq DESC LIMIT 1`
	var row eventRow
	err := s.db.GetContext(ctx, &row, query, document, pq.Array(approval.TaskEnds()), task)
	if errors.Is(err, sql.ErrNoRows) {
		return approval.End{}, nil
	}
	if err != nil {
		return approval.End{}, sqlFault("store.TaskEnd", err)
	}
	return approval.EndOf(row.event())
}

// DocumentTasks lists every task of a document in the order they were opened.
func (s *Store) DocumentTasks(ctx context.Context, id string) ([]Task, error) {
	const query = `
		SELECT ` + taskColumns + ` FROM tasks t JOIN documents d ON d.id = t.document
		WHERE t.document = $1 ORDER BY t.opened_seq, t.id`
	var rows []taskRow
	if err := s.db.SelectContext(ctx, &rows, query, id); err != nil {
		return nil, sqlFault("store.DocumentTasks", err)
	}
	tasks := make([]Task, 0, len(rows))
	for _, r := range rows {
		tasks = append(tasks, r.task())
	}
	return tasks, nil
}
