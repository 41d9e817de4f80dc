package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/directory"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/org"
)

// follow makes the organisation what the directory says now, as far as the write
// concerns it: the user, or who came into the group or left it.
func (w *directoryWriter) follow(ctx context.Context) error {
	touched, err := w.touched()
	if err != nil || len(touched) == 0 {
		return err
	}
	house, err := w.house(ctx)
	if err != nil {
		return err
	}
	known, err := w.known(ctx, touched)
	if err != nil {
		return err
	}
	if w.barred, err = barredGrants(ctx, w.tx, touched); err != nil {
		return err
	}
	if w.Kind == directory.User {
		if err := w.unknownManager(ctx); err != nil {
			return err
		}
	}
	p := organisationPatch{actor: w.Actor, reason: w.Verb + " " + string(w.Kind) + "/" + w.after.ID}
	for _, user := range known {
		if err := w.derive(ctx, &p, user, house); err != nil {
			return err
		}
	}
	if err := w.mayLeave(ctx, p.left); err != nil {
		return err
	}
	if err := saveDirectoryGrants(ctx, w.tx, known); err != nil || p.empty() {
		return err
	}
	version, err := changeOrganisation(ctx, w.tx, p)
	if err != nil {
		return err
	}
	const leavings = `INSERT INTO directory_leavings (person, version) SELECT unnest($1::text[]), $2`
	_, err = w.tx.ExecContext(ctx, leavings, pq.Array(p.left), version)
	return err
}

// touched lists whom the write may concern.
func (w *directoryWriter) touched() ([]string, error) {
	if w.Kind == directory.User {
		return []string{w.after.ID}, nil
	}
	was := directory.Membership{Name: w.before.Name(), External: w.before.External()}
	is := directory.Membership{Name: w.after.Name(), External: w.after.External()}
	if !w.Rules.Maps(was) && !w.Rules.Maps(is) {
		return nil, nil
	}
	if was == is && w.before.Deleted == w.after.Deleted {
		return append(without(w.before.Members, w.after.Members), without(w.after.Members, w.before.Members)...), nil
	}
	all := slices.Concat(w.before.Members, w.after.Members)
	slices.Sort(all)
	return slices.Compact(all), nil
}

// knownUser is a user whom a write concerns, as the house knows them before it.
type knownUser struct {
	directory.Known
	user   directory.Resource
	grants []directoryGrant // by groups, before and after
	next   []directoryGrant
	all    []org.Grant // whoever gave them
}

// directoryGrant is a grant that comes from a group.
type directoryGrant struct {
	Person, Role, Entity string
	Also                 bool // a file gives it too
}

func (g directoryGrant) grant() org.Grant {
	return org.Grant{Person: g.Person, Role: g.Role, Entity: g.Entity}
}

func (w *directoryWriter) house(ctx context.Context) (directory.House, error) {
	house := directory.House{Departments: map[string]org.Department{}}
	var rows []orgRow
	const query = `SELECT kind, id, body FROM org_rows WHERE kind = 'department' AND to_version IS NULL`
	err := w.tx.SelectContext(ctx, &rows, query)
	for _, r := range rows {
		if err == nil {
			err = addTo(house.Departments, r.ID, []byte(r.Body))
		}
	}
	return house, err
}

// known reads the users of these ids, who they are in the organisation, their groups
// and the grants they have by them. Members that are groups are none of them.
func (w *directoryWriter) known(ctx context.Context, ids []string) ([]*knownUser, error) {
	const query = `
		SELECT e.kind, e.id, e.attributes, e.version, e.adopted, e.created_at, e.modified_at, e.deleted_at,
		       coalesce(p.body, '{}') AS person,
		       (SELECT coalesce(jsonb_agg(jsonb_build_object('Name', g.attributes::jsonb ->> 'displayName',
		                                                     'External', g.external)), '[]')
		        FROM directory_members m JOIN directory_entries g ON g.kind = 'Group' AND g.id = m.of AND g.deleted_at IS NULL
		        WHERE m.member = e.id) AS groups,
		       (SELECT coalesce(jsonb_agg(to_jsonb(d)), '[]') FROM directory_grants d WHERE d.person = e.id) AS grants,
		       (SELECT coalesce(jsonb_agg(o.body::jsonb), '[]') FROM org_rows o
		        WHERE o.kind = 'grant' AND o.to_version IS NULL AND o.body::jsonb ->> 'person' = e.id) AS whole
		FROM directory_entries e
		LEFT JOIN org_rows p ON p.kind = 'person' AND p.id = e.id AND p.to_version IS NULL
		WHERE e.kind = 'User' AND e.id = ANY($1) ORDER BY e.id`
	var rows []struct {
		directoryRow
		Person, Groups, Grants, Whole string
	}
	if err := w.tx.SelectContext(ctx, &rows, query, pq.Array(ids)); err != nil {
		return nil, err
	}
	all := make([]*knownUser, 0, len(rows))
	for _, row := range rows {
		user, err := row.resource()
		if err != nil {
			return nil, err
		}
		k := &knownUser{user: user, Known: directory.Known{Was: user}}
		if w.Kind == directory.User {
			k.Was = w.before
		}
		texts, into := []string{row.Person, row.Groups, row.Grants, row.Whole}, []any{&k.Before, &k.In, &k.grants, &k.all}
		for i, text := range texts {
			if err := json.Unmarshal([]byte(text), into[i]); err != nil {
				return nil, fmt.Errorf("read user %s: %w", row.ID, err)
			}
		}
		all = append(all, k)
	}
	return all, nil
}

