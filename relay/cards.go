package relay

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"slices"
	"time"

	"github.com/countersign/countersign/adapters/im"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/platform/crash"
	"github.com/countersign/countersign/store"
)

// cardLife is how long the buttons of a card serve; after it they open the page.
const cardLife = 14 * 24 * time.Hour

// Cards shows a card to whoever has a messaging app, by which
// they decide or are led to the page.
//
//	message ─▶ row in im_cards ─▶ the platform ─▶ row
//	                             later: the task ends ─▶ the card says so
type Cards struct {
	Book CardBook
	Mail *Mail      // how people are named, and what letters say
	Desk *desk.Desk // what is known of a task; it is only read
	Apps []CardApp  // in the order in which somebody with several is told
	Told func(app, outcome string)
}

// CardApp is one app on one platform.
type CardApp struct {
	Port        im.Port
	Public      bool          // its presses reach us; otherwise its cards only open the page
	HideAmounts bool          // its cards name no amount
	SyncEvery   time.Duration // between matching its people with ours
}

// CardBook is the part of the store that Cards needs.
type CardBook interface {
	IMLinks(ctx context.Context, person string) ([]store.IMLink, error)
	Task(ctx context.Context, id string) (store.Task, error)
	TaskEnd(ctx context.Context, document, task string) (approval.End, error)
	ContentInForce(ctx context.Context, id string) (document.Content, error)
	IntendIMCard(ctx context.Context, c store.IMCard, life time.Duration, tokens func(card string) []store.IMToken) (
		store.IMCard, error)
	IMCardIs(ctx context.Context, id, state, sent, failure string) error
	IMCardLater(ctx context.Context, id, failure string) error
	ClaimIMCards(ctx context.Context, limit int) ([]store.IMCard, error)
	IMSyncSoon(ctx context.Context, app string) error
	ClaimIMSync(ctx context.Context, app string, every time.Duration) (bool, error)
	EndIMSync(ctx context.Context, in store.IMSync, again time.Duration) error
	FollowIMPeople(ctx context.Context, app string, found []store.IMLink) error
}

var _ CardBook = (*store.Store)(nil)

// carded are the kinds of notices that ask somebody to decide.
var carded = []string{"task.opened", "task.reminded", "task.overdue"}

// serves says whether a link is to an app that is configured.
func (c *Cards) serves(link store.IMLink) bool {
	_, ok := c.app(link.App)
	return ok
}

// channel is the app on which somebody is told, of those they have.
func (c *Cards) channel(links []store.IMLink) (CardApp, store.IMLink, bool) {
	for _, app := range c.Apps {
		at := slices.IndexFunc(links, func(l store.IMLink) bool { return l.App == app.Port.Name() })
		if at >= 0 {
			return app, links[at], true
		}
	}
	return CardApp{}, store.IMLink{}, false
}

// Tell tells somebody by their app: with a card to decide on where one task of theirs
// waits, and otherwise with one that leads to the page.
//
// Safe to repeat: a message is one card. Errors: Invalid and Forbidden where it can never
// arrive; anything else may pass.
func (c *Cards) Tell(ctx context.Context, d store.Delivery) error {
	links, err := c.Book.IMLinks(ctx, d.Person)
	if err != nil {
		return err
	}
	app, link, ok := c.channel(links)
	if !ok {
		return fault.New(fault.Invalid, "notice.no_address", fault.Arg("person", d.Person))
	}
	reader, people, err := c.Mail.reader(ctx, d.Person)
	if err != nil {
		return err
	}
	n := d.All[0]
	if len(d.All) > 1 || !slices.Contains(carded, n.Kind) || n.Task == "" {
		return c.say(ctx, app, link, d, reader, people)
	}
	task, err := c.Book.Task(ctx, n.Task)
	if err != nil || task.State != approval.TaskOpen {
		return err // what is over asks for nothing
	}
	if task.Assignee != n.Person {
		return c.say(ctx, app, link, d, reader, people) // a queue's, or another's: nobody's own card
	}
	return c.show(ctx, app, link, showing{notice: n, task: task, reader: reader, people: people})
}

// showing is a card on its way to somebody.
type showing struct {
	notice store.Notice
	task   store.Task
	reader org.Person
	people *org.Snapshot
}

// show writes the card down, shows it, and writes down by what it can be changed. A
// crash in between leaves a row that the next try finds: the platform folds the two by
// the card's id where it can.
func (c *Cards) show(ctx context.Context, app CardApp, link store.IMLink, s showing) error {
	press := map[im.Verdict]string{im.Approve: rand.Text(), im.Reject: rand.Text()}
	row, err := c.Book.IntendIMCard(ctx, store.IMCard{
		ID: "c-" + rand.Text(), App: app.Port.Name(), Notice: s.notice.ID, Person: s.reader.ID, Platform: link.Platform,
		Task: s.task.ID, Document: s.task.Document, Round: s.task.Round, ContentHash: s.task.ContentHash,
		Locale: s.reader.Locale,
	}, cardLife, func(string) []store.IMToken {
		return []store.IMToken{{Hash: store.HashToken(press[im.Approve]), Verdict: string(im.Approve)},
			{Hash: store.HashToken(press[im.Reject]), Verdict: string(im.Reject)}}
	})
	if err != nil || row.State != "intended" {
		return err
	}
	card, err := c.compose(ctx, app, row, s)
	if err != nil {
		return err
	}
	c.buttons(&card, app, s, press)
	crash.At("card.intended")
	sent, err := app.Port.Send(ctx, row.Platform, card)
	crash.At("card.sent")
	if err != nil {
		c.told(app, "not_sent")
		c.doubt(ctx, app, err)
		if kind := fault.KindOf(err); kind == fault.Invalid || kind == fault.Forbidden {
			_ = c.Book.IMCardIs(ctx, row.ID, store.IMCardRefused, "", err.Error()) // the letter goes all the same
		}
		return err
	}
	c.told(app, "sent")
	text, err := json.Marshal(sent)
	if err != nil {
		return err
	}
	return c.Book.IMCardIs(ctx, row.ID, store.IMCardShown, string(text), "")
}

// doubt has it found out soon whether an app works at all, where a platform refuses or
// does not answer: an operator reads it off the gateway.
func (c *Cards) doubt(ctx context.Context, app CardApp, why error) {
	if code := fault.CodeOf(why); code != im.CodeRefused && code != im.CodeUnavailable {
		return
	}
	if err := c.Book.IMSyncSoon(ctx, app.Port.Name()); err != nil {
		slog.WarnContext(ctx, "a doubt about a messaging app was not noted", "app", app.Port.Name(), "error", err.Error())
	}
}

func (c *Cards) told(app CardApp, outcome string) {
	if c.Told != nil {
		c.Told(app.Port.Name(), outcome)
	}
}
