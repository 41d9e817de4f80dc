package approval

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/countersign/countersign/domain/evidence"
)

// Start folds the first event of a stream.
//
// Errors: an event that is not document.submitted with sequence number 1.
func Start(submitted evidence.Event) (State, error) { return FoldAll([]evidence.Event{submitted}) }

// FoldAll folds a whole stream from its first event; unlike Fold it trusts
// nothing.
//
// Errors: a stream that does not begin with document.submitted, has a gap, mixes
// documents, or holds data that cannot be read.
func FoldAll(events []evidence.Event) (State, error) {
	if len(events) == 0 || events[0].Kind != DocumentSubmitted {
		return State{}, fmt.Errorf("approval: a stream begins with %s", DocumentSubmitted)
	}
	var s State
	for _, e := range events {
		if e.Seq != s.Seq+1 || e.Stream != events[0].Stream {
			return State{}, fmt.Errorf("approval: event %d of %s follows event %d of %s",
				e.Seq, e.Stream, s.Seq, events[0].Stream)
		}
		if err := s.apply(e); err != nil {
			return State{}, err
		}
	}
	return s, nil
}

// Fold returns the state after events. Those at or before Seq are passed over;
// it stops at a gap, since the state after it is not known.
func (s State) Fold(events []evidence.Event) State {
	next := s.clone()
	for _, e := range events {
		if e.Seq <= next.Seq {
			continue
		}
		if e.Seq != next.Seq+1 {
			break
		}
		_ = next.apply(e) // what cannot be read changes nothing but Seq and Status; FoldAll reports it
	}
	return next
}

// NextStatus is the status of a document after an event of a kind; the read
// model follows it as well. A final status never changes.
func NextStatus(s Status, kind string) Status {
	if s.Final() {
		return s
	}
	if next, ok := statusAfter[kind]; ok {
		return next
	}
	return s
}

var statusAfter = map[string]Status{
	DocumentSubmitted:   Submitted,
	DocumentResubmitted: Submitted,
	PlanMade:            Pending,
	DocumentReturned:    Returned,
	DocumentRejected:    Rejected,
	DocumentWithdrawn:   Withdrawn,
	DocumentApproved:    Approved,
	VoucherParked:       Parked,
	VoucherResolved:     Approved,
	VoucherPosted:       Posted,
	DocumentClosed:      Closed,
	DocumentVoided:      Voided,
	PlanDiscarded:       Submitted,
}

// clone copies what apply changes in place. Plans, and the instants of a task,
// are never changed after they were made.
func (s State) clone() State {
	s.Tasks = slices.Clone(s.Tasks)
	s.Added = slices.Clone(s.Added)
	s.Agreed = slices.Clone(s.Agreed)
	s.Ahead = slices.Clone(s.Ahead)
	s.Deciders = slices.Clone(s.Deciders)
	s.Seen = maps.Clone(s.Seen)
	s.Interveners = slices.Clone(s.Interveners)
	s.Jumped = slices.Clone(s.Jumped)
	if s.Effect != nil {
		effect := *s.Effect
		s.Effect = &effect
	}
	return s
}

// apply folds one event into a state that nobody else holds.
func (s *State) apply(e evidence.Event) error {
	s.Seq = e.Seq
	s.Status = NextStatus(s.Status, e.Kind)
	noun, _, _ := strings.Cut(e.Kind, ".")
	var err error
	switch noun {
	case "document":
		err = s.applyDocument(e)
	case "plan":
		err = s.applyPlan(e)
	case "step":
		err = s.applyStep(e)
	case "task":
		err = s.applyTask(e)
	case "signer":
		err = s.applySigner(e)
	case "clock":
		err = s.applyClock(e)
	case "voucher":
		err = s.applyVoucher(e)
	}
	if isAct(e.Cause) {
		if s.Seen == nil {
			s.Seen = map[string]Outcome{}
		}
		s.Seen[e.Cause] = Outcome{Code: OK, Status: s.Status, Seq: s.Seq}
	}
	return err
}

