package desk

import (
	"context"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/store"
)

var _ = fault.Register(map[string]fault.Entry{
	"comment.too_many_mentions":   {Kind: fault.Invalid, Args: []string{"max"}},
	"comment.too_many_files":      {Kind: fault.Invalid, Args: []string{"max"}},
	"comment.mention_cannot_read": {Kind: fault.Invalid, Args: []string{"person"}},
	"comment.mention_no_right":    {Kind: fault.Forbidden, Args: []string{"person"}},
})

// Remark is what somebody says about a document. 评论
type Remark struct {
	Text        string
	Mentions    []string // as people name them: accounts, addresses or whole names 提及
	CopyIn      bool     // copy in whom it names and who cannot read the document yet
	Attachments []string // ids of one's own uploads
	ReplyTo     string   // the remark it answers, "" for none
}

// Comments lists the remarks on a document. Of one that was taken back only that
// it was is shown, but to who may read the audit.
func (d *Desk) Comments(ctx context.Context, who auth.Who, id string) ([]store.Comment, error) {
	detail, err := d.Document(ctx, who, id)
	if err != nil {
		return nil, err
	}
	list, err := d.Store.Comments(ctx, id)
	if err != nil {
		return nil, err
	}
	if ok, _ := access.Can(who.Subject, access.AuditRead, detail.Object()); ok {
		return list, nil
	}
	for i, c := range list {
		list[i] = shownComment(c)
	}
	return list, nil
}

func shownComment(c store.Comment) store.Comment {
	if !c.WithdrawnAt.IsZero() {
		c.Text, c.Mentions, c.Attachments = "", nil, nil
	}
	return c
}

// Comment adds a remark; it changes no state. Whom it names must be allowed to
// read the document, or be copied in with it.
//
// Safe to repeat with the same key. Errors: NotFound document.not_found;
// Forbidden access.denied, comment.mention_no_right where its author may copy
// nobody in, each with its person; Invalid comment.mention_cannot_read, each
// with its person, comment.*, act.to_unknown, act.to_several, attachment.not_found.
func (d *Desk) Comment(ctx context.Context, who auth.Who, id string, in Remark, key Key) (store.Comment, error) {
	detail, err := d.Document(ctx, who, id)
	if err != nil {
		return store.Comment{}, err
	}
	if err := need(who, access.DocumentComment, detail.Object()); err != nil {
		return store.Comment{}, err
	}
	if utf8.RuneCountInString(in.Text) > CommentMax {
		return store.Comment{}, fault.New(fault.Invalid, "comment.too_long", fault.Field("text"), fault.Arg("max", "2000"))
	}
	remark := store.CommentInput{Comment: store.Comment{
		ID: idOf(who, key), Document: id, Author: who.Person.ID, Text: in.Text, ReplyTo: in.ReplyTo,
	}}
	if remark.Attachments, err = d.shown(ctx, who, in.Attachments); err != nil {
		return store.Comment{}, err
	}
	people, err := d.Snapshot(ctx)
	if err != nil {
		return store.Comment{}, err
	}
	if err := d.name(ctx, who, people, detail, in, &remark); err != nil {
		return store.Comment{}, err
	}
	if err := d.answered(ctx, people, detail, &remark); err != nil {
		return store.Comment{}, err
	}
	return d.keepComment(ctx, remark)
}

// keepComment keeps a remark; a repeat of its key must be the same remark.
func (d *Desk) keepComment(ctx context.Context, remark store.CommentInput) (store.Comment, error) {
	saved, err := d.Store.AddComment(ctx, remark)
	if fault.CodeOf(err) == "store.conflict" {
		return store.Comment{}, reused() // the key made a remark on another document
	}
	if err != nil {
		return store.Comment{}, err
	}
	if saved.Text != remark.Text || saved.ReplyTo != remark.ReplyTo || !slices.Equal(saved.Mentions, remark.Mentions) ||
		!slices.Equal(idsOf(saved.Attachments), idsOf(remark.Attachments)) {
		return store.Comment{}, reused()
	}
	return shownComment(saved), nil
}

func idsOf(list []document.Attachment) []string {
	var ids []string
	for _, a := range list {
		ids = append(ids, a.ID)
	}
	return ids
}

// shown finds the files of a remark: the author's own uploads, each once.
func (d *Desk) shown(ctx context.Context, who auth.Who, ids []string) ([]document.Attachment, error) {
	if len(ids) > store.CommentFilesMost {
		return nil, fault.New(fault.Invalid, "comment.too_many_files",
			fault.Field("attachments"), fault.Arg("max", strconv.Itoa(store.CommentFilesMost)))
	}
	var list []document.Attachment
	for _, id := range ids {
		if !slices.ContainsFunc(list, func(a document.Attachment) bool { return a.ID == id }) {
			list = append(list, document.Attachment{ID: id})
		}
	}
	return d.known(ctx, who, list, "attachments")
}

// name finds whom a remark names, and judges that each may read what it is about.
func (d *Desk) name(ctx context.Context, who auth.Who, people *org.Snapshot, detail Detail, in Remark,
	remark *store.CommentInput) error {
	named, err := d.meantIn(ctx, in.Mentions, "mentions")
	if err != nil {
		return err
	}
	named = slices.DeleteFunc(named, func(p string) bool { return p == who.Person.ID })
	if len(named) > store.MentionsMost {
		return fault.New(fault.Invalid, "comment.too_many_mentions",
			fault.Field("mentions"), fault.Arg("max", strconv.Itoa(store.MentionsMost)))
	}
	remark.Mentions = named
	mayCopy, _ := access.Can(who.Subject, access.DocumentCopy, detail.Object())
	var refused []*fault.Fault
	for _, person := range named {
		may, err := d.mayRead(ctx, people, detail, person)
		switch {
		case err != nil:
			return err
		case may:
		case !mayCopy:
			refused = append(refused, fault.New(fault.Forbidden, "comment.mention_no_right",
				fault.Field("mentions"), fault.Arg("person", person)))
		case !in.CopyIn:
			refused = append(refused, fault.New(fault.Invalid, "comment.mention_cannot_read",
				fault.Field("mentions"), fault.Arg("person", person)))
		default:
			remark.CopyIn = append(remark.CopyIn, person)
		}
	}
	return fault.Join(refused)
}

// answered has who is answered told of it, while they may read the document.
func (d *Desk) answered(ctx context.Context, people *org.Snapshot, detail Detail, remark *store.CommentInput) error {
	if remark.ReplyTo == "" {
		return nil
	}
	to, err := d.Store.Comment(ctx, detail.ID, remark.ReplyTo)
	if fault.CodeOf(err) == "comment.not_found" {
		return fault.New(fault.Invalid, "comment.reply_unknown", fault.Field("reply_to"))
	}
	if err != nil {
		return err
	}
	may, err := d.mayRead(ctx, people, detail, to.Author)
	if may {
		remark.Tell = []string{to.Author}
	}
	return err
}

// WithdrawComment takes a remark of one's own from sight; it stays on record.
//
// Safe to repeat. Errors: NotFound document.not_found, comment.not_found;
// Forbidden comment.not_yours.
func (d *Desk) WithdrawComment(ctx context.Context, who auth.Who, id, remark string) (store.Comment, error) {
	if _, err := d.Document(ctx, who, id); err != nil {
		return store.Comment{}, err
	}
	c, err := d.Store.WithdrawComment(ctx, id, remark, who.Person.ID)
	return shownComment(c), err
}
