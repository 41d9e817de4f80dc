package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
)

// snapshotsMost is how many versions of the organisation are kept in memory.
const snapshotsMost = 32

// analyzeFrom is how many new rows are told to the planner at once: a directory that
// begins before autovacuum came by would read everybody for each person, 93 ms for 7.
const analyzeFrom = 500

// The kinds of row of an organisation.
const (
	orgPerson     = "person"
	orgDepartment = "department"
	orgEntity     = "entity"
	orgSupplier   = "supplier"
	orgGrant      = "grant"
	orgPost       = "post"
	orgGrade      = "grade"
	orgAuthority  = "authority"
)

// orgRow is one thing of the organisation as it stands in a version.
type orgRow struct{ Kind, ID, Body string }

// OrgVersion is the newest version of the organisation, 0 where there is none.
func (s *Store) OrgVersion(ctx context.Context) (int64, error) {
	version, err := orgVersion(ctx, s.db)
	return version, sqlFault("store.OrgVersion", err)
}

func orgVersion(ctx context.Context, q sqlx.QueryerContext) (int64, error) {
	var version int64
	err := sqlx.GetContext(ctx, q, &version, `SELECT coalesce(max(version), 0) FROM org_versions`)
	return version, err
}

// newestVersion is OrgVersion, believed for a moment.
func (s *Store) newestVersion(ctx context.Context) (int64, error) {
	return s.versions.get("", func() (int64, error) { return s.OrgVersion(ctx) })
}

// Snapshot returns the organisation as of a version; 0 means the newest, as of a
// second ago, with the rights that hold now. It is shared: nobody may change it.
//
// Errors: NotFound organisation.none, organisation.missing.
func (s *Store) Snapshot(ctx context.Context, version int64) (*org.Snapshot, error) {
	if version == 0 {
		newest, err := s.newestVersion(ctx)
		if err != nil {
			return nil, err
		}
		if newest == 0 {
			return nil, fault.New(fault.NotFound, "organisation.none")
		}
		return s.snapshotNow(ctx, newest)
	}
	s.mu.Lock()
	known := s.snapshots[version]
	s.mu.Unlock()
	if known != nil {
		return known, nil
	}
	snapshot, err := loadSnapshot(ctx, s.db, version)
	if err != nil {
		return nil, sqlFault("store.Snapshot", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.snapshots) >= snapshotsMost {
		clear(s.snapshots)
	}
	s.snapshots[version] = snapshot
	return snapshot, nil
}

func loadSnapshot(ctx context.Context, q sqlx.QueryerContext, version int64) (*org.Snapshot, error) {
	rows, err := orgRowsAt(ctx, q, version)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, fault.New(fault.NotFound, "organisation.missing", fault.Arg("version", strconv.FormatInt(version, 10)))
	}
	snapshot := &org.Snapshot{
		Version: version, People: map[string]org.Person{}, Departments: map[string]org.Department{},
		Entities: map[string]org.LegalEntity{}, Suppliers: map[string]org.Supplier{}, Grades: map[string]org.Grade{},
	}
	for _, r := range rows {
		if err := addOrgRow(snapshot, r); err != nil {
			return nil, fmt.Errorf("read %s %s: %w", r.Kind, r.ID, err)
		}
	}
	return snapshot, nil
}

func orgRowsAt(ctx context.Context, q sqlx.QueryerContext, version int64) ([]orgRow, error) {
	const query = `
		SELECT kind, id, body FROM org_rows
		WHERE from_version <= $1 AND (to_version IS NULL OR to_version > $1)
		  AND EXISTS (SELECT 1 FROM org_versions WHERE version = $1) ORDER BY kind, id`
	var rows []orgRow
	err := sqlx.SelectContext(ctx, q, &rows, query, version)
	return rows, err
}

func addOrgRow(s *org.Snapshot, r orgRow) error {
	body := []byte(r.Body)
	switch r.Kind {
	case orgPerson:
		return addTo(s.People, r.ID, body)
	case orgDepartment:
		return addTo(s.Departments, r.ID, body)
	case orgEntity:
		return addTo(s.Entities, r.ID, body)
	case orgSupplier:
		return addTo(s.Suppliers, r.ID, body)
	case orgGrade:
		return addTo(s.Grades, r.ID, body)
	case orgPost:
		return appendTo(&s.Posts, body)
	case orgAuthority:
		return appendTo(&s.Authorities, body)
	}
	return appendTo(&s.Grants, body)
}

