package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/fault"
)

// How somebody of ours was found on a platform.
const (
	IMByEmail    = "email"
	IMByEmployee = "employee"
)

// IMLink is who somebody is on a messaging platform. 平台账号
type IMLink struct {
	ID, App, Person string

	Platform string // the platform's id of them
	How      string // IMByEmail, IMByEmployee
	LinkedAt time.Time
}

type imLinkRow struct {
	ID, App, Person, Platform, How string

	LinkedAt time.Time `db:"linked_at"`
}

const imLinkColumns = `id, app, person, platform, how, linked_at`

// IMLinks lists where somebody is linked now.
func (s *Store) IMLinks(ctx context.Context, person string) ([]IMLink, error) {
	const query = `SELECT ` + imLinkColumns + ` FROM im_people WHERE person = $1 AND ended_at IS NULL ORDER BY app`
	var rows []imLinkRow
	if err := s.db.SelectContext(ctx, &rows, query, person); err != nil {
		return nil, sqlFault("store.IMLinks", err)
	}
	var links []IMLink
	for _, r := range rows {
		link := IMLink(r)
		link.LinkedAt = link.LinkedAt.UTC()
		links = append(links, link)
	}
	return links, nil
}

// IMLinksOf are the links of some people, by person.
func (s *Store) IMLinksOf(ctx context.Context, people []string) (map[string][]IMLink, error) {
	const query = `SELECT ` + imLinkColumns + ` FROM im_people WHERE person = ANY($1) AND ended_at IS NULL ORDER BY app`
	var rows []imLinkRow
	if err := s.db.SelectContext(ctx, &rows, query, pq.Array(people)); err != nil {
		return nil, sqlFault("store.IMLinksOf", err)
	}
	links := map[string][]IMLink{}
	for _, r := range rows {
		link := IMLink(r)
		link.LinkedAt = link.LinkedAt.UTC()
		links[r.Person] = append(links[r.Person], link)
	}
	return links, nil
}

// IMPerson is whom a platform's id means.
//
// Errors: NotFound im.not_linked.
func (s *Store) IMPerson(ctx context.Context, app, platform string) (string, error) {
	const query = `SELECT person FROM im_people WHERE app = $1 AND platform = $2 AND ended_at IS NULL`
	var person string
	err := s.db.GetContext(ctx, &person, query, app, platform)
	missing := fault.New(fault.NotFound, "im.not_linked", fault.Arg("app", app))
	return person, sqlFault("store.IMPerson", noRows(err, missing))
}

// FollowIMPeople makes the links of an app those that were found, and no others: a
// link that was not found ends, and one that changed ends before another begins.
//
// Safe to repeat.
func (s *Store) FollowIMPeople(ctx context.Context, app string, found []IMLink) error {
	ids, people, platforms, hows := []string{}, []string{}, []string{}, []string{}
	for _, l := range found {
		ids, people = append(ids, newID()), append(people, l.Person)
		platforms, hows = append(platforms, l.Platform), append(hows, l.How)
	}
	return s.inTx(ctx, "store.FollowIMPeople", func(tx *sqlx.Tx) error {
		if err := lockIM(ctx, tx, app); err != nil {
			return err
		}
		const end = `
			UPDATE im_people p SET ended_at = clock_timestamp() WHERE app = $1 AND ended_at IS NULL AND NOT EXISTS (
				SELECT 1 FROM unnest($2::text[], $3::text[]) AS f (person, platform)
				WHERE f.person = p.person AND f.platform = p.platform)`
		if _, err := tx.ExecContext(ctx, end, app, pq.Array(people), pq.Array(platforms)); err != nil {
			return err
		}
		const begin = `
			INSERT INTO im_people (id, app, person, platform, how)
			SELECT f.id, $1, f.person, f.platform, f.how
			FROM unnest($2::text[], $3::text[], $4::text[], $5::text[]) AS f (id, person, platform, how)
			WHERE NOT EXISTS (SELECT 1 FROM im_apart a WHERE a.app = $1 AND a.person = f.person)
			ON CONFLICT DO NOTHING`
		_, err := tx.ExecContext(ctx, begin, app, pq.Array(ids), pq.Array(people), pq.Array(platforms), pq.Array(hows))
		return err
	})
}

// lockIM lets one at a time say who is who in an app.
func lockIM(ctx context.Context, tx *sqlx.Tx, app string) error {
	const lock = `SELECT pg_advisory_xact_lock(hashtext('countersign.im.' || $1))`
	_, err := tx.ExecContext(ctx, lock, app)
	return err
}

