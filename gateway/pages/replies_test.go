package pages_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/mail"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/notice"
	"github.com/countersign/countersign/store"
)

// answering is a letter of wang's, and answers to it.
type answering struct {
	*house
	at       *net.TCPAddr
	outcomes []string
	n        int
}

func newAnswering(t *testing.T) *answering {
	a := &answering{house: newHouse(t)}
	replies := mail.Replies{Domain: "approve.example.com", AuthServ: "mx.example.com",
		Told: func(outcome string) { a.outcomes = append(a.outcomes, outcome) }}
	replies.Heard = func(ctx context.Context, r mail.Reply) error {
		outcome, err := a.desk.Reply(ctx, r)
		a.outcomes = append(a.outcomes, outcome)
		return err
	}
	a.at = listening(t, replies.Serve)
	return a
}

// answer sends what wang answers to a letter, changed as a case wants it; pairs of what is
// replaced and by what.
func (a *answering) answer(to, text string, change ...string) string {
	a.t.Helper()
	a.n++
	raw := strings.NewReplacer(append(change, "{id}", "m"+strings.Repeat("x", a.n), "{to}", to, "{text}", text)...).Replace(
		"Authentication-Results: mx.example.com; dkim=pass (2048-bit key) header.d=example.com header.i=@example.com\n" +
			"Received: from out.example.com by mx.example.com; Sun, 22 Nov 2026 10:00:00 +0800\n" +
			"DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=k; h=From:To:Subject:Message-ID; bh=x; b=y\n" +
			"From: =?utf-8?b?546L6Iqz?= <Wang@example.com>\nTo: \"Countersign\" <{to}>\nMessage-ID: <{id}@example.com>\n" +
			"Subject: Re: please\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n{text}\n\n> approve\n")
	envelope := "wang@example.com"
	if strings.HasPrefix(raw, "Return-Path: <>") {
		envelope = ""
	}
	before := len(a.outcomes)
	require.NoError(a.t, passedOn(a.t, a.at, envelope, to, strings.ReplaceAll(raw, "\n", "\r\n")))
	require.Len(a.t, a.outcomes, before+1)
	return a.outcomes[before]
}

// answered are the notices by which wang was told of answers.
func (a *answering) answered(kind string) []store.Notice {
	a.t.Helper()
	page, err := a.store.Notices(a.t.Context(), "wang", "")
	require.NoError(a.t, err)
	var found []store.Notice
	for _, n := range page.Items {
		if n.Kind == kind {
			found = append(found, n)
		}
	}
	return found
}

// waits is the open task of somebody; the zero one where there is none.
func (a *answering) waits(document, person string) store.Task {
	a.t.Helper()
	tasks, err := a.store.DocumentTasks(a.t.Context(), document)
	require.NoError(a.t, err)
	for _, task := range tasks {
		if task.State == approval.TaskOpen && task.Assignee == person {
			return task
		}
	}
	return store.Task{}
}

const (
	authResults = "Authentication-Results: mx.example.com; dkim=pass (2048-bit key) header.d=example.com header.i=@example.com\n"
	signature   = "d=example.com; s=k; h=From:To:Subject:Message-ID;"
	fromWang    = "From: =?utf-8?b?546L6Iqz?= <Wang@example.com>\n"
)

