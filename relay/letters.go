package relay

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/adapters/mail"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/store"
)

// letterLife is how long the link of a letter serves; after it the document's page does.
const letterLife = 14 * 24 * time.Hour

// LetterBook is the part of the store that letters which ask for a decision need.
type LetterBook interface {
	Task(ctx context.Context, id string) (store.Task, error)
	WriteLetters(ctx context.Context, letters ...store.NewLetter) error
}

var _ LetterBook = (*store.Store)(nil)

// question is what a letter asks, with the words by which it is answered; only their
// hashes are kept.
type question struct {
	store.NewLetter

	page, reply string // reply is "" where an answer decides nothing
}

// asksByLetter says whether a notice is one that asks somebody to decide.
func (m *Mail) asksByLetter(n store.Notice) bool {
	return m.Letters != nil && n.Task != "" && slices.Contains(carded, n.Kind)
}

// question is what a letter asks its reader, bound to what is asked of them now; none
// where the question is not theirs alone: the document's page says more.
func (m *Mail) question(n store.Notice, task store.Task) (question, bool) {
	if task.State != approval.TaskOpen || task.Assignee != n.Person || task.For != "" {
		return question{}, false
	}
	q := question{page: rand.Text(), NewLetter: store.NewLetter{
		Letter: store.Letter{ID: "l-" + rand.Text(), Notice: n.ID, Person: n.Person, Task: task.ID, Document: task.Document,
			Round: task.Round, ContentHash: task.ContentHash},
		LetterTokens: store.LetterTokens{Life: letterLife}}}
	q.Page = store.HashToken(q.page)
	if m.Replies != nil && task.FreshSignIn == nil && !task.Passkey { // a proof is given on the page alone
		q.reply = strings.ToLower(rand.Text()) // mail servers heed no case that we mean
		q.Reply = store.HashToken(q.reply)
	}
	return q, true
}

// ask makes a letter that asks its reader to decide lead to a page of its own. It is
// written down before it is sent: a repeat has a link of its own, and each serves.
func (m *Mail) ask(ctx context.Context, n store.Notice, to org.Person, l *mail.Letter) error {
	if !m.asksByLetter(n) {
		return nil
	}
	q, written := m.written[n.ID]
	if !written {
		task, err := m.Letters.Task(ctx, n.Task)
		if err != nil {
			return fmt.Errorf("reading what a letter asks: %w", err)
		}
		var asks bool
		if q, asks = m.question(n, task); !asks {
			return nil
		}
		if err := m.Letters.WriteLetters(ctx, q.NewLetter); err != nil {
			return fmt.Errorf("writing a letter down: %w", err)
		}
	}
	if q.reply != "" {
		l.Reply = m.Replies.Address(q.reply)
		l.Body += "\n\n" + m.Text(to.Locale, "letter.reply", nil)
	}
	l.Others = append(l.Others, mail.Link{Words: m.Text(to.Locale, "letter.document", nil), URL: l.Link})
	l.Link, l.Button = m.PublicURL+"/letters/"+q.page, m.Text(to.Locale, "letter.decide", nil)
	return nil
}
