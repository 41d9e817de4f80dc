package store

import (
	"context"
	"regexp"
	"strings"
	"unicode"

	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/access"
)

// titledMost is how many documents may have what is searched for in their titles, so
// that all of them are looked at, whoever searches.
const titledMost = 1_000

// searches says whether a query is one for the indexes of searching. What is too short
// for them, or the beginning of very many numbers, is looked for in the newest documents.
func (f DocumentFilter) searches() bool {
	return f.CopiedTo == "" && !f.Intervened && len(gramsOf(f.Query)) > 0 && !numberBroad.MatchString(f.Query)
}

// rare finds what few documents have in their titles: each of them is held against the
// reader's rights. Numbers are few, too. Applicants are looked for among the documents
// of whom the list is of, else among what a role lets the reader read, and among what
// concerns them where there is none.
func (l *documentList) rare() {
	l.found(`d.id = ANY(` + l.value(pq.Array(l.titled)) + `)`)
	l.numbered(`d.number IS NOT NULL`)
	switch {
	case l.filter.Submitter != "" && len(l.filter.Named) > 0:
		l.named(l.ofSubmitter())
	case len(l.filter.Named) > 0 && l.wide():
		l.named(l.allowed())
	case len(l.filter.Named) > 0:
		l.own()
		return
	}
	if l.scope.Person != "" {
		l.source(inDocuments, `d.submitter = `+l.value(l.scope.Person)+` AND d.number IS NULL`)
	}
}

// common finds what many documents have in their titles, among those that a role lets
// them read.
func (l *documentList) common() {
	allowed := l.allowed()
	l.sources = append(l.sources, l.weekly(l.first(`search_grams(d.title, d.sorted_at) @> weeks.wanted AND `+allowed))+
		` LIMIT `+l.limit)
	l.numbered(allowed)
	l.named(allowed)
}

// allowed is the condition on what a role lets somebody read.
func (l *documentList) allowed() string {
	if l.scope.All {
		return `d.number IS NOT NULL`
	}
	return `d.number IS NOT NULL AND (d.entity = ANY(` + l.value(pq.Array(l.scope.Entities)) + `) OR d.department = ANY(` +
		l.value(pq.Array(l.scope.Departments)) + `))`
}

// numbered finds a number by its beginning, or by the digits at its end.
func (l *documentList) numbered(allowed string) {
	if low, high, ok := numberRange(l.filter.Query); ok {
		l.found(`d.number ~>=~ ` + l.value(low) + ` AND d.number ~<~ ` + l.value(high) + ` AND ` + allowed)
	}
	if tail, ok := numberTail(l.filter.Query); ok {
		l.found(`substring(d.number FROM '[0-9]+$') = ` + l.value(tail) + ` AND ` + allowed)
	}
}

// named finds the documents for those whom the query names.
func (l *documentList) named(allowed string) {
	if len(l.filter.Named) > 0 {
		l.sources = append(l.sources, `SELECT s.* FROM unnest(`+l.value(pq.Array(l.filter.Named))+`::text[]) AS given (one)
			CROSS JOIN LATERAL (`+l.newestOf(`d.requester = given.one AND `+allowed)+`) AS s`)
	}
}

func (l *documentList) found(condition string) {
	l.sources = append(l.sources, `SELECT s.* FROM (`+l.first(condition)+`) AS s`)
}

// first gives the newest of few matches: all of them are read, and then put in order.
// OFFSET 0 keeps PostgreSQL from going through all documents in their order instead,
// because it expects to meet enough of them soon.
func (l *documentList) first(condition string) string {
	return `SELECT m.id, m.sorted_at, false AS edge FROM (
			SELECT d.id, d.sorted_at FROM documents d WHERE ` + condition + ` AND ` + l.matches + l.span(inDocuments) + `
			OFFSET 0) AS m
		ORDER BY m.sorted_at DESC, m.id DESC LIMIT ` + l.limit
}

// newestOf gives the newest matches, along an index in their order: as many as are
// enough, so that it has no edge.
func (l *documentList) newestOf(condition string) string {
	return `SELECT d.id, d.sorted_at, false AS edge FROM documents d WHERE ` + condition + ` AND ` + l.matches +
		l.span(inDocuments) + ` ORDER BY d.sorted_at DESC, d.id DESC LIMIT ` + l.limit
}

