package pages_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/mail"
	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/relay"
	"github.com/countersign/countersign/store"
)

// pile keeps the letters that were sent.
type pile []mail.Letter

func (p *pile) Send(_ context.Context, l mail.Letter) error {
	*p = append(*p, l)
	return nil
}

// letter is the one that somebody gets about a document, by the relay's own courier.
func (h *house) letter(to, document string) mail.Letter {
	h.t.Helper()
	var sent pile
	courier := relay.Mail{Sender: &sent, Directory: h.store, Text: i18n.Shipped().Text, Locale: "en", Zone: time.UTC,
		PublicURL: "https://cs.example", Letters: h.store, Replies: &mail.Replies{Domain: "approve.example.com"}}
	notices, err := h.store.Notices(h.t.Context(), to, "")
	require.NoError(h.t, err)
	for _, n := range notices.Items {
		if n.Document == document && n.Kind == "task.opened" {
			require.NoError(h.t, courier.Deliver(h.t.Context(), n))
			require.Len(h.t, sent, 1)
			return sent[0]
		}
	}
	require.Fail(h.t, "nobody was told", "%v asked %v", notices, h.asked(document).Assignee)
	return mail.Letter{}
}

// asked is the open task of a document; the zero one where there is none.
func (h *house) asked(document string) store.Task {
	h.t.Helper()
	tasks, err := h.store.DocumentTasks(h.t.Context(), document)
	require.NoError(h.t, err)
	for _, task := range tasks {
		if task.State == approval.TaskOpen {
			return task
		}
	}
	return store.Task{}
}

// fate is how far a document is.
func (h *house) fate(document string) approval.Status {
	h.t.Helper()
	doc, err := h.store.Document(h.t.Context(), access.Scope{All: true}, document)
	require.NoError(h.t, err)
	return doc.Status
}

// TestALetterLeadsToAPageThatDecidesOnce: a link in a letter shows and asks; what only
// looks at it changes nothing, and it is worth nothing to anybody else, twice or late.
func TestALetterLeadsToAPageThatDecidesOnce(t *testing.T) {
	h := newHouse(t)
	at := h.submitted("letter", "2000.00")
	id := strings.TrimPrefix(at, "/documents/")
	letter := h.letter("wang", id)
	link := strings.TrimPrefix(letter.Link, "https://cs.example")
	require.Equal(t, "https://cs.example"+at, letter.Others[0].URL)

	t.Run("looking decides nothing", func(t *testing.T) {
		require.Equal(t, "/login?return_to="+url.QueryEscape(link), h.get("", link).to())
		for range 3 { // and neither does an address that says a verdict
			h.get("wang", link+"?act=approve&verdict=approve").is(http.StatusOK).says("2,000.00", "客户拜访", `value="approve"`)
		}
		require.Equal(t, approval.Pending, h.fate(id))
	})
	t.Run("it is nobody else's", func(t *testing.T) {
		for _, other := range []string{"lin", "zhao", "emma"} {
			h.get(other, link).is(http.StatusNotFound)
			h.post(other, link, url.Values{"act": {"approve"}}).is(http.StatusNotFound)
		}
		h.get("wang", "/letters/none").is(http.StatusNotFound)
		require.Equal(t, approval.Pending, h.fate(id))
	})
	t.Run("a rejection says why", func(t *testing.T) {
		h.post("wang", link, url.Values{"act": {"reject"}}).is(http.StatusUnprocessableEntity).says(`aria-invalid="true"`)
		h.post("wang", link, url.Values{"act": {"transfer"}}).is(http.StatusUnprocessableEntity)
	})
	t.Run("it decides once", func(t *testing.T) {
		require.Contains(t, h.post("wang", link, url.Values{"act": {"approve"}, "opinion": {"fine"}}).to(), at)
		require.Eventually(t, func() bool { return h.asked(id).Assignee == "zhao" }, 2*time.Minute, 20*time.Millisecond)
		require.Contains(t, h.post("wang", link, url.Values{"act": {"approve"}, "opinion": {"again"}}).to(), at)
		h.post("wang", link, url.Values{"act": {"reject"}, "opinion": {"no"}}).is(http.StatusConflict).says("You approved this.")
		h.get("wang", link).is(http.StatusOK).says("You approved this.").saysNot(`value="approve"`)
		events, err := h.store.Events(t.Context(), id, 0, 0)
		require.NoError(t, err)
		decided := 0
		for _, e := range events {
			if e.Kind == approval.TaskWasApproved && e.Actor == "wang" {
				decided++
			}
		}
		require.Equal(t, 1, decided)
	})
	t.Run("what was decided elsewhere is over", func(t *testing.T) {
		next := strings.TrimPrefix(h.letter("zhao", id).Link, "https://cs.example")
		h.decide("zhao", at, "reject", "no")
		h.get("zhao", next).is(http.StatusOK).saysNot(`value="approve"`)
		h.post("zhao", next, url.Values{"act": {"approve"}}).is(http.StatusConflict)
	})
	t.Run("it expires", func(t *testing.T) {
		late := strings.TrimPrefix(h.submitted("late", "2100.00"), "/documents/")
		open := h.asked(late)
		require.NoError(t, h.store.WriteLetters(t.Context(), store.NewLetter{Letter: store.Letter{ID: "l-late", Notice: "n", Person: "wang", Task: open.ID,
			Document: late, Round: open.Round, ContentHash: open.ContentHash},
			LetterTokens: store.LetterTokens{Page: store.HashToken("late"), Life: -time.Second}}))
		h.get("wang", "/letters/late").is(http.StatusOK).says("expired").saysNot(`value="approve"`)
		h.post("wang", "/letters/late", url.Values{"act": {"approve"}}).is(http.StatusConflict)
	})
}

// TestALetterLeadsOnWhereAProofIsAskedFor, and the document's page knows what its
// reader came for.
func TestALetterLeadsOnWhereAProofIsAskedFor(t *testing.T) {
	h := newHouse(t)
	h.engine.signIn = &approval.FreshSignIn{Seconds: 300}
	at := h.submitted("proof", "2000.00")
	link := strings.TrimPrefix(h.letter("wang", strings.TrimPrefix(at, "/documents/")).Link, "https://cs.example")
	h.get("wang", link).is(http.StatusOK).says(at + "?verdict=reject#decide").saysNot(`value="approve"`)
	h.post("wang", link, url.Values{"act": {"approve"}}).is(http.StatusConflict)
	h.get("wang", at+"?verdict=reject").is(http.StatusOK).says("You came to reject.")
	h.get("wang", at+"?verdict=void").is(http.StatusOK).saysNot("You came to")
	h.get("lin", at+"?verdict=approve").is(http.StatusOK).saysNot("You came to")
}
