package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/delegation"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
)

// reasonLeft is why a delegation of or to somebody who left was taken back.
const reasonLeft = "left"

// handoverStream holds whom operators named for one person: and the person's id.
const handoverStream = "handover:"

// HeirNamed is the event of a person named to take over.
const HeirNamed = "handover.named"

// leave takes away what somebody who is not active any more had: sessions, tokens,
// delegations by and to them. Documents that wait for them are told by a relay.
func leave(ctx context.Context, tx *sqlx.Tx, next org.Snapshot, version int64) error {
	var active []string
	for id, p := range next.People {
		if p.Active {
			active = append(active, id)
		}
	}
	const back = `DELETE FROM leavers WHERE person = ANY($1)`
	if _, err := tx.ExecContext(ctx, back, pq.Array(active)); err != nil {
		return err
	}
	const gone = `
		INSERT INTO leavers SELECT DISTINCT id FROM org_rows WHERE kind = 'person' AND id <> ALL($1)
		ON CONFLICT DO NOTHING RETURNING person`
	var left []string
	if err := tx.SelectContext(ctx, &left, gone, pq.Array(active)); err != nil {
		return err
	}
	return depart(ctx, tx, left, version)
}

// depart takes away what these people had, and tells who waits for them.
func depart(ctx context.Context, tx *sqlx.Tx, left []string, version int64) error {
	if len(left) == 0 {
		return nil
	}
	if err := saveChange(ctx, tx, TellDirectory, "", version); err != nil {
		return err
	}
	return revokeAll(ctx, tx, left)
}

// revokeAll ends what lets somebody in, or act for somebody else.
func revokeAll(ctx context.Context, tx *sqlx.Tx, left []string) error {
	const sessions = `DELETE FROM sessions WHERE person = ANY($1) AND person <> ''`
	if _, err := tx.ExecContext(ctx, sessions, pq.Array(left)); err != nil {
		return err
	}
	const tokens = `UPDATE tokens SET revoked_at = clock_timestamp() WHERE person = ANY($1) AND revoked_at IS NULL`
	if _, err := tx.ExecContext(ctx, tokens, pq.Array(left)); err != nil {
		return err
	}
	const rules = `
		SELECT ` + delegationColumns + ` FROM delegations
		WHERE (person = ANY($1) OR delegate = ANY($1)) AND revoked_at IS NULL AND until_at > clock_timestamp()
		ORDER BY id FOR UPDATE`
	live, err := selectDelegations(ctx, tx, rules, pq.Array(left))
	if err != nil {
		return err
	}
	for _, r := range live {
		if err := takeBack(ctx, tx, &r, approval.SystemDirectory, reasonLeft); err != nil {
			return err
		}
	}
	return nil
}

// Heir is whom an operator named to take over from somebody; "" for nobody.
func (s *Store) Heir(ctx context.Context, person string) (string, error) {
	const query = `SELECT heir FROM heirs WHERE person = $1 ORDER BY at DESC, id DESC LIMIT 1`
	var heir string
	err := s.db.GetContext(ctx, &heir, query, person)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return heir, sqlFault("store.Heir", err)
}

// NameHeir names who takes over the tasks of somebody who leaves, before whomever
// the policy would name; it holds for what is handed over from then on.
//
// Safe to repeat: who was named already is not named again.
func (s *Store) NameHeir(ctx context.Context, person, heir, reason string) error {
	return s.inTx(ctx, "store.NameHeir", func(tx *sqlx.Tx) error {
		const lock = `SELECT pg_advisory_xact_lock(hashtext('countersign.handover.' || $1))`
		if _, err := tx.ExecContext(ctx, lock, person); err != nil {
			return err
		}
		var named []string
		const newest = `SELECT heir FROM heirs WHERE person = $1 ORDER BY at DESC, id DESC LIMIT 1`
		if err := tx.SelectContext(ctx, &named, newest, person); err != nil {
			return err
		}
		if slices.Equal(named, []string{heir}) {
			return nil
		}
		id := newID()
		const insert = `INSERT INTO heirs (id, person, heir, reason) VALUES ($1, $2, $3, $4)`
		if _, err := tx.ExecContext(ctx, insert, id, person, heir, reason); err != nil {
			return err
		}
		data := mustJSON(map[string]string{"person": person, "heir": heir, "reason": reason})
		return recordFact(ctx, tx, handoverStream+person, "name:"+id,
			evidence.Draft{Kind: HeirNamed, Actor: approval.SystemDirectory, Data: data})
	})
}

