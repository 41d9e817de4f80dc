package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/notice"
	"github.com/countersign/countersign/domain/outage"
	"github.com/countersign/countersign/store"
)

// said is an exchange as the journal keeps it.
func said(connection, entity, class string, at time.Time) store.Exchange {
	return store.Exchange{Connection: connection, Adapter: "tryton", Op: "find", Entity: entity, StartedAt: at,
		Took: 12 * time.Millisecond, Status: 200, Class: class, Method: "POST", Path: "/tryton/", SentBytes: 10, GotBytes: 20,
		Sent: `{"method":"read"}`, GotSum: "ab"}
}

var sharedBooks = []store.Books{{Connection: "books", Entities: []string{"acme-cn", "acme-de"}},
	{Connection: "other", Entities: []string{"acme-uk"}}}

// TestExchanges keeps what was said to ERPs under the roles of the processes, and shows
// each reader what is of their entities.
func TestExchanges(t *testing.T) {
	w := newWorld(t)
	urls, err := store.MigrateRoles(w.ctx, w.url, store.RolesInput{})
	require.NoError(t, err)
	as := func(role string) *store.Store {
		s, err := store.Open(w.ctx, store.Options{URL: urls[role], MaxOpen: 2})
		require.NoError(t, err)
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	worker, gateway, relay := as(store.RoleWorker), as(store.RoleGateway), as(store.RoleRelay)
	now := time.Now().UTC().Truncate(time.Microsecond)
	batch := []store.Exchange{
		said("books", "acme-cn", "ok", now.Add(-50*time.Minute)), said("books", "acme-de", "ok", now.Add(-40*time.Minute)),
		said("books", "", "refused", now.Add(-30*time.Minute)), said("other", "acme-uk", "busy", now.Add(-20*time.Minute)),
		said("books", "acme-cn", "unknown", now.Add(-10*time.Minute)), said("books", "acme-cn", "busy", now.Add(-5*time.Minute)),
		said("books", "acme-cn", "ok", now.Add(-400*24*time.Hour)),
	}
	batch[4].Document = "d1"
	require.NoError(t, worker.SaveExchanges(w.ctx, batch))
	require.NoError(t, worker.SaveExchanges(w.ctx, nil))

	seen := func(scope access.Scope, f store.ExchangeFilter) []store.Exchange {
		page, err := gateway.Exchanges(w.ctx, scope, sharedBooks, f)
		require.NoError(t, err)
		return page.Items
	}
	all := seen(everything, store.ExchangeFilter{})
	require.Len(t, all, 7)
	assert.Equal(t, "busy", all[0].Class, "the newest first")
	assert.Equal(t, now.Add(-5*time.Minute), all[0].StartedAt)
	assert.Empty(t, all[0].Sent, "a list has no excerpts")
	one := access.Scope{Entities: []string{"acme-cn"}}
	assert.Len(t, seen(one, store.ExchangeFilter{}), 4, "nothing of another's entity, nor of the whole connection")
	both := access.Scope{Entities: []string{"acme-cn", "acme-de"}}
	assert.Len(t, seen(both, store.ExchangeFilter{}), 6)
	assert.Len(t, seen(one, store.ExchangeFilter{Class: "ok", From: now.Add(-time.Hour)}), 1)
	assert.Len(t, seen(one, store.ExchangeFilter{Document: "d1"}), 1)
	assert.Empty(t, seen(access.Scope{Entities: []string{"acme-de"}}, store.ExchangeFilter{Document: "d1"}))

	page, err := gateway.Exchanges(w.ctx, everything, sharedBooks, store.ExchangeFilter{Limit: 4})
	require.NoError(t, err)
	rest, err := gateway.Exchanges(w.ctx, everything, sharedBooks, store.ExchangeFilter{Limit: 4, Cursor: page.Next})
	require.NoError(t, err)
	assert.Equal(t, all, append(page.Items, rest.Items...))
	assert.Empty(t, rest.Next)

	whole, err := gateway.Exchange(w.ctx, both, sharedBooks, all[3].ID)
	require.NoError(t, err)
	assert.Equal(t, [2]string{`{"method":"read"}`, "ab"}, [2]string{whole.Sent, whole.GotSum})
	_, err = gateway.Exchange(w.ctx, one, sharedBooks, all[3].ID)
	assert.ErrorContains(t, err, "exchange.not_found", "what is of the whole connection is for who has all of it")

	health, err := gateway.BooksHealth(w.ctx, sharedBooks, time.Hour)
	require.NoError(t, err)
	books := health[0]
	assert.Equal(t, [4]int64{2, 1, 1, 1}, [4]int64{books.OK, books.Refused, books.Busy, books.Unknown})
	assert.Equal(t, 12*time.Millisecond, books.P99)
	assert.Equal(t, now.Add(-40*time.Minute), books.LastOK)
	assert.Equal(t, now.Add(-30*time.Minute), books.LastAnswer)
	assert.Equal(t, now.Add(-10*time.Minute), books.Unanswered, "since the first that got no answer after the last that did")

	gone, err := relay.DeleteExchanges(w.ctx, now.Add(-300*24*time.Hour))
	require.NoError(t, err)
	assert.Equal(t, 1, gone)
	assert.Len(t, seen(everything, store.ExchangeFilter{}), 6)
	assert.ErrorContains(t, gateway.SaveExchanges(w.ctx, batch), "permission denied")
	_, err = w.root.Exec(`UPDATE erp_exchanges SET class = 'ok'`)
	assert.ErrorContains(t, err, "what is recorded stays")
}

// TestManyExchanges holds the pages and the monitor to indexes where there is a lot; the
// sweep reads what it deletes.
func TestManyExchanges(t *testing.T) {
	w := newWorld(t)
	w.root.MustExec(`
		INSERT INTO erp_exchanges (connection, adapter, op, document, reference, entity, attempt, started_at, took_us, status,
		       class, code, method, path, sent_bytes, got_bytes, sent_sum, got_sum, sent, got)
		SELECT 'c' || n % 3, 'tryton', 'find', CASE WHEN n % 5 = 0 THEN '' ELSE 'd' || n / 10 END, '', 'e' || n % 2, 0,
		       now() - n * interval '1 minute', n, 200, CASE WHEN n % 50 = 0 THEN 'busy' ELSE 'ok' END, '', 'POST', '/', 1, 1,
		       '', '', '', '' FROM generate_series(1, 30000) AS n;
		ANALYZE erp_exchanges`)
	c, s := w.counting()
	books := []store.Books{{Connection: "c0", Entities: []string{"e0", "e1"}}, {Connection: "c1", Entities: []string{"e1"}}}
	half := access.Scope{Entities: []string{"e1"}}
	for name, ask := range map[string]func(context.Context) error{
		"the log": func(ctx context.Context) error {
			_, err := s.Exchanges(ctx, half, books, store.ExchangeFilter{})
			return err
		},
		"a later page": func(ctx context.Context) error {
			first, err := s.Exchanges(ctx, everything, books, store.ExchangeFilter{})
			require.NoError(t, err)
			_, err = s.Exchanges(ctx, everything, books, store.ExchangeFilter{Cursor: first.Next})
			return err
		},
		"what failed": func(ctx context.Context) error {
			_, err := s.Exchanges(ctx, everything, books, store.ExchangeFilter{Class: "busy"})
			return err
		},
		"of a document": func(ctx context.Context) error {
			_, err := s.Exchanges(ctx, half, books, store.ExchangeFilter{Document: "d77"})
			return err
		},
		"the monitor": func(ctx context.Context) error {
			_, err := s.BooksHealth(ctx, books, time.Hour)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			c.reset()
			require.NoError(t, ask(t.Context()))
			for i, statement := range c.seen {
				rows, unled := w.explain(statement, c.args[i])
				assert.Empty(t, unled, "read without an index by %s", statement)
				assert.LessOrEqual(t, rows, 300.0, statement)
			}
		})
	}
}

