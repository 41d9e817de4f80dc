package approval

import (
	"slices"

	"github.com/countersign/countersign/domain/evidence"
)

// StraightBack is how a document that was returned to its submitter goes straight back
// to the step that returned it: what was decided until then, and on what. 直达退回人
type StraightBack struct {
	Step  string `json:"step"`  // that returned it
	By    string `json:"by"`    // who returned it
	Round int    `json:"round"` // that was returned
	Plan  Plan   `json:"plan"`  // of that round
	Tasks []Task `json:"tasks"` // decided in the steps that were over and do not come after Step
	Fault string `json:"fault,omitempty"`

	Agreed []Agreed `json:"agreed,omitempty"` // the places of those steps that were not asked
}

// Why a new round begins anew though it was to go straight back.
const (
	AnewMaterial  = "material"  // the content changed materially since a decision
	AnewRoute     = "route"     // the policy in force asks other steps, or others in them, or asks them otherwise
	AnewPeople    = "people"    // who decided might not decide it now
	AnewIntervene = "intervene" // an administrator changed whom the round asked
)

// Anew says why a round begins anew though it was to go straight back.
type Anew struct {
	Why     string   `json:"why"`
	Changed []string `json:"changed,omitempty"` // what is material, as document.Material names it
}

// KeptTask is a decision that stands in a new round, and what its decider saw.
type KeptTask struct {
	Task        string `json:"task"`
	Round       int    `json:"round"`
	Revision    int    `json:"revision"`
	ContentHash string `json:"content_hash"`
}

// KeptData is the data of step.kept: a step that is over by decisions of a round
// before, for the document goes straight back to the step Back.
type KeptData struct {
	Step  string     `json:"step"`
	Back  string     `json:"back"`
	Tasks []KeptTask `json:"tasks"`

	Agreed []Agreed `json:"agreed,omitempty"` // places that were not asked then, by an earlier yes that stands too

	// Approvers are who was found when the step was reached, see Late: the new plan
	// only previews who would be found now.
	Approvers []Approver `json:"approvers,omitempty"`
}

// KnowsStraightBack says whether a return to the submitter may lead straight back in this
// round: not where it was planned before there was such a way.
func (s State) KnowsStraightBack() bool { return s.edition() >= 2 }

// Steps lists the steps in which decisions stand, in the order of the plan.
func (b StraightBack) Steps() []string {
	var steps []string
	for _, step := range b.Plan.Steps {
		if b.decided(step.ID) {
			steps = append(steps, step.ID)
		}
	}
	return steps
}

// goesStraight is what an act of return to the submitter asks for; the rounds planned
// before there was such a way begin anew, whatever was asked for.
func (s State) goesStraight(a Act) string {
	if a.Back == BackStraight && s.KnowsStraightBack() {
		return BackStraight
	}
	return ""
}

// applyReturned remembers what stands if the document goes straight back.
func (s *State) applyReturned(e evidence.Event) error {
	s.LastRound = End{By: e.Actor, At: e.At.UTC(), Act: string(Return)}
	s.Straight = nil
	d, err := Decode[EndedData](e)
	from := s.indexOfStep(d.Step)
	if err != nil || d.Back != BackStraight || from < 0 {
		return err
	}
	back := &StraightBack{Step: d.Step, By: e.Actor, Round: e.Round, Plan: *s.Plan}
	stands := func(step string) bool {
		i := s.indexOfStep(step)
		return i >= 0 && i != from && s.over(i) && !s.Plan.before(from, i)
	}
	for _, t := range s.Tasks {
		if stands(t.Step) && t.decided() && t.For == "" {
			back.Tasks = append(back.Tasks, t)
		}
	}
	for _, a := range s.Agreed {
		if stands(a.Step) {
			back.Agreed = append(back.Agreed, a)
		}
	}
	if len(s.Interveners) > 0 || len(s.Jumped) > 0 {
		back.Fault = AnewIntervene
	}
	s.Straight = back
	return nil
}

// straight is the way straight back of the round that is being planned, or the one
// that a resubmission would begin.
func (s State) straight() *StraightBack {
	back := s.Straight
	if back == nil || s.Status == Submitted && back.Round != s.Round-1 || s.Status == Returned && back.Round != s.Round {
		return nil
	}
	if s.Status != Submitted && s.Status != Returned {
		return nil
	}
	return back
}

