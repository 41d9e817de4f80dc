package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/proposal"
)

// ProposalRow is a proposal with what it proposes.
type ProposalRow struct {
	proposal.Proposal
	Payload string
	Now     time.Time // of the database, as it was read: what is open by it

	// Of an intervention or a reversal: the entity of its document. Of an intervention, once it was approved: what
	// became of the act, nil while nobody judged it.
	Entity  string
	Outcome *approval.Outcome
}

// StateNow is how far the proposal has come, as of when it was read.
func (p ProposalRow) StateNow() proposal.State { return p.At(p.Now) }

// ProposalInput is a text that somebody proposes, parsed and checked by the caller.
type ProposalInput struct {
	ID      string // "" makes one
	Kind    proposal.Kind
	Subject string
	Hash    string
	Payload string
	Base    int // of an intervention: the round that its maker saw; of a calendar: the version it was made from
	Note    string
	Maker   string
	Life    time.Duration // 0 means proposal.LifeDefault
	Idem    Idempotency
}

// proposedData is the data of policy.proposed: enough to prove the proposal, and
// when it ended, without its row.
type proposedData struct {
	Kind     proposal.Kind `json:"kind"`
	Proposal string        `json:"proposal"`
	Base     int           `json:"base"`
	Hash     string        `json:"hash"`
	Text     string        `json:"text"` // hash of the YAML
	Note     string        `json:"note"`
	Expires  string        `json:"expires"`
}

// refusedData is the data of policy.refused.
type refusedData struct {
	Kind     proposal.Kind `json:"kind"`
	Proposal string        `json:"proposal"`
	Maker    string        `json:"maker"`
	Hash     string        `json:"hash"`
	Reason   string        `json:"reason"`
}

const proposalColumns = `id, kind, subject, hash, payload, base, note, maker, state, checker, reason, version,
	created_at, expires_at, decided_at, clock_timestamp() AS now,
	coalesce((SELECT d.entity FROM documents d
	          WHERE kind IN ('intervention', 'reversal') AND d.id = subject), '') AS entity,
	(SELECT i.outcome FROM inbox i WHERE kind = 'intervention' AND i.id = proposals.id) AS outcome`

// proposalRow is a row as the database has it.
type proposalRow struct {
	ID, Kind, Subject, Hash, Payload, Note, Maker, State, Checker, Reason string

	Base, Version int
	CreatedAt     time.Time    `db:"created_at"`
	ExpiresAt     time.Time    `db:"expires_at"`
	DecidedAt     sql.NullTime `db:"decided_at"`
	Now           time.Time
	Entity        string
	Outcome       sql.NullString
}

func (r proposalRow) proposal() ProposalRow {
	row := ProposalRow{Payload: r.Payload, Now: r.Now.UTC(), Entity: r.Entity, Proposal: proposal.Proposal{
		ID: r.ID, Kind: proposal.Kind(r.Kind), Subject: r.Subject, Hash: r.Hash, Base: r.Base, Note: r.Note,
		Maker: r.Maker, State: proposal.State(r.State), Checker: r.Checker, Reason: r.Reason, Version: r.Version,
		Created: r.CreatedAt.UTC(), Expires: r.ExpiresAt.UTC(), Decided: orZero(r.DecidedAt),
	}}
	if r.Outcome.Valid {
		row.Outcome = new(approval.Outcome)
		_ = json.Unmarshal([]byte(r.Outcome.String), row.Outcome) // written by ourselves; for display
	}
	return row
}

// Propose keeps a proposal for a second person.
//
// Safe to repeat under its idempotency key. Errors: Conflict proposal.in_force
// where the text is the version in force, idempotency.reused; Invalid
// proposal.bad_expiry, proposal.too_long.
func (s *Store) Propose(ctx context.Context, in ProposalInput) (ProposalRow, error) {
	if in.Life == 0 {
		in.Life = proposal.LifeDefault
	}
	if in.Life < time.Microsecond || in.Life > proposal.LifeMax {
		return ProposalRow{}, fault.New(fault.Invalid, "proposal.bad_expiry", fault.Field("expires_at"),
			fault.Arg("max", strconv.Itoa(int(proposal.LifeMax.Hours()/24))))
	}
	if err := proposal.Words("note", in.Note); err != nil {
		return ProposalRow{}, err
	}
	if in.ID == "" {
		in.ID = newID()
	}
	var id string
	err := s.inTx(ctx, "store.Propose", func(tx *sqlx.Tx) error {
		var fresh bool
		var err error
		id, fresh, err = claimRequest(ctx, tx, in.Idem, in.ID)
		if err != nil || !fresh {
			return err
		}
		if in.Kind == proposal.Intervention {
			if _, err := insertProposal(ctx, tx, in, in.Base); err != nil {
				return err
			}
			return askAdministrators(ctx, tx, in)
		}
		if in.Kind.OfRights() {
			return askForRight(ctx, tx, in)
		}
		if in.Kind == proposal.Reversal {
			return askForReversal(ctx, tx, in)
		}
		return propose(ctx, tx, in)
	})
	if err != nil {
		return ProposalRow{}, err
	}
	return s.Proposal(ctx, id)
}

