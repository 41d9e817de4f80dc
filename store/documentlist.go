package store

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/access"
)

// Bounds of what one statement reads, however many documents there are.
const (
	// TotalMost is how far documents and vouchers are counted: so many, or more.
	TotalMost = 10_000

	windowMost  = 500 // documents of each source, and of all, that are looked through for those that are asked for
	windowsMost = 4   // windows that a page looks through before it is short

	windowsLooked = 2 // of these, where a word that many documents have is looked for without its index
)

// documentList is a list of documents as SQL.
//
// What a scope may read comes from sources, each read along an index in the order of
// the list: the documents of an entity, those that a person submitted, was asked to
// decide, and so on. They are put together, and only then looked at, so that a page
// reads about as many rows as it shows. Where a filter lets few through, a source ends
// at its edge, after windowMost: the page may then be short, and the next one goes on
// behind the edge.
type documentList struct {
	where
	scope   access.Scope
	filter  DocumentFilter
	matches string   // the conditions on document d; never null
	window  string   // how many documents a source gives
	limit   string   // placeholder: how many matches are enough
	sources []string // statements that give id, sorted_at and edge

	key, id string   // the end of the page before
	titled  []string // ids of all documents whose title may be what the query says; nil where they are too many
	through bool     // what a role lets them read is looked through, not what has the word
}

// newDocumentList is the list from the filter's cursor on. In its newest window a word that
// many documents have is looked for among what a role lets somebody read, where a page of
// them is soon found; behind it by the word's own index.
func (s *Store) newDocumentList(ctx context.Context, scope access.Scope, f DocumentFilter, limit int, newest bool) (
	*documentList, error) {
	l := &documentList{scope: scope, filter: f, through: newest && !scope.All}
	var err error
	if l.key, l.id, err = readTimeCursor(f.Cursor); err != nil {
		return nil, err
	}
	if f.searches() {
		if l.titled, err = s.titled(ctx, l); err != nil {
			return nil, err
		}
		if l.titled == nil && !newest && l.wide() && !scope.All && f.Submitter == "" {
			if l.through, err = s.fewAllowed(ctx, scope); err != nil {
				return nil, err
			}
		}
	}
	narrow := l.narrowed()
	l.limit = l.value(limit)
	l.window = l.limit
	if narrow {
		l.window = strconv.Itoa(max(windowMost, limit))
	}
	l.find()
	return l, nil
}

// narrowed writes down the conditions on a document, and says whether there are any
// that sources do not see to.
func (l *documentList) narrowed() bool {
	f := l.filter
	if len(f.Statuses) > 0 {
		l.and(`d.status = ANY(?)`, textsOrNull(f.Statuses))
	}
	if len(f.Types) > 0 {
		l.and(`d.type = ANY(?)`, pq.Array(f.Types))
	}
	if f.Query != "" {
		l.and(`coalesce(d.title ILIKE ? OR d.number ILIKE ? OR d.requester = ANY(?), false)`, like(f.Query), like(f.Query),
			pq.Array(append([]string{}, f.Named...)))
	}
	if f.Intervened {
		l.and(`d.intervened`)
	}
	l.narrow(Narrow{Entities: f.Entities, People: f.People, Urgency: f.Urgency, Amounts: f.Amounts})
	if f.Unread {
		l.and(`EXISTS (SELECT FROM copies c WHERE c.document = d.id AND c.person = ? AND c.removed_at IS NULL
			AND c.read_at IS NULL OFFSET 0)`, f.CopiedTo)
	}
	whose := f.whose()
	others := whose != "" && whose != l.scope.Person || f.byPeople()
	if others || f.Intervened || f.Submitter != "" && f.CopiedTo != "" || l.titled != nil {
		l.and(l.readable())
		if f.Submitter != "" {
			l.and(l.ofSubmitter())
		}
	}
	l.matches = "true" + l.text.String()
	return l.text.Len() > 0
}

// ofSubmitter is the condition that a document is one of those that are asked for by who
// submitted them.
func (l *documentList) ofSubmitter() string {
	whose := l.value(l.filter.Submitter)
	return `(d.submitter = ` + whose + ` OR ` + l.value(l.filter.Own) + ` AND d.requester = ` + whose + `)`
}

// whose is the person whose own documents, or copies, are listed; "" for nobody's.
func (f DocumentFilter) whose() string {
	if f.CopiedTo != "" {
		return f.CopiedTo
	}
	return f.Submitter
}

// peopleMost is how many people's own documents are read one beside the other; those of
// more are looked for among what the reader may see.
const peopleMost = 2

// byPeople says whether the list is read along the documents of the people asked for.
func (f DocumentFilter) byPeople() bool {
	return len(f.People) > 0 && len(f.People) <= peopleMost && f.whose() == "" && !f.Intervened && !f.searches()
}

// readable is the condition of that name with placeholders of this list.
func (l *documentList) readable() string {
	s := l.scope
	places := strings.NewReplacer("$1", l.value(s.Person), "$2", l.value(pq.Array(s.Entities)),
		"$3", l.value(pq.Array(s.Departments)), "$4", l.value(s.All))
	return places.Replace(readable)
}