// TellLeaver tells every document again that waits for somebody who left, and says
// how many there are. Whoever is active is not handed over.
//
// Safe to repeat. Errors: Conflict handover.active, idempotency.reused.
func (s *Store) TellLeaver(ctx context.Context, person string, idem Idempotency) (int, error) {
	var told int64
	err := s.inTx(ctx, "store.TellLeaver", func(tx *sqlx.Tx) error {
		if _, fresh, err := claimRequest(ctx, tx, idem, person); err != nil || !fresh {
			return err
		}
		var left bool
		const isLeaver = `SELECT EXISTS (SELECT FROM leavers WHERE person = $1)`
		if err := tx.GetContext(ctx, &left, isLeaver, person); err != nil {
			return err
		}
		if !left {
			return fault.New(fault.Conflict, "handover.active", fault.Arg("person", person))
		}
		const tell = `
			INSERT INTO tellings (document, kind, name, version)
			SELECT of.document, 'directory', '', (SELECT max(version) FROM org_versions) FROM (
				SELECT document FROM tasks WHERE assignee = $1 AND state = 'open'
				UNION SELECT e.stream FROM events e JOIN documents d ON d.id = e.stream AND d.status = 'pending'
				      WHERE e.actor = $1 AND e.kind = 'clock.stopped') AS of
			ON CONFLICT (document, kind, name) DO UPDATE
			SET version = excluded.version, done_at = NULL, tries = 0, next_try = clock_timestamp()`
		result, err := tx.ExecContext(ctx, tell, person)
		if err != nil {
			return err
		}
		told, err = result.RowsAffected()
		return err
	})
	return int(told), err
}

// Belongings is what somebody leaves behind, each list the first few hundred.
type Belongings struct {
	Tasks       []Task            // open, the earliest deadline first
	Submitted   []LeftDocument    // submitted or asked for by them, and not ended
	Stopped     []LeftDocument    // whose clock they stopped
	Delegations []delegation.Rule // by and to them, in force or to come
	Tokens      []Token           // that still let them in
	Sessions    int
	Drafts      int
	Total       int // of the open tasks
}

// LeftDocument is a document of somebody who leaves.
type LeftDocument struct {
	ID, Number, Title, Submitter, Requester string

	Status approval.Status
	At     time.Time `db:"at"` // when its clock was stopped, or it was submitted
}

// belongingsMost is how many of each kind are listed.
const belongingsMost = 200

// Belongings lists what somebody leaves behind.
func (s *Store) Belongings(ctx context.Context, person string) (Belongings, error) {
	var b Belongings
	page, err := s.Tasks(ctx, TaskFilter{Assignees: []string{person}, Limit: belongingsMost, WithTotal: true})
	if err != nil {
		return b, err
	}
	b.Tasks = page.Items
	if page.Total != nil {
		b.Total = int(*page.Total)
	}
	err = s.readTx(ctx, func(tx *sqlx.Tx) error {
		const submitted = `
			SELECT id, number, title, submitter, requester, status, submitted_at AS at FROM documents
			WHERE (submitter = $1 OR requester = $1) AND status IN ('submitted', 'pending', 'returned', 'approved', 'parked',
			      'posted') ORDER BY submitted_at, id LIMIT $2`
		if err := tx.SelectContext(ctx, &b.Submitted, submitted, person, belongingsMost); err != nil {
			return err
		}
		const stopped = `
			SELECT d.id, d.number, d.title, d.submitter, d.requester, d.status, e.at FROM events e
			JOIN documents d ON d.id = e.stream AND d.status = 'pending'
			WHERE e.actor = $1 AND e.kind = 'clock.stopped' AND NOT EXISTS (
				SELECT FROM events n WHERE n.stream = e.stream AND n.seq > e.seq
				AND n.kind IN ('clock.resumed', 'clock.released', 'clock.stopped', 'plan.discarded'))
			ORDER BY e.at, d.id LIMIT $2`
		if err := tx.SelectContext(ctx, &b.Stopped, stopped, person, belongingsMost); err != nil {
			return err
		}
		const rules = `
			SELECT ` + delegationColumns + ` FROM delegations WHERE (person = $1 OR delegate = $1)
			AND revoked_at IS NULL AND until_at > clock_timestamp() ORDER BY made_at, id LIMIT $2`
		var err error
		if b.Delegations, err = selectDelegations(ctx, tx, rules, person, belongingsMost); err != nil {
			return err
		}
		const counts = `
			SELECT (SELECT count(*) FROM sessions WHERE person = $1 AND expires_at > clock_timestamp()) AS sessions,
			       (SELECT count(*) FROM documents WHERE submitter = $1 AND status = 'draft') AS drafts`
		return tx.QueryRowxContext(ctx, counts, person).Scan(&b.Sessions, &b.Drafts)
	})
	if err != nil {
		return b, sqlFault("store.Belongings", err)
	}
	tokens, err := s.Tokens(ctx, person)
	b.Tokens = slices.DeleteFunc(tokens, func(t Token) bool {
		return !t.RevokedAt.IsZero() || !t.ExpiresAt.IsZero() && t.ExpiresAt.Before(time.Now())
	})
	return b, err
}