// TestAnAnswerDecidesWhereItIsProved: whatever is not wang's own, or not proved to be,
// decides nothing and is answered to nobody.
func TestAnAnswerDecidesWhereItIsProved(t *testing.T) {
	a := newAnswering(t)
	id := strings.TrimPrefix(a.submitted("reply", "2000.00"), "/documents/")
	letter := a.letter("wang", id)
	to := letter.Reply
	require.Regexp(t, `^r\+[0-9a-z]{26}@approve\.example\.com$`, to)
	require.Contains(t, letter.Body, "驳回：原因")

	for _, tt := range []struct {
		name, outcome string
		change        []string
	}{
		{"an absence reply", "automatic", []string{"Subject:", "Auto-Submitted: auto-replied (vacation)\nSubject:"}},
		{"a machine", "automatic", []string{"Subject:", "Auto-Submitted: auto-generated\nSubject:"}},
		{"bulk", "automatic", []string{"Subject:", "Precedence: bulk\nSubject:"}},
		{"a list", "automatic", []string{"Subject:", "List-Id: <all.example.com>\nSubject:"}},
		{"a bounce", "automatic", []string{authResults, "Return-Path: <>\n" + authResults}},
		{"a report", "automatic", []string{"text/plain;", "multipart/report; boundary=x;"}},
		{"no result", "unproved", []string{authResults, ""}},
		{"DKIM failed", "unproved", []string{"dkim=pass", "dkim=fail"}},
		{"SPF alone", "unproved", []string{"dkim=pass", "spf=pass"}},
		{"the result of another server", "unproved", []string{"-Results: mx.example.com", "-Results: mx.example.org"}},
		{"a forged result below ours", "unproved", []string{authResults,
			"Authentication-Results: mx.example.com; spf=pass smtp.mailfrom=eve@example.org\n" + authResults}},
		{"what cannot be read above it", "unproved", []string{authResults, "Authentication-Results: mx.example.com; dkim=pass \"\n" + authResults}},
		{"a result inside a quoted sender", "unproved", []string{"dkim=pass (2048-bit key) header.d=example.com header.i=@example.com",
			`spf=pass smtp.mailfrom="; dkim=pass header.d=example.com; "`}},
		{"a result inside a comment", "unproved", []string{"dkim=pass (2048-bit key) header.d=example.com header.i=@example.com",
			`dkim=none (; dkim=pass header.d=example.com)`}},
		{"signed by another domain", "unproved", []string{"header.d=example.com header.i=@example.com", "header.d=example.org"}},
		{"signed for a domain below", "unproved", []string{"header.d=example.com header.i=@example.com", "header.d=mail.example.com"}},
		{"DMARC failed", "unproved", []string{"header.i=@example.com", "header.i=@example.com; dmarc=fail header.from=example.com"}},
		{"its reader not signed", "unproved", []string{"From:To:Subject", "From:Subject"}},
		{"only the beginning signed", "unproved", []string{signature, signature + " l=10;"}},
		{"no signature there", "unproved", []string{"d=example.com; s=k", "d=example.org; s=k"}},
		{"written to somebody else", "unproved", []string{"<{to}>", "<zhao@example.com>"}},
		{"in somebody's name", "unproved", []string{"Subject:", "Sender: eve@example.com\nSubject:"}},
		{"two senders", "malformed", []string{fromWang, "From: wang@example.com, eve@example.com\n"}},
		{"a second From", "malformed", []string{fromWang, fromWang + "From: eve@example.com\n"}},
		{"a second To", "malformed", []string{"To: \"", "To: <eve@example.com>\nTo: \""}},
		{"no Message-ID", "malformed", []string{"Message-ID: <{id}@example.com>\n", ""}},
		{"another operator, proved", "stranger", []string{"<Wang@", "<zhao@"}},
		{"an outsider, proved", "stranger", []string{"<Wang@example.com>", "<wang@example.org>", "header.d=example.com header.i=@example.com",
			"header.d=example.org", "d=example.com; s=k", "d=example.org; s=k"}},
	} {
		require.Equal(t, tt.outcome, a.answer(to, "approve", tt.change...), tt.name)
		require.Equal(t, approval.Pending, a.fate(id), tt.name)
		require.NotEmpty(t, a.waits(id, "wang").ID, tt.name)
	}
	require.Equal(t, "stranger", a.answer("r+0000000000000000000000000@approve.example.com", "approve"), "a token that is none")
	require.Error(t, passedOn(t, a.at, "wang@example.com", "wang@approve.example.com", "Subject: x\r\n\r\nx\r\n"))
	require.Error(t, passedOn(t, a.at, "wang@example.com", strings.Replace(to, "r+", "b+", 1), "Subject: x\r\n\r\nx\r\n"))
	require.Empty(t, a.answered(notice.ReplyRefused), "nobody was answered")
}

