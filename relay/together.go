package relay

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"github.com/countersign/countersign/adapters/im"
	"github.com/countersign/countersign/adapters/mail"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/notice"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/store"
)

const (
	linesMost = 30 // notices that a letter lists; the rest is a number
	rowsMost  = 5  // that a card lists
)

// DeliverTogether sends several notices in one letter.
//
// Safe to repeat, and Errors: as Deliver.
func (m *Mail) DeliverTogether(ctx context.Context, d store.Delivery) error {
	person, people, err := m.reader(ctx, d.Person)
	if err != nil {
		return err
	}
	if person.Email == "" {
		return fault.New(fault.Invalid, "notice.no_address", fault.Arg("person", d.Person))
	}
	w := wording{m.Text, person.Locale}
	words := w.together(d)
	var lines []string
	for i, n := range d.All {
		if i == linesMost {
			lines = append(lines, w.t("told.more", "n", strconv.Itoa(len(d.All)-linesMost)))
			break
		}
		line := m.Text(person.Locale, "notice."+n.Kind+".subject", m.words(n, person.Locale, person, people))
		lines = append(lines, "• "+line+"\n  "+m.PublicURL+n.Path())
	}
	letter := mail.Letter{
		ID: d.ID, Name: person.Name, Address: person.Email, Subject: words.subject, Link: m.PublicURL + words.path,
		Button: words.open, Body: w.t("told.greeting", "name", person.Name) + "\n\n" + words.intro + "\n\n" +
			strings.Join(lines, "\n\n"),
	}
	kinds := make([]string, len(d.All))
	for i, n := range d.All {
		kinds[i] = n.Kind
	}
	if err := m.leave(ctx, &letter, person, kinds...); err != nil {
		return err
	}
	if err := m.reach(ctx, person, &letter); err != nil {
		return err
	}
	return m.reached(ctx, person, m.Sender.Send(ctx, letter))
}

// said is what a message says of several notices, beside their list.
type said struct{ subject, intro, open, path string }

func (w wording) together(d store.Delivery) said {
	asks := !slices.ContainsFunc(d.All, func(n store.Notice) bool { return !notice.Asks(n.Kind) })
	key := "told.several"
	switch {
	case d.Shape == store.DeliveryDigest && len(d.All) == 1:
		key = "told.digest_one"
	case d.Shape == store.DeliveryDigest:
		key = "told.digest"
	case d.Shape == store.DeliveryAgain:
		key = "told.again"
	case asks:
		key = "told.asks"
	}
	s := said{w.t(key+".subject", "n", strconv.Itoa(len(d.All))), w.t(key + ".intro"), w.t("told.list"), "/notices"}
	if asks {
		s.open, s.path = w.t("told.tasks"), "/"
	}
	return s
}

// say shows a card that leads to the page. It is not changed later: it asks for nothing by
// itself, and the page says what is.
func (c *Cards) say(ctx context.Context, app CardApp, link store.IMLink, d store.Delivery, reader org.Person,
	people *org.Snapshot) error {
	w := wording{c.Mail.Text, reader.Locale}
	sum := sha256.Sum256([]byte(d.ID))
	card := im.Card{ID: "n-" + hex.EncodeToString(sum[:16]), Locale: reader.Locale, Open: w.t("im.card.open")}
	if len(d.All) == 1 && d.Shape != store.DeliveryDigest {
		n := d.All[0]
		card.Title = w.text(w.locale, "notice."+n.Kind+".subject", c.Mail.words(n, w.locale, reader, people))
		card.Link = c.Mail.PublicURL + n.Path()
	} else {
		words := w.together(d)
		card.Title, card.Link, card.Open = words.subject, c.Mail.PublicURL+words.path, words.open
		for _, n := range d.All {
			if len(card.Rows) == rowsMost {
				card.Rows = append(card.Rows, im.Row{Name: "…", Value: w.t("told.more", "n", strconv.Itoa(len(d.All)-rowsMost))})
				break
			}
			if n.Data["number"] != "" {
				card.Rows = append(card.Rows, im.Row{Name: n.Data["number"], Value: n.Data["title"]})
			}
		}
	}
	card.Summary = card.Title
	_, err := app.Port.Send(ctx, link.Platform, card)
	if err != nil {
		c.told(app, "not_sent")
		c.doubt(ctx, app, err)
		return err
	}
	c.told(app, "sent")
	return nil
}
