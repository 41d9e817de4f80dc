package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
)

// TaskFilter narrows a list of tasks.
type TaskFilter struct {
	Assignees []string             // a person and the queues they hold; none lists nothing
	Queues    access.Scope         // whose queues they hold: All, or those of its Entities; zero holds none
	Delegate  string               // lists what they decide for others too: what they decided, and what is open
	Behalf    []string             // … for these, as far as rules in force reach
	States    []approval.TaskState // none means open
	Cursor    string
	Limit     int // 0 means 20; 200 at most
	WithTotal bool
}

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
	SortKey        string `db:"sort_key"`
}

const taskColumns = `
	t.id, t.document, t.step, t.step_title, t.round, t.assignee, t.via, t.slot, t.state, t.decided_by, t.decided_at,
	t.opinion, t.opened_at, t.due_at, t.remind_at, t.reminded, t.overdue, t.provisional, t.for_task,
	t.calendar_version, t.counted_at,
	d.number, d.type, d.title, d.submitter, d.requester, d.entity, d.total_minor, d.currency, d.base_minor,
	d.base_currency, d.claimed_minor, coalesce(d.claimed_base_minor, d.base_minor) AS base_claimed, d.urgency,
	d.status AS document_status, d.content_hash,
	coalesce(t.due_at, 'infinity'::timestamptz)::text AS sort_key`

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
	}
	_ = json.Unmarshal([]byte(r.RemindAt), &t.RemindAt) // we wrote it
	return t
}

// Task returns one task.
//
// Errors: NotFound task.not_found.
func (s *Store) Task(ctx context.Context, id string) (Task, error) {
	const query = `
		SELECT ` + taskColumns + `,
		       coalesce((SELECT CASE WHEN e.data LIKE '%"sign_in"%' THEN e.data::jsonb #>> '{plan,sign_in}' END FROM events e
		                 WHERE e.stream = t.document AND e.kind = 'plan.made' ORDER BY e.seq DESC LIMIT 1), '') AS sign_in
		FROM tasks t JOIN documents d ON d.id = t.document WHERE t.id = $1`
	var row struct {
		taskRow
		SignIn string `db:"sign_in"`
	}
	if err := s.db.GetContext(ctx, &row, query, id); err != nil {
		return Task{}, sqlFault("store.Task", noRows(err, fault.New(fault.NotFound, "task.not_found")))
	}
	task := row.task()
	if row.SignIn == "" {
		return task, nil
	}
	task.FreshSignIn = new(approval.FreshSignIn)
	return task, sqlFault("store.Task", json.Unmarshal([]byte(row.SignIn), task.FreshSignIn))
}

// Tasks lists tasks by deadline, the earliest first, those without one last.
//
// Errors: Invalid cursor.bad.
func (s *Store) Tasks(ctx context.Context, f TaskFilter) (Page[Task], error) {
	key, id, err := readTimeCursor(f.Cursor)
	if err != nil {
		return Page[Task]{}, err
	}
	if len(f.States) == 0 {
		f.States = []approval.TaskState{approval.TaskOpen}
	}
	query := tasksQuery
	if len(f.States) == 1 && f.States[0] == approval.TaskOpen {
		query = openTasksQuery // the same list, from the index of open tasks
	}
	limit := limitOf(f.Limit)
	var rows []taskRow
	asked := append(f.Assignees[:len(f.Assignees):len(f.Assignees)], f.Behalf...)
	held := []any{pq.Array(asked), textsOrNull(f.States), f.Queues.All, pq.Array(f.Queues.Entities), f.Delegate,
		pq.Array(f.Behalf)}
	err = s.db.SelectContext(ctx, &rows, query, append(held[:len(held):len(held)], key, id, limit+1)...)
	if err != nil {
		return Page[Task]{}, sqlFault("store.Tasks", err)
	}
	var page Page[Task]
	if len(rows) > limit {
		rows = rows[:limit]
		page.Next = cursorOf(rows[limit-1].SortKey, rows[limit-1].ID)
	}
	for _, r := range rows {
		page.Items = append(page.Items, r.task())
	}
	if f.WithTotal {
		const count = `
			SELECT count(*) FROM tasks t JOIN documents d ON d.id = t.document` + theirTasks
		page.Total = new(int64)
		err = s.db.GetContext(ctx, page.Total, count, held...)
	}
	return page, sqlFault("store.Tasks", err)
}

// heldQueues cuts what waits in a queue to the entities whose queue is held: a
// queue has one name in every entity. And it cuts the tasks of those for whom
// somebody decides to what a rule in force reaches.
const heldQueues = ` AND ($3 OR t.assignee NOT LIKE 'queue:%' OR d.entity = ANY($4))
	AND (t.assignee <> ALL(coalesce($6, '{}'::text[])) OR t.state = 'open' AND EXISTS (
		SELECT FROM delegations g WHERE g.person = t.assignee AND g.delegate = $5 AND ` + ruleReaches + `))`

// theirTasks are those that somebody was asked for, and those they decided for
// others.
const theirTasks = `
	WHERE t.state = ANY($2::text[]) AND (t.assignee = ANY($1)` + heldQueues + `
	  OR t.decided_by = $5 AND t.decided_by <> '')`

const taskPage = `
	  AND ($7 = '' OR (coalesce(t.due_at, 'infinity'::timestamptz), t.id) > (nullif($7, '')::timestamptz, $8))
	ORDER BY coalesce(t.due_at, 'infinity'::timestamptz), t.id LIMIT $9`

const tasksQuery = `
	SELECT ` + taskColumns + ` FROM tasks t JOIN documents d ON d.id = t.document` + theirTasks + taskPage

const openTasksQuery = `
	SELECT ` + taskColumns + ` FROM tasks t JOIN documents d ON d.id = t.document
	WHERE t.assignee = ANY($1) AND t.state = 'open' AND $2::text[] IS NOT NULL` + heldQueues + taskPage

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
