package store_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/store"
)

// card is the one that somebody is about to be shown of their open task.
func (w *world) card(d store.Document, person string) store.IMCard {
	w.t.Helper()
	tasks, err := w.s.DocumentTasks(w.ctx, d.ID)
	require.NoError(w.t, err)
	for _, task := range tasks {
		if task.Assignee != person || task.State != approval.TaskOpen {
			continue
		}
		card, err := w.s.IntendIMCard(w.ctx, store.IMCard{ID: "c-" + person + task.ID, App: "wecom", Notice: task.ID, Person: person,
			Platform: "wx-" + person, Task: task.ID, Document: d.ID, Round: task.Round, ContentHash: task.ContentHash,
			Locale: "en"}, time.Hour, func(string) []store.IMToken { return nil })
		require.NoError(w.t, err)
		return card
	}
	w.t.Fatalf("%s has no task", person)
	return store.IMCard{}
}

// shown is that card once they see it.
func (w *world) shown(d store.Document, person string) store.IMCard {
	w.t.Helper()
	card := w.card(d, person)
	require.NoError(w.t, w.s.IMCardIs(w.ctx, card.ID, store.IMCardShown, "{}", ""))
	return card
}

// dueCards are the ids of the cards that are to be changed, claimed for a minute.
func (w *world) dueCards() []string {
	w.t.Helper()
	cards, err := w.s.ClaimIMCards(w.ctx, 100)
	require.NoError(w.t, err)
	ids := []string{}
	for _, c := range cards {
		ids = append(ids, c.ID)
	}
	return ids
}

// TestCardsAreDue when they say something else than is, wherever that happened, and at
// no other time.
func TestCardsAreDue(t *testing.T) {
	for name, happens := range map[string]func(w *world, d store.Document) (due store.IMCard){
		"another decided": func(w *world, d store.Document) store.IMCard {
			card := w.shown(d, "ann")
			w.do(d.ID, approval.Approve, "bob")
			return card
		},
		"it was decided before the card was shown": func(w *world, d store.Document) store.IMCard {
			card := w.card(d, "ann")
			w.do(d.ID, approval.Approve, "bob")
			require.Empty(w.t, w.dueCards(), "nobody sees it")
			require.NoError(w.t, w.s.IMCardIs(w.ctx, card.ID, store.IMCardShown, "{}", ""))
			return card
		},
		"it is about something else": func(w *world, d store.Document) store.IMCard {
			card := w.shown(d, "ann")
			now := w.read(d.ID)
			changed, patch, err := now.Content.Amended([]document.Change{{Field: "title", Now: "plane"}})
			require.NoError(w.t, err)
			amend := w.act(d.ID, approval.Amend, "bob")
			amend.Revision, amend.NewHash, err = w.saveChanged(d, changed, now.ContentHash)
			require.NoError(w.t, err)
			amend.Changes = patch
			w.commit(amend)
			w.record(d.ID, amend)
			return card
		},
		"only the page decides it": func(w *world, d store.Document) store.IMCard {
			card := w.shown(d, "ann")
			require.NoError(w.t, w.s.IMCardTold(w.ctx, card.ID, "", store.IMWantPage))
			return card
		},
		"it ends right after it said where to decide": func(w *world, d store.Document) store.IMCard {
			card := w.shown(d, "ann")
			require.NoError(w.t, w.s.IMCardTold(w.ctx, card.ID, "", store.IMWantPage))
			require.Equal(w.t, []string{card.ID}, w.dueCards())
			require.NoError(w.t, w.s.IMCardIs(w.ctx, card.ID, store.IMCardShown, "", ""))
			require.Empty(w.t, w.dueCards(), "it still asks")
			w.do(d.ID, approval.Approve, "bob")
			return card
		},
		"an ended one was pressed": func(w *world, d store.Document) store.IMCard {
			card := w.shown(d, "ann")
			w.do(d.ID, approval.Approve, "bob")
			require.NoError(w.t, w.s.IMCardIs(w.ctx, card.ID, store.IMCardEnded, "", ""))
			require.Empty(w.t, w.dueCards(), "it said how it ended")
			require.NoError(w.t, w.s.IMCardTold(w.ctx, card.ID, `{"once":"2"}`, ""))
			return card
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			other := w.shown(w.routed("bus", approval.AnyOf, "ann", "bob"), "ann")
			d := w.patchable()
			if name != "it is about something else" {
				d = w.routed("train", approval.AnyOf, "ann", "bob")
			}
			due := happens(w, d)
			require.Equal(t, []string{due.ID}, w.dueCards())
			require.Empty(t, w.dueCards(), "nobody else gets it for a minute")
			require.NoError(t, w.s.IMCardTold(w.ctx, other.ID, "", ""))
			require.Empty(t, w.dueCards(), "a press alone changes nothing")
		})
	}
}

// TestACardIsNotMissed: a task ends, uncommitted, while its card comes to be shown. The
// two wait for each other, and the card is due.
func TestACardIsNotMissed(t *testing.T) {
	w := newWorld(t)
	card := w.card(w.routed("train", approval.AnyOf, "ann", "bob"), "ann")
	tx := w.root.MustBegin()
	tx.MustExec(`UPDATE tasks SET state = 'approved' WHERE id = $1`, card.Task)
	done := make(chan error)
	go func() { done <- w.s.IMCardIs(w.ctx, card.ID, store.IMCardShown, "{}", "") }()
	require.Eventually(t, func() bool {
		return w.count(`SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'`) == 1
	}, time.Minute, 5*time.Millisecond, "it waits for whoever ends the task")
	require.NoError(t, tx.Commit())
	require.NoError(t, <-done)
	require.Equal(t, []string{card.ID}, w.dueCards())
}

// TestWaitingCardsCostNothing: the look for cards to be changed reads those alone,
// however many wait.
func TestWaitingCardsCostNothing(t *testing.T) {
	w := newWorld(t)
	ended := w.routed("bus", approval.AnyOf, "ann", "bob")
	waiting := w.card(w.routed("train", approval.AnyOf, "ann", "bob"), "ann")
	w.root.MustExec(`
		INSERT INTO im_cards (id, app, notice, person, platform, task, document, round, content_hash, locale, expires_at, state)
		SELECT 'w' || n, app, 'w' || n, person, platform, task, document, round, content_hash, locale, expires_at, 'shown'
		FROM im_cards, generate_series(1, 10000) AS n WHERE id = $1`, waiting.ID)
	card := w.shown(ended, "ann")
	w.do(ended.ID, approval.Approve, "bob")
	w.root.MustExec(`ANALYZE im_cards`)
	c, s := w.counting()
	claim := func() (rows float64, unled []string) {
		c.reset()
		_, err := s.ClaimIMCards(w.ctx, 100)
		require.NoError(t, err)
		w.root.MustExec(`UPDATE im_cards SET next_try = clock_timestamp()`) // explained as if nobody had claimed it
		at := slices.IndexFunc(c.seen, func(statement string) bool { return strings.Contains(statement, "im_cards") })
		return w.explain(c.seen[at], c.args[at])
	}
	rows, unled := claim()
	assert.Empty(t, unled)
	assert.Less(t, rows, 10.0, "one card, its task and its document")
	assert.Greater(t, rows, 0.0)
	w.root.MustExec(`UPDATE im_cards SET due = true WHERE id <> $1`, card.ID)
	rows, _ = claim()
	assert.Greater(t, rows, 10_000.0, "and it would tell")
}
