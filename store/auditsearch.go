package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
)

// RecordFilter narrows a search through the record. Empty fields do not narrow.
type RecordFilter struct {
	Person   string   // who did it, or for whom it was done
	Kinds    []string // of events
	Number   string   // the document's
	Type     string   // of its document
	Entity   string   // of its document
	Cause    string   // an act's id, or another cause
	Stream   string   // such as policy:expense
	From, To time.Time

	Cursor string
	Limit  int // 0 means 20; 200 at most
}

// RecordedEvent is an event with the document it is about.
type RecordedEvent struct {
	evidence.Event
	Document, Number, Title, Type, Entity string // "" where it is about none

	StepTitle map[string]string // of the step it names, by locale
}

// ofDocument is the id of the document that an event is about: its stream's, or that
// of its copies or its reversals.
const ofDocument = `CASE WHEN e.stream LIKE 'copies:%' THEN substr(e.stream, 8)
	WHEN e.stream LIKE 'reversal:%' THEN substr(e.stream, 10) ELSE e.stream END`

// SearchRecord lists events, the newest first: of the documents in a scope's entities,
// and of everything else where the scope is all. It reads along one index or another.
//
// Errors: Invalid cursor.bad.
func (s *Store) SearchRecord(ctx context.Context, scope access.Scope, f RecordFilter) (Page[RecordedEvent], error) {
	limit := limitOf(f.Limit)
	where, err := recordWhere(scope, f)
	if err != nil {
		return Page[RecordedEvent]{}, err
	}
	branches := []string{""}
	if f.Person != "" { // each along its own index
		person := where.arg(f.Person)
		branches = []string{" AND e.actor = " + person, " AND e.on_behalf_of <> '' AND e.on_behalf_of = " + person +
			" AND e.actor <> " + person}
	}
	for i, only := range branches {
		branches[i] = `(SELECT e.*, coalesce(d.id, '') AS document, coalesce(d.number, '') AS number,
			coalesce(d.title, '') AS title, coalesce(d.type, '') AS type, coalesce(d.entity, '') AS entity
			FROM events e LEFT JOIN documents d ON d.id = ` + ofDocument + ` WHERE ` + where.text.String() + only +
			fmt.Sprintf(` ORDER BY e.at DESC, e.stream DESC, e.seq DESC LIMIT %d)`, limit+1)
	}
	query := `SELECT ` + eventColumns + `, document, number, title, type, entity,
		coalesce((SELECT t.step_title FROM tasks t WHERE t.document = found.document
		          AND t.step = found.data::jsonb ->> 'step' LIMIT 1), '') AS step_title FROM (` +
		strings.Join(branches, " UNION ALL ") +
		fmt.Sprintf(`) AS found ORDER BY at DESC, stream DESC, seq DESC LIMIT %d`, limit+1)
	var rows []struct {
		eventRow
		Document, Number, Title, Type, Entity string

		StepTitle string `db:"step_title"`
	}
	if err := s.db.SelectContext(ctx, &rows, query, where.args...); err != nil {
		return Page[RecordedEvent]{}, sqlFault("store.SearchRecord", err)
	}
	var page Page[RecordedEvent]
	if len(rows) > limit {
		rows = rows[:limit]
		last := rows[limit-1]
		page.Next = cursorOf(sortKeyOf(last.At), fmt.Sprintf("%s\x00%d", last.Stream, last.Seq))
	}
	for _, r := range rows {
		page.Items = append(page.Items, RecordedEvent{
			Event: r.event(), Document: r.Document, Number: r.Number, Title: r.Title, Type: r.Type, Entity: r.Entity,
			StepTitle: readTitles(r.StepTitle),
		})
	}
	return page, nil
}

// conditions are the WHERE of a query that is written as it is needed, so that it is
// planned by what is asked for. Values are arguments, never text.
type conditions struct {
	text strings.Builder
	args []any
}

func (c *conditions) arg(value any) string {
	c.args = append(c.args, value)
	return fmt.Sprintf("$%d", len(c.args))
}

// and adds a condition in which %s stands for the value, unless that is empty.
func (c *conditions) and(condition, value string) {
	if value != "" {
		c.text.WriteString(" AND " + fmt.Sprintf(condition, c.arg(value)))
	}
}

// everyDocuments are the causes that every document has: the newest events have them.
var everyDocuments = []string{"submit:1", "plan:1:0"}

func recordWhere(scope access.Scope, f RecordFilter) (*conditions, error) {
	c := &conditions{}
	c.text.WriteString("true")
	if !scope.All {
		c.text.WriteString(" AND d.entity = ANY(" + c.arg(pq.Array(scope.Entities)) + ")")
	}
	c.and("d.entity = %s", f.Entity)
	c.and("d.type = %s", f.Type)
	c.and("e.stream = %s", f.Stream)
	c.and("e.stream IN (SELECT unnest(ARRAY[id, 'copies:' || id, 'reversal:' || id]) FROM documents WHERE number = %s)",
		f.Number)
	c.and("e.cause = %s", f.Cause)
	switch { // its streams are known without looking through all events
	case uuid.Validate(f.Cause) == nil: // an act
		c.and("e.stream IN (SELECT document FROM inbox WHERE id = %s)", f.Cause)
	case !slices.Contains(everyDocuments, f.Cause): // by the index causes_rare
		c.and("e.stream IN (SELECT stream FROM causes WHERE cause = %s"+
			" AND cause NOT IN ('submit:1', 'plan:1:0') AND cause !~ '^[0-9a-f-]{36}$')", f.Cause)
	}
	if len(f.Kinds) > 0 {
		c.text.WriteString(" AND e.kind = ANY(" + c.arg(pq.Array(f.Kinds)) + ")")
	}
	if !f.From.IsZero() {
		c.text.WriteString(" AND e.at >= " + c.arg(f.From.UTC()))
	}
	if !f.To.IsZero() {
		c.text.WriteString(" AND e.at < " + c.arg(f.To.UTC()))
	}
	return c, c.after(f.Cursor)
}

// after goes on where a page before ended.
func (c *conditions) after(cursor string) error {
	key, rest, err := readTimeCursor(cursor)
	if err != nil || key == "" {
		return err
	}
	stream, number, found := strings.Cut(rest, "\x00")
	var seq int64
	if _, err := fmt.Sscanf(number, "%d", &seq); !found || err != nil {
		return fault.New(fault.Invalid, "cursor.bad", fault.Field("cursor"))
	}
	fmt.Fprintf(&c.text, " AND (e.at, e.stream, e.seq) < (%s::timestamptz, %s, %s)", c.arg(key), c.arg(stream),
		c.arg(seq))
	return nil
}