// derive adds to a patch what follows for one user.
func (w *directoryWriter) derive(ctx context.Context, p *organisationPatch, k *knownUser, house directory.House) error {
	person, err := w.Rules.Person(k.user, k.Known, house)
	if err != nil {
		return err
	}
	fresh := k.Before.ID == ""
	if fresh && k.user.Deleted {
		return nil
	}
	if fresh {
		if err := w.freeSubject(ctx, person.ID, person.Subject); err != nil {
			return err
		}
	}
	before, err := rowOf(orgPerson, person.ID, k.Before)
	if err != nil {
		return err
	}
	after, err := rowOf(orgPerson, person.ID, person)
	if err != nil {
		return err
	}
	changed := len(p.begins) + len(p.ends)
	if before.Body != after.Body {
		p.begins = append(p.begins, after)
		if !fresh {
			p.ends = append(p.ends, before)
		}
	}
	if err := p.regrant(k, w.Rules.Grants(person, k.In), w.barred); err != nil {
		return err
	}
	if len(p.begins)+len(p.ends) == changed {
		return nil
	}
	p.people = append(p.people, person.ID)
	switch {
	case k.Before.Active && !person.Active:
		p.left = append(p.left, person.ID)
	case person.Active && !k.Before.Active:
		p.arrived = append(p.arrived, person.ID)
	}
	return nil
}

func rowOf(kind, id string, v any) (orgRow, error) {
	body, err := evidence.Canonical(v)
	return orgRow{Kind: kind, ID: id, Body: string(body)}, err
}

func rowOfGrant(g org.Grant) (orgRow, error) { return rowOf(orgGrant, grantRowID(g), g) }

// grantRowID names a grant in the organisation: what a file and a directory give is
// one, what was granted in the house is its own.
func grantRowID(g org.Grant) string {
	id := g.Person + "|" + g.Role + "|" + g.Entity
	if g.ID != "" {
		id += "|" + g.ID
	}
	return id
}

// regrant ends the grants that no group gives any more, and begins those that one
// gives now. What a file gives too is the file's to take away; what was taken away in
// the house stays away.
func (p *organisationPatch) regrant(k *knownUser, now []org.Grant, barred map[org.Grant]bool) error {
	for _, g := range k.grants {
		if slices.Contains(now, g.grant()) {
			k.next = append(k.next, g)
			continue
		}
		if g.Also || barred[g.grant()] {
			continue
		}
		row, err := rowOfGrant(g.grant())
		if err != nil {
			return err
		}
		p.ends = append(p.ends, row)
	}
	for _, g := range now {
		had := func(d directoryGrant) bool { return d.grant() == g }
		if slices.ContainsFunc(k.grants, had) {
			continue
		}
		also := slices.Contains(k.all, g)
		k.next = append(k.next, directoryGrant{Person: g.Person, Role: g.Role, Entity: g.Entity, Also: also})
		if also || barred[g] {
			continue
		}
		row, err := rowOfGrant(g)
		if err != nil {
			return err
		}
		p.begins = append(p.begins, row)
	}
	return nil
}

// saveDirectoryGrants keeps which grants come from groups.
func saveDirectoryGrants(ctx context.Context, tx *sqlx.Tx, users []*knownUser) error {
	var people []string
	next := []directoryGrant{}
	for _, k := range users {
		people = append(people, k.user.ID)
		next = append(next, k.next...)
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM directory_grants WHERE person = ANY($1)`, pq.Array(people)); err != nil {
		return err
	}
	const insert = `
		INSERT INTO directory_grants (person, role, entity, also)
		SELECT "Person", "Role", "Entity", "Also"
		FROM jsonb_to_recordset($1::jsonb) AS g ("Person" text, "Role" text, "Entity" text, "Also" boolean)`
	_, err := tx.ExecContext(ctx, insert, string(mustJSON(next)))
	return err
}