// TestAnAnswerDecidesOnce, bound to what the letter asked; one that decides nothing is
// answered once.
func TestAnAnswerDecidesOnce(t *testing.T) {
	a := newAnswering(t)
	id := strings.TrimPrefix(a.submitted("reply", "2000.00"), "/documents/")
	to := a.letter("wang", id).Reply
	same := []string{"{id}", "same"}
	for range 2 {
		outcome := a.answer(to, "approve it, please", same...)
		require.Contains(t, []string{store.ReplyRefused, "repeated"}, outcome)
	}
	require.Equal(t, store.ReplyRefused, a.answer(to, "reject"))
	refused := a.answered(notice.ReplyRefused)
	require.Len(t, refused, 2)
	require.Equal(t, []string{"act.opinion_required", "reply.unclear"}, []string{refused[0].Data["code"], refused[1].Data["code"]})
	require.Equal(t, id, refused[0].Document)
	for range 3 {
		require.Equal(t, store.ReplyRefused, a.answer(to, "what?"))
	}
	require.Len(t, a.answered(notice.ReplyRefused), 3, "and not for ever")
	require.NotEmpty(t, a.waits(id, "wang").ID)

	require.Equal(t, store.ReplyTaken, a.answer(to, "同意", "{id}", "yes"))
	require.Eventually(t, func() bool { return a.waits(id, "zhao").ID != "" }, 2*time.Minute, 20*time.Millisecond)
	require.Equal(t, "repeated", a.answer(to, "同意", "{id}", "yes"))
	require.Equal(t, store.ReplyRefused, a.answer(to, "驳回：晚了"))
	require.NotEmpty(t, a.waits(id, "zhao").ID)
	events, err := a.store.Events(t.Context(), id, 0, 0)
	require.NoError(t, err)
	decided := 0
	for _, e := range events {
		if e.Kind == approval.TaskWasApproved && e.Actor == "wang" {
			decided++
		}
	}
	require.Equal(t, 1, decided)

	// Decided on the web meanwhile: the answer says nothing any more.
	next := a.letter("zhao", id).Reply
	a.decide("zhao", "/documents/"+id, "reject", "no")
	require.Equal(t, store.ReplyRefused, a.answer(next, "approve", "<Wang@", "<zhao@"))
	require.Equal(t, approval.Rejected, a.fate(id))

	// It is late.
	late := strings.TrimPrefix(a.submitted("late", "2100.00"), "/documents/")
	open := a.waits(late, "wang")
	require.NoError(t, a.store.WriteLetters(t.Context(), store.NewLetter{Letter: store.Letter{ID: "l-late", Person: "wang", Task: open.ID, Document: late,
		Round: open.Round, ContentHash: open.ContentHash}, LetterTokens: store.LetterTokens{Page: "late", Reply: store.HashToken("late"), Life: -time.Second}}))
	require.Equal(t, store.ReplyRefused, a.answer("r+late@approve.example.com", "approve"))
	require.NotEmpty(t, a.waits(late, "wang").ID)

	// A rejection says why.
	require.Equal(t, store.ReplyTaken, a.answer(a.letter("wang", late).Reply, "驳回：金额不对"))
	require.Eventually(t, func() bool { return a.fate(late) == approval.Rejected }, 2*time.Minute, 20*time.Millisecond)
}

// TestNoAnswerDecidesWhereAProofIsAskedFor: such a letter has no address for it, and one
// that was written before decides nothing.
func TestNoAnswerDecidesWhereAProofIsAskedFor(t *testing.T) {
	a := newAnswering(t)
	a.engine.signIn = &approval.FreshSignIn{Seconds: 300}
	id := strings.TrimPrefix(a.submitted("proof", "2000.00"), "/documents/")
	letter := a.letter("wang", id)
	require.Empty(t, letter.Reply)
	require.NotContains(t, letter.Body, "驳回")
	open := a.waits(id, "wang")
	require.NoError(t, a.store.WriteLetters(t.Context(), store.NewLetter{Letter: store.Letter{ID: "l-1", Person: "wang", Task: open.ID, Document: id,
		Round: open.Round, ContentHash: open.ContentHash}, LetterTokens: store.LetterTokens{Page: "p", Reply: store.HashToken("before"), Life: time.Hour}}))
	require.Equal(t, store.ReplyRefused, a.answer("r+before@approve.example.com", "approve"))
	require.NotEmpty(t, a.waits(id, "wang").ID)
	require.Len(t, a.answered(notice.ReplyRefused), 1)
}

// TestAnAnswerIsKeptByTheMailServer while we are in trouble.
func TestAnAnswerIsKeptByTheMailServer(t *testing.T) {
	replies := mail.Replies{Domain: "approve.example.com", AuthServ: "mx.example.com",
		Heard: func(context.Context, mail.Reply) error { return errors.New("the database is away") }}
	at := listening(t, replies.Serve)
	err := passedOn(t, at, "wang@example.com", "r+x@approve.example.com", strings.ReplaceAll(authResults+
		"DKIM-Signature: v=1; "+signature+" bh=x; b=y\nFrom: wang@example.com\nTo: r+x@approve.example.com\nMessage-ID: <1@example.com>\n\napprove\n",
		"\n", "\r\n"))
	require.ErrorContains(t, err, "later")
}
