package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
)

// When an act without an outcome is delivered again: first once the gateway's
// own try is over, then twice as late each time.
const (
	actPatience    = "4 seconds"
	actBackoffBase = "2 seconds"
	actBackoffMost = "60 seconds"
)

// ActRow is one signed act in the inbox. 收件箱
type ActRow struct {
	Act        approval.Act
	Canonical  string // what was signed, byte for byte; "" in: made from Act
	Signature  evidence.Signature
	ReceivedAt time.Time // the database's clock; nothing in
	Idem       Idempotency
	OrgVersion int64     // the organisation by which the actor may; 0 asks for none; nothing out
	Until      time.Time // when time alone changes who holds what in it; zero: never; nothing out
	Delegation string    // the rule by which the actor may decide for another; nothing out

	// Fresh is how fresh the act's sign-in must be when it is received; nil asks for
	// none; nothing out.
	Fresh *approval.FreshSignIn

	Outcome    *approval.Outcome // nil while nobody judged it
	OutcomeAt  time.Time
	Deliveries int // by the relay
}

// ActRef names an act to deliver.
type ActRef struct {
	ID       string
	Document string
}

type actRow struct {
	Canonical   string
	KeyID       string `db:"key_id"`
	Signature   string
	ReceivedAt  time.Time      `db:"received_at"`
	IdemActor   sql.NullString `db:"idem_actor"`
	IdemRoute   sql.NullString `db:"idem_route"`
	IdemKey     sql.NullString `db:"idem_key"`
	Fingerprint string
	Outcome     sql.NullString
	OutcomeAt   sql.NullTime `db:"outcome_at"`
	Deliveries  int
}

const actColumns = `canonical, key_id, signature, received_at, idem_actor, idem_route, idem_key, fingerprint, outcome,
	outcome_at, deliveries`

func (r actRow) row() (ActRow, error) {
	row := ActRow{
		Canonical: r.Canonical, Signature: evidence.Signature{KeyID: r.KeyID, Value: r.Signature},
		ReceivedAt: r.ReceivedAt.UTC(), OutcomeAt: orZero(r.OutcomeAt), Deliveries: r.Deliveries,
		Idem: Idempotency{
			Actor: r.IdemActor.String, Route: r.IdemRoute.String, Key: r.IdemKey.String, Fingerprint: r.Fingerprint,
		},
	}
	if r.Outcome.Valid {
		row.Outcome = new(approval.Outcome)
		if err := json.Unmarshal([]byte(r.Outcome.String), row.Outcome); err != nil {
			return ActRow{}, err
		}
	}
	return row, json.Unmarshal([]byte(r.Canonical), &row.Act)
}

// CommitAct puts a signed act into the inbox; once it returns, the act is kept
// whatever happens. fresh is false where the same request was made before: the
// answer is then the row of that time.
//
// It waits for a Record under way on the document, so that an act is either seen
// by a deadline or received after it.
//
// Safe to repeat under its idempotency key or its id.
// Errors: NotFound document.not_found; Conflict idempotency.reused; Busy where the
// organisation changed since the actor's rights were judged, or the delegation by
// which they may is not in force any more: judge them again; Forbidden act.sign_in_again; Forbidden
// passkey.unknown where the passkey that signed it is not the actor's any more.
func (s *Store) CommitAct(ctx context.Context, row ActRow) (got ActRow, fresh bool, err error) {
	if err := row.write(); err != nil {
		return ActRow{}, false, err
	}
	// One statement, which is a transaction of its own; sent twice it finds itself.
	got, fresh, err = s.insertAct(ctx, row)
	return got, fresh, sqlFault("store.CommitAct", err)
}

// write fills in what is signed, where the caller left it out.
func (row *ActRow) write() error {
	if row.Canonical != "" {
		return nil
	}
	text, err := evidence.Canonical(row.Act)
	row.Canonical = string(text)
	return err
}