func appendTo[V any](list *[]V, body []byte) error {
	var v V
	err := json.Unmarshal(body, &v)
	*list = append(*list, v)
	return err
}

func addTo[V any](m map[string]V, id string, body []byte) error {
	var v V
	err := json.Unmarshal(body, &v)
	m[id] = v
	return err
}

// orgRowsOf takes a snapshot apart into rows, in order.
func orgRowsOf(s org.Snapshot) ([]orgRow, error) {
	var rows []orgRow
	var failed error
	add := func(kind, id string, v any) {
		body, err := evidence.Canonical(v)
		if err != nil {
			failed = fmt.Errorf("%s %s: %w", kind, id, err)
		}
		rows = append(rows, orgRow{Kind: kind, ID: id, Body: string(body)})
	}
	for id, p := range s.People {
		add(orgPerson, id, p)
	}
	for id, d := range s.Departments {
		add(orgDepartment, id, d)
	}
	for id, e := range s.Entities {
		add(orgEntity, id, e)
	}
	for id, p := range s.Suppliers {
		add(orgSupplier, id, p)
	}
	for id, g := range s.Grades {
		add(orgGrade, id, g)
	}
	for _, g := range s.Grants {
		add(orgGrant, grantRowID(g), g)
	}
	for _, p := range s.Posts {
		add(orgPost, p.Person+"|"+p.Role+"|"+p.Department+"|"+p.CostCenter, p)
	}
	for _, a := range s.Authorities {
		add(orgAuthority, a.Person+"|"+a.Grade+"|"+a.Entity, a)
	}
	sortOrg(rows)
	rows = slices.CompactFunc(rows, func(a, b orgRow) bool { return a.Kind == b.Kind && a.ID == b.ID })
	return rows, failed
}

// sortOrg orders rows by their bytes, whatever the database's collation is.
func sortOrg(rows []orgRow) {
	slices.SortFunc(rows, func(a, b orgRow) int {
		return slices.Compare([]string{a.Kind, a.ID}, []string{b.Kind, b.ID})
	})
}

// hashOrg is the hash of a whole version.
func hashOrg(rows []orgRow) (string, error) {
	sortOrg(rows)
	return evidence.HashOf(rows)
}

// ReplaceOrganisation makes next the organisation in force and tells its
// version. Only what differs is written; nothing of the past is lost. Who is not
// active in it any more loses sessions, tokens and delegations at once, and open
// documents that wait for them hear of it from a relay, see SpreadChanges. What a
// directory says of its people stays, see WithDirectory, and so does what was granted
// and taken away in the house.
//
// Safe to repeat: an organisation that is in force already keeps its version.
func (s *Store) ReplaceOrganisation(ctx context.Context, next org.Snapshot, cause string) (int64, error) {
	var version int64
	err := s.inTx(ctx, "store.ReplaceOrganisation", func(tx *sqlx.Tx) error {
		if err := lockOrganisation(ctx, tx); err != nil {
			return err
		}
		if err := keepAlso(ctx, tx, next); err != nil {
			return err
		}
		next, err := withDirectory(ctx, tx, next)
		if err == nil {
			next, err = withGranted(ctx, tx, next)
		}
		if err != nil {
			return err
		}
		rows, err := orgRowsOf(next)
		if err != nil {
			return err
		}
		version, err = orgVersion(ctx, tx)
		if err != nil {
			return err
		}
		before, err := orgRowsAt(ctx, tx, version)
		if err != nil {
			return err
		}
		change := diffOrg(before, rows)
		if version > 0 && change.empty() {
			return nil
		}
		version++
		err = saveOrganisation(ctx, tx, organisationChange{
			orgDiff: change, version: version, cause: cause, rows: rows, next: next,
		})
		if err == nil && len(change.begins) >= analyzeFrom {
			_, err = tx.ExecContext(ctx, `ANALYZE org_rows`)
		}
		return err
	})
	s.versions.forget()
	s.tokens.forget()
	return version, err
}