func propose(ctx context.Context, tx *sqlx.Tx, in ProposalInput) error {
	if err := lockPolicy(ctx, tx, string(in.Kind), in.Subject); err != nil {
		return err
	}
	base, hash, err := headOf(ctx, tx, in.Kind, in.Subject)
	if err != nil {
		return err
	}
	if in.Kind == proposal.Calendar && base != in.Base {
		return fault.New(fault.Conflict, "calendar.moved_on", fault.Arg("id", in.Subject))
	}
	if base > 0 && hash == in.Hash {
		return fault.New(fault.Conflict, "proposal.in_force", fault.Arg("id", in.Subject),
			fault.Arg("version", strconv.Itoa(base)))
	}
	expires, err := insertProposal(ctx, tx, in, base)
	if err != nil {
		return err
	}
	text, err := evidence.HashOf(in.Payload)
	if err != nil {
		return err
	}
	data := proposedData{Kind: in.Kind, Proposal: in.ID, Base: base, Hash: in.Hash, Text: text, Note: in.Note,
		Expires: expires.UTC().Format(time.RFC3339Nano)}
	err = recordFact(ctx, tx, streamOf(in.Kind, in.Subject), "propose:"+in.ID,
		evidence.Draft{Kind: eventsOf(in.Kind).proposed, Actor: in.Maker, Data: mustJSON(data)})
	if err != nil {
		return err
	}
	return askDeciders(ctx, tx, proposal.Proposal{
		ID: in.ID, Kind: in.Kind, Subject: in.Subject, Base: base, Note: in.Note, Maker: in.Maker,
	})
}

// insertProposal keeps a proposal and tells when it expires.
func insertProposal(ctx context.Context, tx *sqlx.Tx, in ProposalInput, base int) (expires time.Time, err error) {
	const insert = `
		INSERT INTO proposals (id, kind, subject, hash, payload, base, note, maker, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, clock_timestamp() + $9 * interval '1 microsecond')
		RETURNING expires_at`
	err = tx.GetContext(ctx, &expires, insert, in.ID, string(in.Kind), in.Subject, in.Hash, in.Payload, base, in.Note,
		in.Maker, in.Life.Microseconds())
	return expires, err
}

// headOf is the version in force and its hash, 0 for none.
func headOf(ctx context.Context, tx *sqlx.Tx, kind proposal.Kind, id string) (int, string, error) {
	if kind == proposal.Calendar {
		return calendarHead(ctx, tx, id)
	}
	const query = `
		SELECT coalesce(max(version), 0) AS version, coalesce((array_agg(hash ORDER BY version DESC))[1], '') AS hash
		FROM policies WHERE kind = $1 AND id = $2`
	var head struct {
		Version int
		Hash    string
	}
	err := tx.GetContext(ctx, &head, query, string(kind), id)
	return head.Version, head.Hash, err
}

// Proposal returns one proposal.
//
// Errors: NotFound proposal.not_found.
func (s *Store) Proposal(ctx context.Context, id string) (ProposalRow, error) {
	row, err := proposalOf(ctx, s.db, id, "")
	return row, sqlFault("store.Proposal", err)
}

func proposalOf(ctx context.Context, q sqlx.QueryerContext, id, lock string) (ProposalRow, error) {
	query := `SELECT ` + proposalColumns + ` FROM proposals WHERE id = $1 ` + lock
	var row proposalRow
	err := sqlx.GetContext(ctx, q, &row, query, id)
	return row.proposal(), noRows(err, fault.New(fault.NotFound, "proposal.not_found"))
}

// ProposalFilter chooses among proposals; the zero value chooses all.
type ProposalFilter struct {
	Only   string // "" for all, OnlyOpen or OnlyEnded
	Cursor string
	Limit  int // 0 means PageDefault

	// Interventions cuts the interventions to the documents of a scope's entities; nil
	// means all.
	Interventions *access.Scope

	// Rights chooses those about rights that a scope may know of, with what they ask
	// for; nil all others.
	Rights *access.Scope
}

// Which proposals a list shows, by the database's clock.
const (
	OnlyOpen  = "open"
	OnlyEnded = "ended" // decided or expired
)

// Proposals lists proposals, the newest first, without the texts that they propose.
//
// Errors: Invalid cursor.bad.
func (s *Store) Proposals(ctx context.Context, f ProposalFilter) (Page[ProposalRow], error) {
	cursor, limit := f.Cursor, f.Limit
	key, id, err := readTimeCursor(cursor)
	if err != nil {
		return Page[ProposalRow]{}, err
	}
	const query = `
		SELECT ` + proposalColumns + ` FROM proposals
		WHERE ($1 = '' OR ($1 = 'open') = (state = 'open' AND expires_at > clock_timestamp()))
		  AND ($2::timestamptz IS NULL OR (created_at, id) < ($2::timestamptz, $3))
		  AND kind <> 'reversal' -- those have a list of their own
		  AND CASE WHEN kind NOT IN ('grant', 'revocation') THEN NOT $7
		      ELSE $7 AND ($8 OR payload::jsonb ->> 'entity' = ANY($9) OR $10 <> '' AND $10 IN (maker, subject)) END
		  AND ($5 OR kind <> 'intervention'
		       OR EXISTS (SELECT FROM documents d WHERE d.id = subject AND d.entity = ANY($6)))
		ORDER BY created_at DESC, id DESC LIMIT $4`
	limit = limitOf(limit)
	all, entities := f.Interventions == nil, []string{}
	if !all {
		all, entities = f.Interventions.All, f.Interventions.Entities
	}
	var rights access.Scope
	if f.Rights != nil {
		rights = *f.Rights
	}
	var rows []proposalRow
	err = s.db.SelectContext(ctx, &rows, query, f.Only, textOrNull(key), id, limit+1, all, pq.Array(entities),
		f.Rights != nil, rights.All, pq.Array(rights.Entities), rights.Person)
	if err != nil {
		return Page[ProposalRow]{}, sqlFault("store.Proposals", err)
	}
	page := Page[ProposalRow]{}
	for i, r := range rows {
		if i == limit {
			last := rows[limit-1]
			page.Next = cursorOf(sortKeyOf(last.CreatedAt), last.ID)
			break
		}
		p := r.proposal()
		if f.Rights == nil {
			p.Payload = ""
		}
		page.Items = append(page.Items, p)
	}
	return page, nil
}
