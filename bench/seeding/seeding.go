// Package seeding fills a database with the documents of years, so that pages can be
// measured over a store as large as a group of companies has it.
//
//	company.go   the people, and who decides what, from a few to very many
//	fates.go     which document waits, which is closed, by their place in time
//	content.go   what a document asks for
//	story.go     the models: events that the approval core judges and folds, among tokens
//	stamp.go     a model told of one document, with hashes of its own
//	rows.go      the rows that the store would have written of them
//	copying.go   COPY, a chunk of documents in one transaction
//
// Everything follows from the numbers asked for and a seed: to run it again goes on
// where it stopped. Events, hashes and read model agree; what is not there is what
// only people and machines give: signatures, workflows, an ERP's answers.
package seeding

import (
	"context"
	"database/sql"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/lib/pq"
	"golang.org/x/sync/errgroup"

	"github.com/countersign/countersign/domain/org"
)

// Options say how much is seeded, and where.
type Options struct {
	Database  string // URL of a role that may write everything
	Documents int
	OpenTasks int
	People    int
	Force     bool // beside documents that were not seeded

	Company  func(ctx context.Context) (*org.Snapshot, error)                 // in force; nil for none
	Replace  func(ctx context.Context, next org.Snapshot, cause string) error // make it the one in force
	Progress func(done int)
}

// Limits of what is seeded.
const (
	DocumentsMax = 20_000_000
	PeopleMin    = 20
	PeopleMax    = 100_000

	chunkSize = 2_000 // documents of one transaction
	years     = 3
)

// Report says what is there afterwards.
type Report struct {
	Documents int
	Fresh     int // of them, seeded now
}

// Run seeds, or goes on where an earlier run stopped.
//
// Safe to repeat. Errors: numbers that are out of bounds, a database with other
// documents, or one that was seeded with other numbers.
func Run(ctx context.Context, o Options) (Report, error) {
	if err := o.check(); err != nil {
		return Report{}, err
	}
	db, err := sql.Open("postgres", o.Database)
	if err != nil {
		return Report{}, fmt.Errorf("opening the database: %w", err)
	}
	defer func() { _ = db.Close() }()
	begun, done, err := o.before(ctx, db)
	if err != nil {
		return Report{}, err
	}
	company, err := o.company(ctx, begun)
	if err != nil {
		return Report{}, err
	}
	w, err := newWorld(o, company, begun)
	if err != nil {
		return Report{}, err
	}
	if err := w.reserve(ctx, db); err != nil {
		return Report{}, err
	}
	if err := w.copyFrom(ctx, db, done); err != nil {
		return Report{}, err
	}
	if err := finish(ctx, db, w); err != nil {
		return Report{}, err
	}
	return Report{Documents: o.Documents, Fresh: o.Documents - done}, nil
}

func (o Options) check() error {
	switch {
	case o.Documents < 1 || o.Documents > DocumentsMax:
		return fmt.Errorf("--documents takes 1 to %d", DocumentsMax)
	case o.OpenTasks < 0 || o.OpenTasks > o.Documents/2:
		return fmt.Errorf("--open-tasks takes 0 to half of the documents, %d", o.Documents/2)
	case o.People < PeopleMin || o.People > PeopleMax:
		return fmt.Errorf("--people takes %d to %d", PeopleMin, PeopleMax)
	}
	return nil
}

// causePrefix begins the cause of the organisation's version that a run makes: it
// keeps the numbers and the instant that everything is counted from.
const causePrefix = "bench seed "

func (o Options) cause(begun time.Time) string {
	return fmt.Sprintf("%sdocuments=%d open-tasks=%d people=%d at=%s", causePrefix, o.Documents, o.OpenTasks, o.People,
		begun.Format(time.RFC3339))
}

// before finds what an earlier run left: since when it counted, and how many
// documents it had.
func (o Options) before(ctx context.Context, db *sql.DB) (begun time.Time, done int, err error) {
	var others bool
	const foreign = `SELECT EXISTS (SELECT FROM documents WHERE id NOT LIKE $1)`
	if err := db.QueryRowContext(ctx, foreign, idPattern).Scan(&others); err != nil {
		return begun, 0, fmt.Errorf("looking for documents: %w", err)
	}
	if others && !o.Force {
		return begun, 0, fmt.Errorf("there are documents that were not seeded here; --force seeds beside them")
	}
	var cause sql.NullString
	const earlier = `SELECT max(cause) FROM org_versions WHERE cause LIKE $1`
	if err := db.QueryRowContext(ctx, earlier, causePrefix+"%").Scan(&cause); err != nil {
		return begun, 0, fmt.Errorf("looking for an earlier run: %w", err)
	}
	if !cause.Valid {
		return time.Now().UTC().Truncate(time.Second), 0, nil
	}
	_, at, _ := strings.Cut(cause.String, " at=")
	begun, err = time.Parse(time.RFC3339, at)
	if err != nil || o.cause(begun) != cause.String {
		asked := strings.TrimPrefix(cause.String, causePrefix)
		return begun, 0, fmt.Errorf("an earlier run asked for other numbers: %s", asked)
	}
	const seeded = `SELECT count(*) FROM documents WHERE id LIKE $1`
	if err := db.QueryRowContext(ctx, seeded, idPattern).Scan(&done); err != nil {
		return begun, 0, fmt.Errorf("counting what an earlier run seeded: %w", err)
	}
	return begun, done, nil
}

