package store

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/directory"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
)

// DirectoryWrite is one request of a directory.
type DirectoryWrite struct {
	Kind  directory.Kind
	ID    string // "" makes a new one
	Verb  string // create, replace, patch or delete; for the record
	Actor string // scim: and the name of the token, sync: and the source
	Rules directory.Rules
	// Source is one that we ask ourselves; "" for a directory that tells by itself.
	Source string
	Stop   directory.Stop

	// Edit makes the next resource of the one before, which is zero for a new one. It
	// is pure.
	Edit func(before directory.Resource) (directory.Resource, error)
}

// WriteDirectory carries out one request of a directory: what it says is kept, and
// what follows from it for people and grants is the next version of the organisation,
// in one transaction. Who leaves by it loses sessions, tokens and delegations with it.
//
// Safe to repeat: what says nothing new writes nothing; a user or group that is there
// is not made twice. Requests that meet take turns.
// Errors: NotFound scim.not_found; Conflict scim.uniqueness; Busy scim.stopped where
// too many would leave, after which nobody leaves until ReleaseDirectory; Invalid
// scim.unknown_member, scim.no_department, and those of Edit.
func (s *Store) WriteDirectory(ctx context.Context, in DirectoryWrite) (directory.Resource, error) {
	var written directory.Resource
	var stopped *directoryStop
	err := s.inTx(ctx, "store.WriteDirectory", func(tx *sqlx.Tx) error {
		if err := lockOrganisation(ctx, tx); err != nil {
			return err
		}
		w := directoryWriter{DirectoryWrite: in, tx: tx}
		err := w.write(ctx)
		written, stopped = w.after, w.stopped
		return err
	})
	s.Forget()
	if stopped != nil {
		if err := s.stopDirectory(ctx, *stopped); err != nil {
			return directory.Resource{}, err
		}
	}
	return written, err
}

// Forget drops what is believed for a second of people, tokens and published texts:
// another store of this process changed them, or what was believed says no.
func (s *Store) Forget() {
	s.versions.forget()
	s.inForce.forget()
	s.tokens.forget()
}

// directoryWriter is one write under way.
type directoryWriter struct {
	DirectoryWrite
	tx      *sqlx.Tx
	before  directory.Resource
	after   directory.Resource
	barred  map[org.Grant]bool // what was taken away in the house
	stopped *directoryStop     // why it came to nothing
}

func (w *directoryWriter) write(ctx context.Context) error {
	if err := w.find(ctx); err != nil {
		return err
	}
	fresh := w.before.ID == ""
	if w.same() {
		return nil
	}
	if err := w.unique(ctx); err != nil {
		return err
	}
	if fresh {
		if err := w.name(ctx); err != nil {
			return err
		}
	}
	if err := w.save(ctx); err != nil {
		return err
	}
	return w.follow(ctx)
}

// find reads what is there and makes the next of it. A new resource takes up the
// entry that was deleted before, if the directory calls it by the same external id: a
// name may be another human's by now, who must not come into the roles, nor the
// sign-in, of who had it.
func (w *directoryWriter) find(ctx context.Context) error {
	var err error
	if w.ID != "" {
		if w.before, err = directoryEntry(ctx, w.tx, w.Kind, w.ID); err != nil {
			return err
		}
		if w.before.Deleted {
			return noEntry(w.ID)
		}
		w.after, err = w.Edit(w.before)
		return err
	}
	if w.after, err = w.Edit(directory.Resource{}); err != nil {
		return err
	}
	const query = `
		SELECT id FROM directory_entries WHERE kind = $1 AND deleted_at IS NOT NULL
		  AND external = $2 AND external <> '' ORDER BY deleted_at DESC LIMIT 1`
	var gone []string
	if err := w.tx.SelectContext(ctx, &gone, query, string(w.Kind), w.after.External()); err != nil {
		return err
	}
	if len(gone) == 0 {
		return nil
	}
	w.before, err = directoryEntry(ctx, w.tx, w.Kind, gone[0])
	w.after.ID, w.after.Version, w.after.Adopted = w.before.ID, w.before.Version, w.before.Adopted
	w.after.Created = w.before.Created
	return err
}

// same says whether the request changes nothing.
func (w *directoryWriter) same() bool {
	return w.before.ID != "" && w.before.Deleted == w.after.Deleted && slices.Equal(w.before.Members, w.after.Members) &&
		string(mustJSON(w.before.Attributes)) == string(mustJSON(w.after.Attributes))
}

