package store

import (
	"context"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/proposal"
)

// PolicyRow is one published version of a policy, a document type or a mapping.
type PolicyRow struct {
	Kind        string // policy, type or mapping
	ID          string
	Version     int // from 1; 0 takes the next
	Hash        string
	YAML        string
	PublishedBy string    `db:"published_by"`
	PublishedAt time.Time `db:"published_at"` // nothing in
}

// policyData is the data of policy.published.
type policyData struct {
	Kind     string `json:"kind"`
	Version  int    `json:"version"`
	Hash     string `json:"hash"`
	Text     string `json:"text,omitempty"`     // hash of the YAML; none of what was published before there were proposals
	Proposal string `json:"proposal,omitempty"` // that the actor approved
	Maker    string `json:"maker,omitempty"`    // of the proposal
}

const policyColumns = `kind, id, version, hash, yaml, published_by, published_at`

// PublishPolicy puts a version in force and answers with it. Versions are
// immutable; what is in force already is not published again.
//
// Safe to repeat. Errors: Conflict policy.changed where the version exists with
// another hash, or is not the next one.
func (s *Store) PublishPolicy(ctx context.Context, p PolicyRow) (PolicyRow, error) {
	defer s.inForce.forget()
	var published PolicyRow
	err := s.inTx(ctx, "store.PublishPolicy", func(tx *sqlx.Tx) error {
		if err := lockPolicy(ctx, tx, p.Kind, p.ID); err != nil {
			return err
		}
		const find = `SELECT ` + policyColumns + ` FROM policies WHERE kind = $1 AND id = $2 ORDER BY version`
		var versions []PolicyRow
		if err := tx.SelectContext(ctx, &versions, find, p.Kind, p.ID); err != nil {
			return err
		}
		next := len(versions) + 1
		if p.Version == 0 && next > 1 && versions[next-2].Hash == p.Hash {
			published = versions[next-2]
			return nil
		}
		if p.Version == 0 {
			p.Version = next
		}
		if p.Version < next && versions[p.Version-1].Hash == p.Hash {
			published = versions[p.Version-1]
			return nil
		}
		if p.Version != next {
			return fault.New(fault.Conflict, "policy.changed", fault.Arg("id", p.ID),
				fault.Arg("version", strconv.Itoa(p.Version)))
		}
		var err error
		if published, err = insertPolicy(ctx, tx, p, policyData{}); err != nil {
			return err
		}
		owed, err := outdatedBy(ctx, tx, proposal.Proposal{
			Kind: proposal.Kind(p.Kind), Subject: p.ID, Version: p.Version, Checker: p.PublishedBy,
		})
		if err != nil {
			return err
		}
		return tellPeople(ctx, tx, policyStream+p.ID, owed)
	})
	return published, err
}

// lockPolicy lets those who publish versions of one text take turns.
func lockPolicy(ctx context.Context, tx *sqlx.Tx, kind, id string) error {
	const lock = `SELECT pg_advisory_xact_lock(hashtext('countersign.policy.' || $1 || '.' || $2))`
	_, err := tx.ExecContext(ctx, lock, kind, id)
	return err
}

// insertPolicy adds a version and its event; data says of which proposal, if any.
func insertPolicy(ctx context.Context, tx *sqlx.Tx, p PolicyRow, data policyData) (PolicyRow, error) {
	const insert = `
		INSERT INTO policies (kind, id, version, hash, yaml, published_by) VALUES ($1, $2, $3, $4, $5, $6)
		RETURNING ` + policyColumns
	var published PolicyRow
	err := tx.GetContext(ctx, &published, insert, p.Kind, p.ID, p.Version, p.Hash, p.YAML, p.PublishedBy)
	if err != nil {
		return PolicyRow{}, err
	}
	data.Kind, data.Version, data.Hash = p.Kind, p.Version, p.Hash
	if data.Text, err = evidence.HashOf(p.YAML); err != nil {
		return PolicyRow{}, err
	}
	return published, recordFact(ctx, tx, policyStream+p.ID, "publish:"+p.Kind+":"+strconv.Itoa(p.Version),
		evidence.Draft{Kind: PolicyPublished, Actor: p.PublishedBy, Data: mustJSON(data)})
}

// PolicyInForce returns the newest version, as of a second ago.
//
// Errors: NotFound policy.not_found.
func (s *Store) PolicyInForce(ctx context.Context, kind, id string) (PolicyRow, error) {
	const query = `
		SELECT ` + policyColumns + ` FROM policies WHERE kind = $1 AND id = $2 ORDER BY version DESC LIMIT 1`
	return s.inForce.get(kind+"/"+id, func() (PolicyRow, error) { return s.policy(ctx, query, kind, id) })
}

// PolicyVersion returns one version.
//
// Errors: NotFound policy.not_found.
func (s *Store) PolicyVersion(ctx context.Context, kind, id string, version int) (PolicyRow, error) {
	const query = `SELECT ` + policyColumns + ` FROM policies WHERE kind = $1 AND id = $2 AND version = $3`
	return s.policy(ctx, query, kind, id, version)
}

// TypeOf returns the version of its type by which a document was last submitted, or the
// newest one for a draft: what runs keeps the version that it was asked for with.
//
// Errors: NotFound policy.not_found.
func (s *Store) TypeOf(ctx context.Context, document, kind string) (PolicyRow, error) {
	const query = `
		SELECT ` + policyColumns + ` FROM policies WHERE kind = $1 AND id = $2
		ORDER BY published_at <= coalesce((SELECT asked_at FROM documents WHERE id = $3), 'infinity') DESC, version DESC
		LIMIT 1`
	return s.policy(ctx, query, "type", kind, document)
}

func (s *Store) policy(ctx context.Context, query, kind, id string, more ...any) (PolicyRow, error) {
	var p PolicyRow
	err := s.db.GetContext(ctx, &p, query, append([]any{kind, id}, more...)...)
	return p, sqlFault("store.Policy", noRows(err, fault.New(fault.NotFound, "policy.not_found", fault.Arg("id", id))))
}

// Policies lists the newest version of each, by id.
func (s *Store) Policies(ctx context.Context, kind string) ([]PolicyRow, error) {
	const query = `
		SELECT DISTINCT ON (id) ` + policyColumns + ` FROM policies WHERE kind = $1 ORDER BY id, version DESC`
	var rows []PolicyRow
	err := s.db.SelectContext(ctx, &rows, query, kind)
	return rows, sqlFault("store.Policies", err)
}

// PolicyVersions lists every version of one, the newest first.
func (s *Store) PolicyVersions(ctx context.Context, kind, id string) ([]PolicyRow, error) {
	const query = `SELECT ` + policyColumns + ` FROM policies WHERE kind = $1 AND id = $2 ORDER BY version DESC`
	var rows []PolicyRow
	err := s.db.SelectContext(ctx, &rows, query, kind, id)
	return rows, sqlFault("store.PolicyVersions", err)
}
