package store

import (
	"context"

	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/document"
)

// financeCountMost bounds what is counted for the head of a list.
const financeCountMost = 100

// FinanceFilter narrows what waits for finance. Empty fields do not narrow.
type FinanceFilter struct {
	Assignee string // only what waits for them
	Entity   string
	Type     string
	Query    string // somewhere in the number or the title
	Overdue  bool
	Urgent   bool

	Cursor string
	Limit  int // 0 means 20; 200 at most
}

// FinanceTask is one step of a document that waits for finance: the first of its
// open tasks, with everybody who is asked.
type FinanceTask struct {
	Task
	Waits []string // whom it waits for
}

// FinanceCounts says how much waits for finance, counted up to a hundred.
type FinanceCounts struct{ All, Mine, Overdue, Parked, Reversals, Of int64 }

// waitsForFinance are the tasks of finance. $1 to $4 are the scope.
const waitsForFinance = `
	FROM tasks t JOIN documents d ON d.id = t.document
	WHERE t.state = 'open' AND t.via IN ('role:finance_clerk', 'role:finance_head') AND ` + visible

// ofFinance are the steps that wait for a role of finance: one row a step, the first
// of its open tasks. OFFSET 0 has PostgreSQL look for an earlier task of the step where
// it stands, instead of reading all open tasks first.
const ofFinance = waitsForFinance + `
	  AND NOT EXISTS (SELECT FROM tasks o WHERE o.document = t.document AND o.step = t.step AND o.state = 'open'
	      AND o.via IN ('role:finance_clerk', 'role:finance_head') AND o.id < t.id OFFSET 0)`

// waitsForThem are the steps that wait for $5, among others: by their own task, for
// nobody has two of one step.
const waitsForThem = waitsForFinance + ` AND t.assignee = $5`

// FinanceTasks lists what waits for finance in documents that the scope may know of,
// the longest wait first.
//
// Errors: Invalid cursor.bad.
func (s *Store) FinanceTasks(ctx context.Context, scope access.Scope, f FinanceFilter) (Page[FinanceTask], error) {
	key, id, err := readTimeCursor(f.Cursor)
	if err != nil {
		return Page[FinanceTask]{}, err
	}
	from := ofFinance + ` AND $5 = ''`
	if f.Assignee != "" {
		from = waitsForThem
	}
	query := `
		SELECT ` + taskColumns + `, ARRAY(SELECT o.assignee FROM tasks o WHERE o.document = t.document AND o.step = t.step
		       AND o.state = 'open' ORDER BY o.id LIMIT 20) AS waits` + from + `
		  AND ($6 = '' OR d.entity = $6) AND ($7 = '' OR d.type = $7)
		  AND ($8 = '' OR d.number ILIKE $8 OR d.title ILIKE $8)
		  AND (NOT $9 OR t.due_at < clock_timestamp()) AND (NOT $10 OR d.urgency = $11)
		  AND ($12 = '' OR (t.opened_at, t.id) > (nullif($12, '')::timestamptz, $13))
		ORDER BY t.opened_at, t.id LIMIT $14`
	limit := limitOf(f.Limit)
	var rows []struct {
		taskRow
		Waits pq.StringArray
	}
	err = s.db.SelectContext(ctx, &rows, query, scopeArgs(scope, f.Assignee, f.Entity, f.Type, like(f.Query), f.Overdue,
		f.Urgent, string(document.Urgent), key, id, limit+1)...)
	if err != nil {
		return Page[FinanceTask]{}, sqlFault("store.FinanceTasks", err)
	}
	var page Page[FinanceTask]
	if len(rows) > limit {
		rows = rows[:limit]
		page.Next = cursorOf(sortKeyOf(rows[limit-1].OpenedAt), rows[limit-1].ID)
	}
	for _, r := range rows {
		page.Items = append(page.Items, FinanceTask{Task: r.task(), Waits: r.Waits})
	}
	return page, nil
}

// FinanceCounts counts what waits for finance, and for one of its people, in documents
// that the scope may know of.
func (s *Store) FinanceCounts(ctx context.Context, scope access.Scope, person string) (FinanceCounts, error) {
	const query = `
		SELECT (SELECT count(*) FROM (SELECT` + ofFinance + ` LIMIT $6) AS a) AS "all",
		       (SELECT count(*) FROM (SELECT` + waitsForThem + ` LIMIT $6) AS m) AS mine,
		       (SELECT count(*) FROM (SELECT` + ofFinance + ` AND t.due_at < clock_timestamp() LIMIT $6) AS o) AS overdue,
		       (SELECT count(*) FROM (SELECT FROM documents d WHERE d.parked_code <> '' AND ` + visible + ` LIMIT $6) AS p)
		       AS parked,
		       (SELECT count(*) FROM (SELECT FROM reversals r JOIN documents d ON d.id = r.document
		        WHERE r.status IN ('requested', 'parked') AND ` + visible + ` LIMIT $6) AS r) AS reversals`
	counts := FinanceCounts{Of: financeCountMost}
	err := s.db.GetContext(ctx, &counts, query, scopeArgs(scope, person, financeCountMost)...)
	return counts, sqlFault("store.FinanceCounts", err)
}