// isAct says whether a cause is the id of an act.
func isAct(cause string) bool {
	if cause == "" {
		return false
	}
	for _, prefix := range []string{
		"submit:", "plan:", "staff:", "clock:", "effect:", "calendar:", "directory:",
	} {
		if strings.HasPrefix(cause, prefix) {
			return false
		}
	}
	return true
}

func (s *State) applyDocument(e evidence.Event) error {
	switch e.Kind {
	case DocumentSubmitted:
		d, err := Decode[SubmittedData](e)
		s.Document, s.Number, s.Type = e.Stream, d.Number, d.Type
		s.Entity, s.Department, s.Urgency = d.Entity, d.Department, d.Urgency
		s.Submitter, s.Requester = d.Submitter, d.Requester
		s.Moneyless = d.Total.Minor == 0 && d.BaseTotal.Minor == 0
		s.Seen = map[string]Outcome{}
		s.beginRound(e)
		return err
	case DocumentResubmitted:
		s.Moneyless = false // what it asks for now is not in the event
		s.beginRound(e)
	case DocumentReturned:
		return s.applyReturned(e)
	case DocumentVoided:
		if s.Effect != nil {
			s.Effect.State = EffectVoid
		}
	case DocumentSanctioned, DocumentAmended:
		s.Revision, s.ContentHash = e.Revision, e.ContentHash
		s.addDecider(e.Actor)
	case DocumentApproved:
		if s.Plan != nil && slices.Contains(s.Plan.Then, ThenAccrue) {
			s.Effect = &Effect{Reference: s.accrual(), State: EffectPending}
		}
	}
	return nil
}

func (s *State) beginRound(e evidence.Event) {
	s.Round, s.Revision, s.ContentHash = e.Round, e.Revision, e.ContentHash
	s.Plan, s.PlanAttempt, s.PlanFault = nil, 0, ""
	s.Step, s.Ahead, s.Staffings = 0, nil, 0
	s.Tasks, s.Effect = nil, nil
	s.Added, s.Agreed, s.Then, s.Stopped = nil, nil, "", nil
	s.Interveners, s.Jumped = nil, nil
}

func (s *State) applyPlan(e evidence.Event) error {
	switch e.Kind {
	case PlanMade:
		d, err := Decode[PlanData](e)
		s.Plan, s.PlanFault = &d.Plan, ""
		s.Step, s.Ahead, s.Tasks, s.Added, s.Agreed, s.Then = 0, nil, nil, nil, nil, ""
		return err
	case PlanFailed:
		d, err := Decode[PlanFailedData](e)
		s.PlanFault = d.Code
		return err
	case PlanDiscarded:
		s.LastRound = End{By: e.Actor, At: e.At.UTC(), Act: RulingReplan}
		s.beginRound(e)
	case PlanResolved:
		d, err := Decode[PlanResolvedData](e)
		s.PlanAttempt, s.PlanFault = d.Attempt, ""
		return err
	}
	return nil
}

func (s *State) applyVoucher(e evidence.Event) error {
	d, err := Decode[EffectData](e)
	if err != nil || s.Effect == nil {
		return err
	}
	effect := s.Effect
	switch e.Kind {
	case VoucherPosted:
		effect.State, effect.Number, effect.Code, effect.Detail = EffectPosted, d.Number, "", ""
	case VoucherParked:
		effect.State, effect.Code, effect.Detail, effect.Unanswered = EffectParked, d.Code, d.Detail, d.Unanswered
	case VoucherResolved:
		effect.Attempt, effect.Date = d.Attempt, d.Date
		effect.State, effect.Code, effect.Detail, effect.Unanswered = EffectPending, "", "", false
		if d.Ruling == RulingVoid {
			effect.State = EffectVoid
		}
	}
	return nil
}