func (s *Store) insertAct(ctx context.Context, row ActRow) (ActRow, bool, error) {
	found, err := insertAct(ctx, s.db, row)
	if err == nil {
		got, err := found.row()
		return got, true, err
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return ActRow{}, false, err
	}
	got, err := s.earlierAct(ctx, row)
	if err != nil && fault.KindOf(err) == fault.NotFound && row.OrgVersion != 0 {
		err = s.moved(ctx, row, err)
	}
	if err != nil && fault.KindOf(err) == fault.NotFound && row.Delegation != "" {
		err = s.delegationMoved(ctx, row.Delegation, err)
	}
	if err != nil && fault.KindOf(err) == fault.NotFound && row.Fresh != nil {
		err = s.signInAged(ctx, row, err)
	}
	if err != nil && fault.KindOf(err) == fault.NotFound && row.Act.Passkey != nil {
		err = s.passkeyGone(ctx, row, err)
	}
	return got, false, err
}

// insertAct keeps an act; no row where one is in its way, or its actor's rights
// are not those of now.
func insertAct(ctx context.Context, q sqlx.QueryerContext, row ActRow) (actRow, error) {
	const query = `
		WITH document AS (
			SELECT id FROM documents WHERE id = $2 AND status <> 'draft' FOR KEY SHARE
		), rule AS (
			SELECT from_at, until_at FROM delegations WHERE id = $14 AND revoked_at IS NULL FOR SHARE
		), key AS (
			SELECT id FROM passkeys WHERE credential = $17 AND person = $5 AND removed_at IS NULL FOR SHARE
		), instant AS (
			SELECT id, clock_timestamp() AS at FROM document -- after the locks
			WHERE ($13::bigint = 0 OR $13 = (SELECT max(version) FROM org_versions))
			  AND ($14 = '' OR EXISTS (SELECT FROM rule)) AND ($17 = '' OR EXISTS (SELECT FROM key))
		)
		INSERT INTO inbox (id, document, name, task, actor, canonical, key_id, signature, received_at, idem_actor,
		                   idem_route, idem_key, fingerprint, next_delivery)
		SELECT $1, id, $3, $4, $5, $6, $7, $8, at, $9, $10, $11, $12, at + interval '` + actPatience + `' FROM instant
		WHERE ($14 = '' OR EXISTS (SELECT FROM rule WHERE from_at <= at AND at < until_at))
		  AND ($18::timestamptz IS NULL OR at < $18)
		  AND ($15::int = 0 OR at <= $16::timestamptz + make_interval(secs => $15))
		ON CONFLICT DO NOTHING
		RETURNING ` + actColumns
	a, i := row.Act, row.Idem
	if i.Key == "" {
		i.Actor, i.Route = "", ""
	}
	within, signedIn := row.freshness()
	credential := ""
	if a.Passkey != nil {
		credential = a.Passkey.Credential
	}
	var found actRow
	err := sqlx.GetContext(ctx, q, &found, query, a.ID, a.Document, string(a.Name), a.Task, a.Actor, row.Canonical,
		row.Signature.KeyID, row.Signature.Value, textOrNull(i.Actor), textOrNull(i.Route), textOrNull(i.Key), i.Fingerprint,
		row.OrgVersion, row.Delegation, within, signedIn, credential, orNull(row.Until))
	return found, err
}

// moved says whether an act was not kept because the organisation changed, or a right
// began or ended by itself, and asks for its version anew from then on.
func (s *Store) moved(ctx context.Context, row ActRow, missing error) error {
	const query = `
		SELECT coalesce(max(version), 0) AS version, $1::timestamptz <= clock_timestamp() IS TRUE AS turned FROM org_versions`
	var now struct {
		Version int64
		Turned  bool
	}
	if err := s.db.GetContext(ctx, &now, query, orNull(row.Until)); err != nil {
		return err
	}
	if now.Version == row.OrgVersion && !now.Turned {
		return missing
	}
	s.versions.forget()
	return fault.New(fault.Busy, "store.busy")
}

