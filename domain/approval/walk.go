package approval

import (
	"fmt"
	"slices"
	"time"

	"github.com/countersign/countersign/domain/evidence"
)

// judgePlanned takes a route into use and walks to the first step that needs
// people.
func (s State) judgePlanned(c Planned, now time.Time) []evidence.Draft {
	if !s.wants(c.Plan.Round, c.Attempt) {
		return nil
	}
	if code := s.unfit(c.Plan); code != "" {
		return s.judgeUnplanned(Unplanned{c.Plan.Round, c.Attempt, code, c.Plan.Admins}, now)
	}
	p := s.pen(now, SystemPolicy, "")
	back, anew := s.GoesBack(c.Plan, c.Changed)
	p.write(PlanMade, PlanData{Plan: c.Plan, Anew: anew})
	if back != "" {
		p.keep(*s.Straight)
	}
	p.walk()
	return p.drafts
}

// judgeUnplanned lets the document wait visibly: an error is never an approval.
func (s State) judgeUnplanned(c Unplanned, now time.Time) []evidence.Draft {
	if !s.wants(c.Round, c.Attempt) {
		return nil
	}
	code := c.Code
	if code == "" {
		code = "plan.no_steps"
	}
	p := s.pen(now, SystemPolicy, "")
	p.write(PlanFailed, PlanFailedData{Code: code, Attempt: c.Attempt, Admins: c.Admins})
	return p.drafts
}

func (s State) wants(round, attempt int) bool {
	return s.WantsPlan() && round == s.Round && attempt == s.PlanAttempt
}

// unfit says why nobody could follow a plan, or "".
func (s State) unfit(plan Plan) string {
	if len(plan.Steps) == 0 {
		return "plan.no_steps"
	}
	if plan.Rules >= 1 && plan.Humans > 0 && !slices.ContainsFunc(plan.Steps, needsPeople) {
		return "plan.nobody_asked"
	}
	tasks, ids := 0, map[string]bool{}
	for _, step := range plan.Steps {
		if step.ID == "" || len(step.ID) > textMax || ids[step.ID] || !fitBranches(step) {
			return "plan.bad_step"
		}
		if step.Late != nil && step.Late.Chooser != "" && !plan.Before(step.Late.Chooser, step.ID) {
			return "plan.bad_step"
		}
		ids[step.ID] = true
		if code := s.unfitStep(plan, step); code != "" {
			return code
		}
		tasks += len(step.Approvers)
	}
	if len(plan.Steps) > stepsMax || tasks > tasksMax/2 {
		return "plan.too_large"
	}
	return ""
}

func needsPeople(step Step) bool { return step.Need == NeedsPeople }

func (s State) unfitStep(plan Plan, step Step) string {
	switch step.Need {
	case AutoApprove, Skip:
		return ""
	case NeedsPeople:
	default:
		return "plan.bad_step"
	}
	if code := unfitVotes(step); code != "" && (step.Late == nil || code != "plan.no_quorum") {
		return code
	}
	if len(step.Approvers) > approversMax {
		return "plan.too_large"
	}
	s.Plan = &plan
	for _, a := range step.Approvers {
		if a.Person != AdminQueue && !human(a.Person) || len(a.Person) > textMax {
			return "plan.no_approver"
		}
		if s.Interested(a.Person) {
			return "plan.interested_approver"
		}
	}
	if len(step.Approvers) == 0 && step.Late == nil {
		return "plan.no_approver"
	}
	return ""
}

// fitBranches checks where a step says it stands.
func fitBranches(step Step) bool {
	forks := map[string]bool{}
	for _, b := range step.Branches {
		if b.Fork == "" || len(b.Fork) > textMax || b.N < 0 || forks[b.Fork] {
			return false
		}
		forks[b.Fork] = true
	}
	return len(forks) <= branchesMax
}

// places lists who is asked in a step, one for each place. A person is asked
// once; the admin queue as often as it is named, since each place there needs
// another human.
func places(step Step) []Approver {
	var of []Approver
	for _, a := range step.Approvers {
		again := slices.ContainsFunc(of, func(b Approver) bool { return a.Person == b.Person })
		if a.Person == AdminQueue || !again {
			of = append(of, a)
		}
	}
	return of
}

// walk passes the steps that need nobody and opens those that need people, one of
// each branch; past the last one the document is approved.
func (p *pen) walk() {
	for i, step := range p.s.Plan.Steps {
		if !p.s.reached(i) || p.s.begun(i) {
			continue
		}
		switch step.Need {
		case Skip:
			p.follow(StepSkipped, StepData{Step: step.ID, Reason: step.Reason})
		case AutoApprove:
			p.follow(StepAutoApproved, StepData{Step: step.ID, Reason: step.Reason})
		default:
			p.reach(step)
		}
	}
	if p.s.Step < len(p.s.Plan.Steps) {
		return
	}
	p.write(DocumentApproved, EndedData{})
	if p.s.Effect == nil {
		p.follow(DocumentClosed, EndedData{Reason: ClosedNoPosting})
	}
}