// TestWatchBooks holds that finance and administrators of the companies of a connection
// hear once that it fell sick, and once that it is well, whoever looks how often.
func TestWatchBooks(t *testing.T) {
	w := newWorld(t)
	demo, err := config.DemoCompany()
	require.NoError(t, err)
	_, err = w.s.ReplaceOrganisation(w.ctx, demo, "demo")
	require.NoError(t, err)
	urls, err := store.MigrateRoles(w.ctx, w.url, store.RolesInput{})
	require.NoError(t, err)
	relay, err := store.Open(w.ctx, store.Options{URL: urls[store.RoleRelay], MaxOpen: 4})
	require.NoError(t, err)
	t.Cleanup(func() { _ = relay.Close() })
	books := []store.Books{{Connection: "books", Entities: []string{"acme-cn"}}}
	rule := outage.Rule{Silent: 10 * time.Minute, Share: 50, Least: 4}
	told := func() map[string]int {
		for range 3 {
			require.NoError(t, relay.WatchBooks(w.ctx, books, rule))
		}
		var rows []struct {
			Kind string
			N    int
		}
		require.NoError(t, w.root.Select(&rows, `SELECT kind, count(*) AS n FROM notices WHERE kind LIKE 'books.%' GROUP BY kind`))
		counted := map[string]int{}
		for _, r := range rows {
			counted[r.Kind] = r.N
		}
		return counted
	}
	save := func(class string, minutes ...int) {
		for _, m := range minutes {
			at := time.Now().Add(-time.Duration(m) * time.Minute)
			require.NoError(t, w.s.SaveExchanges(w.ctx, []store.Exchange{said("books", "acme-cn", class, at)}))
		}
	}
	save("ok", 60)
	save("busy", 8)
	require.Empty(t, told(), "not for long enough")
	save("unknown", 12)
	first := told()
	require.Positive(t, first[notice.BooksSilent])
	require.Len(t, first, 1)
	var people []string
	require.NoError(t, w.root.Select(&people, `SELECT person FROM notices WHERE kind = 'books.silent'`))
	assert.Subset(t, people, []string{"wang"})
	assert.NotContains(t, people, "lin")
	save("ok", 0)
	well := told()
	assert.Equal(t, first[notice.BooksSilent], well[notice.BooksSilent])
	assert.Equal(t, first[notice.BooksSilent], well[notice.BooksWell])
	save("refused", 1, 1, 1, 1)
	assert.Positive(t, told()[notice.BooksFailing])
	var episodes int
	require.NoError(t, w.root.Get(&episodes, `SELECT count(*) FROM erp_episodes`))
	assert.Equal(t, 2, episodes)
}
