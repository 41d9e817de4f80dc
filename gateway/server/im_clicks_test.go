package server_test

import (
	"cmp"
	"context"
	"database/sql"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/im"
	"github.com/countersign/countersign/gateway/hooks"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/relay"
	"github.com/countersign/countersign/store"
)

// everyLie is what is told in the name of every platform, where it can be told at all.
var everyLie = []string{"a forged signature", "no signature", "a tampered body", "an hour old", "another key", "another tenant",
	"another app", "wrapped again"}

// clicks is a house before one platform.
type clicks struct {
	*wecom // what a house with cards asks, whatever the platform
	*line
	name string  // of the platform
	app  string  // its id
	db   *sql.DB // to look into the tables
}

// TestClicks: of everything that comes by a platform, or pretends to, only the press of
// the one who was asked, on the card of what they were asked, decides; once. Nothing else
// leaves a trace in the inbox, nor in what is known of cards.
func TestClicks(t *testing.T) {
	h := newHouse(t)
	people, err := h.store.Snapshot(t.Context(), 0)
	require.NoError(t, err)
	db, err := sql.Open("postgres", h.database) //nolint:forbidigo // looks into the tables
	require.NoError(t, err)
	defer db.Close() //nolint:errcheck // only read
	all := map[string]*clicks{}
	for name, open := range lines(people) {
		c := newClicks(t, h, name, open(t))
		c.db, all[name] = db, c
		t.Run(name, func(t *testing.T) {
			t.Run("lies", c.lies)
			t.Run("what is not theirs", c.notTheirs)
			t.Run("what was", c.stale)
			t.Run("again and again", c.repeated)
		})
	}
	left := map[string]func(*testing.T){}
	for name, c := range all {
		left[name] = c.left(t)
	}
	h.leave("chen")
	for name, presses := range left {
		t.Run("whoever left, on "+name, presses)
	}
	h.auditClean()
}

// newClicks opens an app on one platform, the only one on which cards are shown from now on.
func newClicks(t *testing.T, h *house, name string, l *line) *clicks {
	app := strings.ToLower(strings.ReplaceAll(name, " ", "-"))
	listener := httptest.NewServer(l.serve)
	t.Cleanup(listener.Close)
	l.url = h.url + "/hooks/im/" + app
	config := l.config
	config.Name, config.URL, config.Provider = app, listener.URL, cmp.Or(config.Provider, platformOf(name))
	if config.Options["callback"] != "" {
		config.Options["callback"] = l.url
	}
	port, err := im.Open(config)
	require.NoError(t, err)
	config.Name = "other"
	other, err := im.Open(config)
	require.NoError(t, err)
	heard := hooks.App{Port: port, Channel: config.Provider}
	h.im.Apps[app], h.im.Apps["other"] = heard, hooks.App{Port: other, Channel: config.Provider}
	l.at(listener.URL, l.url)
	ctx, end := context.WithCancel(t.Context())
	var listening sync.WaitGroup
	if streamer, streams := port.(im.Streamer); streams {
		listening.Go(func() { h.im.Listen(ctx, app, heard, streamer) })
	}
	t.Cleanup(func() { end(); listening.Wait() })
	l.ready()
	c := &clicks{wecom: &wecom{house: h}, line: l, name: config.Provider, app: app}
	c.cards = &relay.Cards{Book: h.store, Desk: h.desk,
		Mail: &relay.Mail{Directory: h.store, Text: i18n.Shipped().Text, Locale: "zh-CN", Zone: time.UTC, PublicURL: h.url},
		Apps: []relay.CardApp{{Port: port, Public: true, SyncEvery: time.Hour}}}
	c.cards.Match(t.Context())
	return c
}

func platformOf(name string) string {
	if name == "dingtalk over HTTP" {
		return "dingtalk"
	}
	return name
}

// asks submits a document, and gives the press that approves it.
func (c *clicks) asks(t *testing.T, person string) (document string, p push) {
	t.Helper()
	document = c.submitted("lin", "2000.00")
	c.clock.ahead.Add(6) // beyond how many cards somebody gets in five seconds
	c.tell()
	return document, c.held(t, person, document)
}