// freshness is how old the sign-in of an act may be, in seconds, and when it was.
func (row ActRow) freshness() (within int, signedIn time.Time) {
	if row.Fresh == nil || row.Act.SignIn == nil {
		return 0, time.Time{}
	}
	return row.Fresh.Seconds, row.Act.SignIn.At
}

// signInAged says whether an act was not kept because its sign-in is too old by the
// database's clock.
func (s *Store) signInAged(ctx context.Context, row ActRow, missing error) error {
	var now time.Time
	if err := s.db.GetContext(ctx, &now, `SELECT clock_timestamp()`); err != nil {
		return err
	}
	if row.Fresh.Within(row.Act.SignIn, now) {
		return missing
	}
	return row.Fresh.Refusal()
}

// passkeyGone says whether an act was not kept because the passkey that signed it was
// removed, or never was the actor's.
func (s *Store) passkeyGone(ctx context.Context, row ActRow, missing error) error {
	key, err := passkeyOf(ctx, s.db, row.Act.Passkey.Credential)
	if err != nil {
		return err
	}
	if key.Person == row.Act.Actor && key.RemovedAt.IsZero() {
		return missing
	}
	return fault.New(fault.Forbidden, "passkey.unknown")
}

// delegationMoved says whether an act was not kept because its delegation is not
// in force any more.
func (s *Store) delegationMoved(ctx context.Context, id string, missing error) error {
	const query = `
		SELECT count(*) FROM delegations WHERE id = $1 AND revoked_at IS NULL
		   AND from_at <= clock_timestamp() AND clock_timestamp() < until_at`
	var holding int
	if err := s.db.GetContext(ctx, &holding, query, id); err != nil || holding > 0 {
		return cmp.Or(err, missing)
	}
	return fault.New(fault.Busy, "store.busy")
}

// ActUnder returns the act that a request made under its key.
//
// Errors: NotFound act.not_found; Conflict idempotency.reused where the key made
// another.
func (s *Store) ActUnder(ctx context.Context, i Idempotency) (ActRow, error) {
	const query = `SELECT ` + actColumns + ` FROM inbox WHERE idem_actor = $1 AND idem_route = $2 AND idem_key = $3`
	var found actRow
	if err := s.db.GetContext(ctx, &found, query, i.Actor, i.Route, i.Key); err != nil {
		return ActRow{}, sqlFault("store.ActUnder", noRows(err, fault.New(fault.NotFound, "act.not_found")))
	}
	row, err := found.row()
	if err == nil && row.Idem != i {
		return ActRow{}, fault.New(fault.Conflict, "idempotency.reused")
	}
	return row, sqlFault("store.ActUnder", err)
}

// earlierAct finds the row that is in the way of an insert.
func (s *Store) earlierAct(ctx context.Context, row ActRow) (ActRow, error) {
	const query = `
		SELECT ` + actColumns + ` FROM inbox
		WHERE id = $1 OR idem_actor = $2 AND idem_route = $3 AND idem_key = $4 ORDER BY id <> $1 LIMIT 1`
	var found actRow
	err := s.db.GetContext(ctx, &found, query, row.Act.ID, row.Idem.Actor, row.Idem.Route, row.Idem.Key)
	if err != nil {
		return ActRow{}, noRows(err, fault.New(fault.NotFound, "document.not_found"))
	}
	got, err := found.row()
	if err != nil {
		return ActRow{}, err
	}
	sameAct := got.Act.ID == row.Act.ID && got.Canonical == row.Canonical
	sameRequest := row.Idem.Key != "" && got.Idem == row.Idem
	if !sameAct && !sameRequest {
		return ActRow{}, fault.New(fault.Conflict, "idempotency.reused")
	}
	return got, nil
}

