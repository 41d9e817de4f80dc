package store_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/jmoiron/sqlx"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/bench/seeding"
	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/store"
)

// planned is a node of a plan that was carried out.
type planned struct {
	Node     string  `json:"Node Type"`
	Relation string  `json:"Relation Name"`
	Index    string  `json:"Index Name"`
	Rows     float64 `json:"Actual Rows"`
	Loops    float64 `json:"Actual Loops"`
	Filtered float64 `json:"Rows Removed by Filter"`
	Lossy    float64 `json:"Rows Removed by Index Recheck"`
	Plans    []planned
}

// small are the tables of settings, of which a page may read all there is.
var small = []string{"delegations", "org_versions", "org_rows", "role_holders", "policies"}

// read sums up the rows that scans of documents and what belongs to them looked at,
// and names those that no index led to.
func (p planned) read() (rows float64, unled []string) {
	if p.Relation != "" && !slices.Contains(small, p.Relation) {
		rows = (p.Rows + p.Filtered + p.Lossy) * p.Loops
		if p.Node == "Seq Scan" && p.Loops > 0 {
			unled = append(unled, p.Relation)
		}
	}
	for _, child := range p.Plans {
		more, also := child.read()
		rows, unled = rows+more, append(unled, also...)
	}
	return rows, unled
}

// The store of this test, and how much of it one statement may read. It is small, so
// PostgreSQL might well read all of a table, which tells nothing of a large one: with
// enable_seqscan off it does so only where no index can lead to the rows. And what it
// reads must stay far below what there is: a statement that grows with the store does
// not, whichever index it uses.
const (
	plannedDocuments = 8_000
	readMost         = 4_500 // windowMost of each of eight sources, and those looked up
)

// TestManyDocuments is what holds of lists where there are many documents.
func TestManyDocuments(t *testing.T) {
	w := newWorld(t)
	w.seed(plannedDocuments)
	w.root.MustExec(`UPDATE documents SET intervened = true WHERE id IN (SELECT id FROM documents LIMIT 3)`)
	t.Run("nothing is compiled", func(t *testing.T) {
		require.Equal(t, "off", w.setting(store.Options{}, "jit"))
	})
	t.Run("who works by keys has statements planned once", func(t *testing.T) {
		require.Equal(t, "force_generic_plan", w.setting(store.Options{PlanOnce: true}, "plan_cache_mode"))
		require.Equal(t, "auto", w.setting(store.Options{}, "plan_cache_mode"))
	})
	t.Run("lists read along indexes", func(t *testing.T) { w.alongIndexes(t) })
	t.Run("what is used twice is looked up, not searched for", func(t *testing.T) { w.looksUp(t) })
	t.Run("a search finds what is there", func(t *testing.T) { w.findsAll(t) })
	t.Run("what waits for later is not looked at", func(t *testing.T) { w.whatWaits(t) })
}

// setting is what a session has that such options open.
func (w *world) setting(o store.Options, name string) (value string) {
	w.t.Helper()
	o.URL = w.url
	address, err := store.WithSettings(o)
	require.NoError(w.t, err)
	session := sqlx.MustOpen("postgres", address)
	defer func() { _ = session.Close() }()
	require.NoError(w.t, session.Get(&value, `SHOW `+name))
	return value
}

// alongIndexes holds every list behind a page to indexes and to a bounded number of
// rows, for people who may read everything and for those with thousands of documents of
// their own.
func (w *world) alongIndexes(t *testing.T) {
	c, s := w.counting()
	busy := w.busiest()
	for name, list := range w.lists(s, busy) {
		t.Run(name, func(t *testing.T) {
			c.reset()
			require.NoError(t, list(t.Context()))
			for i, statement := range c.seen {
				rows, unled := w.explain(statement, c.args[i])
				assert.Empty(t, unled, "read without an index by %s", statement)
				assert.LessOrEqual(t, rows, float64(readMost), statement)
			}
		})
	}
	t.Run("and it would tell", func(t *testing.T) {
		c.reset()
		_, err := s.Documents(t.Context(), everything, store.DocumentFilter{Intervened: true})
		require.NoError(t, err)
		rows, unled := w.explain(c.seen[0], c.args[0], `DROP INDEX documents_intervened`)
		assert.True(t, len(unled) > 0 || rows > readMost, "a list without its index reads %v rows", rows)
		_, unled = w.explain(`SELECT count(*) FROM documents WHERE title LIKE 'x%'`, nil)
		assert.Equal(t, []string{"documents"}, unled)
	})
}

// looksUp holds the statements about invoices to their index even where PostgreSQL may
// read all revisions: it did, for minutes, with as many as a company has.
func (w *world) looksUp(t *testing.T) {
	c, s := w.counting()
	w.root.MustExec(`ANALYZE revisions`)
	var shown, numbers []string
	require.NoError(t, w.root.Select(&shown, `SELECT id FROM documents WHERE status = 'pending' LIMIT 50`))
	for n := range 50 {
		numbers = append(numbers, fmt.Sprintf("2431%016d", 7*n+1))
	}
	for name, ask := range map[string]func() error{
		"marks": func() error {
			_, err := s.Risks(t.Context(), shown)
			return err
		},
		"while somebody writes": func() error {
			_, err := s.Reused(t.Context(), everything, store.ReuseQuery{Invoices: numbers})
			return err
		},
	} {
		c.reset()
		require.NoError(t, ask())
		_, unled := w.explain(c.seen[0], c.args[0], `SET LOCAL enable_seqscan = on`)
		assert.NotContains(t, unled, "revisions", name)
	}
}

// seed fills the store beside the company that is there.
func (w *world) seed(documents int) {
	w.t.Helper()
	demo, err := config.DemoCompany()
	require.NoError(w.t, err)
	_, err = w.s.ReplaceOrganisation(w.ctx, demo, "demo")
	require.NoError(w.t, err)
	_, err = seeding.Run(w.ctx, seeding.Options{
		Database: w.url, Documents: documents, OpenTasks: documents / 5, People: 50, Progress: func(int) {},
		Company: func(ctx context.Context) (*org.Snapshot, error) { return w.s.Snapshot(ctx, 0) },
		Replace: func(ctx context.Context, next org.Snapshot, cause string) error {
			_, err := w.s.ReplaceOrganisation(ctx, next, cause)
			return err
		},
	})
	require.NoError(w.t, err)
}

// busiest is who has the most open tasks.
func (w *world) busiest() string {
	var id string
	const most = `SELECT assignee FROM tasks WHERE state = 'open' GROUP BY assignee ORDER BY count(*) DESC LIMIT 1`
	require.NoError(w.t, w.root.Get(&id, most))
	return id
}

// explain carries a statement out and tells what its scans read; what is prepared
// first, and everything else, is undone.
func (w *world) explain(statement string, args any, prepare ...string) (float64, []string) {
	w.t.Helper()
	tx := w.root.MustBegin()
	defer func() { require.NoError(w.t, tx.Rollback()) }()
	for _, first := range append([]string{`SET LOCAL enable_seqscan = off`}, prepare...) {
		tx.MustExec(first)
	}
	var text string
	require.NoError(w.t, sqlx.Get(tx, &text, `EXPLAIN (ANALYZE, FORMAT JSON) `+statement, valuesOf(args)...))
	var plans []struct{ Plan planned }
	require.NoError(w.t, json.Unmarshal([]byte(text), &plans))
	return plans[0].Plan.read()
}
