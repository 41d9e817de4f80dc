package store

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
)

// TaskView is one of the lists that tasks are read in.
type TaskView string

// The views, each read along an index in its own order.
const (
	TasksAsked     TaskView = ""           // what somebody is asked for, by deadline
	TasksDecided   TaskView = "decided"    // what they decided, the last first
	TasksEnded     TaskView = "ended"      // what they were asked for and ended undecided, the last opened first
	TasksForOthers TaskView = "for_others" // what they decided for others, the last first
	TasksByOthers  TaskView = "by_others"  // what others decided in their place, the last first
)

// TaskOrder is the order of what somebody is asked for.
type TaskOrder string

// The orders.
const (
	ByDeadline TaskOrder = ""       // the earliest first, those without one last
	ByNewest   TaskOrder = "newest" // the last opened first
	ByAmount   TaskOrder = "amount" // the largest first, in the entity's currency
)

// TaskFilter narrows a list of tasks.
type TaskFilter struct {
	View      TaskView
	Assignees []string             // a person and the queues they hold; none lists nothing
	Queues    access.Scope         // whose queues they hold: All, or those of its Entities; zero holds none
	Delegate  string               // who asks: lists what they decided for others too, and what is open …
	Behalf    []string             // … for these, as far as rules in force reach
	States    []approval.TaskState // of TasksAsked; none means open
	Order     TaskOrder            // of TasksAsked, where only open ones are listed
	Narrow    Narrow
	DueBefore time.Time // zero: whenever
	Cursor    string
	Limit     int // 0 means 20; 200 at most
	WithTotal bool
	TotalMost int64 // where it is enough to count so far; 0 counts them all
}

// Tasks lists tasks.
//
// Errors: Invalid cursor.bad.
func (s *Store) Tasks(ctx context.Context, f TaskFilter) (Page[Task], error) {
	list, err := f.list()
	if err != nil {
		return Page[Task]{}, err
	}
	limit := limitOf(f.Limit)
	query, args := list.page(limit + 1)
	var rows []taskRow
	if err := s.db.SelectContext(ctx, &rows, query, args...); err != nil {
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
		page.Total = new(int64)
		query, args := list.count(f.TotalMost)
		err = s.db.GetContext(ctx, page.Total, query, args...)
	}
	return page, sqlFault("store.Tasks", err)
}

// order is what a list is sorted by: an expression over t and d, its direction, and
// the type of its cursor.
type order struct {
	by, direction, as string
	document          bool // it looks at the document
}

var (
	byDeadline = order{by: `coalesce(t.due_at, 'infinity'::timestamptz)`, direction: "ASC", as: "timestamptz"}
	byNewest   = order{by: `t.opened_at`, direction: "DESC", as: "timestamptz"}
	byAmount   = order{by: `d.base_minor`, direction: "DESC", as: "bigint", document: true}
	byDecision = order{by: `t.decided_at`, direction: "DESC", as: "timestamptz"}
)

func (f TaskFilter) order() order {
	switch {
	case f.View == TasksEnded:
		return byNewest
	case f.View != TasksAsked:
		return byDecision
	case f.Order == ByNewest:
		return byNewest
	case f.Order == ByAmount:
		return byAmount
	}
	return byDeadline
}

// cursor opens the filter's cursor, whose sort key must be of the order's kind.
func (f TaskFilter) cursor() (key, id string, err error) {
	if f.order().as == "timestamptz" {
		return readTimeCursor(f.Cursor)
	}
	key, id, err = readCursor(f.Cursor)
	if _, wrong := strconv.ParseInt(key, 10, 64); err == nil && key != "" && wrong != nil {
		err = fault.New(fault.Invalid, "cursor.bad", fault.Field("cursor"))
	}
	return key, id, err
}

// taskList is a list of tasks as SQL: from where, under which conditions.
type taskList struct {
	order    order
	asked    string // placeholder of those asked, one after the other; "" where the conditions say whose
	document bool   // the conditions look at the document
	where    where
	key, id  string // the end of the page before
}

