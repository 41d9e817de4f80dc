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
	WriteLetter(ctx context.Context, l store.Letter, with store.LetterTokens) error
}

var _ LetterBook = (*store.Store)(nil)

// ask makes a letter that asks its reader to decide lead to a page of its own, bound to
// what is asked of them now. The letter is written down before it is sent: a repeat has
// a link of its own, and each serves.
func (m *Mail) ask(ctx context.Context, n store.Notice, to org.Person, l *mail.Letter) error {
	if m.Letters == nil || n.Task == "" || !slices.Contains(carded, n.Kind) {
		return nil
	}
	task, err := m.Letters.Task(ctx, n.Task)
	if err != nil {
		return fmt.Errorf("reading what a letter asks: %w", err)
	}
	if task.State != approval.TaskOpen || task.Assignee != to.ID || task.For != "" {
		return nil // nobody's own question: the document's page says more
	}
	token := rand.Text()
	with := store.LetterTokens{Page: store.HashToken(token), Life: letterLife}
	if m.Replies != nil && task.FreshSignIn == nil && !task.Passkey { // a proof is given on the page alone
		reply := strings.ToLower(rand.Text()) // mail servers heed no case that we mean
		with.Reply, l.Reply = store.HashToken(reply), m.Replies.Address(reply)
		l.Body += "\n\n" + m.Text(to.Locale, "letter.reply", nil)
	}
	err = m.Letters.WriteLetter(ctx, store.Letter{ID: "l-" + rand.Text(), Notice: n.ID, Person: to.ID, Task: task.ID,
		Document: task.Document, Round: task.Round, ContentHash: task.ContentHash}, with)
	if err != nil {
		return fmt.Errorf("writing a letter down: %w", err)
	}
	l.Others = append(l.Others, mail.Link{Words: m.Text(to.Locale, "letter.document", nil), URL: l.Link})
	l.Link, l.Button = m.PublicURL+"/letters/"+token, m.Text(to.Locale, "letter.decide", nil)
	return nil
}