// orgDiff is what one version changes: rows that end, and rows that begin.
type orgDiff struct{ ends, begins []orgRow }

func (d orgDiff) empty() bool { return len(d.ends)+len(d.begins) == 0 }

func diffOrg(before, after []orgRow) orgDiff {
	type name struct{ kind, id string }
	old := map[name]orgRow{}
	for _, r := range before {
		old[name{r.Kind, r.ID}] = r
	}
	var d orgDiff
	for _, r := range after {
		was, existed := old[name{r.Kind, r.ID}]
		delete(old, name{r.Kind, r.ID})
		if existed && was.Body == r.Body {
			continue
		}
		if existed {
			d.ends = append(d.ends, was)
		}
		d.begins = append(d.begins, r)
	}
	for _, r := range before {
		if gone, ok := old[name{r.Kind, r.ID}]; ok {
			d.ends = append(d.ends, gone)
		}
	}
	return d
}

type organisationChange struct {
	orgDiff
	version int64
	cause   string
	rows    []orgRow
	next    org.Snapshot
}

// organisationData is the data of organisation.replaced.
type organisationData struct {
	Version int64  `json:"version"`
	Cause   string `json:"cause"`
	Hash    string `json:"hash"` // of every row of the version
	Ended   int    `json:"ended"`
	Begun   int    `json:"begun"`
}

func saveOrganisation(ctx context.Context, tx *sqlx.Tx, c organisationChange) error {
	hash, err := hashOrg(c.rows)
	if err != nil {
		return err
	}
	const insertVersion = `INSERT INTO org_versions (version, cause, hash) VALUES ($1, $2, $3)`
	if _, err := tx.ExecContext(ctx, insertVersion, c.version, c.cause, hash); err != nil {
		return err
	}
	if err := saveOrgRows(ctx, tx, c.orgDiff, c.version); err != nil {
		return err
	}
	if err := saveHolders(ctx, tx); err != nil {
		return err
	}
	if err := leave(ctx, tx, c.next, c.version); err != nil {
		return err
	}
	data := organisationData{Version: c.version, Cause: c.cause, Hash: hash, Ended: len(c.ends), Begun: len(c.begins)}
	return recordFact(ctx, tx, OrgStream, "org:"+strconv.FormatInt(c.version, 10),
		evidence.Draft{Kind: OrganisationReplaced, Actor: c.cause, Data: mustJSON(data)})
}

// saveOrgRows ends rows and begins others.
func saveOrgRows(ctx context.Context, tx *sqlx.Tx, d orgDiff, version int64) error {
	const end = `
		UPDATE org_rows r SET to_version = $1 FROM unnest($2::text[], $3::text[]) AS u (kind, id)
		WHERE r.kind = u.kind AND r.id = u.id AND r.to_version IS NULL`
	kinds, ids, _ := columnsOf(d.ends)
	if _, err := tx.ExecContext(ctx, end, version, kinds, ids); err != nil {
		return err
	}
	const begin = `
		INSERT INTO org_rows (kind, id, from_version, body)
		SELECT u.kind, u.id, $1, u.body FROM unnest($2::text[], $3::text[], $4::text[]) AS u (kind, id, body)`
	kinds, ids, bodies := columnsOf(d.begins)
	_, err := tx.ExecContext(ctx, begin, version, kinds, ids, bodies)
	return err
}

func columnsOf(rows []orgRow) (kinds, ids, bodies pq.StringArray) {
	for _, r := range rows {
		kinds, ids, bodies = append(kinds, r.Kind), append(ids, r.ID), append(bodies, r.Body)
	}
	return kinds, ids, bodies
}

// PersonBySubject finds the active person behind a sign-in. A person's subject
// is either the bare sub of the one identity provider, or «issuer|sub».
//
// Errors: NotFound person.not_found.
func (s *Store) PersonBySubject(ctx context.Context, issuer, subject string) (org.Person, error) {
	snapshot, err := s.Snapshot(ctx, 0)
	if err != nil {
		return org.Person{}, err
	}
	for _, p := range snapshot.People {
		if subject != "" && p.Active && (p.Subject == subject || p.Subject == issuer+"|"+subject) {
			return p, nil
		}
	}
	return org.Person{}, fault.New(fault.NotFound, "person.not_found")
}
