package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/delegation"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
)

// delegationStream holds the delegations of one person: and the person's id.
const delegationStream = "delegation:"

// delegationsMost is how many rules one list has; older ones are in the stream.
const delegationsMost = 500

type delegationRow struct {
	ID, Person, Delegate string
	FromAt               time.Time `db:"from_at"`
	UntilAt              time.Time `db:"until_at"`
	Types                pq.StringArray
	CapMinor             int64  `db:"cap_minor"`
	CapCurrency          string `db:"cap_currency"`
	Reason               string
	MadeBy               string       `db:"made_by"`
	MadeAt               time.Time    `db:"made_at"`
	RevokedBy            string       `db:"revoked_by"`
	RevokedAt            sql.NullTime `db:"revoked_at"`
	RevokeReason         string       `db:"revoke_reason"`
}

const delegationColumns = `id, person, delegate, from_at, until_at, types, cap_minor, cap_currency, reason, made_by,
	made_at, revoked_by, revoked_at, revoke_reason`

func (r delegationRow) rule() delegation.Rule {
	return delegation.Rule{
		ID: r.ID, Person: r.Person, Delegate: r.Delegate, From: r.FromAt.UTC(), Until: r.UntilAt.UTC(), Types: r.Types,
		Cap:    money.Amount{Minor: r.CapMinor, Currency: money.Currency(r.CapCurrency)},
		Reason: r.Reason, MadeBy: r.MadeBy, MadeAt: r.MadeAt.UTC(),
		RevokedBy: r.RevokedBy, RevokedAt: orZero(r.RevokedAt), RevokeReason: r.RevokeReason,
	}
}

// ruleReaches is whether rule g holds now for document d. It says what
// delegation.InForce says, and that nobody stands in who is interested in the
// document themselves.
const ruleReaches = `
	g.revoked_at IS NULL AND g.from_at <= clock_timestamp() AND g.until_at > clock_timestamp()
	AND (g.types = '{}' OR d.type = ANY(g.types))
	AND (g.cap_currency = '' OR g.cap_currency = d.base_currency
	     AND coalesce(d.claimed_base_minor, d.base_minor) <= g.cap_minor)
	AND g.delegate <> d.submitter AND g.delegate <> d.requester
	AND NOT (d.payee_kind = 'employee' AND d.payee_id = g.delegate)`

// MakeDelegation puts a rule in force, under the database's clock: one that would
// have begun before begins now. Rules are judged one after the other, so that two
// people cannot close a circle at the same time.
//
// Safe to repeat under the rule's id. Errors: those of delegation.Check; Conflict
// idempotency.reused where the id made another rule.
func (s *Store) MakeDelegation(ctx context.Context, r delegation.Rule) (delegation.Rule, error) {
	var made delegation.Rule
	err := s.inTx(ctx, "store.MakeDelegation", func(tx *sqlx.Tx) error {
		const lock = `SELECT pg_advisory_xact_lock(hashtext('countersign.delegations'))`
		if _, err := tx.ExecContext(ctx, lock); err != nil {
			return err
		}
		before, err := delegationByID(ctx, tx, r.ID, "")
		if err == nil {
			made = before
			return sameRequest(before, r)
		}
		if fault.KindOf(err) != fault.NotFound {
			return err
		}
		made, err = insertDelegation(ctx, tx, r)
		return err
	})
	if err != nil {
		return delegation.Rule{}, err
	}
	return made, nil
}

// sameRequest holds that a repeat asks for what its id made before. A beginning
// that was past is not compared: it was moved.
func sameRequest(before, r delegation.Rule) error {
	begins := before.From.Equal(r.From.Truncate(time.Microsecond)) || !r.From.After(before.MadeAt)
	same := begins && before.Person == r.Person && before.Delegate == r.Delegate && before.MadeBy == r.MadeBy &&
		before.Until.Equal(r.Until.Truncate(time.Microsecond)) && before.Cap == r.Cap && before.Reason == r.Reason &&
		slices.Equal(before.Types, r.Types)
	if !same {
		return fault.New(fault.Conflict, "idempotency.reused")
	}
	return nil
}

func insertDelegation(ctx context.Context, tx *sqlx.Tx, r delegation.Rule) (delegation.Rule, error) {
	var now time.Time
	if err := tx.GetContext(ctx, &now, `SELECT clock_timestamp()`); err != nil {
		return delegation.Rule{}, err
	}
	r.MadeAt = now.UTC().Truncate(time.Microsecond)
	r.From, r.Until = r.From.UTC().Truncate(time.Microsecond), r.Until.UTC().Truncate(time.Microsecond)
	if r.From.Before(r.MadeAt) {
		r.From = r.MadeAt
	}
	r.RevokedAt, r.RevokedBy, r.RevokeReason = time.Time{}, "", ""
	live, err := liveDelegations(ctx, tx, r.MadeAt)
	if err != nil {
		return delegation.Rule{}, err
	}
	if err := delegation.Check(r, live, r.MadeAt); err != nil {
		return delegation.Rule{}, err
	}
	const insert = `
		INSERT INTO delegations (id, person, delegate, from_at, until_at, types, cap_minor, cap_currency, reason, made_by,
		                         made_at)
		VALUES ($1, $2, $3, $4, $5, coalesce($6, '{}'::text[]), $7, $8, $9, $10, $11)`
	_, err = tx.ExecContext(ctx, insert, r.ID, r.Person, r.Delegate, r.From, r.Until, pq.Array(r.Types), r.Cap.Minor,
		string(r.Cap.Currency), r.Reason, r.MadeBy, r.MadeAt)
	if err != nil {
		return delegation.Rule{}, err
	}
	return r, recordFact(ctx, tx, delegationStream+r.Person, "make:"+r.ID, delegationDraft(delegation.Made, r, r.MadeBy))
}

