package desk

import (
	"context"
	"slices"

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
	content, err := d.rewritten(ctx, who, doc, c)
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

// rewritten is a returned document as its submitter would hand it in again; nil: as it was.
func (d *Desk) rewritten(ctx context.Context, who auth.Who, doc store.Document, c *document.Content) (
	document.Content, error) {
	content := doc.Content
	if c != nil {
		content = *c
		content.Type, content.Entity = doc.Type, doc.Entity // what a document is does not change
		content.Requester = doc.Requester
		var err error
		if content, err = d.fill(ctx, who, content); err != nil {
			return content, err
		}
		content.Submitter = doc.Submitter // whoever resubmits it: I6 asks who entered it
	}
	return d.Complete(ctx, content)
}

// WayBack is where a returned document begins again, when it is handed in once more.
type WayBack struct {
	Step string         // it goes straight back to this step, for
	By   string         // who returned it asked for that; "": the round begins anew, as ever
	Kept []string       // the steps whose decisions stand
	Anew *approval.Anew // why it begins anew all the same
}

// Ahead is a route without what was decided on it.
func (w WayBack) Ahead(plan approval.Plan) approval.Plan {
	plan.Steps = slices.Clone(plan.Steps)
	for i, step := range plan.Steps {
		if slices.Contains(w.Kept, step.ID) {
			plan.Steps[i].Need = approval.Skip
		}
	}
	return plan
}

// WayBack says where a returned document would begin on a route, were it handed in with
// this content now. It is judged again when that is done.
func (d *Desk) WayBack(ctx context.Context, who auth.Who, doc store.Document, c document.Content, plan approval.Plan) (
	WayBack, error) {
	state, err := d.State(ctx, doc.ID)
	if err != nil || state.SeenRevisions() == nil {
		return WayBack{}, err
	}
	now, err := d.rewritten(ctx, who, doc, &c)
	if err != nil {
		return WayBack{}, err
	}
	var seen []document.Content
	for _, n := range state.SeenRevisions() {
		content, _, err := d.Store.Revision(ctx, doc.ID, n)
		if err != nil {
			return WayBack{}, err
		}
		seen = append(seen, content)
	}
	plan.Rules = approval.RulesNow
	way := WayBack{By: state.Straight.By}
	way.Step, way.Anew = state.GoesBack(plan, document.MaterialSince(seen, now))
	if way.Step != "" {
		way.Kept = state.Straight.Steps()
	}
	return way, nil
}
