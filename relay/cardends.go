package relay

import (
	"context"
	"encoding/json"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/countersign/countersign/adapters/im"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/platform/crash"
	"github.com/countersign/countersign/store"
)

const (
	cardsEvery  = time.Second // between looks for cards that say something else than is
	cardsBatch  = 100
	cardsAtOnce = 4
	refusedMost = 40               // tries of a change that the platform refuses without a reason that we know: hours
	syncsEvery  = 10 * time.Second // between looks for people to be matched
)

// Run keeps what cards say true, and matches the people of every app with ours, until
// ctx ends.
func (c *Cards) Run(ctx context.Context) {
	var lanes sync.WaitGroup
	lanes.Go(func() {
		for pause(ctx, cardsEvery) {
			for ctx.Err() == nil && c.Change(ctx) {
				continue
			}
		}
	})
	lanes.Go(func() {
		c.Match(ctx)
		for pause(ctx, syncsEvery) {
			c.Match(ctx)
		}
	})
	lanes.Wait()
}

// jittered is about as long, so that relays do not look in step.
func jittered(every time.Duration) time.Duration { return every/2 + rand.N(every) }

// pause waits, with jitter; false where ctx ended.
func pause(ctx context.Context, every time.Duration) bool {
	timer := time.NewTimer(jittered(every))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// Change changes one batch of cards whose task is over or moved on, wherever that
// happened, and says whether there may be more.
func (c *Cards) Change(ctx context.Context) bool {
	cards, err := c.Book.ClaimIMCards(ctx, cardsBatch)
	if err != nil {
		if ctx.Err() == nil {
			slog.ErrorContext(ctx, "the cards to be changed were not read", "error", err.Error())
		}
		return false
	}
	each(cards, cardsAtOnce, func(row store.IMCard) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noticeTimeMax)
		defer cancel()
		if err := c.change(ctx, row); err != nil {
			slog.WarnContext(ctx, "a card was not changed", "card", row.ID, "error", err.Error())
		}
	})
	return len(cards) == cardsBatch
}

func (c *Cards) change(ctx context.Context, row store.IMCard) error {
	app, ok := c.app(row.App)
	if !ok {
		return c.Book.IMCardIs(ctx, row.ID, store.IMCardGone, "", "the app is not configured any more")
	}
	card, open, err := c.now(ctx, app, row)
	if err != nil {
		return err
	}
	var sent im.Sent
	if err := json.Unmarshal([]byte(row.Sent), &sent); err != nil {
		return err
	}
	err = app.Port.Update(ctx, sent, card)
	crash.At("card.changed")
	switch kind := fault.KindOf(err); {
	case err == nil:
		c.told(app, "changed")
		state := store.IMCardEnded
		if open {
			state = store.IMCardShown // it says where to decide, and later how it ended
		}
		return c.Book.IMCardIs(ctx, row.ID, state, "", "")
	case fault.CodeOf(err) == im.CodeRefused && row.Tries < refusedMost:
		// perhaps everything is refused, because our secret does not serve any more
	case kind == fault.Invalid || kind == fault.Forbidden:
		c.told(app, "gone")
		return c.Book.IMCardIs(ctx, row.ID, store.IMCardGone, "", err.Error())
	}
	c.told(app, "not_changed")
	c.doubt(ctx, app, err)
	return c.Book.IMCardLater(ctx, row.ID, err.Error())
}

func (c *Cards) app(id string) (CardApp, bool) {
	for _, app := range c.Apps {
		if app.Port.Name() == id {
			return app, true
		}
	}
	return CardApp{}, false
}

// now is a card that says what became of its task, and asks for nothing; open says
// that it can still be decided, on the page.
func (c *Cards) now(ctx context.Context, app CardApp, row store.IMCard) (card im.Card, open bool, err error) {
	task, err := c.Book.Task(ctx, row.Task)
	if err != nil {
		return im.Card{}, false, err
	}
	people, err := c.Mail.Directory.Snapshot(ctx, 0)
	if err != nil {
		return im.Card{}, false, err
	}
	card, err = c.compose(ctx, app, row, showing{task: task, people: people})
	if err != nil {
		return im.Card{}, false, err
	}
	w := wording{c.Mail.Text, row.Locale}
	switch same := task.Round == row.Round && task.ContentHash == row.ContentHash; {
	case task.State == approval.TaskOpen && same:
		card.State = w.t("im.card.state.page")
		return card, true, nil
	case task.State == approval.TaskOpen:
		card.State = w.t("im.card.state.moved")
		return card, false, nil
	}
	by, act := task.DecidedBy, decidedAs(task)
	if by == "" {
		end, err := c.Book.TaskEnd(ctx, row.Document, row.Task)
		if err != nil {
			return im.Card{}, false, err
		}
		by, act = end.By, end.Act
	}
	card.State = w.t("im.card.state.over")
	if person, known := people.People[by]; known {
		card.State = w.t("im.card.state.by", "who", person.Name, "act", w.done(act))
	}
	return card, false, nil
}

// decidedAs is the act that a decided task stands for.
func decidedAs(t store.Task) string {
	switch t.State {
	case approval.TaskApproved:
		return string(approval.Approve)
	case approval.TaskRejected:
		return string(approval.Reject)
	}
	return string(t.State)
}

// done says what was done: what the catalogs have no word for is «dealt with».
func (w wording) done(act string) string {
	key := "im.card.done." + act
	if text := w.t(key); text != key {
		return text
	}
	return w.t("im.card.done.other")
}
