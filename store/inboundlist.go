package store

import (
	"context"

	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
)

const inboundColumns = `
	m.id, m.source, m.external_id, m.entities, m.entity, m.body, m.body_hash, m.state, m.document, m.fault, m.decided_by,
	m.reason, m.changed_at, m.received_at, m.received_by, m.settled_at, coalesce(d.number, '') AS number,
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