// reach opens a step, or leaves it to who finds its approvers.
func (p *pen) reach(step Step) {
	if step.ID == p.s.Then {
		p.follow(StepResumed, StepData{Step: step.ID})
	}
	switch {
	case step.Late == nil:
		p.openStep(step)
	case step.Late.Chooser != "":
		p.staff(Staffed{Step: step.ID, Approvers: p.s.chosen(*step.Late)})
	}
}

// openStep asks who decides a step, unless they agreed before and that is enough: then
// it is over, and its caller goes on.
func (p *pen) openStep(step Step) {
	d := StepData{Step: step.ID, Reason: step.Reason, Agreed: p.s.agreedBefore(step)}
	p.follow(StepOpened, d)
	if len(d.Agreed) > 0 && p.s.tally(step) == won {
		p.follow(StepPassed, StepData{Step: step.ID})
		return
	}
	p.askFrom(step, 0)
}

func (p *pen) openTask(step Step, a Approver, place int) {
	p.takeOver(step, a, place, "")
}

// takeOver opens a task for who takes over a place, and says how they were found.
func (p *pen) takeOver(step Step, a Approver, place int, givenBy string) {
	p.follow(TaskOpened, TaskOpenedData{
		Task: p.nextTask(step), Step: step.ID, Assignee: a.Person, Via: a.Via, Slot: place, Clock: step.Clock,
		GivenBy: givenBy,
	})
}

// successor names the task that takes the place of one that is handed on by a person,
// and with the place what stands by it; by the rules of before nothing went with it.
func (p *pen) successor(step Step) string {
	if p.s.edition() < 1 {
		return ""
	}
	return p.nextTask(step)
}

func (p *pen) nextTask(step Step) string {
	n := 1
	for _, t := range p.s.Tasks {
		if t.Step == step.ID {
			n++
		}
	}
	return fmt.Sprintf("%s.r%d.%s.%d", p.s.Document, p.s.Round, step.ID, n)
}

// agree goes on after a yes in a task's place.
func (p *pen) agree(task Task) {
	step, ok := p.s.stepOf(task)
	if !ok {
		return
	}
	p.supersede(Approve, func(t Task) bool { return p.s.pointless(step, t, task) })
	p.count(step, task, "")
}

// refuse goes on after a no in a task's place: it is a veto, or one vote.
func (p *pen) refuse(task Task, why string) {
	step, ok := p.s.stepOf(task)
	if !ok {
		return
	}
	if p.s.vetoes(step, task) {
		p.endRejected(step, why)
		return
	}
	p.supersede(Reject, func(t Task) bool {
		return t.Step == step.ID && (t.Slot == task.Slot || t.For == task.ID)
	})
	p.count(step, task, why)
}

// count ends the step once its outcome is fixed, and goes on in it otherwise.
func (p *pen) count(step Step, task Task, why string) {
	switch p.s.tally(step) {
	case lost:
		p.endRejected(step, why)
	case undecided:
		if step.Mode == InOrder {
			p.askFrom(step, task.Slot+1)
		}
	case won:
		p.supersede(Approve, func(t Task) bool {
			return t.Step == step.ID && t.Slot < len(places(step)) && t.For == ""
		})
		if p.openSigners(step) || !p.s.signed(step) {
			return
		}
		p.supersede(Approve, func(t Task) bool { return t.Step == step.ID })
		p.write(StepPassed, StepData{Step: step.ID})
		p.walk()
	}
}

func (p *pen) endRejected(step Step, why string) {
	p.supersede(Reject, func(Task) bool { return true })
	p.write(DocumentRejected, EndedData{Step: step.ID, Reason: why})
}

// supersede ends the open tasks that a decision leaves without a purpose:
// neither a yes nor a no of their assignees; and with them the advice for them.
func (p *pen) supersede(by Name, ends func(Task) bool) {
	ended := map[string]bool{}
	for _, t := range p.s.OpenTasks() {
		if ends(t) || t.For != "" && ended[t.For] {
			ended[t.ID] = true
			p.write(TaskWasSuperseded, TaskEndedData{
				Task: t.ID, Step: t.Step, Assignee: t.Assignee, Opinion: p.why, Reason: string(by),
				Ruling: p.ruling,
			})
		}
	}
}
