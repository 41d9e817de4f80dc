package store

import (
	"cmp"
	"context"
	"strconv"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
)

// How the hash of a version of the organisation is made.
const (
	basisWhole  = "whole"  // over every row of it
	basisChange = "change" // over the hash before, and the rows that end and begin
)

// organisationPatch is a change of a few rows, whoever else there is.
type organisationPatch struct {
	orgDiff
	kind    string   // of its event; "" for OrganisationChanged
	actor   string   // who made it, such as scim:entra
	reason  string   // what was asked for: patch User/018f…
	people  []string // whose rows or grants it changes
	left    []string // of them, who was active and is not
	arrived []string // of them, who is active
}

// organisationChanged is the data of organisation.changed.
type organisationChanged struct {
	Version int64    `json:"version"`
	Reason  string   `json:"reason"`
	Before  string   `json:"before"` // hash of the version before
	Hash    string   `json:"hash"`
	Ended   []string `json:"ended"` // <kind> <id> of the rows that end, and of those that begin
	Begun   []string `json:"begun"`
}

// lockOrganisation makes writers of the organisation take turns until they commit.
func lockOrganisation(ctx context.Context, tx *sqlx.Tx) error {
	_, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock(hashtext('countersign.org'))`)
	return err
}

// changeOrganisation makes the next version of the organisation by a change of a few
// rows: it costs what changes, not what there is. The lock is held already.
//
// Errors: NotFound organisation.none.
func changeOrganisation(ctx context.Context, tx *sqlx.Tx, p organisationPatch) (int64, error) {
	var last []struct {
		Version int64
		Hash    string
	}
	const newest = `SELECT version, hash FROM org_versions ORDER BY version DESC LIMIT 1`
	if err := tx.SelectContext(ctx, &last, newest); err != nil {
		return 0, err
	}
	if len(last) == 0 {
		return 0, fault.New(fault.NotFound, "organisation.none")
	}
	version := last[0].Version + 1
	hash, err := hashChange(last[0].Hash, p.orgDiff)
	if err != nil {
		return 0, err
	}
	const insert = `INSERT INTO org_versions (version, cause, hash, basis) VALUES ($1, $2, $3, $4)`
	if _, err := tx.ExecContext(ctx, insert, version, p.actor, hash, basisChange); err != nil {
		return 0, err
	}
	if err := saveOrgRows(ctx, tx, p.orgDiff, version); err != nil {
		return 0, err
	}
	if err := saveHoldersOf(ctx, tx, p.people); err != nil {
		return 0, err
	}
	if err := p.moveLeavers(ctx, tx, version); err != nil {
		return 0, err
	}
	data := organisationChanged{Version: version, Reason: p.reason, Before: last[0].Hash, Hash: hash,
		Ended: namesOf(p.ends), Begun: namesOf(p.begins)}
	return version, recordFact(ctx, tx, OrgStream, "org:"+strconv.FormatInt(version, 10),
		evidence.Draft{Kind: cmp.Or(p.kind, OrganisationChanged), Actor: p.actor, Data: mustJSON(data)})
}

// moveLeavers notes who left and who came back. A right that is granted moves nobody.
func (p organisationPatch) moveLeavers(ctx context.Context, tx *sqlx.Tx, version int64) error {
	if len(p.left)+len(p.arrived) == 0 {
		return nil
	}
	const back = `DELETE FROM leavers WHERE person = ANY($1)`
	if _, err := tx.ExecContext(ctx, back, pq.Array(p.arrived)); err != nil {
		return err
	}
	const gone = `INSERT INTO leavers SELECT unnest($1::text[]) ON CONFLICT DO NOTHING`
	if _, err := tx.ExecContext(ctx, gone, pq.Array(p.left)); err != nil {
		return err
	}
	return depart(ctx, tx, p.left, version)
}

// hashChange is the hash of a version that changes the one before it.
func hashChange(before string, d orgDiff) (string, error) {
	sortOrg(d.begins)
	return evidence.HashOf(struct {
		Before string   `json:"before"`
		Ended  []string `json:"ended"`
		Begun  []orgRow `json:"begun"`
	}{before, namesOf(d.ends), append([]orgRow{}, d.begins...)})
}

func namesOf(rows []orgRow) []string {
	sortOrg(rows)
	names := make([]string, 0, len(rows))
	for _, r := range rows {
		names = append(names, r.Kind+" "+r.ID)
	}
	return names
}

// changedRows are the rows that a version ended and began, as its hash had them.
func changedRows(ctx context.Context, q sqlx.QueryerContext, version int64) (orgDiff, error) {
	var d orgDiff
	const ended = `SELECT kind, id, '' AS body FROM org_rows WHERE to_version = $1`
	if err := sqlx.SelectContext(ctx, q, &d.ends, ended, version); err != nil {
		return d, err
	}
	const begun = `SELECT kind, id, body FROM org_rows WHERE from_version = $1`
	err := sqlx.SelectContext(ctx, q, &d.begins, begun, version)
	return d, err
}
