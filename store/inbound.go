package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
)

// The states of an inbound message.
const (
	InboundReceived  = "received"  // waits to be made a document
	InboundSubmitted = "submitted" // is a document
	InboundRefused   = "refused"   // waits for a person, or for the source to send it mended
	InboundIgnored   = "ignored"   // is not meant to be a document
)

// inboundClaim is how long a claimed message may take before it is given again.
const inboundClaim = "60 seconds"

var _ = fault.Register(map[string]fault.Entry{
	"inbound.not_found": {Kind: fault.NotFound},
	"inbound.changed":   {Kind: fault.Conflict, Args: []string{"id", "number"}},
	"inbound.underway":  {Kind: fault.Busy, Args: []string{"id"}},
	"inbound.settled":   {Kind: fault.Conflict, Args: []string{"id"}},
})

// InboundInput is something that another system asks for. 入站消息
type InboundInput struct {
	Origin   document.Origin // which source, and what it is called there
	Entities []string        // of the source; none = every one
	Body     string
	Hash     string       // of Body
	State    string       // received, refused or ignored
	Fault    *fault.Fault // why it is refused

	// Held says that whoever receives it makes it a document at once; nobody else gets it
	// for a minute.
	Held bool

	// Calm says that what was refused stays so where the same comes again: whoever sends it
	// sends everything that is there each time.
	Calm bool
}

// Inbound is one inbound message and what became of it.
type Inbound struct {
	ID       string
	Origin   document.Origin
	Entities []string // of the source
	Entity   string   // of the document; "" while nobody knows
	Body     string
	Hash     string
	State    string
	Fault    *fault.Fault // why it was refused

	Document, Number string          // what it became
	Status           approval.Status // of that
	Voucher          string          // its number in the books

	ReceivedBy string // the role of the database that brought it

	DecidedBy, Reason                string // who asked to try again, or to leave it
	ReceivedAt, SettledAt, ChangedAt time.Time
}

// Receive keeps an inbound message, once under each name that its source gives: the
// same again is the first one. What was refused or ignored before is replaced by what
// comes now and tried anew; what became a document stays.
//
// Safe to repeat. Errors: Conflict inbound.changed where something else became a
// document under that name; Busy inbound.underway where something else is about to.
func (s *Store) Receive(ctx context.Context, in InboundInput) (Inbound, error) {
	err := s.inTx(ctx, "store.Receive", func(tx *sqlx.Tx) error {
		fresh, err := insertInbound(ctx, tx, in)
		if err != nil || fresh {
			return err
		}
		return receiveAgain(ctx, tx, in)
	})
	changed := fault.CodeOf(err) == "inbound.changed"
	if err != nil && !changed {
		return Inbound{}, err
	}
	if changed {
		err = errors.Join(err, s.noteChanged(ctx, in.Origin))
	}
	row, readErr := s.Inbound(ctx, in.Origin)
	return row, errors.Join(err, readErr)
}

func insertInbound(ctx context.Context, tx *sqlx.Tx, in InboundInput) (bool, error) {
	const insert = `
		INSERT INTO inbound_messages (id, source, external_id, entities, body, body_hash, state, fault, next_try, settled_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8,
		        clock_timestamp() + CASE WHEN $9 THEN interval '` + inboundClaim + `' ELSE interval '0' END,
		        CASE WHEN $7 <> 'received' THEN clock_timestamp() END)
		ON CONFLICT (source, external_id) DO NOTHING`
	result, err := tx.ExecContext(ctx, insert, newID(), in.Origin.Source, in.Origin.Reference,
		pq.Array(append([]string{}, in.Entities...)), in.Body, in.Hash, in.State, faultText(in.Fault), in.Held)
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n > 0, err
}

// receiveAgain judges what comes under a name that is there already.
func receiveAgain(ctx context.Context, tx *sqlx.Tx, in InboundInput) error {
	const look = `
		SELECT m.state, m.body_hash, coalesce(d.number, '') AS number FROM inbound_messages m
		LEFT JOIN documents d ON d.id = m.document
		WHERE m.source = $1 AND m.external_id = $2 FOR UPDATE OF m`
	var there struct {
		State, Number string
		Hash          string `db:"body_hash"`
	}
	if err := tx.GetContext(ctx, &there, look, in.Origin.Source, in.Origin.Reference); err != nil {
		return err
	}
	same := there.Hash == in.Hash
	switch {
	case same && (there.State != InboundRefused || in.Calm), in.State == InboundIgnored && there.State != InboundRefused:
		return nil
	case there.State == InboundSubmitted:
		return fault.New(fault.Conflict, "inbound.changed", fault.Arg("id", in.Origin.Reference),
			fault.Arg("number", there.Number))
	case there.State == InboundReceived:
		return fault.New(fault.Busy, "inbound.underway", fault.Arg("id", in.Origin.Reference))
	}
	const replace = `
		UPDATE inbound_messages SET body = $3, body_hash = $4, state = $5, fault = $6, entity = '',
		       next_try = clock_timestamp() + CASE WHEN $7 THEN interval '` + inboundClaim + `' ELSE interval '0' END
		WHERE source = $1 AND external_id = $2`
	_, err := tx.ExecContext(ctx, replace, in.Origin.Source, in.Origin.Reference, in.Body, in.Hash, in.State,
		faultText(in.Fault), in.Held)
	return err
}

func faultText(f *fault.Fault) string {
	if f == nil {
		return ""
	}
	return string(mustJSON(f))
}

// noteChanged keeps that something else came under the name of what became a document.
func (s *Store) noteChanged(ctx context.Context, o document.Origin) error {
	return s.inTx(ctx, "store.noteChanged", func(tx *sqlx.Tx) error {
		const note = `UPDATE inbound_messages SET changed_at = clock_timestamp() WHERE source = $1 AND external_id = $2`
		_, err := tx.ExecContext(ctx, note, o.Source, o.Reference)
		return err
	})
}

