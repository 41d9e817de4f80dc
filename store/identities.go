package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
)

// identityStream holds the sign-ins of one person: and the person's id.
const identityStream = "identity:"

// The events of sign-ins.
const (
	IdentityBound   = "identity.bound"
	IdentityUnbound = "identity.unbound"
)

var _ = fault.Register(map[string]fault.Entry{
	"identity.bound_elsewhere": {Kind: fault.Conflict, Args: []string{"person", "issuer"}},
})

// How an identity came to be somebody's.
const (
	BoundByDirectory = "directory" // the organisation names the subject
	BoundByClaim     = "claim"     // a claim of a trusted issuer names the person's id
	BoundByEmail     = "email"     // a verified address of a trusted issuer is the person's
)

// Binding is whose sign-in it is. 登录绑定
type Binding struct {
	ID      string `json:"id"`
	Issuer  string `json:"issuer"`
	Subject string `json:"subject"`
	Person  string `json:"person"`
	How     string `json:"how"`
	By      string `json:"by,omitempty"`     // who let it go
	Reason  string `json:"reason,omitempty"` // why

	BoundAt   time.Time `json:"bound_at"`
	UnboundAt time.Time `json:"unbound_at,omitzero"`
}

type bindingRow struct {
	ID, Issuer, Subject, Person, How string

	BoundAt      time.Time    `db:"bound_at"`
	UnboundBy    string       `db:"unbound_by"`
	UnboundAt    sql.NullTime `db:"unbound_at"`
	UnbindReason string       `db:"unbind_reason"`
}

const bindingColumns = `id, issuer, subject, person, how, bound_at, unbound_by, unbound_at, unbind_reason`

func (r bindingRow) binding() Binding {
	return Binding{
		ID: r.ID, Issuer: r.Issuer, Subject: r.Subject, Person: r.Person, How: r.How, BoundAt: r.BoundAt.UTC(),
		By: r.UnboundBy, Reason: r.UnbindReason, UnboundAt: orZero(r.UnboundAt),
	}
}

// IdentityPerson is whose an identity is.
//
// Errors: NotFound identity.unbound.
func (s *Store) IdentityPerson(ctx context.Context, issuer, subject string) (string, error) {
	const query = `SELECT person FROM identities WHERE issuer = $1 AND subject = $2 AND unbound_at IS NULL`
	var person string
	err := s.db.GetContext(ctx, &person, query, issuer, subject)
	return person, sqlFault("store.IdentityPerson", noRows(err, fault.New(fault.NotFound, "identity.unbound")))
}

// AddressKept says whether an address is the only one that a person ever had. Who
// may change addresses, such as a directory, must not come into accounts by it.
func (s *Store) AddressKept(ctx context.Context, person, address string) (bool, error) {
	const query = `
		SELECT NOT EXISTS (SELECT FROM org_rows WHERE kind = 'person' AND id = $1
		                   AND lower(coalesce(body::jsonb ->> 'email', '')) NOT IN ('', lower($2)))`
	var kept bool
	err := s.db.GetContext(ctx, &kept, query, person, address)
	return kept, sqlFault("store.AddressKept", err)
}

// BindIdentity makes an identity a person's, for ever or until it is let go, and
// records it. Nobody has two at one issuer: an account that took another's place is
// let go by hand.
//
// Safe to repeat: whose it is already stays so.
// Errors: Conflict identity.bound_elsewhere, where either has another.
func (s *Store) BindIdentity(ctx context.Context, b Binding) error {
	return s.inTx(ctx, "store.BindIdentity", func(tx *sqlx.Tx) error {
		if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock(hashtext('countersign.identity'))`); err != nil {
			return err
		}
		const query = `
			SELECT ` + bindingColumns + ` FROM identities
			WHERE issuer = $1 AND unbound_at IS NULL AND (subject = $2 OR person = $3) LIMIT 2`
		var standing []bindingRow
		if err := tx.SelectContext(ctx, &standing, query, b.Issuer, b.Subject, b.Person); err != nil {
			return err
		}
		if len(standing) == 1 && standing[0].Subject == b.Subject && standing[0].Person == b.Person {
			return nil
		}
		if len(standing) > 0 {
			return fault.New(fault.Conflict, "identity.bound_elsewhere",
				fault.Arg("person", b.Person), fault.Arg("issuer", b.Issuer))
		}
		b.ID = newID()
		if err := tx.GetContext(ctx, &b.BoundAt, `SELECT clock_timestamp()`); err != nil {
			return err
		}
		b.BoundAt = b.BoundAt.UTC().Truncate(time.Microsecond)
		const insert = `
			INSERT INTO identities (id, issuer, subject, person, how, bound_at) VALUES ($1, $2, $3, $4, $5, $6)`
		if _, err := tx.ExecContext(ctx, insert, b.ID, b.Issuer, b.Subject, b.Person, b.How, b.BoundAt); err != nil {
			return err
		}
		return recordFact(ctx, tx, identityStream+b.Person, "bind:"+b.ID,
			evidence.Draft{Kind: IdentityBound, Actor: b.Person, Data: mustJSON(b)})
	})
}

// UnbindIdentity lets an identity of a person go, records who did and why, and ends
// the sessions that began by it.
//
// Errors: NotFound identity.unbound.
func (s *Store) UnbindIdentity(ctx context.Context, person, issuer, by, reason string) error {
	return s.inTx(ctx, "store.UnbindIdentity", func(tx *sqlx.Tx) error {
		const letGo = `
			UPDATE identities SET unbound_at = date_trunc('microseconds', clock_timestamp()), unbound_by = $3,
			       unbind_reason = $4
			WHERE person = $1 AND issuer = $2 AND unbound_at IS NULL RETURNING ` + bindingColumns
		var row bindingRow
		err := tx.GetContext(ctx, &row, letGo, person, issuer, by, reason)
		if err != nil {
			return noRows(err, fault.New(fault.NotFound, "identity.unbound"))
		}
		const end = `DELETE FROM sessions WHERE issuer = $1 AND subject = $2`
		if _, err := tx.ExecContext(ctx, end, row.Issuer, row.Subject); err != nil {
			return err
		}
		return recordFact(ctx, tx, identityStream+person, "unbind:"+row.ID,
			evidence.Draft{Kind: IdentityUnbound, Actor: by, Data: mustJSON(row.binding())})
	})
}

// Identities lists the sign-ins of a person, those let go too, the newest first.
func (s *Store) Identities(ctx context.Context, person string) ([]Binding, error) {
	const query = `SELECT ` + bindingColumns + ` FROM identities WHERE person = $1 ORDER BY bound_at DESC, id LIMIT 100`
	var rows []bindingRow
	if err := s.db.SelectContext(ctx, &rows, query, person); err != nil {
		return nil, sqlFault("store.Identities", err)
	}
	var list []Binding
	for _, r := range rows {
		list = append(list, r.binding())
	}
	return list, nil
}
