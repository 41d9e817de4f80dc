package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/certification"
	"github.com/countersign/countersign/domain/fault"
)

// reviewStream holds one campaign: and its id.
const reviewStream = "review:"

// The events of a review of rights.
const (
	ReviewOpened  = "review.opened"
	ReviewDecided = "review.decided"
	ReviewHanded  = "review.reassigned" // somebody else is asked about an item
	ReviewOverdue = "review.overdue"    // its reviewers are late: administrators may decide too
	ReviewClosed  = "review.closed"
)

// SystemReview ends campaigns, and proposes the revocation of what nobody decided on.
const SystemReview = "system:review"

// Certification is a campaign with how far it has come. 权限复核
type Certification struct {
	certification.Campaign

	Items   int
	Hash    string
	Counts  map[string]int // items of a state
	Overdue time.Time      // zero: not yet
	Closed  time.Time      // zero: it is open
	Now     time.Time      // of the database, as it was read
}

// CertificationItem is one right of a campaign with what was said of it.
type CertificationItem struct {
	certification.Item

	Campaign string
	State    string // open, or what was said: certification.Keep and so on
	By       string
	At       time.Time
	Reason   string
	NewUntil time.Time // of one that is shortened
	Proposal string    // of its revocation
	Decided  string    // state of that proposal as of now; "" for none

	Handed   int                        // how often somebody else was asked
	Handover certification.Reassignment // the last time
	HandedAt time.Time
}

// Asks is who is asked about the item now, "" for whichever administrator may.
func (i CertificationItem) Asks() string { return cmp.Or(i.Handover.To, i.Reviewer) }

type certificationRow struct {
	ID, Title, Scope, Reviewer, Undecided, Hash string

	Items     int
	Version   int64
	OpenedBy  string       `db:"opened_by"`
	OpenedAt  time.Time    `db:"opened_at"`
	DueAt     time.Time    `db:"due_at"`
	ClosesAt  time.Time    `db:"closes_at"`
	OverdueAt sql.NullTime `db:"overdue_at"`
	ClosedAt  sql.NullTime `db:"closed_at"`
	Reminded  int
	Now       time.Time
	Counts    string
}

const certificationColumns = `id, title, scope, reviewer, undecided, opened_by, opened_at, due_at, closes_at, version,
	items, hash, reminded, overdue_at, closed_at, clock_timestamp() AS now`

func (r certificationRow) certification() Certification {
	c := Certification{
		Campaign: certification.Campaign{
			ID: r.ID, Title: r.Title, Reviewer: r.Reviewer, Undecided: r.Undecided, OpenedBy: r.OpenedBy,
			Opened: r.OpenedAt.UTC(), Due: r.DueAt.UTC(), Closes: r.ClosesAt.UTC(), Version: r.Version,
		},
		Items: r.Items, Hash: r.Hash, Overdue: orZero(r.OverdueAt), Closed: orZero(r.ClosedAt), Now: r.Now.UTC(),
	}
	_ = json.Unmarshal([]byte(r.Scope), &c.Scope)   // both written by ourselves
	_ = json.Unmarshal([]byte(r.Counts), &c.Counts) // none of one alone
	return c
}

type certificationItemRow struct {
	Campaign, Person, Role, Entity, Department, Reviewer, State, Reason, Proposal, Decided string

	No        int
	GrantKey  string       `db:"grant_key"`
	UntilAt   sql.NullTime `db:"until_at"`
	DecidedBy string       `db:"decided_by"`
	DecidedAt sql.NullTime `db:"decided_at"`
	NewUntil  sql.NullTime `db:"new_until"`

	Handed       int
	HandedTo     string       `db:"handed_to"`
	HandedBy     string       `db:"handed_by"`
	HandedReason string       `db:"handed_reason"`
	HandedAt     sql.NullTime `db:"handed_at"`
}

const certificationItemColumns = `campaign, no, person, role, entity, department, grant_key, until_at, reviewer, state,
	decided_by, decided_at, reason, new_until, proposal, handed, handed_to, handed_by, handed_reason, handed_at,
	coalesce((SELECT CASE WHEN p.state = 'open' AND p.expires_at <= clock_timestamp() THEN 'expired' ELSE p.state END
	          FROM proposals p WHERE p.id = certification_items.proposal), '') AS decided`

