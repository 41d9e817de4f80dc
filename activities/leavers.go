package activities

import (
	"context"
	"slices"
	"time"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/policy"
)

// HeirsInput says who is asked in a document, so that those who left are found.
type HeirsInput struct {
	Document      string      `json:"document"`
	Revision      int         `json:"revision"`
	Round         int         `json:"round"`
	Policy        string      `json:"policy"` // that of the plan, in its version
	PolicyVersion int         `json:"policy_version"`
	Interested    []string    `json:"interested"`
	StoppedBy     string      `json:"stopped_by,omitempty"` // who stopped the clock
	Leaving       string      `json:"leaving,omitempty"`    // whom to take for gone already, to foresee what would be
	Tasks         []HeirsTask `json:"tasks"`

	Counted *approval.Counted `json:"counted,omitempty"` // that of the plan

	Entity     string `json:"entity,omitempty"` // where its roles are held
	Department string `json:"department,omitempty"`
}

func (in HeirsInput) place() access.RolePlace {
	return access.RolePlace{Entity: in.Entity, Department: in.Department}
}

// HeirsTask is one open task of a person.
type HeirsTask struct {
	Task     string   `json:"task"`
	Step     string   `json:"step"`
	Assignee string   `json:"assignee"`
	ByRule   bool     `json:"by_rule"`         // a place that the plan gave; not advice, no added signer
	Via      string   `json:"via,omitempty"`   // how the plan found who had the place first
	Group    string   `json:"group,omitempty"` // of the place
	Taken    []string `json:"taken"`           // who may not have it
	Way      string   `json:"way,omitempty"`   // how its assignee was found; "" for advice
}

// Heirs is what becomes of the tasks of people who left, and whether the one who
// stopped the clock did.
type Heirs struct {
	Tasks       []approval.HandedOver `json:"tasks,omitempty"`
	StopperLeft bool                  `json:"stopper_left,omitempty"`
}

// HeirsFor asks about the open tasks of people in a document, and about who stopped
// its clock.
func HeirsFor(s approval.State) HeirsInput {
	in := HeirsInput{Document: s.Document, Revision: s.Revision, Round: s.Round}
	if s.Plan == nil || s.Status != approval.Pending {
		return in
	}
	in.Policy, in.PolicyVersion, in.Interested = s.Plan.Policy, s.Plan.PolicyVersion, s.Plan.Interested
	in.Counted, in.Entity, in.Department = s.Plan.Counted, s.Entity, s.Department
	if s.Stopped != nil {
		in.StoppedBy = s.Stopped.By
	}
	for _, t := range s.OpenTasks() {
		if t.Assignee == approval.AdminQueue {
			continue
		}
		task := HeirsTask{Task: t.ID, Step: t.Step, Assignee: t.Assignee, Taken: s.Taken(t.ID)}
		if place, planned := s.Place(t); planned {
			task.ByRule, task.Via, task.Group = true, place.Via, place.Group
		}
		if t.For == "" {
			task.Way = t.Way()
		}
		in.Tasks = append(in.Tasks, task)
	}
	return in
}

// Foresee says what would become of somebody's tasks in a document if they left now.
//
// Errors: Busy.
func (p *Plans) Foresee(ctx context.Context, s approval.State, leaving string) ([]approval.HandedOver, error) {
	in := HeirsFor(s)
	in.Leaving = leaving
	got, err := p.heirs(ctx, in)
	return slices.DeleteFunc(got.Tasks, func(h approval.HandedOver) bool { return h.From != leaving }), err
}

// Heirs finds whose tasks wait for somebody who is not active any more, by the
// organisation as it stands now, and who could take over: whom an administrator
// named, whom the policy of the plan names today, then up the managers. Of who works
// here but lost the role that gave them a task, it is who holds that role now. The
// core takes the first who may.
//
// Safe to repeat; what counts is recorded. Errors: Busy.
func (p *Plans) Heirs(ctx context.Context, in HeirsInput) (Heirs, error) {
	got, err := p.heirs(ctx, in)
	return got, answer(ctx, err)
}

