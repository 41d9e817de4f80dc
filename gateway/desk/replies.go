package desk

import (
	"context"
	"strings"

	"github.com/countersign/countersign/adapters/mail"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/letter"
	"github.com/countersign/countersign/domain/notice"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/store"
)

// The faults of an answer to a letter.
var _ = fault.Register(map[string]fault.Entry{
	"reply.unclear": {Kind: fault.Invalid},
})

// replyChannel marks the acts of those who decided by answering a letter.
const replyChannel = "reply"

// What becomes of an answer to a letter, for metrics; beside store.ReplyTaken and
// store.ReplyRefused.
const (
	replyRepeated = "repeated" // it came before
	replyStranger = "stranger" // not from whom the letter was written to, or to no letter
)

// Reply carries an answer to a letter, whose writer the mail server proved: bound to what
// the letter asked of that person alone, and never where the page takes a proof. It does
// not wait for Temporal. Whoever else writes is told nothing.
//
// Safe to repeat: a Message-ID is one answer, and a letter decides once. An error is our
// own trouble: the same answer comes again.
func (d *Desk) Reply(ctx context.Context, r mail.Reply) (outcome string, err error) {
	written, now, err := d.Store.LetterByReply(ctx, store.HashToken(r.Token))
	if fault.KindOf(err) == fault.NotFound && err != nil {
		return replyStranger, nil //nolint:nilerr // it is an answer to no letter of ours
	}
	if err != nil {
		return "", err
	}
	snapshot, err := d.Snapshot(ctx)
	if err != nil {
		return "", err
	}
	who, err := auth.Known(snapshot, written.Person)
	if err != nil || !strings.EqualFold(strings.TrimSpace(who.Person.Email), r.From) {
		return replyStranger, nil //nolint:nilerr // who left decides nothing, and is not told so
	}
	if has, err := d.Store.HasMailReply(ctx, r.ID); err != nil || has {
		return replyRepeated, err
	}
	asked, err := d.askedBy(ctx, *who, written, now)
	var acted Acted
	if err == nil {
		acted, err = d.reply(ctx, *who, asked, r.Text)
	}
	kept := store.MailReply{ID: r.ID, Letter: written.ID, Person: written.Person, Outcome: store.ReplyTaken, Act: acted.ID}
	f, refused := fault.As(err)
	switch {
	case err != nil && (!refused || f.Kind == fault.Busy || f.Kind == fault.Unknown || f.Kind == fault.Internal):
		return "", err
	case err != nil:
		kept.Outcome, kept.Code = store.ReplyRefused, f.Code
	}
	return kept.Outcome, d.Store.KeepMailReply(ctx, kept, answerTo(asked, kept))
}

// reply decides what the first line says.
func (d *Desk) reply(ctx context.Context, who auth.Who, asked Asked, text string) (Acted, error) {
	said, ok := letter.ReadAnswer(text)
	if !ok {
		return Acted{}, fault.New(fault.Invalid, "reply.unclear")
	}
	in := Decision{Act: approval.Approve, Opinion: said.Reason, Channel: replyChannel}
	if said.Reject {
		in.Act = approval.Reject
	}
	var acted Acted
	var err error
	for range pressTries {
		acted, err = d.decideAsked(ctx, who, asked, in)
		if fault.CodeOf(err) != "store.busy" {
			break
		}
	}
	return acted, err
}

// answerTo is what somebody is told of their answer: at once where it decided nothing, and
// in their list of notices where it did.
func answerTo(asked Asked, r store.MailReply) notice.Notice {
	n := notice.Notice{Kind: notice.ReplyTaken, Document: asked.Letter.Document, Quiet: r.Outcome == store.ReplyTaken,
		Data: map[string]string{"number": asked.Detail.Number, "title": asked.Detail.Title}}
	if r.Outcome == store.ReplyRefused {
		n.Kind, n.Data["code"] = notice.ReplyRefused, r.Code
	}
	return n
}
