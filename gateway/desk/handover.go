package desk

import (
	"context"
	"time"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/store"
)

// Foresee says what would become of somebody's tasks in a document if they left now.
type Foresee func(ctx context.Context, s approval.State, leaving string) ([]approval.HandedOver, error)

// Handover is everything that somebody leaves behind, and what becomes of it. 离职交接
type Handover struct {
	Person string
	Active bool // they work here: nothing is handed over yet
	Open   int  // open tasks, listed or not
	Items  []HandoverItem
}

// HandoverItem is one thing that somebody leaves behind.
type HandoverItem struct {
	Kind     string // task, document, clock, delegation, token, sessions, drafts
	ID       string // of the task, the document, the rule or the token
	Document string
	Number   string
	Title    string // of the document, or the token's name
	Count    int    // of sessions and drafts
	Fate     string // one of the fates
	To       string // who takes over, or the other side of a delegation
}

// What becomes of what somebody leaves behind.
const (
	FateMoves       = "moves"         // To takes over
	FateMovesByRule = "moves_by_rule" // whom the policy names takes over: beyond what a preview looks into
	FateQueue       = "queue"         // it waits in the admin queue
	FateEnds        = "ends"          // nobody takes over, and nobody need
	FateGoesOn      = "goes_on"       // it goes its way without them
	FateOther       = "other"         // To, for whom it is, goes on with it
	FateStuck       = "stuck"         // nobody can go on with it: an administrator must look
	FateRevoked     = "revoked"       // at once, with their access
	FateKept        = "kept"          // it stays theirs
)

// handoverForeseen is how many documents a preview looks into.
const handoverForeseen = 50

// Handover lists what somebody leaves behind and what becomes of it; whoever works
// here still is shown what would.
//
// Errors: NotFound person.not_found; Forbidden access.denied.
func (d *Desk) Handover(ctx context.Context, who auth.Who, person string) (Handover, error) {
	if err := d.mayLookInto(ctx, who, access.OrganisationInspect, person); err != nil {
		return Handover{}, err
	}
	return PlanHandover(ctx, d.Store, d.Foresee, person)
}

// HandOver tells every document again that waits for somebody who left, and answers
// with what is left to do.
//
// Safe to repeat. Errors: as Handover; Conflict handover.active, idempotency.reused.
func (d *Desk) HandOver(ctx context.Context, who auth.Who, person string, key Key) (Handover, error) {
	if err := d.mayLookInto(ctx, who, access.OrganisationWrite, person); err != nil {
		return Handover{}, err
	}
	idem, err := key.of(who)
	if err != nil {
		return Handover{}, err
	}
	if _, err := d.Store.TellLeaver(ctx, person, idem); err != nil {
		return Handover{}, err
	}
	return PlanHandover(ctx, d.Store, d.Foresee, person)
}

func (d *Desk) mayLookInto(ctx context.Context, who auth.Who, permission, person string) error {
	people, err := d.Snapshot(ctx)
	if err != nil {
		return err
	}
	entity := people.People[person].Entity // of nobody known: "", which only those of the group may see
	if err := need(who, permission, access.Object{Entity: entity}); err != nil {
		return err
	}
	if _, known := people.People[person]; !known {
		return fault.New(fault.NotFound, "person.not_found")
	}
	return nil
}

// PlanHandover is Handover for who needs no right: an operator at the database.
func PlanHandover(ctx context.Context, s *store.Store, foresee Foresee, person string) (Handover, error) {
	left, err := s.Belongings(ctx, person)
	if err != nil {
		return Handover{}, err
	}
	people, err := s.Snapshot(ctx, 0)
	if err != nil {
		return Handover{}, err
	}
	h := Handover{Person: person, Active: people.Active(person), Open: left.Total}
	if err := h.addTasks(ctx, s, foresee, left.Tasks); err != nil {
		return Handover{}, err
	}
	for _, l := range left.Submitted {
		item := HandoverItem{Kind: "document", ID: l.ID, Document: l.ID, Number: l.Number, Title: l.Title, Fate: FateGoesOn}
		if other := otherThan(person, l.Submitter, l.Requester); l.Status == approval.Returned {
			item.Fate, item.To = FateOther, other
			if other == "" || !people.Active(other) {
				item.Fate, item.To = FateStuck, ""
			}
		}
		h.Items = append(h.Items, item)
	}
	for _, l := range left.Stopped {
		h.Items = append(h.Items, HandoverItem{
			Kind: "clock", ID: l.ID, Document: l.ID, Number: l.Number, Title: l.Title, Fate: FateGoesOn,
		})
	}
	for _, r := range left.Delegations {
		h.Items = append(h.Items, HandoverItem{
			Kind: "delegation", ID: r.ID, To: otherThan(person, r.Person, r.Delegate), Fate: FateRevoked,
		})
	}
	for _, t := range left.Tokens {
		h.Items = append(h.Items, HandoverItem{Kind: "token", ID: t.ID, Title: t.Name, Fate: FateRevoked})
	}
	h.addCount("sessions", left.Sessions, FateRevoked)
	h.addCount("drafts", left.Drafts, FateKept)
	return h, nil
}

func (h *Handover) addCount(kind string, n int, fate string) {
	if n > 0 {
		h.Items = append(h.Items, HandoverItem{Kind: kind, Count: n, Fate: fate})
	}
}

// addTasks foresees, for the first documents, who takes over each task.
func (h *Handover) addTasks(ctx context.Context, s *store.Store, foresee Foresee, tasks []store.Task) error {
	heirs := map[string]HandoverItem{} // by task
	looked := map[string]bool{}
	for _, t := range tasks {
		if foresee != nil && !looked[t.Document] && len(looked) < handoverForeseen {
			looked[t.Document] = true
			if err := foreseeIn(ctx, s, foresee, t.Document, h.Person, heirs); err != nil {
				return err
			}
		}
		item := heirs[t.ID]
		item.Kind, item.ID, item.Document, item.Number, item.Title = "task", t.ID, t.Document, t.Number, t.Title
		if item.Fate == "" {
			item.Fate = FateMovesByRule
		}
		h.Items = append(h.Items, item)
	}
	return nil
}

// foreseeIn judges, without recording it, what would become of a person's tasks.
func foreseeIn(ctx context.Context, s *store.Store, foresee Foresee, document, person string,
	heirs map[string]HandoverItem) error {
	state, err := (&Desk{Store: s}).State(ctx, document)
	if err != nil {
		return err
	}
	all, err := foresee(ctx, state, person)
	if err != nil {
		return err
	}
	for _, over := range all {
		drafts, err := state.Judge(over, time.Now())
		if err != nil || len(drafts) == 0 {
			continue
		}
		told, err := approval.DraftData[approval.TaskEndedData](drafts[0])
		switch {
		case err != nil:
			return err
		case len(told.To) == 0:
			heirs[over.Task] = HandoverItem{Fate: FateEnds}
		case told.To[0] == approval.AdminQueue:
			heirs[over.Task] = HandoverItem{Fate: FateQueue}
		default:
			heirs[over.Task] = HandoverItem{Fate: FateMoves, To: told.To[0]}
		}
	}
	return nil
}

// otherThan is the one of two that is not the person; "" where both are.
func otherThan(person, a, b string) string {
	if a != person {
		return a
	}
	if b != person {
		return b
	}
	return ""
}