// list puts the SQL together.
func (f TaskFilter) list() (*taskList, error) {
	l := &taskList{order: f.order(), document: f.Narrow.any()}
	var err error
	if l.key, l.id, err = f.cursor(); err != nil {
		return nil, err
	}
	switch f.View {
	case TasksAsked:
		f.whatIsAsked(l)
	case TasksDecided:
		l.where.and(`t.decided_by = ? AND t.decided_by <> ''`, f.Delegate)
	case TasksForOthers:
		l.where.and(`t.decided_by = ? AND t.decided_by <> '' AND t.decided_by <> t.assignee
			AND t.assignee NOT LIKE 'queue:%'`, f.Delegate)
	case TasksByOthers:
		l.where.and(`t.assignee = ? AND t.decided_by <> '' AND t.decided_by <> t.assignee`, f.Delegate)
	case TasksEnded:
		l.where.and(`t.assignee = ? AND t.state <> 'open' AND t.decided_by = ''`, f.Delegate)
	}
	if !f.DueBefore.IsZero() {
		l.where.and(byDeadline.by+` < ?`, f.DueBefore)
	}
	l.where.narrow(f.Narrow)
	return l, nil
}

// whatIsAsked is what somebody is asked for; of other states than open, with what
// they decided for others.
func (f TaskFilter) whatIsAsked(l *taskList) {
	asked := slices.Concat(f.Assignees, f.Behalf)
	if len(f.States) == 0 || len(f.States) == 1 && f.States[0] == approval.TaskOpen {
		l.asked = l.where.value(pq.Array(asked))
		l.where.and(`t.state = 'open'`)
		l.document = f.held(&l.where) || l.document
		return
	}
	own := where{args: l.where.args}
	own.text.WriteString(`t.assignee = ANY(` + own.value(pq.Array(asked)) + `)`)
	f.held(&own)
	l.where.args, l.document, l.order = own.args, true, byDeadline
	l.where.and(`t.state = ANY(?) AND (`+own.text.String()+` OR t.decided_by = ? AND t.decided_by <> '')`,
		textsOrNull(f.States), f.Delegate)
}

// held cuts what waits in a queue to the entities whose queue is held: a queue has
// one name in every entity. And it cuts the tasks of those for whom somebody decides
// to what a rule in force reaches. It says whether there was anything to cut.
func (f TaskFilter) held(w *where) (cut bool) {
	queue := func(name string) bool { return strings.HasPrefix(name, "queue:") }
	if !f.Queues.All && slices.ContainsFunc(f.Assignees, queue) {
		w.and(`(t.assignee NOT LIKE 'queue:%' OR d.entity = ANY(?))`, pq.Array(f.Queues.Entities))
		cut = true
	}
	if len(f.Behalf) > 0 {
		w.and(`(t.assignee <> ALL(?) OR t.state = 'open' AND EXISTS (
			SELECT FROM delegations g WHERE g.person = t.assignee AND g.delegate = ? AND `+ruleReaches+`))`,
			pq.Array(f.Behalf), f.Delegate)
		cut = true
	}
	return cut
}

// page is the statement of one page. What several people are asked for is read along
// the index person by person, and only the first of each are put into one order.
func (l *taskList) page(limit int) (query string, args []any) {
	w := where{args: slices.Clip(l.where.args)}
	w.text.WriteString(l.where.text.String())
	if l.key != "" {
		than := map[string]string{"ASC": ">", "DESC": "<"}[l.order.direction]
		w.and(`(`+l.order.by+`, t.id) `+than+` (?::text::`+l.order.as+`, ?)`, l.key, l.id)
	}
	sorted := ` ORDER BY ` + l.order.by + ` ` + l.order.direction + `, t.id ` + l.order.direction +
		` LIMIT ` + w.value(limit)
	columns := `SELECT ` + taskColumns + `, ` + l.order.by + `::text AS sort_key FROM `
	if l.asked == "" {
		return columns + `tasks t JOIN documents d ON d.id = t.document WHERE true` + w.text.String() + sorted, w.args
	}
	joined := ``
	if l.document || l.order.document {
		joined = ` JOIN documents d ON d.id = t.document`
	}
	return columns + `unnest(` + l.asked + `::text[]) AS asked (person) CROSS JOIN LATERAL (
		SELECT t.* FROM tasks t` + joined + ` WHERE t.assignee = asked.person` + w.text.String() + sorted + `) AS t
		JOIN documents d ON d.id = t.document` + sorted, w.args
}

// count is the statement that counts the list, as far as asked for.
func (l *taskList) count(most int64) (query string, args []any) {
	from, whose := `tasks t`, `true`
	if l.document {
		from += ` JOIN documents d ON d.id = t.document`
	}
	if l.asked != "" {
		whose = `t.assignee = ANY(` + l.asked + `::text[])`
	}
	from += ` WHERE ` + whose + l.where.text.String()
	if most == 0 {
		return `SELECT count(*) FROM ` + from, l.where.args
	}
	w := where{args: slices.Clip(l.where.args)}
	return `SELECT count(*) FROM (SELECT FROM ` + from + ` LIMIT ` + w.value(most) + `) AS seen`, w.args
}
