package policy

import (
	"errors"
	"slices"
	"strconv"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/policy/expr"
)

// RouteInput is everything a route depends on.
type RouteInput struct {
	Policy   *Policy
	Version  int // of the policy, from 1
	Content  document.Content
	Org      *org.Snapshot
	Round    int    // from 1
	Document string // its id, for the record
	// Rates gives how many units of `to` one unit of `from` is; nil knows none.
	// It is asked only where the entity's base currency, or a limit of authority,
	// is not in the policy's.
	Rates func(from, to money.Currency) (rate string, known bool)
}

// always is the reason of a step without a condition.
const always = "always"

// Route turns a policy into the plan of one document in one round.
//
// Errors: Invalid policy.bad_condition, condition_failed, no_rate, unknown_entity,
// unknown_grade, not_distinct or too_many_approvers, where no plan can be made;
// the document then waits in the admin queue. It never approves by an error.
func Route(in RouteInput) (approval.Plan, error) {
	plan, _, err := Trace(in)
	return plan, err
}

// Trace is Route, and says besides over whom it went and why.
func Trace(in RouteInput) (approval.Plan, []Remark, error) {
	p, c := in.Policy, in.Content
	entity, ok := in.Org.Entities[c.Entity]
	if !ok {
		return approval.Plan{}, nil, fault.New(fault.Invalid, "policy.unknown_entity",
			fault.Field("entity"), fault.Arg("entity", c.Entity))
	}
	seen, err := in.sight()
	if err != nil {
		return approval.Plan{}, nil, err
	}
	several := in.Org.Humans()
	humans := byAccount(several)
	plan := approval.Plan{
		Round: in.Round, Policy: p.ID, PolicyVersion: in.Version, PolicyHash: p.hash, OrgVersion: in.Org.Version,
		Interested: interestedIn(c, humans), Admins: []string{}, Steps: []approval.Step{}, Then: p.Then,
		Humans: p.humansFrom(seen.Amount.Minor),
		Same:   several, // all of them: by a transfer, an added signature or a delegation anybody may come to decide
	}
	for _, admin := range in.Org.Holders("admin", c.Entity) {
		plan.Admins = append(plan.Admins, admin.ID)
	}
	find := &search{org: in.Org, content: c, interested: plan.Interested, humans: humans,
		amount: seen.Amount, base: in.limitToBase, matrices: p.Matrices}
	var remarks []Remark
	for i, s := range p.Steps {
		find.barred = barredFrom(s, plan.Steps, find)
		step, said, err := p.route(i, seen, find)
		if err != nil {
			return approval.Plan{}, nil, err
		}
		if err := notDistinct(s, step, plan.Steps); err != nil {
			return approval.Plan{}, nil, err
		}
		step.Clock = s.clock(entity.Calendar, c.Urgency)
		plan.Steps = append(plan.Steps, step)
		remarks = append(remarks, said...)
	}
	return plan, remarks, nil
}

func (p *Policy) route(i int, seen expr.Input, find *search) (approval.Step, []Remark, error) {
	s := p.Steps[i]
	step := approval.Step{ID: s.ID, Title: s.Title, Need: approval.NeedsPeople, Reason: always,
		Mode: s.Mode, Votes: s.Votes, OnReject: s.OnReject, OnTimeout: s.OnTimeout, Allow: s.Allow,
		DistinctFrom: s.DistinctSteps}
	if s.When != "" {
		verdict, err := p.judge(i, seen)
		if err != nil {
			return approval.Step{}, nil, err
		}
		step.Reason = verdict.Reason
		if !verdict.True {
			step.Need = s.Otherwise
			return step, nil, nil
		}
	}
	var remarks []Remark
	step.Approvers, remarks = find.approvers(s)
	if find.trouble != nil {
		return approval.Step{}, nil, p.located(find.trouble, i)
	}
	if n := len(step.Approvers); n > ApproversMax {
		return approval.Step{}, nil, fault.New(fault.Invalid, "policy.too_many_approvers", fault.Arg("step", s.ID),
			fault.Arg("count", strconv.Itoa(n)), fault.Arg("max", strconv.Itoa(ApproversMax)))
	}
	return step, remarks, nil
}

// located gives a fault about the organisation the place of the step that ran
// into it.
func (p *Policy) located(err error, i int) error {
	f, ok := fault.As(err)
	if !ok || f.Code != "policy.unknown_grade" {
		return err
	}
	path := "steps[" + strconv.Itoa(i) + "].approvers"
	return p.text.Fault(f.Code, path, fault.Arg("grade", f.Args["grade"]))
}

