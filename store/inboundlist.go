package store

import (
	"context"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
)

const inboundColumns = `
	m.id, m.source, m.external_id, m.entities, m.entity, m.body, m.body_hash, m.state, m.document, m.fault, m.decided_by,
	m.reason, m.changed_at, m.received_at, m.settled_at, coalesce(d.number, '') AS number,
	coalesce(d.status, '') AS status, coalesce(d.voucher_number, '') AS voucher
	FROM inbound_messages m LEFT JOIN documents d ON d.id = m.document`

// inboundSeen is what a scope may know of a message m: that of its entity, and while
// nobody knows which, that of a source which serves none that the scope does not reach.
const inboundSeen = `(? OR m.entity = ANY(?) OR m.entity = '' AND m.entities <> '{}' AND m.entities <@ ?)`

// Inbound is one message by the name that its source gives.
//
// Errors: NotFound inbound.not_found.
func (s *Store) Inbound(ctx context.Context, o document.Origin) (Inbound, error) {
	return s.oneInbound(ctx, `SELECT `+inboundColumns+` WHERE m.source = $1 AND m.external_id = $2`,
		o.Source, o.Reference)
}

// InboundByID is one message that a scope may know of.
//
// Errors: NotFound inbound.not_found.
func (s *Store) InboundByID(ctx context.Context, scope access.Scope, id string) (Inbound, error) {
	var w where
	w.and(`m.id = ?`, id)
	w.seesInbound(scope)
	return s.oneInbound(ctx, `SELECT `+inboundColumns+` WHERE true`+w.text.String(), w.args...)
}

func (s *Store) oneInbound(ctx context.Context, query string, args ...any) (Inbound, error) {
	var row inboundRow
	if err := s.db.GetContext(ctx, &row, query, args...); err != nil {
		return Inbound{}, sqlFault("store.Inbound", noRows(err, fault.New(fault.NotFound, "inbound.not_found")))
	}
	list, err := inboundOf([]inboundRow{row})
	if err != nil {
		return Inbound{}, err
	}
	return list[0], nil
}

func (w *where) seesInbound(scope access.Scope) {
	w.and(inboundSeen, scope.All, pq.Array(scope.Entities), pq.Array(scope.Entities))
}

// InboundFilter narrows the list of messages. Empty fields do not narrow.
type InboundFilter struct {
	Source, State, Cursor string
	Limit                 int
}

// Inbounds lists the messages that a scope may know of, the newest first.
func (s *Store) Inbounds(ctx context.Context, scope access.Scope, f InboundFilter) (Page[Inbound], error) {
	key, id, err := readTimeCursor(f.Cursor)
	if err != nil {
		return Page[Inbound]{}, err
	}
	var w where
	w.seesInbound(scope)
	if f.Source != "" {
		w.and(`m.source = ?`, f.Source)
	}
	if f.State != "" {
		w.and(`m.state = ?`, f.State)
	}
	if key != "" {
		w.and(`(m.received_at, m.id) < (?::timestamptz, ?)`, key, id)
	}
	limit := limitOf(f.Limit)
	query := `SELECT ` + inboundColumns + ` WHERE true` + w.text.String() + `
		ORDER BY m.received_at DESC, m.id DESC LIMIT ` + w.value(limit+1)
	var rows []inboundRow
	if err := s.db.SelectContext(ctx, &rows, query, w.args...); err != nil {
		return Page[Inbound]{}, sqlFault("store.Inbounds", err)
	}
	list, err := inboundOf(rows[:min(limit, len(rows))])
	page := Page[Inbound]{Items: list}
	if len(rows) > limit {
		last := list[limit-1]
		page.Next = cursorOf(sortKeyOf(last.ReceivedAt), last.ID)
	}
	return page, err
}

// InboundCursor is how far a source that we ask was read.
type InboundCursor struct {
	Source, Position string
	Rows             int64  // that the last reading brought
	Fault            string // why it failed; "" where it did not
}

// InboundCursor tells how far a source was read; the zero value where it never was.
func (s *Store) InboundCursor(ctx context.Context, source string) (InboundCursor, error) {
	const query = `SELECT source, position, rows, fault FROM inbound_cursors WHERE source = $1`
	var list []InboundCursor
	if err := s.db.SelectContext(ctx, &list, query, source); err != nil {
		return InboundCursor{}, sqlFault("store.InboundCursor", err)
	}
	if len(list) == 0 {
		return InboundCursor{Source: source}, nil
	}
	return list[0], nil
}

// SaveInboundCursor keeps how far a source was read. Safe to repeat.
func (s *Store) SaveInboundCursor(ctx context.Context, c InboundCursor) error {
	const save = `
		INSERT INTO inbound_cursors (source, position, rows, fault) VALUES ($1, $2, $3, $4)
		ON CONFLICT (source) DO UPDATE SET position = $2, rows = $3, fault = $4, read_at = clock_timestamp()`
	return s.inTx(ctx, "store.SaveInboundCursor", func(tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, save, c.Source, c.Position, c.Rows, c.Fault)
		return err
	})
}