// UnlinkIM ends somebody's link with an app, and keeps the matching from making another.
//
// Safe to repeat.
func (s *Store) UnlinkIM(ctx context.Context, app, person string) error {
	return s.inTx(ctx, "store.UnlinkIM", func(tx *sqlx.Tx) error {
		if err := lockIM(ctx, tx, app); err != nil {
			return err
		}
		const apart = `INSERT INTO im_apart (app, person) VALUES ($1, $2) ON CONFLICT DO NOTHING`
		if _, err := tx.ExecContext(ctx, apart, app, person); err != nil {
			return err
		}
		const end = `
			UPDATE im_people SET ended_at = clock_timestamp() WHERE app = $1 AND person = $2 AND ended_at IS NULL`
		_, err := tx.ExecContext(ctx, end, app, person)
		return err
	})
}

// LinkIMAgain lets the next matching link somebody with an app.
//
// Safe to repeat.
func (s *Store) LinkIMAgain(ctx context.Context, app, person string) error {
	return s.inTx(ctx, "store.LinkIMAgain", func(tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM im_apart WHERE app = $1 AND person = $2`, app, person)
		return err
	})
}

// IMApart lists the apps that somebody does not want to be linked with.
func (s *Store) IMApart(ctx context.Context, person string) ([]string, error) {
	var apps []string
	err := s.db.SelectContext(ctx, &apps, `SELECT app FROM im_apart WHERE person = $1 ORDER BY app`, person)
	return apps, sqlFault("store.IMApart", err)
}

// IMSync is how the matching of an app's people with ours went. 人员匹配
type IMSync struct {
	App           string
	DoneAt        time.Time
	Found, Linked int
	Failure       string // "" = it went well
	Code          string // of the failure, where it is a fault
}

// IMSyncs lists how it went, by app.
func (s *Store) IMSyncs(ctx context.Context) (map[string]IMSync, error) {
	var rows []struct {
		App           string
		DoneAt        sql.NullTime `db:"done_at"`
		Found, Linked int
		Failure, Code string
	}
	const query = `SELECT app, done_at, found, linked, failure, code FROM im_syncs`
	if err := s.db.SelectContext(ctx, &rows, query); err != nil {
		return nil, sqlFault("store.IMSyncs", err)
	}
	syncs := make(map[string]IMSync, len(rows))
	for _, r := range rows {
		syncs[r.App] = IMSync{App: r.App, DoneAt: orZero(r.DoneAt), Found: r.Found, Linked: r.Linked, Failure: r.Failure,
			Code: r.Code}
	}
	return syncs, nil
}

// ClaimIMSync says whether an app's people are to be matched now; nobody else is told
// so until every is over.
func (s *Store) ClaimIMSync(ctx context.Context, app string, every time.Duration) (bool, error) {
	claimed := false
	err := s.inTx(ctx, "store.ClaimIMSync", func(tx *sqlx.Tx) error {
		const query = `
			INSERT INTO im_syncs AS i (app, next_at) VALUES ($1, clock_timestamp() + make_interval(secs => $2))
			ON CONFLICT (app) DO UPDATE SET next_at = excluded.next_at WHERE i.next_at <= clock_timestamp()`
		result, err := tx.ExecContext(ctx, query, app, every.Seconds())
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		claimed = n == 1
		return err
	})
	return claimed, err
}

// EndIMSync notes what came of it; what failed is tried again after the pause.
func (s *Store) EndIMSync(ctx context.Context, in IMSync, again time.Duration) error {
	return s.inTx(ctx, "store.EndIMSync", func(tx *sqlx.Tx) error {
		const query = `
			UPDATE im_syncs SET failure = $2, code = $6, found = CASE WHEN $2 = '' THEN $3 ELSE found END,
			       linked = CASE WHEN $2 = '' THEN $4 ELSE linked END,
			       done_at = CASE WHEN $2 = '' THEN clock_timestamp() ELSE done_at END,
			       next_at = CASE WHEN $2 = '' THEN next_at ELSE clock_timestamp() + make_interval(secs => $5) END
			WHERE app = $1`
		_, err := tx.ExecContext(ctx, query, in.App, in.Failure, in.Found, in.Linked, again.Seconds(), in.Code)
		return err
	})
}

// IMSyncSoon has the people of an app matched next, which tells whether the app works at
// all; not where that is known to fail, nor within a minute of the last time.
//
// Safe to repeat.
func (s *Store) IMSyncSoon(ctx context.Context, app string) error {
	return s.inTx(ctx, "store.IMSyncSoon", func(tx *sqlx.Tx) error {
		const query = `
			UPDATE im_syncs SET next_at = clock_timestamp()
			WHERE app = $1 AND failure = '' AND next_at > clock_timestamp()
			  AND done_at < clock_timestamp() - interval '1 minute'`
		_, err := tx.ExecContext(ctx, query, app)
		return err
	})
}