// SeenRevisions lists the revisions that the decisions saw which stand if the document
// goes straight back, and the one that was returned, each once: the content of the
// new round differs materially from none of them, or the round begins anew. nil: it
// does not go straight back.
func (s State) SeenRevisions() []int {
	back := s.straight()
	if back == nil {
		return nil
	}
	seen := []int{s.returnedRevision()}
	for _, t := range back.Tasks {
		if !slices.Contains(seen, t.Revision) {
			seen = append(seen, t.Revision)
		}
	}
	slices.Sort(seen)
	return seen
}

func (s State) returnedRevision() int {
	if s.Status == Submitted {
		return s.Revision - 1
	}
	return s.Revision
}

// GoesBack says where a round with a plan begins, once its content was compared with
// SeenRevisions: at the step that returned the document, or anew, and why. Neither:
// nobody asked for a way straight back.
func (s State) GoesBack(plan Plan, changed []string) (step string, anew *Anew) {
	back := s.straight()
	switch {
	case back == nil:
		return "", nil
	case len(changed) > 0:
		return "", &Anew{Why: AnewMaterial, Changed: changed}
	case back.Fault != "":
		return "", &Anew{Why: back.Fault}
	case !back.sameRoute(plan):
		return "", &Anew{Why: AnewRoute}
	case !s.standsUnder(*back, plan) || plan.Rules >= 3 && !back.rests():
		return "", &Anew{Why: AnewPeople}
	}
	return back.Step, nil
}

// sameRoute says whether a plan asks the same up to the step to go back to, and asks
// it of the same people where it was decided already.
func (b StraightBack) sameRoute(plan Plan) bool {
	was, is := b.Plan.upTo(b.Step), plan.upTo(b.Step)
	if plan.Rules < 2 || len(was) == 0 || !slices.EqualFunc(was, is, sameStep) ||
		plan.Passkey != b.Plan.Passkey || !sameSignIn(plan.SignIn, b.Plan.SignIn) {
		return false
	}
	for i, step := range was {
		if step.ID != b.Step && b.decided(step.ID) && step.Late == nil && !slices.Equal(step.Approvers, is[i].Approvers) {
			return false
		}
	}
	return slices.EqualFunc(b.chosenFrom(b.Plan), b.chosenFrom(plan), sameStep)
}

// upTo lists a step and those that do not come after it; none where it is not there.
func (p *Plan) upTo(id string) []Step {
	at := slices.IndexFunc(p.Steps, func(s Step) bool { return s.ID == id })
	if at < 0 || p.Steps[at].Need != NeedsPeople {
		return nil
	}
	var steps []Step
	for i, step := range p.Steps {
		if !p.before(at, i) {
			steps = append(steps, step)
		}
	}
	return steps
}

// chosenFrom lists the steps of a plan that were chosen for where decisions stand.
func (b StraightBack) chosenFrom(plan Plan) []Step {
	var steps []Step
	for _, step := range plan.Steps {
		if step.Late != nil && step.Late.Chooser != "" && b.decided(step.Late.Chooser) {
			steps = append(steps, step)
		}
	}
	return steps
}

func (b StraightBack) decided(step string) bool {
	return slices.ContainsFunc(b.Tasks, func(t Task) bool { return t.Step == step }) ||
		slices.ContainsFunc(b.Agreed, func(a Agreed) bool { return a.Step == step })
}

func sameStep(a, b Step) bool {
	return a.ID == b.ID && a.Need == b.Need && a.Mode == b.Mode && a.OnReject == b.OnReject && a.Once == b.Once &&
		samePointed(a.Votes, b.Votes) && slices.Equal(a.DistinctFrom, b.DistinctFrom) &&
		slices.Equal(a.Allow, b.Allow) && slices.Equal(a.Amend, b.Amend) &&
		slices.EqualFunc(a.Branches, b.Branches, func(x, y Branch) bool { return x.Fork == y.Fork && x.N == y.N }) &&
		(a.Late == nil) == (b.Late == nil) &&
		(a.Late == nil || a.Late.Chooser == b.Late.Chooser && slices.Equal(a.Late.Among, b.Late.Among))
}

