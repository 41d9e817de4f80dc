package store

import (
	"context"
	"strconv"
	"time"

	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/fault"
)

// Exchange is one request to an ERP and what became of it, without secrets. 报文
type Exchange struct {
	ID                          int64
	Connection, Adapter, Op     string
	Document, Reference, Entity string // "" where it was about no single one
	DocumentNumber              string
	Attempt                     int // of the calls that write; 0 = it only looked
	StartedAt                   time.Time
	Took                        time.Duration
	Status                      int // of HTTP; 0 = no answer, or no HTTP
	Class, Code, Method, Path   string
	SentBytes, GotBytes         int64
	SentSum, GotSum             string // SHA-256, where no excerpt could be kept
	Sent, Got                   string // excerpts, redacted; only of a single one
}

// Books is one connection as somebody may look at it.
type Books struct {
	Connection string
	Entities   []string
}

// exchangeColumns in the order of SaveExchanges.
var exchangeColumns = []string{
	"connection", "adapter", "op", "document", "reference", "entity", "attempt", "started_at",
	"took_us", "status", "class", "code", "method", "path", "sent_bytes", "got_bytes", "sent_sum",
	"got_sum", "sent", "got",
}

// SaveExchanges keeps a batch in one statement: all of it or nothing.
//
// Not safe to repeat: a batch that was kept and whose answer was lost is there twice.
func (s *Store) SaveExchanges(ctx context.Context, batch []Exchange) error {
	if len(batch) == 0 {
		return nil
	}
	columns := make([][]any, len(exchangeColumns))
	for _, x := range batch {
		for i, value := range []any{x.Connection, x.Adapter, x.Op, x.Document, x.Reference, x.Entity, x.Attempt,
			x.StartedAt.UTC().Format(time.RFC3339Nano), x.Took.Microseconds(), x.Status, x.Class, x.Code, x.Method, x.Path,
			x.SentBytes, x.GotBytes, x.SentSum, x.GotSum, x.Sent, x.Got} {
			columns[i] = append(columns[i], value)
		}
	}
	args := make([]any, len(columns))
	for i, c := range columns {
		args[i] = pq.Array(c)
	}
	const insert = `
		INSERT INTO erp_exchanges (connection, adapter, op, document, reference, entity, attempt, started_at, took_us,
		       status, class, code, method, path, sent_bytes, got_bytes, sent_sum, got_sum, sent, got)
		SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::integer[],
		       $8::timestamptz[], $9::bigint[], $10::integer[], $11::text[], $12::text[], $13::text[], $14::text[],
		       $15::bigint[], $16::bigint[], $17::text[], $18::text[], $19::text[], $20::text[])`
	_, err := s.db.ExecContext(ctx, insert, args...)
	return sqlFault("store.SaveExchanges", err)
}

// ExchangeFilter narrows the log of exchanges. Empty fields do not narrow.
type ExchangeFilter struct {
	Connection, Op, Class string
	Document              string // id or number
	From, Until           time.Time
	Cursor                string
	Limit                 int // 0 means 20; 200 at most
}

type exchangeRow struct {
	ID                          int64
	Connection, Adapter, Op     string
	Document, Reference, Entity string
	Number                      string
	Attempt                     int
	StartedAt                   time.Time `db:"started_at"`
	Took                        int64     `db:"took_us"`
	Status                      int
	Class, Code, Method, Path   string
	SentBytes                   int64  `db:"sent_bytes"`
	GotBytes                    int64  `db:"got_bytes"`
	SentSum                     string `db:"sent_sum"`
	GotSum                      string `db:"got_sum"`
	Sent, Got                   string
}

func (r exchangeRow) exchange() Exchange {
	return Exchange{
		ID: r.ID, Connection: r.Connection, Adapter: r.Adapter, Op: r.Op, Document: r.Document, Reference: r.Reference,
		Entity: r.Entity, DocumentNumber: r.Number, Attempt: r.Attempt, StartedAt: r.StartedAt.UTC(),
		Took: time.Duration(r.Took) * time.Microsecond, Status: r.Status, Class: r.Class, Code: r.Code, Method: r.Method,
		Path: r.Path, SentBytes: r.SentBytes, GotBytes: r.GotBytes, SentSum: r.SentSum, GotSum: r.GotSum, Sent: r.Sent,
		Got: r.Got,
	}
}

const exchangeHead = `e.id, e.connection, e.adapter, e.op, e.document, e.reference, e.entity, e.attempt, e.started_at,
	e.took_us, e.status, e.class, e.code, e.method, e.path, e.sent_bytes, e.got_bytes, e.sent_sum, e.got_sum`

// exchangeList is the log as SQL: along the index of each connection, or of the document.
type exchangeList struct {
	where
	filter ExchangeFilter
	limit  int
	key    string
	id     int64
}

// newest are the newest exchanges that a condition finds.
func (l *exchangeList) newest(condition string) string {
	w := where{args: l.args}
	for column, value := range map[string]string{"op": l.filter.Op, "class": l.filter.Class} {
		if value != "" {
			w.and(`e.`+column+` = ?`, value)
		}
	}
	if !l.filter.From.IsZero() {
		w.and(`e.started_at >= ?`, l.filter.From.UTC())
	}
	if !l.filter.Until.IsZero() {
		w.and(`e.started_at < ?`, l.filter.Until.UTC())
	}
	if l.key != "" {
		w.and(`(e.started_at, e.id) < (?::text::timestamptz, ?)`, l.key, l.id)
	}
	l.args = w.args
	return `SELECT ` + exchangeHead + ` FROM erp_exchanges e WHERE ` + condition + w.text.String() + `
		ORDER BY e.started_at DESC, e.id DESC LIMIT ` + strconv.Itoa(l.limit)
}

