package approval

import (
	"maps"
	"slices"
	"time"

	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
)

// judgeStaffed opens a step with the approvers that were found for it.
func (s State) judgeStaffed(c Staffed, now time.Time) []evidence.Draft {
	wanted := func(step Step) bool { return step.ID == c.Step }
	if c.Round != s.Round || c.N != s.Staffings || !slices.ContainsFunc(s.Unstaffed(), wanted) {
		return nil
	}
	p := s.pen(now, SystemPolicy, "")
	p.staff(c)
	if p.s.Over(c.Step) {
		p.walk()
	}
	return p.drafts
}

// staff gives a step its approvers and opens it. With nobody fit among them, or too
// few for its votes, it waits in the admin queue: a quorum never shrinks.
func (p *pen) staff(c Staffed) {
	i := p.s.indexOfStep(c.Step)
	step := p.s.Plan.Steps[i]
	found := p.s.fitApprovers(step, c.Approvers)
	step.Approvers = found
	if len(found) == 0 || unfitVotes(step) != "" || len(p.s.Tasks)+len(found) > tasksMax {
		found = queued(step)
	}
	p.follow(StepStaffed, StaffedData{Step: c.Step, Approvers: found, OrgVersion: c.OrgVersion, Code: c.Code})
	p.openStep(p.s.Plan.Steps[i])
}

// fitApprovers leaves out who may not decide the step: who is interested, who has a
// part in a step that needs other humans, and who is named again.
func (s State) fitApprovers(step Step, found []Approver) []Approver {
	apart := map[string]bool{}
	for _, people := range s.Apart(step.ID) {
		for _, who := range people {
			apart[who] = true
		}
	}
	var fit []Approver
	for _, a := range found {
		person := human(a.Person) && len(a.Person) <= textMax && !s.Interested(a.Person) && !apart[s.behind(a.Person)] &&
			!s.intervened(a.Person)
		if person || a.Person == AdminQueue {
			fit = append(fit, a)
			apart[s.behind(a.Person)] = person // with another account they have no second place
		}
	}
	if len(fit) > approversMax {
		return nil
	}
	return fit
}

// Apart lists, by step, who has a part in the steps that need other humans than a
// step, or will be asked there.
func (s State) Apart(step string) map[string][]string {
	apart := map[string][]string{}
	for _, other := range s.apart(step) {
		if part := s.partOf(other); len(part) > 0 {
			apart[other.ID] = slices.Sorted(maps.Keys(part))
		}
	}
	return apart
}

// queued asks the admin queue in place of a step's approvers: as many humans of it
// as the step needs yeses.
func queued(step Step) []Approver {
	yeses := 1
	if step.Mode == Quorum {
		yeses = step.Votes.Count
	}
	return slices.Repeat([]Approver{{Person: AdminQueue, Via: "fallback:nobody", Group: "queue"}}, yeses)
}

// chosen lists whom the last yes of the choosing step that names anybody names.
func (s State) chosen(late Late) []Approver {
	var last Task
	for _, t := range s.tasksOf(late.Chooser) {
		if t.agreed() && len(t.Chose) > 0 && !t.DecidedAt.Before(last.DecidedAt) {
			last = t
		}
	}
	var chosen []Approver
	for _, person := range last.Chose {
		chosen = append(chosen, Approver{Person: person, Via: "chosen:" + last.DecidedBy, Group: person})
	}
	return chosen
}

// choosesFor lists the steps whose approvers are chosen in a step.
func (s State) choosesFor(step string) []Step {
	var steps []Step
	for _, other := range s.Plan.Steps {
		if other.Need == NeedsPeople && other.Late != nil && other.Late.Chooser == step {
			steps = append(steps, other)
		}
	}
	return steps
}

// fitChoice checks whom a yes chooses for a later step.
func (s State) fitChoice(a Act, task Task) error {
	if len(a.To) == 0 {
		return nil
	}
	steps := s.choosesFor(task.Step)
	if len(steps) == 0 || len(a.To) > toMost {
		return fault.New(fault.Invalid, "act.bad_to", fault.Field("to"))
	}
	seen := map[string]bool{}
	for _, person := range a.To {
		for _, step := range steps {
			switch {
			case s.Interested(person):
				return fault.New(fault.Invalid, "act.to_interested", fault.Field("to"), fault.Arg("person", person))
			case !slices.Contains(step.Late.Among, person) || seen[s.behind(person)]:
				return fault.New(fault.Invalid, "act.to_not_among", fault.Field("to"), fault.Arg("person", person))
			case !s.choosable(a, task, person, step):
				return fault.New(fault.Invalid, "act.to_has_part", fault.Field("to"), fault.Arg("person", person))
			}
		}
		seen[s.behind(person)] = true
	}
	return nil
}

// choosable says whether who agrees in one step may name a person for another: not
// themselves for one that needs another human.
func (s State) choosable(a Act, task Task, person string, step Step) bool {
	themselves := s.behind(person) == s.behind(a.Actor) &&
		slices.ContainsFunc(s.apart(task.Step), func(other Step) bool { return other.ID == step.ID })
	return !themselves && len(s.fitApprovers(step, []Approver{{Person: person}})) > 0
}

// offered are those who may be chosen for every step that a task's step chooses for.
func (s State) offered(a Act, task Task) []string {
	steps := s.choosesFor(task.Step)
	if len(steps) == 0 {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(steps[0].Late.Among), func(person string) bool {
		return slices.ContainsFunc(steps, func(step Step) bool {
			return !slices.Contains(step.Late.Among, person) || !s.choosable(a, task, person, step)
		})
	})
}

// unchosen refuses a yes that ends a step while nobody was chosen for the step that
// it chooses for, though somebody could be.
func (s State) unchosen(a Act, task Task) error {
	if s.Plan == nil || s.Round != task.Round || !s.Over(task.Step) || len(s.offered(a, task)) == 0 {
		return nil
	}
	for _, step := range s.choosesFor(task.Step) {
		if len(s.chosen(*step.Late)) == 0 {
			return fault.New(fault.Invalid, "act.choice_required", fault.Field("to"), fault.Arg("step", step.ID),
				fault.Arg("step.en", step.Title["en"]), fault.Arg("step.zh-CN", step.Title["zh-CN"]))
		}
	}
	return nil
}