// titled are the ids of all documents that may have the query in their title, whoever
// may read them; nil where they are more than titledMost.
func (s *Store) titled(ctx context.Context, l *documentList) ([]string, error) {
	probe := &documentList{filter: l.filter, key: l.key, id: l.id}
	query := probe.weekly(`SELECT d.id FROM documents d
		WHERE search_grams(d.title, d.sorted_at) @> weeks.wanted AND d.number IS NOT NULL`+probe.span(inDocuments)+`
		OFFSET 0`) + ` LIMIT ` + probe.value(titledMost+1)
	ids := []string{}
	if err := s.db.SelectContext(ctx, &ids, query, probe.args...); err != nil {
		return nil, sqlFault("store.Documents", err)
	}
	if len(ids) > titledMost {
		return nil, nil
	}
	return ids, nil
}

// fewAllowed says whether a role lets somebody read no more than a page looks through: a
// word that many documents of others have is found faster in those few than by its index.
func (s *Store) fewAllowed(ctx context.Context, scope access.Scope) (few bool, err error) {
	const query = `SELECT count(*) <= $3 FROM (
		(SELECT FROM unnest($1::text[]) AS given (one) CROSS JOIN LATERAL (
			SELECT FROM documents d WHERE d.entity = given.one LIMIT $3 + 1) AS e LIMIT $3 + 1)
		UNION ALL
		(SELECT FROM unnest($2::text[]) AS given (one) CROSS JOIN LATERAL (
			SELECT FROM documents d WHERE d.department = given.one LIMIT $3 + 1) AS p LIMIT $3 + 1)) AS read`
	err = s.db.GetContext(ctx, &few, query, pq.Array(scope.Entities), pq.Array(scope.Departments),
		windowMost*windowsMost)
	return few, sqlFault("store.Documents", err)
}

// weekly asks something of each week's pairs of characters, from the newest week back.
// The weeks come in their order, and what a week gives is newer than what the next one
// does: so the first rows are the newest.
func (l *documentList) weekly(asked string) string {
	newest, oldest := `max(d.sorted_at)`, `min(d.sorted_at)`
	if l.key != "" {
		newest = `least(` + newest + `, ` + l.value(l.key) + `::text::timestamptz)`
	}
	if !l.filter.To.IsZero() {
		newest = `least(` + newest + `, ` + l.value(l.filter.To) + `::timestamptz)`
	}
	if !l.filter.From.IsZero() {
		oldest = `greatest(` + oldest + `, ` + l.value(l.filter.From) + `::timestamptz)`
	}
	week := func(at string) string { return `floor(extract(epoch FROM ` + at + `) / 604800)::bigint` }
	return `SELECT s.* FROM (
			SELECT ARRAY(SELECT week || ':' || gram FROM unnest(` + l.value(pq.Array(gramsOf(l.filter.Query))) + `::text[])
			       AS gram) AS wanted
			FROM generate_series((SELECT ` + week(newest) + ` FROM documents d), (SELECT ` + week(oldest) + ` FROM documents d),
			                     -1) AS week OFFSET 0) AS weeks
		CROSS JOIN LATERAL (` + asked + `) AS s`
}

// gramsOf are the pairs of characters that must be in a title, as search_grams makes
// them.
func gramsOf(query string) []string {
	var grams []string
	folded := []rune(strings.ToLower(query))
	for i := range len(folded) - 1 {
		if !unicode.IsSpace(folded[i]) && !unicode.IsSpace(folded[i+1]) {
			grams = append(grams, string(folded[i:i+2]))
		}
	}
	return grams
}

// numberBroad is the beginning of so many numbers that the newest documents are soon
// enough: EXP, EXP-20, EXP-2026-0.
var (
	numberBroad  = regexp.MustCompile(`^([A-Z]{2,8}|[A-Za-z]{2,8}-(\d{0,4}|\d{4}-\d{0,2}))$`)
	numberNarrow = regexp.MustCompile(`^[A-Za-z]{2,8}-\d{4}-\d{3,}$`)
	digits       = regexp.MustCompile(`^\d{1,6}$`)
)

// numberRange is the range of the numbers that begin with a query.
func numberRange(query string) (low, high string, ok bool) {
	low = strings.ToUpper(query)
	return low, low + ":", numberNarrow.MatchString(query) // the character after the digits
}

// numberTail is the digits that end a number, as numbers are written.
func numberTail(query string) (string, bool) {
	if !digits.MatchString(query) {
		return "", false
	}
	return strings.Repeat("0", 6-len(query)) + query, true
}