// unique refuses the name or the external id of another entry, and the sign-in of
// another person.
func (w *directoryWriter) unique(ctx context.Context) error {
	if w.after.Deleted {
		return nil
	}
	const query = `
		SELECT name = lower($3) FROM directory_entries WHERE kind = $1 AND id <> $2 AND deleted_at IS NULL
		  AND (name = lower($3) OR external = $4 AND external <> '') LIMIT 1`
	var byName []bool
	err := w.tx.SelectContext(ctx, &byName, query, string(w.Kind), w.after.ID, w.after.Name(), w.after.External())
	if err != nil || len(byName) == 0 {
		return err
	}
	attribute, value := "externalId", w.after.External()
	if byName[0] {
		attribute, value = "userName", w.after.Name()
		if w.Kind == directory.Group {
			attribute = "displayName"
		}
	}
	return notUnique(attribute, value)
}

func notUnique(attribute, value string) error {
	return fault.New(fault.Conflict, "scim.uniqueness", fault.Arg("attribute", attribute), fault.Arg("value", value))
}

// name gives a new entry its id: that of the person who works here already with its
// userName or its address at work, or one of its own. Who left is not taken over:
// their address may be another human's by now, who must not come into their roles.
func (w *directoryWriter) name(ctx context.Context) error {
	w.after.ID = newID()
	if w.Kind == directory.Group {
		return nil
	}
	const query = `
		SELECT p.id FROM org_rows p WHERE p.kind = 'person' AND p.to_version IS NULL
		  AND lower(p.body::jsonb ->> 'email') = lower($1) AND (p.body::jsonb ->> 'active')::boolean
		  AND NOT EXISTS (SELECT FROM directory_entries e WHERE e.kind = 'User' AND e.id = p.id) LIMIT 2`
	var people []string
	for _, address := range []string{w.after.Name(), w.after.WorkEmail()} { // one by one, so that each goes by the index
		var found []string
		if address == "" {
			continue
		}
		if err := w.tx.SelectContext(ctx, &found, query, address); err != nil {
			return err
		}
		people = append(people, found...)
	}
	slices.Sort(people)
	people = slices.Compact(people)
	if len(people) > 1 { // one human with two accounts, or two people: nobody but a person can tell
		return notUnique("emails", w.after.Email())
	}
	if len(people) == 1 {
		w.after.ID, w.after.Adopted = people[0], true
	}
	return nil
}

// save writes the entry and who is in it.
func (w *directoryWriter) save(ctx context.Context) error {
	attributes, err := json.Marshal(w.after.Attributes)
	if err != nil {
		return err
	}
	const query = `
		INSERT INTO directory_entries AS e (kind, id, name, external, attributes, version, adopted, deleted_at, source)
		VALUES ($1, $2, lower($3), $4, $5, 1, $6, CASE WHEN $7 THEN clock_timestamp() END, $8)
		ON CONFLICT (kind, id) DO UPDATE SET name = excluded.name, external = excluded.external,
		    attributes = excluded.attributes, version = e.version + 1, modified_at = clock_timestamp(),
		    deleted_at = excluded.deleted_at
		RETURNING ` + directoryColumns
	var row directoryRow
	err = w.tx.GetContext(ctx, &row, query, string(w.Kind), w.after.ID, w.after.Name(), w.after.External(),
		string(attributes), w.after.Adopted, w.after.Deleted, w.Source)
	if err != nil {
		return err
	}
	members := w.after.Members
	if w.after, err = row.resource(); err != nil {
		return err
	}
	w.after.Members = members
	if w.Kind == directory.Group {
		return w.saveMembers(ctx)
	}
	if w.after.Deleted { // who comes back comes back without their groups
		_, err = w.tx.ExecContext(ctx, `DELETE FROM directory_members WHERE member = $1`, w.after.ID)
	}
	return err
}

func (w *directoryWriter) saveMembers(ctx context.Context) error {
	gone, come := without(w.before.Members, w.after.Members), without(w.after.Members, w.before.Members)
	const unknown = `
		SELECT m FROM unnest($1::text[]) AS m
		WHERE NOT EXISTS (SELECT FROM directory_entries WHERE id = m AND deleted_at IS NULL) LIMIT 1`
	var nobody []string
	if err := w.tx.SelectContext(ctx, &nobody, unknown, pq.Array(come)); err != nil {
		return err
	}
	if len(nobody) > 0 {
		return fault.New(fault.Invalid, "scim.unknown_member", fault.Arg("id", nobody[0]))
	}
	const remove = `DELETE FROM directory_members WHERE of = $1 AND member = ANY($2)`
	if _, err := w.tx.ExecContext(ctx, remove, w.after.ID, pq.Array(gone)); err != nil {
		return err
	}
	const add = `INSERT INTO directory_members (of, member) SELECT $1, unnest($2::text[])`
	_, err := w.tx.ExecContext(ctx, add, w.after.ID, pq.Array(come))
	return err
}

// without lists those of one sorted list that are not in the other.
func without(list, other []string) []string {
	var rest []string
	for _, id := range list {
		if _, found := slices.BinarySearch(other, id); !found {
			rest = append(rest, id)
		}
	}
	return rest
}