// barredFrom is everybody asked in the earlier steps that need another human than
// this one: whoever of them comes to decide there, it is not one of these here.
func barredFrom(s Step, earlier []approval.Step, find *search) map[string]string {
	barred := map[string]string{}
	for _, e := range earlier {
		if !slices.Contains(s.DistinctSteps, e.ID) {
			continue
		}
		for _, a := range e.Approvers {
			if isHuman(a) {
				barred[find.human(a.Person)] = e.ID
			}
		}
	}
	return barred
}

// notDistinct refuses a plan where one administrator could decide two steps that
// need two humans.
func notDistinct(s Step, step approval.Step, earlier []approval.Step) error {
	asksQueue := func(s approval.Step) bool {
		return slices.ContainsFunc(s.Approvers, func(a approval.Approver) bool { return !isHuman(a) })
	}
	for _, e := range earlier {
		if slices.Contains(s.DistinctSteps, e.ID) && asksQueue(step) && asksQueue(e) {
			return fault.New(fault.Invalid, "policy.not_distinct", fault.Arg("step", s.ID), fault.Arg("other", e.ID))
		}
	}
	return nil
}

func (p *Policy) judge(i int, seen expr.Input) (expr.Verdict, error) {
	condition, err := p.condition(i)
	if err != nil {
		return expr.Verdict{}, err
	}
	verdict, err := condition.Judge(seen)
	if err != nil {
		return expr.Verdict{}, p.text.Fault("policy.condition_failed", whenPath(i), fault.Arg("step", p.Steps[i].ID),
			fault.Arg("expression", p.Steps[i].When), fault.Arg("words", err.Error()))
	}
	return verdict, nil
}

// condition compiles a step's condition; expr remembers what it compiled before.
func (p *Policy) condition(i int) (*expr.Condition, error) {
	env, err := expr.For(p.Base)
	if err != nil {
		return nil, err
	}
	c, err := env.Compile(p.Steps[i].When)
	var wrong *expr.Error
	if errors.As(err, &wrong) {
		at := p.text.Inside(whenPath(i), wrong.Line, wrong.Column)
		return nil, p.text.FaultAt("policy.bad_condition", whenPath(i), at,
			fault.Arg("expression", p.Steps[i].When), fault.Arg("words", wrong.Words))
	}
	return c, err
}

func whenPath(i int) string { return "steps[" + strconv.Itoa(i) + "].when" }

// sight gathers what the conditions may see.
func (in RouteInput) sight() (expr.Input, error) {
	c := in.Content
	seen := expr.Input{Content: c, Grade: in.Org.People[c.Requester].Grade, Base: in.toBase}
	if c.Payee.Kind == document.PayeeSupplier {
		seen.SupplierKind = in.Org.Suppliers[c.Payee.ID].Kind
	}
	amount := c.BaseTotal
	if c.Total.Currency == in.Policy.Base {
		amount = c.Total // exact: no rate there and back
	}
	var err error
	seen.Amount, err = in.toBase(amount)
	return seen, err
}

// toBase puts an amount into the policy's base currency: by the document's frozen
// rate into the entity's, and by Rates from there.
func (in RouteInput) toBase(a money.Amount) (money.Amount, error) {
	base := in.Policy.Base
	if a.Currency == base {
		return a, nil
	}
	if own := in.Content.BaseTotal.Currency; a.Currency != own {
		frozen := in.Content.Rate
		if frozen == nil || frozen.Currency != a.Currency || frozen.Base != own {
			return money.Amount{}, noRate(a.Currency, own)
		}
		converted, err := a.At(frozen.Value, own)
		if err != nil || own == base {
			return converted, err
		}
		a = converted
	}
	if in.Rates == nil {
		return money.Amount{}, noRate(a.Currency, base)
	}
	rate, known := in.Rates(a.Currency, base)
	if !known {
		return money.Amount{}, noRate(a.Currency, base)
	}
	return a.At(rate, base)
}

// limitToBase puts a limit of authority into the policy's base currency, by Rates.
func (in RouteInput) limitToBase(a money.Amount) (money.Amount, error) {
	if a.Currency == in.Policy.Base {
		return a, nil
	}
	if in.Rates != nil {
		if rate, known := in.Rates(a.Currency, in.Policy.Base); known {
			return a.At(rate, in.Policy.Base)
		}
	}
	return money.Amount{}, noRate(a.Currency, in.Policy.Base)
}

func noRate(from, to money.Currency) error {
	return fault.New(fault.Invalid, "policy.no_rate", fault.Arg("from", string(from)), fault.Arg("to", string(to)))
}

func (s Step) clock(calendarID string, urgency document.Urgency) approval.Clock {
	due := s.Due.Normal
	if urgency == document.Urgent {
		due = s.Due.Urgent
	}
	return approval.Clock{Calendar: calendarID, Due: due,
		First: s.Remind.First, Every: s.Remind.Every, AtMost: s.Remind.AtMost}
}