// seen is what a scope may know of an exchange: what is of its entities, and what is of
// none where the whole connection is theirs.
func (l *exchangeList) seen(scope access.Scope, whole string) string {
	if scope.All {
		return `true`
	}
	return `(e.entity = ANY(` + l.value(pq.Array(scope.Entities)) + `) OR e.entity = '' AND ` + whole + `)`
}

func (l *exchangeList) source(scope access.Scope, books []Books) string {
	if l.filter.Document != "" {
		document := l.value(l.filter.Document)
		return l.newest(`e.document <> '' AND e.document = ANY (ARRAY(SELECT id FROM documents WHERE number = ` +
			document + ` LIMIT 20) || ` +
			document + `) AND ` + l.seen(scope, `false`))
	}
	ids, whole := make([]string, len(books)), make([]bool, len(books))
	for i, b := range books {
		ids[i], whole[i] = b.Connection, wholly(scope, b.Entities)
	}
	given := `unnest(` + l.value(pq.Array(ids)) + `::text[], ` + l.value(pq.Array(whole)) +
		`::boolean[]) AS given (id, whole)`
	return `SELECT x.* FROM ` + given + ` CROSS JOIN LATERAL (` +
		l.newest(`e.connection = given.id AND `+l.seen(scope, `given.whole`)) + `) AS x`
}

func wholly(scope access.Scope, entities []string) bool {
	if scope.All {
		return true
	}
	held := map[string]bool{}
	for _, e := range scope.Entities {
		held[e] = true
	}
	for _, e := range entities {
		if !held[e] {
			return false
		}
	}
	return true
}

// Exchanges lists what was said to the ERPs, the newest first, as far as a scope may
// know of it.
//
// Errors: Invalid cursor.bad.
func (s *Store) Exchanges(ctx context.Context, scope access.Scope, books []Books, f ExchangeFilter) (
	Page[Exchange], error) {
	limit := limitOf(f.Limit)
	l := &exchangeList{filter: f, limit: limit + 1}
	key, id, err := readTimeCursor(f.Cursor)
	if err != nil {
		return Page[Exchange]{}, err
	}
	if l.key = key; key != "" {
		if l.id, err = strconv.ParseInt(id, 10, 64); err != nil {
			return Page[Exchange]{}, fault.New(fault.Invalid, "cursor.bad", fault.Field("cursor"))
		}
	}
	query := `
		SELECT e.*, coalesce(d.number, '') AS number FROM (` + l.source(scope, books) + `) AS e
		LEFT JOIN documents d ON d.id = nullif(e.document, '')
		ORDER BY e.started_at DESC, e.id DESC LIMIT ` + strconv.Itoa(l.limit)
	var rows []exchangeRow
	if err := s.db.SelectContext(ctx, &rows, query, l.args...); err != nil {
		return Page[Exchange]{}, sqlFault("store.Exchanges", err)
	}
	var page Page[Exchange]
	if len(rows) > limit {
		rows = rows[:limit]
		page.Next = cursorOf(sortKeyOf(rows[limit-1].StartedAt), strconv.FormatInt(rows[limit-1].ID, 10))
	}
	for _, r := range rows {
		page.Items = append(page.Items, r.exchange())
	}
	return page, nil
}

// Exchange is one exchange with its excerpts.
//
// Errors: NotFound exchange.not_found.
func (s *Store) Exchange(ctx context.Context, scope access.Scope, books []Books, id int64) (Exchange, error) {
	var whole []string
	for _, b := range books {
		if wholly(scope, b.Entities) {
			whole = append(whole, b.Connection)
		}
	}
	const query = `
		SELECT ` + exchangeHead + `, e.sent, e.got, coalesce(d.number, '') AS number
		FROM erp_exchanges e LEFT JOIN documents d ON d.id = nullif(e.document, '')
		WHERE e.id = $1 AND ($2 OR e.entity = ANY($3) OR e.entity = '' AND e.connection = ANY($4))`
	var row exchangeRow
	err := s.db.GetContext(ctx, &row, query, id, scope.All, pq.Array(scope.Entities), pq.Array(whole))
	return row.exchange(), sqlFault("store.Exchange", noRows(err, fault.New(fault.NotFound, "exchange.not_found")))
}

// exchangeSweep is how many exchanges are deleted at once.
const exchangeSweep = 5000

// DeleteExchanges deletes some of the oldest exchanges that began before an instant, and
// says how many. Safe to repeat, and to do twice at once.
func (s *Store) DeleteExchanges(ctx context.Context, before time.Time) (int, error) {
	const sweep = `
		DELETE FROM erp_exchanges WHERE id IN (
			SELECT o.id FROM (SELECT id, started_at FROM erp_exchanges ORDER BY id LIMIT $2) AS o WHERE o.started_at < $1)`
	result, err := s.db.ExecContext(ctx, sweep, before.UTC(), exchangeSweep)
	if err != nil {
		return 0, sqlFault("store.DeleteExchanges", err)
	}
	n, err := result.RowsAffected()
	return int(n), sqlFault("store.DeleteExchanges", err)
}