func (p *Plans) heirs(ctx context.Context, in HeirsInput) (Heirs, error) {
	version, err := p.Book.OrgVersion(ctx) // never the one believed a second ago
	if err != nil {
		return Heirs{}, err
	}
	people, err := p.Book.Snapshot(ctx, version)
	if err != nil {
		return Heirs{}, err
	}
	people = people.At(time.Now()) // what was granted, as long as it was
	works := func(person string) bool { return people.Active(person) && person != in.Leaving }
	got := Heirs{StopperLeft: in.StoppedBy != "" && !works(in.StoppedBy)}
	keeps := func(t HeirsTask) bool {
		return works(t.Assignee) && (in.Leaving != "" || access.StillHeld(people, t.Way, t.Assignee, in.place()))
	}
	in.Tasks = slices.DeleteFunc(in.Tasks, keeps)
	if len(in.Tasks) == 0 {
		return got, nil
	}
	plan, err := p.pinned(ctx, in, people)
	if err != nil {
		return Heirs{}, err
	}
	for _, t := range in.Tasks {
		if works(t.Assignee) {
			got.Tasks = append(got.Tasks, approval.HandedOver{
				Task: t.Task, From: t.Assignee, Lost: t.Way, To: holdersNow(people, plan, t, in.place()),
			})
			continue
		}
		named, err := p.Book.Heir(ctx, t.Assignee)
		if err != nil {
			return Heirs{}, err
		}
		got.Tasks = append(got.Tasks, approval.HandedOver{
			Task: t.Task, From: t.Assignee, To: candidates(people, plan, t, named),
		})
	}
	return got, nil
}

// pinned routes the document by the version of the policy that its plan was made
// by, over the organisation of today. A route that is not found names nobody.
func (p *Plans) pinned(ctx context.Context, in HeirsInput, people *org.Snapshot) (approval.Plan, error) {
	none := approval.Plan{Interested: in.Interested}
	row, err := p.Book.PolicyVersion(ctx, kindPolicy, in.Policy, in.PolicyVersion)
	if err != nil {
		return none, ours(err)
	}
	content, err := p.claimed(ctx, in.Document, in.Revision)
	if err != nil {
		return none, err
	}
	route := RouteInput{Document: in.Document, Revision: in.Revision, Round: in.Round, Counted: in.Counted}
	plan, err := p.routeBy(ctx, row, route, content, people)
	if err != nil {
		return none, ours(err)
	}
	plan.Interested = append(plan.Interested, in.Interested...)
	return plan, nil
}

// ours is the error where it is our own trouble; that a policy finds nobody is an
// answer.
func ours(err error) error {
	if kind := fault.KindOf(err); kind == fault.Busy || kind == fault.Unknown {
		return err
	}
	return nil
}

// candidates lists who may take over a task, in order.
func candidates(people *org.Snapshot, plan approval.Plan, t HeirsTask, named string) []approval.Approver {
	var all []approval.Approver
	if named != "" {
		all = append(all, approval.Approver{Person: named, Via: "named"})
	}
	if t.ByRule {
		all = append(all, byRule(plan, t)...)
	}
	all = append(all, policy.Successors(people, t.Assignee, plan.Interested)...)
	return fit(people, plan, t, all)
}

// holdersNow lists who holds now the role that gave a task to somebody who lost it: whom
// the plan finds by it today, then everybody else who holds it there.
func holdersNow(people *org.Snapshot, plan approval.Plan, t HeirsTask, at access.RolePlace) []approval.Approver {
	var all []approval.Approver
	for _, a := range byRule(plan, t) {
		if a.Via == t.Way {
			all = append(all, a)
		}
	}
	for _, person := range access.HoldersBy(people, t.Way, at) {
		all = append(all, approval.Approver{Person: person.ID, Via: t.Way})
	}
	return fit(people, plan, t, all)
}

// fit keeps those who may have a task: active, without an interest, and without a part
// that keeps them from it.
func fit(people *org.Snapshot, plan approval.Plan, t HeirsTask, all []approval.Approver) []approval.Approver {
	return slices.DeleteFunc(all, func(a approval.Approver) bool {
		taken := slices.ContainsFunc(t.Taken, func(other string) bool { return people.Same(other, a.Person) })
		return taken || !people.Active(a.Person) || slices.Contains(plan.Interested, a.Person)
	})
}

// byRule lists whom the plan asks in a step today, those first who were found in
// the same way as who had the place.
func byRule(plan approval.Plan, t HeirsTask) []approval.Approver {
	var same, others []approval.Approver
	for _, step := range plan.Steps {
		if step.ID != t.Step {
			continue
		}
		for _, a := range step.Approvers {
			switch {
			case a.Group != t.Group:
			case a.Via == t.Via:
				same = append(same, a)
			default:
				others = append(others, a)
			}
		}
	}
	return append(same, others...)
}
