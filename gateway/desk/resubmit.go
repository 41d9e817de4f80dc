package desk

import (
	"context"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/store"
)

// Resubmission is a returned document coming back.
type Resubmission struct {
	Document string
	Content  *document.Content // nil: as it was
	Opinion  string
	Channel  string
}

// Resubmit stores the new revision, then acts.
func (d *Desk) Resubmit(ctx context.Context, who auth.Who, in Resubmission, key Key) (Acted, error) {
	detail, err := d.mine(ctx, who, in.Document, access.DocumentResubmit)
	if err != nil {
		return Acted{}, err
	}
	act := approval.Act{Name: approval.Resubmit, Document: detail.ID, Opinion: in.Opinion, Channel: in.Channel}
	if detail.Status != approval.Returned {
		// A repeat finds its first answer; anything else is refused and kept on file.
		refused := fault.New(fault.Conflict, "document.not_returned", fault.Arg("status", string(detail.Status)))
		return d.act(ctx, who, act, key, func() error { return refused })
	}
	if act.Revision, act.NewHash, err = d.revise(ctx, who, detail.Document, in.Content); err != nil {
		return Acted{}, err
	}
	return d.act(ctx, who, act, key, func() error { return finality(detail.Document) })
}

// revise stores the content that a resubmission will name.
func (d *Desk) revise(ctx context.Context, who auth.Who, doc store.Document, c *document.Content) (int, string, error) {
	content := doc.Content
	if c != nil {
		content = *c
		content.Type, content.Entity = doc.Type, doc.Entity // what a document is does not change
		content.Requester = doc.Requester
		var err error
		if content, err = d.fill(ctx, who, content); err != nil {
			return 0, "", err
		}
		content.Submitter = doc.Submitter // whoever resubmits it: I6 asks who entered it
	}
	content, err := d.Complete(ctx, content)
	if err != nil {
		return 0, "", err
	}
	hash, err := evidence.HashOf(content)
	if err != nil {
		return 0, "", err
	}
	revision, err := d.Store.SaveRevision(ctx, store.RevisionInput{
		Document: doc.ID, Actor: who.Person.ID, Content: content, Hash: hash,
	})
	return revision, hash, err
}