// known is everything that presses could leave something in: the inbox, the record, and
// what is known of cards, buttons and accounts. That an act was delivered is noted half a
// second after it, and so perhaps in the middle of the next press; and a press is answered
// when its act is kept, so whoever asks what is known waits for what was decided.
func (c *clicks) known(t *testing.T) (lines []string) {
	t.Helper()
	require.Eventually(t, func() bool {
		var open int
		err := c.db.QueryRowContext(t.Context(), `SELECT count(*) FROM inbox WHERE outcome IS NULL`).Scan(&open)
		return err == nil && open == 0
	}, 10*time.Second, 20*time.Millisecond)
	const query = `
		SELECT 'inbox ' || (to_jsonb(i) - 'delivered')::text FROM inbox i UNION ALL SELECT 'event ' || e::text FROM events e
		UNION ALL SELECT 'card ' || c::text FROM im_cards c UNION ALL SELECT 'token ' || k::text FROM im_tokens k
		UNION ALL SELECT 'account ' || p::text FROM im_people p`
	rows, err := c.db.QueryContext(t.Context(), query)
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var line string
		require.NoError(t, rows.Scan(&line))
		lines = append(lines, line)
	}
	require.NoError(t, rows.Err())
	return lines
}

// leaves tells what of what is known was written, and what was taken away, since.
func (c *clicks) leaves(t *testing.T, before []string) (changed []string) {
	t.Helper()
	after := c.known(t)
	for _, line := range append(slices.Clone(before), after...) {
		if !slices.Contains(before, line) || !slices.Contains(after, line) {
			changed = append(changed, line)
		}
	}
	return changed
}

// lies are told by whoever does not have the platform's secrets, or has another company's,
// another app's, or an old press; each about a press that would decide if it came now.
func (c *clicks) lies(t *testing.T) {
	_, p := c.asks(t, "wang")
	for _, name := range everyLie {
		require.True(t, (c.line.lies[name] == nil) == (c.never[name] != ""), "%s: told, or why not", name)
	}
	for name, lie := range c.line.lies {
		t.Run(name, func(t *testing.T) {
			w := lie(t, p)
			before := c.known(t)
			status, answer := c.send(t, w)
			require.Empty(t, c.leaves(t, before))
			want := http.StatusForbidden
			switch {
			case c.heard[name]:
				want = http.StatusOK
			case c.frame != nil && w.header["topic"] != "":
				want = http.StatusNotFound
			}
			require.Equal(t, want, status, string(answer))
			require.NotContains(t, string(answer), i18n.Shipped().Text("zh-CN", "im.toast.taken", nil))
		})
	}
	before := c.known(t)
	_, _ = c.send(t, c.made(p))
	require.NotEmpty(t, c.leaves(t, before), "the truth leaves something")
}

// notTheirs are presses that the platform tells truly, of somebody who was not asked, or
// of another card: whoever pressed is told, and nothing is done.
func (c *clicks) notTheirs(t *testing.T) {
	document, p := c.asks(t, "wang")
	another, other := c.asks(t, "wang")
	colleague := c.held(t, "chen", document)
	for name, change := range map[string]func(p *push){
		"by a colleague who was asked too": func(p *push) { p.who = c.account("chen") },
		"by their superior":                func(p *push) { p.who = c.account("liu") },
		"by the applicant":                 func(p *push) { p.who = c.account("lin") },
		"by an account of nobody of ours":  func(p *push) { p.who = c.account("unknown") },
		"on a forwarded card":              func(p *push) { p.who, p.message = c.account("chen"), elsewhere(p.message) },
		"with the token of another task":   func(p *push) { p.token = other.token },
		"on the card of another task":      func(p *push) { p.card, p.message = other.card, other.message },
		"with a colleague's token":         func(p *push) { p.token = colleague.token },
		"on a colleague's card":            func(p *push) { p.card, p.message = colleague.card, colleague.message },
		"with another verdict":             func(p *push) { p.says = "reject" },
		"with a token that is none":        func(p *push) { p.token = "made-up" },
		"without a token":                  func(p *push) { p.token = "" },
	} {
		t.Run(name, func(t *testing.T) {
			p := p
			change(&p)
			before := c.known(t)
			status, answer := c.send(t, c.made(p))
			require.Equal(t, http.StatusOK, status, "it is the platform's")
			if c.said != nil {
				require.Contains(t, c.said(t, p, answer), c.text("fault.im.not_yours", c.localeOf(t, p)))
			}
			require.Empty(t, c.leaves(t, before))
		})
	}
	t.Run("to another app with the same secrets", func(t *testing.T) {
		if c.frame != nil {
			return // its line is its own
		}
		before, to := c.known(t), c.url
		c.url = c.house.url + "/hooks/im/other"
		status, _ := c.send(t, c.made(p))
		c.url = to
		require.Equal(t, http.StatusOK, status)
		require.Empty(t, c.leaves(t, before))
	})
	require.Zero(t, c.acts(document)+c.acts(another))
}