// delegationDraft is the event of a rule made or taken back; an admin's is told
// to be for the person.
func delegationDraft(kind string, r delegation.Rule, by string) evidence.Draft {
	d := evidence.Draft{Kind: kind, Actor: by, Data: mustJSON(r)}
	if by != r.Person {
		d.OnBehalfOf = r.Person
	}
	return d
}

func liveDelegations(ctx context.Context, tx *sqlx.Tx, now time.Time) ([]delegation.Rule, error) {
	const query = `SELECT ` + delegationColumns + ` FROM delegations WHERE revoked_at IS NULL AND until_at > $1`
	return selectDelegations(ctx, tx, query, now)
}

// RevokeDelegation takes a rule back at once. What was received under it before
// stays good; what comes after is refused.
//
// Safe to repeat: a rule that was taken back is answered as it is.
// Errors: NotFound delegation.not_found; those of delegation.CheckRevocation.
func (s *Store) RevokeDelegation(ctx context.Context, id, by, reason string) (delegation.Rule, error) {
	var revoked delegation.Rule
	err := s.inTx(ctx, "store.RevokeDelegation", func(tx *sqlx.Tx) error {
		r, err := delegationByID(ctx, tx, id, " FOR UPDATE") // an act under way holds it shared: wait, then look at the clock
		if err != nil || !r.RevokedAt.IsZero() {
			revoked = r
			return err
		}
		var now time.Time
		if err := tx.GetContext(ctx, &now, `SELECT clock_timestamp()`); err != nil {
			return err
		}
		r.RevokedAt, r.RevokedBy, r.RevokeReason = now.UTC().Truncate(time.Microsecond), by, reason
		before := r
		before.RevokedAt = time.Time{}
		if err := delegation.CheckRevocation(before, by, reason, r.RevokedAt); err != nil {
			return err
		}
		const update = `UPDATE delegations SET revoked_at = $2, revoked_by = $3, revoke_reason = $4 WHERE id = $1`
		if _, err := tx.ExecContext(ctx, update, id, r.RevokedAt, by, reason); err != nil {
			return err
		}
		revoked = r
		return recordFact(ctx, tx, delegationStream+r.Person, "revoke:"+id, delegationDraft(delegation.TakenBack, r, by))
	})
	if err != nil {
		return delegation.Rule{}, err
	}
	return revoked, nil
}

// Delegation returns one rule.
//
// Errors: NotFound delegation.not_found.
func (s *Store) Delegation(ctx context.Context, id string) (delegation.Rule, error) {
	r, err := delegationByID(ctx, s.db, id, "")
	return r, sqlFault("store.Delegation", err)
}

func delegationByID(ctx context.Context, q sqlx.QueryerContext, id, lock string) (delegation.Rule, error) {
	const query = `SELECT ` + delegationColumns + ` FROM delegations WHERE id = $1`
	var row delegationRow
	err := sqlx.GetContext(ctx, q, &row, query+lock, id)
	if errors.Is(err, sql.ErrNoRows) {
		return delegation.Rule{}, fault.New(fault.NotFound, "delegation.not_found")
	}
	return row.rule(), err
}

// DelegationFilter narrows a list of rules; empty fields do not narrow.
type DelegationFilter struct {
	Person   string
	Delegate string
	Live     bool // only those that are neither over nor taken back
}

// Delegations lists rules, the newest first, 500 at most.
func (s *Store) Delegations(ctx context.Context, f DelegationFilter) ([]delegation.Rule, error) {
	query, args := `SELECT `+delegationColumns+` FROM delegations WHERE true`, []any{}
	narrow := func(column, value string) { // a query for each set of fields, so that each finds its index
		if value != "" {
			args = append(args, value)
			query += ` AND ` + column + ` = $` + strconv.Itoa(len(args))
		}
	}
	narrow("person", f.Person)
	narrow("delegate", f.Delegate)
	if f.Live {
		query += ` AND revoked_at IS NULL AND until_at > clock_timestamp()`
	}
	query += ` ORDER BY made_at DESC, id DESC LIMIT ` + strconv.Itoa(delegationsMost)
	rules, err := selectDelegations(ctx, s.db, query, args...)
	return rules, sqlFault("store.Delegations", err)
}

func selectDelegations(ctx context.Context, q sqlx.QueryerContext, query string, args ...any) (
	[]delegation.Rule, error) {
	var rows []delegationRow
	if err := sqlx.SelectContext(ctx, q, &rows, query, args...); err != nil {
		return nil, err
	}
	rules := make([]delegation.Rule, 0, len(rows))
	for _, r := range rows {
		rules = append(rules, r.rule())
	}
	return rules, nil
}
