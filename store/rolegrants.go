package store

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/org"
)

// grantStream holds the rights of one person: and the person's id.
const grantStream = "grant:"

// The events of rights.
const (
	GrantRequested      = "grant.requested"
	GrantApproved       = "grant.approved"
	GrantRefused        = "grant.refused"
	GrantRevoked        = "grant.revoked" // by two people, or at once by an administrator alone
	RevocationRequested = "revocation.requested"
	RevocationRefused   = "revocation.refused"
	GrantClaimed        = "grant.claimed"   // by the claims of a sign-in
	GrantUnclaimed      = "grant.unclaimed" // no claim gives it any more, or it was renewed
)

// Where a grant comes from.
const (
	GrantedInHouse     = "house"     // two people, here
	GrantedByFile      = "file"      // the organisation's file or table
	GrantedByDirectory = "directory" // a group of the directory
	GrantedByClaim     = "claim"     // a claim at sign-in; a directory's to everybody who reads of it
)

// grantsMost is how many rights one list has.
const grantsMost = 2000

// RoleGrant is a right that was granted in the house, or one of a file or a directory
// that was taken away here. 授权记录
type RoleGrant struct {
	ID          string    `json:"id"`
	Source      string    `json:"source"`
	Person      string    `json:"person"`
	Role        string    `json:"role"`
	Entity      string    `json:"entity"`
	Department  string    `json:"department"`
	From        time.Time `json:"from"`
	Until       time.Time `json:"until"` // zero: for good
	Reason      string    `json:"reason"`
	Maker       string    `json:"maker"`
	Checker     string    `json:"checker"`
	GrantedAt   time.Time `json:"granted_at"`
	EndedAt     time.Time `json:"ended_at"` // taken away; zero: not, whatever time does
	EndedBy     string    `json:"ended_by"`
	EndMaker    string    `json:"end_maker"`
	EndReason   string    `json:"end_reason"`
	EndProposal string    `json:"end_proposal"` // "" where one person did it alone
}

// Alone says whether one person took it away.
func (g RoleGrant) Alone() bool {
	return !g.EndedAt.IsZero() && g.EndProposal == "" && !strings.HasPrefix(g.EndedBy, claimMaker)
}

// Origin is where it comes from in the words of who reads of it.
func (g RoleGrant) Origin() string {
	if g.Source == GrantedByClaim {
		return GrantedByDirectory
	}
	return g.Source
}

// Claimed is the provider whose claims at sign-in gave it, and whether it was they that
// ended it; "" where none did.
func (g RoleGrant) Claimed() (provider string, ended bool) {
	provider, _ = strings.CutPrefix(g.Maker, claimMaker)
	if g.Source != GrantedByClaim {
		provider = ""
	}
	return provider, strings.HasPrefix(g.EndedBy, claimMaker)
}

// Grant is the right as the organisation has it.
func (g RoleGrant) Grant() org.Grant {
	granted := org.Grant{Person: g.Person, Role: g.Role, Entity: g.Entity}
	if g.Source == GrantedInHouse || g.Source == GrantedByClaim {
		granted.ID, granted.Department, granted.From, granted.Until = g.ID, g.Department, g.From, g.Until
	}
	return granted
}

type roleGrantRow struct {
	ID, Source, Person, Role, Entity, Department, Reason, Maker, Checker string

	FromAt      time.Time    `db:"from_at"`
	UntilAt     sql.NullTime `db:"until_at"`
	GrantedAt   time.Time    `db:"granted_at"`
	EndedAt     sql.NullTime `db:"ended_at"`
	EndedBy     string       `db:"ended_by"`
	EndMaker    string       `db:"end_maker"`
	EndReason   string       `db:"end_reason"`
	EndProposal string       `db:"end_proposal"`
}

const roleGrantColumns = `id, source, person, role, entity, department, reason, maker, checker, from_at, until_at,
	granted_at, ended_at, ended_by, end_maker, end_reason, end_proposal`

func (r roleGrantRow) grant() RoleGrant {
	return RoleGrant{
		ID: r.ID, Source: r.Source, Person: r.Person, Role: r.Role, Entity: r.Entity, Department: r.Department,
		Reason: r.Reason, Maker: r.Maker, Checker: r.Checker, From: r.FromAt.UTC(), Until: orZero(r.UntilAt),
		GrantedAt: r.GrantedAt.UTC(), EndedAt: orZero(r.EndedAt), EndedBy: r.EndedBy, EndMaker: r.EndMaker,
		EndReason: r.EndReason, EndProposal: r.EndProposal,
	}
}

func selectGrants(ctx context.Context, q sqlx.QueryerContext, query string, args ...any) ([]RoleGrant, error) {
	var rows []roleGrantRow
	if err := sqlx.SelectContext(ctx, q, &rows, query, args...); err != nil {
		return nil, err
	}
	all := make([]RoleGrant, 0, len(rows))
	for _, r := range rows {
		all = append(all, r.grant())
	}
	return all, nil
}