// elsewhere is the id of a message that shows the same card in another conversation.
func elsewhere(message string) string { return message + "1" }

// localeOf is the language in which whoever pressed is told: theirs, or where we do not
// know them that of the card, and English where it is no card of ours.
func (c *clicks) localeOf(t *testing.T, p push) string {
	people, err := c.store.Snapshot(t.Context(), 0)
	require.NoError(t, err)
	for id, person := range people.People {
		if c.account(id) == p.who && person.Locale != "" && p.token != "made-up" && p.token != "" {
			return person.Locale
		}
	}
	if p.token == "made-up" || p.token == "" {
		return "en"
	}
	return people.People["wang"].Locale
}

func (c *clicks) text(key, locale string) string { return i18n.Shipped().Text(locale, key, nil) }

// stale are true presses that come too late.
func (c *clicks) stale(t *testing.T) {
	for name, tt := range map[string]struct {
		happens func(document string, p *push)
		says    string // key of the words, or words
	}{
		"a colleague decided": {func(document string, _ *push) { c.decide("chen", document, "approve", "").is(200) }, "已由陈磊同意"},
		"it is in another round": {func(document string, _ *push) {
			c.decide("chen", document, "return", "缺发票").is(200)
			again := map[string]any{"act": "resubmit", "opinion": "补上了", "content": expense("2000.00")}
			c.do(call{as: "lin", method: "POST", path: "/documents/" + document + "/acts", body: again}).is(200)
		}, "已由陈磊退回"},
		"it is about something else": {func(document string, _ *push) {
			c.patched("chen", document, "", map[string]any{"act": "sanction", "lines": []any{
				map[string]any{"line": 1, "amount": yuanText("1500.00")}}}).is(200)
		}, "fault.task.changed"},
		"the card is too old": {func(document string, p *push) {
			mine := c.task("wang", document)
			_, err := c.store.IntendIMCard(t.Context(), store.IMCard{ID: "c-old" + c.app, App: c.app, Notice: "old", Person: "wang", Platform: p.who,
				Task: mine["id"].(string), Document: document, Round: 1, ContentHash: mine["content_hash"].(string), Locale: "zh-CN"},
				-time.Second, func(string) []store.IMToken {
					return []store.IMToken{{Hash: store.HashToken("old" + c.app), Verdict: "approve"}}
				})
			require.NoError(t, err)
			p.card, p.token = "c-old"+c.app, "old"+c.app
			if c.name == "dingtalk" {
				p.message = p.card + "-000000000000"
			}
		}, "fault.im.on_page"},
	} {
		t.Run(name, func(t *testing.T) {
			document, p := c.asks(t, "wang")
			tt.happens(document, &p)
			before := c.acts(document)
			status, answer := c.send(t, c.made(p))
			require.Equal(t, http.StatusOK, status)
			if c.said != nil {
				require.Contains(t, c.said(t, p, answer), c.text(tt.says, "zh-CN"))
			}
			require.Equal(t, before, c.acts(document))
			require.False(t, c.decided("wang", document))
		})
	}
}

// repeated are the same press as it comes again, at once and later, and another one of
// the same button.
func (c *clicks) repeated(t *testing.T) {
	document, p := c.asks(t, "wang")
	told := c.made(p)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			status, _ := c.send(t, told)
			assert.Equal(t, http.StatusOK, status)
		})
	}
	all.Wait()
	require.Eventually(t, func() bool { return c.decided("wang", document) }, time.Minute, 5*time.Millisecond)
	for _, w := range []wire{told, c.made(p)} {
		status, _ := c.send(t, w)
		require.Equal(t, http.StatusOK, status)
	}
	require.Equal(t, 1, c.acts(document))
	require.Equal(t, c.name, c.channel(document))
}

// left presses a card of somebody who left meanwhile, and whose account is still linked.
func (c *clicks) left(t *testing.T) func(*testing.T) {
	document, p := c.asks(t, "chen")
	return func(t *testing.T) {
		before := c.known(t)
		status, answer := c.send(t, c.made(p))
		require.Equal(t, http.StatusOK, status)
		if c.said != nil {
			require.Contains(t, c.said(t, p, answer), c.text("fault.im.not_yours", "zh-CN"))
		}
		require.Empty(t, c.leaves(t, before))
		require.Zero(t, c.acts(document))
	}
}