// Act returns one row of the inbox.
//
// Errors: NotFound act.not_found.
func (s *Store) Act(ctx context.Context, id string) (ActRow, error) {
	const query = `SELECT ` + actColumns + ` FROM inbox WHERE id = $1`
	var found actRow
	if err := s.db.GetContext(ctx, &found, query, id); err != nil {
		return ActRow{}, sqlFault("store.Act", noRows(err, fault.New(fault.NotFound, "act.not_found")))
	}
	row, err := found.row()
	return row, sqlFault("store.Act", err)
}

// RefuseAct stores the fault that an act met, unless it has an outcome already,
// and answers with the outcome that stands.
//
// That a document is final is believed only where the record says so: the end of a
// workflow may have been an operator's, and the act is then for whoever mends it.
//
// Safe to repeat. Errors: NotFound act.not_found; Busy document.unattended.
func (s *Store) RefuseAct(ctx context.Context, id string, refusal approval.Outcome) (approval.Outcome, error) {
	text, err := json.Marshal(refusal)
	if err != nil {
		return approval.Outcome{}, err
	}
	var stands sql.NullString
	err = s.inTx(ctx, "store.RefuseAct", func(tx *sqlx.Tx) error {
		const refuse = `
			UPDATE inbox SET outcome = $2, outcome_at = clock_timestamp() WHERE id = $1 AND outcome IS NULL
			   AND ($3 <> 'document.final' OR EXISTS (SELECT 1 FROM documents d WHERE d.id = inbox.document
			                                          AND d.status IN ('closed', 'rejected', 'withdrawn', 'voided')))
			RETURNING outcome`
		err := tx.GetContext(ctx, &stands, refuse, id, string(text), refusal.Code)
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		const find = `SELECT outcome FROM inbox WHERE id = $1`
		err = noRows(tx.GetContext(ctx, &stands, find, id), fault.New(fault.NotFound, "act.not_found"))
		if err == nil && !stands.Valid {
			return fault.New(fault.Busy, "document.unattended")
		}
		return err
	})
	if err != nil {
		return approval.Outcome{}, err
	}
	var outcome approval.Outcome
	err = json.Unmarshal([]byte(stands.String), &outcome)
	return outcome, sqlFault("store.RefuseAct", err)
}

// ActsDelivered notes that Temporal has the acts for good.
//
// Safe to repeat; losing this write is harmless, the relay delivers them again.
func (s *Store) ActsDelivered(ctx context.Context, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	const query = `UPDATE inbox SET delivered = true WHERE id = ANY($1) AND NOT delivered`
	_, err := s.db.ExecContext(ctx, query, pq.Array(ids))
	return sqlFault("store.ActsDelivered", err)
}

// ClaimActs takes up to limit acts that are still without an outcome, or that Temporal
// is not known to have, the oldest first, and puts their next delivery off, twice as
// long each time.
func (s *Store) ClaimActs(ctx context.Context, limit int) ([]ActRef, error) {
	const query = `
		WITH due AS (
			SELECT id FROM inbox WHERE (outcome IS NULL OR NOT delivered) AND next_delivery <= statement_timestamp()
			ORDER BY received_at, id LIMIT $1 FOR UPDATE SKIP LOCKED
		), claimed AS (
			UPDATE inbox i SET deliveries = i.deliveries + 1, next_delivery = clock_timestamp() + least(
			       interval '` + actBackoffMost + `', interval '` + actBackoffBase + `' * power(2, least(i.deliveries, 20)))
			FROM due WHERE i.id = due.id RETURNING i.id, i.document, i.received_at
		)
		SELECT id, document FROM claimed ORDER BY received_at, id`
	var refs []ActRef
	err := s.inTx(ctx, "store.ClaimActs", func(tx *sqlx.Tx) error {
		return tx.SelectContext(ctx, &refs, query, limitOf(limit))
	})
	return refs, err
}