func (r certificationItemRow) item() CertificationItem {
	return CertificationItem{
		Item: certification.Item{
			No: r.No, Person: r.Person, Role: r.Role, Entity: r.Entity, Department: r.Department, Grant: r.GrantKey,
			Until: orZero(r.UntilAt), Reviewer: r.Reviewer,
		},
		Campaign: r.Campaign, State: r.State, By: r.DecidedBy, At: orZero(r.DecidedAt), Reason: r.Reason,
		NewUntil: orZero(r.NewUntil), Proposal: r.Proposal, Decided: r.Decided, Handed: r.Handed,
		Handover: certification.Reassignment{By: r.HandedBy, To: r.HandedTo, Reason: r.HandedReason},
		HandedAt: orZero(r.HandedAt),
	}
}

func selectItems(ctx context.Context, q sqlx.QueryerContext, query string, args ...any) ([]CertificationItem, error) {
	var rows []certificationItemRow
	if err := sqlx.SelectContext(ctx, q, &rows, query, args...); err != nil {
		return nil, err
	}
	items := make([]CertificationItem, 0, len(rows))
	for _, r := range rows {
		items = append(items, r.item())
	}
	return items, nil
}

// seenItems cuts the items to those that a scope may know of ($1 all, $2 entities) and
// those that somebody ($3) is, or was at first, asked about, or handed on last.
const seenItems = `($1 OR entity = ANY($2) AND entity <> '' OR reviewer = $3
	OR handed > 0 AND (handed_to = $3 OR handed_by = $3))`

// Certifications lists the campaigns of which somebody may know an item, the newest first.
func (s *Store) Certifications(ctx context.Context, scope access.Scope, who string) ([]Certification, error) {
	const query = `
		SELECT ` + certificationColumns + `, counts FROM certifications, LATERAL (
			SELECT jsonb_object_agg(state, n) AS counts FROM (SELECT state, count(*) AS n FROM certification_items
				WHERE campaign = certifications.id AND ` + seenItems + ` GROUP BY state) AS s) AS seen
		WHERE counts IS NOT NULL ORDER BY opened_at DESC, id DESC LIMIT 200`
	var rows []certificationRow
	err := s.db.SelectContext(ctx, &rows, query, scope.All, pq.Array(scope.Entities), who)
	if err != nil {
		return nil, sqlFault("store.Certifications", err)
	}
	all := make([]Certification, 0, len(rows))
	for _, r := range rows {
		all = append(all, r.certification())
	}
	return all, nil
}

// Certification is one campaign.
//
// Errors: NotFound review.not_found.
func (s *Store) Certification(ctx context.Context, id string) (Certification, error) {
	c, err := certificationOf(ctx, s.db, id, "")
	return c, sqlFault("store.Certification", err)
}

func certificationOf(ctx context.Context, q sqlx.QueryerContext, id, lock string) (Certification, error) {
	var row certificationRow
	err := sqlx.GetContext(ctx, q, &row, `SELECT `+certificationColumns+` FROM certifications WHERE id = $1 `+lock, id)
	return row.certification(), noRows(err, fault.New(fault.NotFound, "review.not_found"))
}

// CertificationItems lists the items of a campaign that somebody may know of, in order.
func (s *Store) CertificationItems(ctx context.Context, scope access.Scope, who, campaign string) (
	[]CertificationItem, error) {
	const query = `SELECT ` + certificationItemColumns + ` FROM certification_items
		WHERE ` + seenItems + ` AND campaign = $4 ORDER BY no`
	items, err := selectItems(ctx, s.db, query, scope.All, pq.Array(scope.Entities), who, campaign)
	return items, sqlFault("store.CertificationItems", err)
}

// Certified is when a right was last certified, and by whom. 最近复核
type Certified struct {
	Campaign, By string
	At           time.Time
}

// LastCertified tells of every right when somebody last said that it is still needed, by
// person and key of the grant.
func (s *Store) LastCertified(ctx context.Context, until time.Time) (map[[2]string]Certified, error) {
	const query = `
		SELECT DISTINCT ON (person, grant_key) person, grant_key, campaign, decided_by, decided_at FROM certification_items
		WHERE state = 'keep' AND decided_at <= $1 ORDER BY person, grant_key, decided_at DESC`
	var rows []struct {
		Person, Campaign string

		GrantKey  string    `db:"grant_key"`
		DecidedBy string    `db:"decided_by"`
		DecidedAt time.Time `db:"decided_at"`
	}
	if err := s.db.SelectContext(ctx, &rows, query, until); err != nil {
		return nil, sqlFault("store.LastCertified", err)
	}
	last := make(map[[2]string]Certified, len(rows))
	for _, r := range rows {
		last[[2]string{r.Person, r.GrantKey}] = Certified{r.Campaign, r.DecidedBy, r.DecidedAt.UTC()}
	}
	return last, nil
}