// find chooses the sources.
func (l *documentList) find() {
	f := l.filter
	switch {
	case f.CopiedTo != "":
		l.source(inCopies, `c.person = `+l.value(f.CopiedTo)+` AND c.removed_at IS NULL`)
	case l.titled != nil:
		l.rare()
	case f.Submitter != "":
		l.source(inDocuments, `d.submitter = `+l.value(f.Submitter))
		if f.Own {
			l.source(inDocuments, `d.requester = `+l.value(f.Submitter)+` AND d.status <> 'draft'`)
		}
	case f.Intervened:
		l.source(inDocuments, `d.intervened`)
	case f.searches() && l.wide() && !l.through:
		l.common()
		l.own()
	case f.byPeople():
		l.sourceOf(f.People, inDocuments, `d.requester = given.one`)
		l.sourceOf(f.People, inDocuments, `d.submitter = given.one`)
	default:
		l.roles()
		l.own()
	}
}

// wide says whether a role lets them read what does not concern them.
func (l *documentList) wide() bool {
	return l.scope.All || len(l.scope.Entities)+len(l.scope.Departments) > 0
}

// place is a table that sources read, and what the document is called in it.
type place struct{ from, id, at string }

var (
	inDocuments = place{`documents d`, `d.id`, `d.sorted_at`}
	inTasks     = place{`tasks t`, `t.document`, `t.sorted_at`}
	inCopies    = place{`copies c`, `c.document`, `c.sorted_at`}
)

// source adds one that gives the newest rows of a table.
func (l *documentList) source(p place, condition string) {
	l.sources = append(l.sources, l.newest(p, condition))
}

// sourceOf adds one that does so for each of some values, whose placeholder in the
// condition is given.one.
func (l *documentList) sourceOf(values []string, p place, condition string) {
	if len(values) == 0 {
		return
	}
	l.sources = append(l.sources, `SELECT s.* FROM unnest(`+l.value(pq.Array(values))+`::text[]) AS given (one)
		CROSS JOIN LATERAL (`+l.newest(p, condition)+`) AS s`)
}

func (l *documentList) newest(p place, condition string) string {
	return `SELECT s.id, s.sorted_at, row_number() OVER (ORDER BY s.sorted_at DESC, s.id DESC) = ` + l.window + ` AS edge
		FROM (SELECT ` + p.id + ` AS id, ` + p.at + ` AS sorted_at FROM ` + p.from + ` WHERE ` + condition + l.span(p) + `
		      ORDER BY ` + p.at + ` DESC, ` + p.id + ` DESC LIMIT ` + l.window + `) AS s`
}

// span is the part of the order that is asked for: before the cursor, between the
// instants.
func (l *documentList) span(p place) string {
	var w where
	w.args = l.args
	if l.key != "" {
		w.and(`(`+p.at+`, `+p.id+`) < (?::text::timestamptz, ?)`, l.key, l.id)
	}
	if !l.filter.From.IsZero() {
		w.and(p.at+` >= ?`, l.filter.From)
	}
	if !l.filter.To.IsZero() {
		w.and(p.at+` < ?`, l.filter.To)
	}
	l.args = w.args
	return w.text.String()
}

// roles adds what a role lets somebody read: everything, entities, departments.
func (l *documentList) roles() {
	entities := l.scope.Entities
	switch asked := l.filter.Entities; {
	case l.scope.All && len(asked) == 0:
		l.source(inDocuments, `d.status <> 'draft'`)
		return
	case l.scope.All:
		entities = asked
	case len(asked) > 0:
		entities = slices.DeleteFunc(slices.Clone(entities), func(one string) bool { return !slices.Contains(asked, one) })
	}
	l.sourceOf(entities, inDocuments, `d.entity = given.one AND d.status <> 'draft'`)
	l.sourceOf(l.scope.Departments, inDocuments, `d.department = given.one AND d.status <> 'draft'`)
}

// own adds what concerns a person: drafts and documents of theirs, what they were or
// are asked to decide, for others too, and what they were copied in on.
func (l *documentList) own() {
	if l.scope.Person == "" {
		return
	}
	person := l.value(l.scope.Person)
	if l.scope.All {
		l.source(inDocuments, `d.submitter = `+person+` AND d.number IS NULL`)
		return
	}
	l.source(inDocuments, `d.submitter = `+person)
	l.source(inDocuments, `d.requester = `+person+` AND d.status <> 'draft'`)
	l.source(inTasks, `t.assignee = `+person)
	l.source(inTasks, `t.decided_by = `+person+` AND t.decided_by <> ''`)
	l.source(inCopies, `c.person = `+person+` AND c.removed_at IS NULL`)
	l.source(place{`delegations g JOIN tasks t ON t.assignee = g.person AND t.state = 'open'
		JOIN documents d ON d.id = t.document`, `d.id`, `d.sorted_at`}, `g.delegate = `+person+` AND `+ruleReaches)
}