func sameSignIn(a, b *FreshSignIn) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Seconds == b.Seconds && slices.Equal(a.Classes, b.Classes)
}

func samePointed[T comparable](a, b *T) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

// decisions are the tasks that were decided, and those that need not be.
func (b StraightBack) decisions() []Task {
	decided := slices.Clone(b.Tasks)
	for _, a := range b.Agreed {
		if i := slices.IndexFunc(b.Tasks, func(t Task) bool { return t.ID == a.Task }); i >= 0 {
			t := b.Tasks[i]
			t.Step, t.Assignee, t.DecidedBy = a.Step, a.Person, a.Person
			decided = append(decided, t)
		}
	}
	return decided
}

// standsUnder says whether who decided then might have decided under a plan of now: no
// one interested, nobody twice in a step, nobody where another human must.
func (s State) standsUnder(b StraightBack, plan Plan) bool {
	decided := b.decisions()
	s.Plan, s.Tasks, s.Added, s.Agreed = &plan, decided, nil, nil
	for i, t := range decided {
		if s.Interested(t.DecidedBy) || s.Interested(t.Assignee) || t.Revision == 0 {
			return false
		}
		for _, other := range decided[:i] {
			twice := human(t.DecidedBy) && s.behind(t.DecidedBy) == s.behind(other.DecidedBy)
			if twice && (t.Step == other.Step || s.areApart(t.Step, other.Step)) {
				return false
			}
		}
		for _, step := range s.apart(t.Step) {
			if slices.ContainsFunc(step.Approvers, func(a Approver) bool {
				return human(a.Person) && s.behind(a.Person) == s.behind(t.DecidedBy)
			}) {
				return false
			}
		}
	}
	return true
}

// rests says whether each place that was not asked has the yes that it rests on: a step
// that the document went back to was asked again, and its first answers stand no more.
func (b StraightBack) rests() bool {
	for _, a := range b.Agreed {
		if !slices.ContainsFunc(b.Tasks, func(t Task) bool { return t.ID == a.Task }) {
			return false
		}
	}
	return true
}

func (s State) areApart(step, other string) bool {
	return slices.ContainsFunc(s.apart(step), func(x Step) bool { return x.ID == other })
}

// keep lets the decisions stand under a new plan that were made before the document
// was returned.
func (p *pen) keep(back StraightBack) {
	for _, step := range p.s.Plan.Steps {
		d := KeptData{Step: step.ID, Back: back.Step}
		for _, t := range back.Tasks {
			if t.Step == step.ID {
				d.Tasks = append(d.Tasks, KeptTask{t.ID, t.Round, t.Revision, t.ContentHash})
			}
		}
		for _, a := range back.Agreed {
			if a.Step == step.ID {
				d.Agreed = append(d.Agreed, a)
			}
		}
		if len(d.Tasks)+len(d.Agreed) == 0 {
			continue
		}
		if step.Late != nil && p.s.edition() >= 4 {
			d.Approvers = back.found(step.ID)
		}
		p.follow(StepKept, d)
	}
}

// found lists who was found for a step when it was reached.
func (b StraightBack) found(step string) []Approver {
	i := slices.IndexFunc(b.Plan.Steps, func(s Step) bool { return s.ID == step })
	return b.Plan.Steps[i].Approvers
}

// applyKept takes over the decisions that stand; their step is over.
func (s *State) applyKept(e evidence.Event) error {
	d, err := Decode[KeptData](e)
	i := s.indexOfStep(d.Step)
	if err != nil || i < 0 || s.Straight == nil {
		return err
	}
	for _, t := range s.Straight.Tasks {
		if slices.ContainsFunc(d.Tasks, func(kept KeptTask) bool { return kept.Task == t.ID }) {
			t.Before = true
			s.Tasks = append(s.Tasks, t)
		}
	}
	s.Agreed = append(s.Agreed, d.Agreed...)
	if d.Approvers != nil {
		s.giveApprovers(i, d.Approvers)
	}
	s.finish(i)
	return nil
}
