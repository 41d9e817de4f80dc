package approval

import (
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
)

// Interventions lists the kinds of event that an administrator's intervention
// leaves: each act of it leaves exactly one of them, by the administrator, with
// the reason and, where two were needed, with who proposed it.
func Interventions() []string {
	return []string{TaskWasReassigned, StepJumped, DocumentVoided, PlanDiscarded, ClockReleased}
}

// TwoPeople says whether an intervention needs a second person: a document that
// asks for money, or books something. 双人复核
func (s State) TwoPeople() bool {
	books := s.Plan != nil && slices.ContainsFunc(s.Plan.Then, func(what string) bool { return what != ThenArchive })
	return books || !s.Moneyless
}

// Intervenable says what an intervention would be refused for, whoever approves
// it: what its maker is told before anybody is asked.
//
// Errors: as Judge.
func (s State) Intervenable(a Act, now time.Time) error {
	if err := s.admissible(a); err != nil {
		return err
	}
	_, err := s.intervene(a, now)
	return err
}

// judgeIntervene judges an administrator's intervention. That the actor and the
// maker are administrators is the gateway's to vet.
func (s State) judgeIntervene(a Act, now time.Time) ([]evidence.Draft, error) {
	switch {
	case a.Maker == "" && s.TwoPeople():
		return nil, fault.New(fault.Forbidden, "intervention.second_person")
	case a.Maker != "" && (!human(a.Maker) || s.behind(a.Maker) == s.behind(a.Actor)):
		return nil, fault.New(fault.Forbidden, "intervention.own", fault.Arg("maker", a.Maker))
	}
	return s.intervene(a, now)
}

func (s State) intervene(a Act, now time.Time) ([]evidence.Draft, error) {
	for _, person := range []string{a.Actor, a.Maker} {
		if s.Interested(person) {
			return nil, fault.New(fault.Forbidden, "intervention.interested", fault.Arg("person", person))
		}
	}
	switch {
	case s.Done():
		return nil, s.refuseStatus("document.final")
	case a.Round != s.Round || a.ContentHash != s.ContentHash:
		return nil, fault.New(fault.Conflict, "document.moved_on")
	case strings.TrimSpace(a.Opinion) == "":
		return nil, opinionRequired()
	case a.Ruling == RulingVoid:
		return s.judgeVoid(a, now)
	case len(s.Seen) >= actsMax:
		return nil, fault.New(fault.Conflict, "document.too_many_acts", maxArg(actsMax))
	}
	judge := map[string]func(Act, time.Time) ([]evidence.Draft, error){
		RulingReassign: s.judgeReassign, RulingJump: s.judgeJump, RulingReplan: s.judgeDiscard,
		RulingRelease: s.judgeForcedRelease,
	}[a.Ruling]
	switch {
	case judge == nil:
		return nil, badRuling(a)
	case s.Status != Pending:
		return nil, s.refuseStatus("document.not_pending")
	}
	return judge(a, now)
}

// judgeVoid ends the document while nothing of it is in the books, nor can come
// there any more: what was posted can only be reversed.
func (s State) judgeVoid(a Act, now time.Time) ([]evidence.Draft, error) {
	switch {
	case s.Status == Approved || s.Status == Posted:
		return nil, s.refuseStatus("intervention.too_late")
	case s.Effect != nil && s.Effect.Unanswered:
		return nil, fault.New(fault.Conflict, "voucher.unanswered")
	}
	step := ""
	if waiting := s.WaitingSteps(); len(waiting) > 0 {
		step = waiting[0].ID
	}
	p := s.pen(now, a.Actor, "")
	p.why, p.ruling = a.Opinion, a.Ruling
	p.supersede(Intervene, func(Task) bool { return true })
	p.write(DocumentVoided, EndedData{Step: step, Reason: a.Opinion, Maker: a.Maker})
	return p.drafts, nil
}