// candidates is the statement of what the sources give.
func (l *documentList) candidates() string {
	if len(l.sources) == 0 {
		return `SELECT NULL::text AS id, NULL::timestamptz AS sorted_at, false AS edge WHERE false`
	}
	if len(l.sources) == 1 {
		return l.sources[0]
	}
	return `SELECT m.id, m.sorted_at,
		       m.edge OR row_number() OVER (ORDER BY m.sorted_at DESC, m.id DESC) = ` + l.window + ` AS edge
		FROM (SELECT u.id, max(u.sorted_at) AS sorted_at, bool_or(u.edge) AS edge
		      FROM ((` + strings.Join(l.sources, `) UNION ALL (`) + `)) AS u GROUP BY u.id) AS m
		ORDER BY m.sorted_at DESC, m.id DESC LIMIT ` + l.window
}

// page is the statement of one page.
func (l *documentList) page() (string, []any) {
	holder := l.value(l.filter.CopiedTo)
	return `
		SELECT ` + documentColumns + `,
		       coalesce(coalesce(d.draft, (SELECT r.content FROM revisions r
		           WHERE r.document = d.id AND r.revision = d.revision))::jsonb ->> 'fields', '') AS fields,
		       coalesce(held.unread, false) AS unread, coalesce(held.how, '') AS copied_how,
		       coalesce(held.made_by, '') AS copied_by, c.edge, (` + l.matches + `) AS matches
		FROM (` + l.candidates() + `) AS c JOIN documents d ON d.id = c.id
		LEFT JOIN LATERAL (SELECT c.read_at IS NULL AS unread, c.how, c.made_by FROM copies c
		    WHERE ` + holder + ` <> '' AND c.document = d.id AND c.person = ` + holder + ` AND c.removed_at IS NULL) AS held
		    ON true
		WHERE c.edge OR ` + l.matches + ` ORDER BY c.sorted_at DESC, c.id DESC LIMIT ` + l.limit, l.args
}

// count is the statement that counts matches, as far as the limit.
func (l *documentList) count() (string, []any) {
	return `SELECT count(*) FROM (SELECT FROM (` + l.candidates() + `) AS c JOIN documents d ON d.id = c.id
		WHERE ` + l.matches + ` LIMIT ` + l.limit + `) AS seen`, l.args
}

// Documents lists what a scope may know of, the newest submission first; of their
// contents only the type's own fields are there. The order is stable: what is
// submitted meanwhile does not move later pages. A page may be shorter than asked for
// and have a next one all the same, where few of very many are what was asked for.
//
// Errors: Invalid cursor.bad.
func (s *Store) Documents(ctx context.Context, scope access.Scope, f DocumentFilter) (Page[Document], error) {
	var page Page[Document]
	limit := limitOf(f.Limit)
	window := f
	for i := range windowsMost {
		next, err := s.documentsIn(ctx, scope, window, limit-len(page.Items), i < windowsLooked)
		if err != nil {
			return Page[Document]{}, err
		}
		page.Items, page.Next = append(page.Items, next.Items...), next.Next
		if window.Cursor = next.Next; next.Next == "" || len(page.Items) == limit {
			break
		}
	}
	if !f.WithTotal {
		return page, nil
	}
	total, err := s.countDocuments(ctx, scope, f)
	page.Total = &total
	return page, err
}

// documentsIn is one window of a list.
func (s *Store) documentsIn(ctx context.Context, scope access.Scope, f DocumentFilter, limit int, newest bool) (
	Page[Document], error) {
	list, err := s.newDocumentList(ctx, scope, f, limit+1, newest)
	if err != nil {
		return Page[Document]{}, err
	}
	query, args := list.page()
	var rows []documentRow
	if err := s.db.SelectContext(ctx, &rows, query, args...); err != nil {
		return Page[Document]{}, sqlFault("store.Documents", err)
	}
	return documentsPage(rows, limit), nil
}

// documentsPage takes what was asked for out of the rows, up to the edge of what was looked at.
func documentsPage(rows []documentRow, limit int) Page[Document] {
	var page Page[Document]
	for i, r := range rows {
		if len(page.Items) == limit {
			page.Next = cursorOf(sortKeyOf(rows[i-1].SortedAt), rows[i-1].ID)
			break
		}
		if r.Matches {
			page.Items = append(page.Items, r.document())
		}
		if r.Edge {
			page.Next = cursorOf(sortKeyOf(r.SortedAt), r.ID)
			break
		}
	}
	return page
}

// countDocuments counts as far as it is enough, among the newest of each source.
func (s *Store) countDocuments(ctx context.Context, scope access.Scope, f DocumentFilter) (int64, error) {
	f.Cursor = ""
	if f.TotalMost <= 0 || f.TotalMost > TotalMost {
		f.TotalMost = TotalMost
	}
	list, err := s.newDocumentList(ctx, scope, f, int(f.TotalMost), false)
	if err != nil {
		return 0, err
	}
	query, args := list.count()
	var n int64
	err = s.db.GetContext(ctx, &n, query, args...)
	return n, sqlFault("store.Documents", err)
}