// ClaimInbound takes up to limit messages of some sources to make documents of; nobody
// else gets them for a minute.
func (s *Store) ClaimInbound(ctx context.Context, sources []string, limit int) ([]Inbound, error) {
	const claim = `
		WITH due AS (
			SELECT id FROM inbound_messages WHERE state = 'received' AND next_try <= statement_timestamp() AND source = ANY($2)
			ORDER BY next_try, id LIMIT $1 FOR UPDATE SKIP LOCKED
		)
		UPDATE inbound_messages m
		SET tries = m.tries + 1, next_try = clock_timestamp() + interval '` + inboundClaim + `'
		FROM due WHERE m.id = due.id
		RETURNING m.id, m.source, m.external_id, m.entities, m.entity, m.body, m.body_hash, m.state, m.document, m.fault,
		          m.decided_by, m.reason, m.changed_at, m.received_at, m.received_by, m.settled_at,
		          '' AS number, '' AS status,
		          '' AS voucher`
	var rows []inboundRow
	err := s.inTx(ctx, "store.ClaimInbound", func(tx *sqlx.Tx) error {
		return tx.SelectContext(ctx, &rows, claim, limitOf(limit), pq.Array(sources))
	})
	if err != nil {
		return nil, err
	}
	return inboundOf(rows)
}

// InboundBecame says which document a message became. Safe to repeat.
func (s *Store) InboundBecame(ctx context.Context, id string, d Document) error {
	const done = `
		UPDATE inbound_messages SET state = 'submitted', document = $2, entity = $3, fault = '',
		       settled_at = clock_timestamp()
		WHERE id = $1 AND state <> 'submitted'`
	return s.inTx(ctx, "store.InboundBecame", func(tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, done, id, d.ID, d.Entity)
		return err
	})
}

// InboundFailed says why a message cannot become a document, and in which entity it
// would be one, "" where nobody knows. Safe to repeat.
func (s *Store) InboundFailed(ctx context.Context, m Inbound, f *fault.Fault, entity string) error {
	const failed = `
		UPDATE inbound_messages SET state = 'refused', fault = $3, entity = $4, settled_at = clock_timestamp()
		WHERE id = $1 AND state = 'received' AND body_hash = $2`
	return s.inTx(ctx, "store.InboundFailed", func(tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, failed, m.ID, m.Hash, faultText(f), entity)
		return err
	})
}

// InboundRuling is what a person says of a message that was refused.
type InboundRuling struct {
	ID, Person string
	Leave      bool   // it is not meant to be a document; false tries it again
	Reason     string // where it is left
}

// RuleInbound carries out what a person says of a refused message.
//
// Safe to repeat. Errors: Conflict inbound.settled where it is refused no more.
func (s *Store) RuleInbound(ctx context.Context, r InboundRuling) error {
	state := InboundReceived
	if r.Leave {
		state = InboundIgnored
	}
	const rule = `
		UPDATE inbound_messages SET state = $2, decided_by = $3, reason = $4, next_try = clock_timestamp()
		WHERE id = $1 AND (state = 'refused' OR state = $2 AND decided_by = $3)`
	return s.inTx(ctx, "store.RuleInbound", func(tx *sqlx.Tx) error {
		result, err := tx.ExecContext(ctx, rule, r.ID, state, r.Person, r.Reason)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, fault.New(fault.Conflict, "inbound.settled", fault.Arg("id", r.ID)))
		}
		return nil
	})
}

// OfOrigin finds the document that another system had made under a name; "" for none.
func (s *Store) OfOrigin(ctx context.Context, o document.Origin) (string, error) {
	const find = `SELECT id FROM documents WHERE origin_source = $1 AND origin_reference = $2 AND origin_source <> ''`
	var id string
	err := s.db.GetContext(ctx, &id, find, o.Source, o.Reference)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return id, sqlFault("store.OfOrigin", err)
}

type inboundRow struct {
	ID, Source, Entity, Body, State, Document, Fault, Reason, Number, Status, Voucher string

	ExternalID string         `db:"external_id"`
	Entities   pq.StringArray `db:"entities"`
	Hash       string         `db:"body_hash"`
	DecidedBy  string         `db:"decided_by"`
	ReceivedAt time.Time      `db:"received_at"`
	ReceivedBy string         `db:"received_by"`
	SettledAt  sql.NullTime   `db:"settled_at"`
	ChangedAt  sql.NullTime   `db:"changed_at"`
}

func inboundOf(rows []inboundRow) ([]Inbound, error) {
	list := make([]Inbound, 0, len(rows))
	for _, r := range rows {
		m := Inbound{
			ID: r.ID, Origin: document.Origin{Source: r.Source, Reference: r.ExternalID}, Entities: r.Entities,
			Entity: r.Entity, Body: r.Body, Hash: r.Hash, State: r.State, Document: r.Document, Number: r.Number,
			Status: approval.Status(r.Status), Voucher: r.Voucher, DecidedBy: r.DecidedBy, Reason: r.Reason,
			ReceivedAt: r.ReceivedAt.UTC(), ReceivedBy: r.ReceivedBy,
			SettledAt: orZero(r.SettledAt), ChangedAt: orZero(r.ChangedAt),
		}
		if r.Fault != "" {
			m.Fault = new(fault.Fault)
			if err := json.Unmarshal([]byte(r.Fault), m.Fault); err != nil {
				return nil, sqlFault("store.inbound", err)
			}
		}
		list = append(list, m)
	}
	return list, nil
}