// judgeReassign gives a task to somebody else, with a fresh clock: neither to who
// intervenes, nor to anybody who may not decide it.
func (s State) judgeReassign(a Act, now time.Time) ([]evidence.Draft, error) {
	task, step, err := s.stuck(a)
	if err != nil {
		return nil, err
	}
	if len(s.Tasks) >= tasksMax {
		return nil, fault.New(fault.Conflict, "document.too_many_tasks", maxArg(tasksMax))
	}
	if err := s.fitTo(a, step); err != nil {
		return nil, err
	}
	p := s.pen(now, a.Actor, "")
	p.ruling = a.Ruling
	p.write(TaskWasReassigned, TaskEndedData{
		Task: task.ID, Step: task.Step, Assignee: task.Assignee, Opinion: a.Opinion, To: a.To, Maker: a.Maker,
		Next: p.successor(step),
	})
	if p.s.intervened(a.To[0]) {
		return nil, fault.New(fault.Invalid, "act.to_intervener", fault.Field("to"), fault.Arg("person", a.To[0]))
	}
	p.supersede(Intervene, func(t Task) bool { return t.For == task.ID })
	p.openTask(step, Approver{Person: a.To[0], Via: "given:" + task.Assignee}, task.Slot)
	return p.drafts, nil
}

// stuck finds the open task that an intervention names, and its step.
func (s State) stuck(a Act) (Task, Step, error) {
	task, found := s.task(a.Task)
	step, ok := s.stepOf(task)
	switch {
	case !found || !ok:
		return task, step, fault.New(fault.NotFound, "task.unknown", fault.Field("task"))
	case task.State != TaskOpen:
		return task, step, TooLate(task, s.Tasks, s.Status)
	case task.For != "":
		return task, step, fault.New(fault.Forbidden, "task.only_advice")
	case s.Stopped != nil:
		return task, step, fault.New(fault.Conflict, "document.stopped", fault.Arg("by", s.Stopped.By))
	}
	return task, step, nil
}

// judgeDiscard gives the route up and asks for another, by the policy and the
// organisation in force then. Whoever agreed is asked again: their yes was given to
// a route that is not followed any more. The round grows, so that what was decided
// on sight of the old one is refused.
func (s State) judgeDiscard(a Act, now time.Time) ([]evidence.Draft, error) {
	if s.Round >= roundsMax {
		return nil, fault.New(fault.Conflict, "document.too_many_rounds", maxArg(roundsMax))
	}
	p := s.pen(now, a.Actor, "")
	p.why, p.ruling = a.Opinion, a.Ruling
	p.supersede(Intervene, func(Task) bool { return true })
	anew := p.event(PlanDiscarded, a.Actor, "", PlanDiscardedData{
		Policy: s.Plan.Policy, Version: s.Plan.PolicyVersion, Reason: a.Opinion, Maker: a.Maker,
	})
	anew.Round = s.Round + 1
	p.draft(anew)
	return p.drafts, nil
}

// judgeForcedRelease lets a clock run again that somebody else stopped, who may
// have left. The act names the task as whose assignee they did.
func (s State) judgeForcedRelease(a Act, now time.Time) ([]evidence.Draft, error) {
	switch {
	case s.Stopped == nil:
		return nil, fault.New(fault.Conflict, "document.not_stopped")
	case a.Task != s.Stopped.Task:
		return nil, fault.New(fault.Conflict, "document.moved_on")
	}
	p := s.pen(now, a.Actor, "")
	p.resume(ClockReleased, a)
	return p.drafts, nil
}

// addInterveners remembers who changed whom the round asks.
func (s *State) addInterveners(people ...string) {
	for _, person := range people {
		if human(person) && !slices.Contains(s.Interveners, person) {
			s.Interveners = append(s.Interveners, person)
		}
	}
}

// intervened says whether the human behind an account changed in this round whom
// it asks.
func (s State) intervened(person string) bool {
	return slices.ContainsFunc(s.Interveners, func(who string) bool { return s.behind(who) == s.behind(person) })
}
