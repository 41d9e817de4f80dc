package approval

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
)

// judgePatch judges what an approver changes in the content under approval. The
// content of the next revision is stored before the act; that it is the old one
// with exactly this patch is proved where it is recorded, and by every audit.
//
// The round and its plan stay, and the task stays open: a yes comes after it, on
// the new content.
func (s State) judgePatch(a Act, now time.Time) ([]evidence.Draft, error) {
	task, err := s.mine(a)
	switch {
	case err != nil:
		return nil, err
	case task.For != "":
		return nil, fault.New(fault.Forbidden, "task.only_advice")
	case s.proved(a) != nil:
		return nil, s.proved(a)
	case strings.TrimSpace(a.Opinion) == "":
		return nil, opinionRequired()
	}
	if err := s.mayChange(a.Actor, task); err != nil {
		return nil, err
	}
	step, _ := s.stepOf(task)
	if err := s.mayHandle(a, step); err != nil {
		return nil, err
	}
	kind, data, err := patch(a, step, task)
	switch {
	case err != nil:
		return nil, err
	case a.Revision != s.Revision+1:
		return nil, fault.New(fault.Conflict, "document.revision_stale", fault.Field("revision"),
			fault.Arg("expected", strconv.Itoa(s.Revision+1)))
	case a.NewHash == "":
		return nil, fault.New(fault.Invalid, "act.hash_required", fault.Field("new_hash"))
	}
	p := s.pen(now, a.Actor, a.OnBehalfOf)
	changed := p.event(kind, a.Actor, a.OnBehalfOf, data)
	changed.Revision, changed.ContentHash = a.Revision, a.NewHash
	p.draft(changed)
	return p.drafts, nil
}

// mayChange says whether somebody may set what is approved: only who may approve it.
func (s State) mayChange(person string, task Task) error {
	switch {
	case s.edition() < 1:
		return nil
	case s.decidedIn(task.Step, person):
		return fault.New(fault.Forbidden, "task.twice")
	case s.intervened(person):
		return fault.New(fault.Forbidden, "task.intervened")
	}
	return s.heldApart(task.Step, person)
}

// patch is the event that an act asks for, or what is wrong with its patch.
func patch(a Act, step Step, task Task) (kind string, data any, err error) {
	if a.Name == Sanction {
		if a.Sanction == nil {
			return "", nil, document.Sanction{}.Check()
		}
		data = SanctionedData{
			Task: task.ID, Step: task.Step, Assignee: task.Assignee, Opinion: a.Opinion, Sanction: *a.Sanction,
		}
		return DocumentSanctioned, data, a.Sanction.Check()
	}
	data = AmendedData{
		Task: task.ID, Step: task.Step, Assignee: task.Assignee, Opinion: a.Opinion, Changes: a.Changes,
	}
	return DocumentAmended, data, mayAmend(a.Changes, step)
}

// mayAmend says whether a step lets its approvers make these changes.
func mayAmend(changes []document.Change, step Step) error {
	if len(changes) == 0 {
		return fault.New(fault.Invalid, "amend.no_change", fault.Field("changes"))
	}
	if len(changes) > document.ChangesMost {
		return fault.New(fault.Invalid, "amend.too_many", fault.Field("changes"), maxArg(document.ChangesMost))
	}
	for i, c := range changes {
		named := document.Amends(c.Field)
		again := slices.ContainsFunc(changes[:i], func(o document.Change) bool { return o.Field == c.Field })
		field := fault.Arg("field", c.Field)
		switch {
		case len(c.Field) > textMax || !storable(c.Field+c.Was+c.Now):
			return fault.New(fault.Invalid, "act.bad_text", fault.Field("changes"))
		case utf8.RuneCountInString(c.Was) > opinionMax || utf8.RuneCountInString(c.Now) > opinionMax:
			return fault.New(fault.Invalid, "act.opinion_too_long", fault.Field(c.Field), maxArg(opinionMax))
		case named == "" || again:
			return fault.New(fault.Invalid, "amend.bad_field", fault.Field(c.Field), field)
		case !slices.Contains(step.Amend, named):
			return fault.New(fault.Forbidden, "amend.not_allowed", fault.Field(c.Field), field)
		case c.Was == c.Now:
			return fault.New(fault.Invalid, "amend.no_change", fault.Field(c.Field))
		}
	}
	return nil
}

// Leads says whether the patch of a sanction or an amendment leads from one stored
// content to the other, and nothing else does.
//
// Errors: what cannot be read.
func Leads(e evidence.Event, before, after []byte) (bool, error) {
	var from, to document.Content
	if err := json.Unmarshal(before, &from); err != nil {
		return false, err
	}
	if err := json.Unmarshal(after, &to); err != nil {
		return false, err
	}
	if e.Kind == DocumentSanctioned {
		d, err := Decode[SanctionedData](e)
		return err == nil && from.Sanctions(d.Sanction, to), err
	}
	d, err := Decode[AmendedData](e)
	return err == nil && from.Amendment(d.Changes, to), err
}
