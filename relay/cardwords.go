package relay

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/adapters/im"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/store"
)

// compose writes what a card says, in its reader's language. Its buttons come apart:
// a card that only changes has none.
func (c *Cards) compose(ctx context.Context, app CardApp, row store.IMCard, s showing) (im.Card, error) {
	content, err := c.Book.ContentInForce(ctx, row.Document)
	if err != nil {
		return im.Card{}, err
	}
	marks, err := c.Desk.Marked(ctx, []store.Task{s.task})
	if err != nil {
		return im.Card{}, err
	}
	clocks, err := c.Desk.Clocks(ctx)
	if err != nil {
		return im.Card{}, err
	}
	w := wording{c.Mail.Text, row.Locale}
	card := im.Card{
		ID: row.ID, Locale: row.Locale, Title: s.task.Number + " " + s.task.Title, Link: c.link(row),
		Open: w.t("im.card.open"), Summary: w.t("im.card.summary", "who", name(s.people, s.task.Requester),
			"step", i18n.Pick(s.task.StepTitle, row.Locale)),
	}
	add := func(key, value string) {
		if value != "" {
			card.Rows = append(card.Rows, im.Row{Name: w.t("im.card." + key), Value: value})
		}
	}
	if !app.HideAmounts {
		add("amount", shown(s.task.Total))
	}
	add("payee", content.Payee.Name)
	add("applicant", name(s.people, s.task.Requester))
	add("reason", strings.TrimSpace(content.Reason))
	add("marks", w.marks(marks[s.task.ID]))
	if left, running := clocks.Left(s.task, marks[s.task.ID]); running {
		add("left", w.left(left))
	}
	return card, nil
}

// buttons adds what may be pressed. Where a proof is asked for that only a page can
// take, or advice, there is nothing but the way to the page.
func (c *Cards) buttons(card *im.Card, app CardApp, s showing, press map[im.Verdict]string) {
	w := wording{c.Mail.Text, card.Locale}
	if !app.Public || s.task.FreshSignIn != nil || s.task.Passkey || s.task.For != "" {
		return
	}
	reject := im.Button{Verdict: im.Reject, Words: w.t("act.reject"), Token: press[im.Reject], Ask: w.t("im.card.ask")}
	if !app.Port.Capabilities().Reason {
		reject = im.Button{Verdict: im.Reject, Words: w.t("act.reject"), Link: card.Link + "?verdict=reject#decide"}
	}
	card.Buttons = []im.Button{{Verdict: im.Approve, Words: w.t("act.approve"), Token: press[im.Approve]}, reject}
}

// link is the page of a card's document.
func (c *Cards) link(row store.IMCard) string { return c.Mail.PublicURL + "/documents/" + row.Document }

// wording is the catalogs in one language.
type wording struct {
	text   func(locale, key string, args map[string]string) string
	locale string
}

func (w wording) t(key string, pairs ...string) string {
	args := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		args[pairs[i]] = pairs[i+1]
	}
	return w.text(w.locale, key, args)
}

func (w wording) marks(marks []desk.Mark) string {
	var words []string
	for _, m := range marks {
		words = append(words, w.t("page.mark."+m.Name))
	}
	return strings.Join(words, " · ")
}

// left is how long there is, in working time where the deadline counts so.
func (w wording) left(l desk.TimeLeft) string {
	hours, minutes := int64(l.Time/time.Hour), int64(l.Time%time.Hour/time.Minute)
	span := w.t("page.inbox.span.both", "h", strconv.FormatInt(hours, 10), "m", strconv.FormatInt(minutes, 10))
	switch {
	case hours == 0 && minutes == 0:
		span = w.t("page.inbox.span.moments")
	case hours == 0:
		span = w.t("page.inbox.span.minutes", "m", strconv.FormatInt(minutes, 10))
	case minutes == 0:
		span = w.t("page.inbox.span.hours", "h", strconv.FormatInt(hours, 10))
	}
	if l.Late {
		return w.t("page.inbox.late", "time", span)
	}
	return w.t("page.inbox.left", "time", span)
}

func name(people *org.Snapshot, id string) string {
	if p, known := people.People[id]; known {
		return p.Name
	}
	return id
}

func shown(a money.Amount) string { return string(a.Currency) + " " + a.Text() }