// world is everything that every document is made from.
type world struct {
	options Options
	company company
	begun   time.Time // the newest document's instant
	base    int       // numbers of documents that were there before are not above it
	fates   []fate
	models  map[string]*[fatesMost]*model // by policy and fate
}

func newWorld(o Options, c company, begun time.Time) (*world, error) {
	all, err := models()
	if err != nil {
		return nil, fmt.Errorf("telling the models: %w", err)
	}
	return &world{options: o, company: c, begun: begun, fates: fatesOf(o.Documents, o.OpenTasks), models: all}, nil
}

// reserve begins to number above the documents that were there before the first run, and
// has whatever is submitted meanwhile numbered above what is seeded.
//
// Safe to repeat: what was submitted since the first run is above what that reserved.
func (w *world) reserve(ctx context.Context, db *sql.DB) error {
	const highest = `
		SELECT coalesce(max(split_part(number, '-', 3)::bigint), 0) FROM documents
		WHERE id NOT LIKE $1 AND number ~ '^[^-]+-[0-9]+-[0-9]+$' AND submitted_at < $2`
	err := db.QueryRowContext(ctx, highest, idPattern, w.begun.Add(time.Second)).Scan(&w.base)
	if err != nil {
		return fmt.Errorf("looking for the numbers of documents: %w", err)
	}
	if w.base == 0 {
		return nil
	}
	prefixes, entities, numbered := []string{}, []string{}, []int{}
	for _, kind := range kinds {
		for entity := range w.company.snapshot.Entities {
			for year := w.begun.Year() - years; year <= w.begun.Year(); year++ {
				prefixes, entities, numbered = append(prefixes, kind.prefix), append(entities, entity), append(numbered, year)
			}
		}
	}
	const counters = `
		INSERT INTO counters (prefix, entity, year, value)
		SELECT DISTINCT prefix, entity, year, $4::bigint
		FROM unnest($1::text[], $2::text[], $3::int[]) AS n (prefix, entity, year)
		ON CONFLICT (prefix, entity, year) DO UPDATE SET value = excluded.value WHERE counters.value < excluded.value`
	_, err = db.ExecContext(ctx, counters, pq.Array(prefixes), pq.Array(entities), pq.Array(numbered),
		w.base+w.options.Documents)
	if err != nil {
		return fmt.Errorf("reserving numbers: %w", err)
	}
	return nil
}

// copyFrom seeds the documents from a number on, in order: chunks are made in
// parallel and committed one after the other, so what is there is always the first
// ones.
func (w *world) copyFrom(ctx context.Context, db *sql.DB, done int) error {
	group, ctx := errgroup.WithContext(ctx)
	turns := make(chan chan *chunk, runtime.GOMAXPROCS(0)) // made chunks, in their order
	group.Go(func() error {
		defer close(turns)
		for first := done; first < len(w.fates); first += chunkSize {
			made := make(chan *chunk, 1)
			select {
			case turns <- made:
			case <-ctx.Done():
				return ctx.Err()
			}
			group.Go(func() error {
				defer close(made)
				c, err := w.chunk(first, min(first+chunkSize, len(w.fates)))
				if err == nil {
					made <- c
				}
				return err
			})
		}
		return nil
	})
	group.Go(func() error {
		for made := range turns {
			c, ok := <-made
			if !ok {
				return nil // its maker tells why
			}
			if err := c.copy(ctx, db); err != nil {
				return err
			}
			w.options.Progress(c.last)
		}
		return nil
	})
	return group.Wait()
}

// finish counts numbers on and tells the planner what is there now.
func finish(ctx context.Context, db *sql.DB, w *world) error {
	const counters = `
		INSERT INTO counters (prefix, entity, year, value)
		SELECT split_part(number, '-', 1), entity, split_part(number, '-', 2)::int, max(split_part(number, '-', 3)::bigint)
		FROM documents WHERE id LIKE $1 AND number IS NOT NULL GROUP BY 1, 2, 3
		ON CONFLICT (prefix, entity, year) DO UPDATE SET value = excluded.value WHERE counters.value < excluded.value`
	if _, err := db.ExecContext(ctx, counters, idPattern); err != nil {
		return fmt.Errorf("counting numbers on: %w", err)
	}
	for _, table := range tables {
		if _, err := db.ExecContext(ctx, "VACUUM (ANALYZE) "+table.name); err != nil {
			return fmt.Errorf("vacuuming %s: %w", table.name, err)
		}
	}
	return nil
}