// RoleGrants lists what was granted to somebody in the house and taken away here, the
// newest first; "" asks for everybody.
func (s *Store) RoleGrants(ctx context.Context, person string) ([]RoleGrant, error) {
	const query = `SELECT ` + roleGrantColumns + ` FROM role_grants WHERE $1 = '' OR person = $1
		ORDER BY coalesce(ended_at, granted_at) DESC, id LIMIT $2`
	all, err := selectGrants(ctx, s.db, query, person, grantsMost)
	return all, sqlFault("store.RoleGrants", err)
}

// Sourced is a grant in the organisation, where it comes from and since when.
type Sourced struct {
	org.Grant
	Source string
	Since  time.Time // when the organisation began to give it; of one in the house, from when it holds
}

// SourcedGrants tells of the grants in a version of the organisation, in the order of
// their rows, those of one person or, for "", everybody's; 0 asks for the newest.
func (s *Store) SourcedGrants(ctx context.Context, version int64, person string) ([]Sourced, error) {
	const query = `
		SELECT g.body, v.at, CASE WHEN g.body::jsonb ? 'id' THEN
		           CASE (SELECT source FROM role_grants r WHERE r.id = g.body::jsonb ->> 'id') WHEN 'claim' THEN 'directory'
		           ELSE 'house' END
		       WHEN EXISTS (SELECT FROM directory_grants d WHERE d.person = g.body::jsonb ->> 'person'
		                    AND d.role = g.body::jsonb ->> 'role' AND d.entity = g.body::jsonb ->> 'entity') THEN 'directory'
		       ELSE 'file' END AS source
		FROM org_rows g JOIN org_versions v ON v.version = g.from_version
		WHERE g.kind = 'grant' AND ($1 = 0 AND g.to_version IS NULL
		      OR g.from_version <= $1 AND (g.to_version IS NULL OR g.to_version > $1))
		  AND ($2 = '' OR g.body::jsonb ->> 'person' = $2)
		ORDER BY g.id COLLATE "C" LIMIT $3`
	var rows []struct {
		Body, Source string
		At           time.Time
	}
	if err := s.db.SelectContext(ctx, &rows, query, version, person, grantsMost); err != nil {
		return nil, sqlFault("store.SourcedGrants", err)
	}
	all := make([]Sourced, 0, len(rows))
	for _, r := range rows {
		var list []org.Grant
		if err := appendTo(&list, []byte(r.Body)); err != nil {
			return nil, err
		}
		found := Sourced{Grant: list[0], Source: r.Source, Since: r.At.UTC()}
		if found.From.After(found.Since) || r.Source == GrantedByDirectory && !found.From.IsZero() {
			found.Since = found.From // of one that a sign-in renewed: since the first
		}
		all = append(all, found)
	}
	return all, nil
}

// withGranted is an organisation that a file makes, with what was granted in the house,
// and without what was taken away here.
func withGranted(ctx context.Context, q sqlx.QueryerContext, next org.Snapshot) (org.Snapshot, error) {
	const query = `SELECT ` + roleGrantColumns + ` FROM role_grants
		WHERE source IN ('house', 'claim') AND ended_at IS NULL`
	known, err := selectGrants(ctx, q, query)
	if err != nil {
		return next, err
	}
	barred, err := barredGrants(ctx, q, nil)
	if err != nil {
		return next, err
	}
	var granted []org.Grant
	for _, g := range known {
		granted = append(granted, g.Grant())
	}
	var given []org.Grant
	for _, g := range next.Grants {
		if g.ID == "" && !barred[g] {
			given = append(given, g)
		}
	}
	next.Grants = append(given, granted...)
	return next, nil
}

// barredGrants is what was taken away in the house of what files and directories give,
// from these people or, for nil, from anybody.
func barredGrants(ctx context.Context, q sqlx.QueryerContext, people []string) (map[org.Grant]bool, error) {
	const query = `SELECT ` + roleGrantColumns + ` FROM role_grants
		WHERE source IN ('file', 'directory') AND ($1::text[] IS NULL OR person = ANY($1))`
	known, err := selectGrants(ctx, q, query, textsOrNull(people))
	barred := map[org.Grant]bool{}
	for _, g := range known {
		barred[g.Grant()] = true
	}
	return barred, err
}

// recordGrant writes one event of somebody's rights.
func recordGrant(ctx context.Context, tx *sqlx.Tx, kind, cause, person, actor string, data any) error {
	return recordFact(ctx, tx, grantStream+person, cause, evidence.Draft{Kind: kind, Actor: actor, Data: mustJSON(data)})
}
