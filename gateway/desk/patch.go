package desk

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/policy/doctype"
	"github.com/countersign/countersign/store"
)

// SanctionLine is how much of a line an approver sanctions, as it is written.
type SanctionLine struct {
	Line   int    `json:"line" minimum:"1" maximum:"500" doc:"Number of the line, from 1"`
	Amount *Money `json:"amount" doc:"At most what was claimed; 0 approves nothing of the line"`
}

// FieldChange is what an approver amends, as it is written.
type FieldChange struct {
	Field string `json:"field" maxLength:"200" doc:"As a fault names it" example:"lines[0].cost_center"`
	Value string `json:"value" maxLength:"2000"`
}

// Approvals reads sanctioned amounts, in the order of their lines.
//
// Errors: Invalid, the faults of money, each with its field.
func Approvals(lines []SanctionLine) ([]document.Approved, error) {
	var faults []*fault.Fault
	approved := make([]document.Approved, 0, len(lines))
	for i, l := range lines {
		a := document.Approved{Line: l.Line}
		faults = append(faults, readMoney(&a.Amount, l.Amount, lineField(i, "amount"))...)
		approved = append(approved, a)
	}
	slices.SortStableFunc(approved, func(a, b document.Approved) int { return cmp.Compare(a.Line, b.Line) })
	return approved, fault.Join(faults)
}

// Changes reads amendments; what the fields were is read from the content.
func Changes(fields []FieldChange) []document.Change {
	changes := make([]document.Change, 0, len(fields))
	for _, f := range fields {
		changes = append(changes, document.Change{Field: f.Field, Now: f.Value})
	}
	return changes
}

// patch puts into a sanction or an amendment what leads to the new content, and the
// hash of that content, which is answered; nil where there is none to keep.
//
// Errors: Invalid sanction.*, amend.*, offset.*, and what the new content makes
// wrong, each with its field.
func (d *Desk) patch(ctx context.Context, task store.Task, in Decision, act *approval.Act) (*document.Content, error) {
	if in.Act != approval.Sanction && in.Act != approval.Amend {
		return nil, nil
	}
	if task.State != approval.TaskOpen || in.Round != task.Round || in.ContentHash != task.ContentHash {
		return nil, nil // refused as stale, and kept on file
	}
	doc, err := d.Store.Document(ctx, access.Scope{All: true}, task.Document)
	if err != nil {
		return nil, err
	}
	var next document.Content
	if in.Act == approval.Sanction {
		var patch document.Sanction
		if next, patch, err = doc.Content.Sanctioned(in.Lines); err == nil {
			act.Sanction = &patch
		}
	} else {
		next, act.Changes, err = d.amended(ctx, doc, in.Changes)
	}
	if err != nil {
		return nil, err
	}
	act.Revision = doc.Revision + 1
	act.NewHash, err = next.Hash()
	return &next, err
}

// keep stores the content that a sanction or an amendment names. It is stored only
// where the rules would take the act: nobody may put aside what another approver is
// about to set.
//
// Errors: Conflict task.changed.
func (d *Desk) keep(ctx context.Context, who auth.Who, next *document.Content, act *approval.Act) error {
	if next == nil {
		return nil
	}
	state, err := d.State(ctx, act.Document)
	if err != nil {
		return err
	}
	if !d.takes(state, who, *act) {
		return nil // delivered all the same: the refusal is kept on file
	}
	act.Revision, err = d.Store.SaveChanged(ctx, store.RevisionInput{
		Document: act.Document, Actor: who.Person.ID, Content: *next, Hash: act.NewHash,
	}, act.ContentHash)
	return err
}

// takes says whether the rules would let somebody do an act now.
func (d *Desk) takes(s approval.State, who auth.Who, act approval.Act) bool {
	act.ID, act.Actor = "trial", who.Person.ID
	_, err := s.Judge(act, d.now())
	return err == nil
}

// amended is a content with changes that its type bears, as it was when it was asked for.
func (d *Desk) amended(ctx context.Context, doc store.Document, asked []document.Change) (
	document.Content, []document.Change, error) {
	c := doc.Content
	t, err := d.TypeOf(ctx, doc.ID, c.Type)
	if err != nil {
		return c, nil, err
	}
	snapshot, err := d.Snapshot(ctx)
	if err != nil {
		return c, nil, err
	}
	asked = slices.Clone(asked)
	for i, change := range asked {
		if name, own := strings.CutPrefix(change.Field, "fields."); own {
			asked[i].Now = t.CanonicalField(name, change.Now, c.Currency)
		}
	}
	next, patch, err := c.Amended(asked)
	if err != nil {
		return c, nil, err
	}
	faults := doctype.ValidateAmended(t, c, next, snapshot, d.today(snapshot, c.Entity))
	for _, r := range doctype.References(t, next) {
		if c.Fields[strings.TrimPrefix(r.Field, "fields.")] == r.Number {
			continue
		}
		ok, err := d.mayName(ctx, r, next, snapshot)
		if err != nil {
			return c, nil, err
		}
		if !ok {
			faults = append(faults, fault.New(fault.Invalid, "document.unknown_document",
				fault.Field(r.Field), fault.Arg("number", r.Number)))
		}
	}
	return next, patch, fault.Join(faults)
}
