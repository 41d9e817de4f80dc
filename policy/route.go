package policy

import (
	"cmp"
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
	// Asked is for Staff: who has a part in the other steps already, by step id; nil
	// where the caller does not know.
	Asked map[string][]string
	// Beside tells which other documents count with this one. It is asked only where
	// the policy aggregates; nil knows none.
	Beside func(approval.CountKey) (approval.Beside, error)
	// Counted is what the plan counted, where a step of that plan is staffed or handed
	// over later; nil asks Beside.
	Counted *approval.Counted
}

// always is the reason of a step without a condition.
const always = "always"

// Route turns a policy into the plan of one document in one round.
//
// Errors: Invalid policy.bad_condition, condition_failed, no_branch, no_rate, unknown_entity,
// unknown_grade, not_distinct, too_many_approvers or too_many_counted, where no plan
// can be made; the document then waits in the admin queue. It never approves by an error.
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
	ways, err := p.ways(seen.Input)
	if err != nil {
		return approval.Plan{}, nil, err
	}
	several := in.Org.Humans()
	find := in.search(seen.Input, byAccount(several))
	plan := approval.Plan{
		Round: in.Round, Policy: p.ID, PolicyVersion: in.Version, PolicyHash: p.hash, OrgVersion: in.Org.Version,
		Interested: find.interested, Admins: []string{}, Steps: []approval.Step{}, Then: p.Then,
		Humans: p.humansFrom(seen.Amount.Minor), SignIn: p.FreshSignIn.over(seen.Amount.Minor),
		Passkey: p.Passkey.over(seen.Amount.Minor),
		Same:    several, // all of them: by a transfer, an added signature or a delegation anybody may come to decide

		Counted: seen.counted,
	}
	for _, admin := range in.Org.Holders("admin", c.Entity) {
		plan.Admins = append(plan.Admins, admin.ID)
	}
	var remarks []Remark
	for _, s := range p.Steps {
		find.barred = barredFrom(s, plan.Steps, find)
		step, said, err := p.route(s, ways.of(s.In), seen.Input, find)
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
	copies, said := find.copies(p.CC, approval.Step{})
	plan.CC = copies
	return plan, append(remarks, said...), nil
}

// search is how the approvers of one document are found.
func (in RouteInput) search(seen expr.Input, humans map[string][]string) *search {
	return &search{org: in.Org, content: in.Content, interested: interestedIn(in.Content, humans), humans: humans,
		amount: seen.Amount, base: in.limitToBase, matrices: in.Policy.Matrices}
}

func (p *Policy) route(s Step, way way, seen expr.Input, find *search) (approval.Step, []Remark, error) {
	step := approval.Step{ID: s.ID, Title: s.Title, Need: approval.NeedsPeople, Reason: cmp.Or(way.reason, always),
		Mode: s.Mode, Votes: s.Votes, OnReject: s.OnReject, OnTimeout: s.OnTimeout, Allow: s.Allow, Amend: s.Amend,
		DistinctFrom: s.DistinctSteps, Branches: p.branchesOf(s.In), Once: s.Once}
	if way.need != "" {
		step.Need = way.need
		return step, nil, nil
	}
	if s.When != "" {
		verdict, err := p.judge(s.condition(), seen)
		if err != nil {
			return approval.Step{}, nil, err
		}
		step.Reason = verdict.Reason
		if !verdict.True {
			step.Need = s.Otherwise
			return step, nil, nil
		}
	}
	remarks, err := p.staff(s, &step, find)
	if err != nil {
		return approval.Step{}, nil, err
	}
	copies, said := find.copies(s.CC, step)
	step.CC = copies
	return step, append(remarks, said...), nil
}

// staff finds the approvers of a step that needs people, or says how they will be
// found.
func (p *Policy) staff(s Step, step *approval.Step, find *search) ([]Remark, error) {
	most := ApproversMax
	var remarks []Remark
	var asked int
	if chooser := s.chooser(); chooser != "" {
		most = AmongMax
		if among := find.among(*s.Approvers[0].Choice); len(among) > 0 {
			step.Late = &approval.Late{Chooser: chooser, Among: among}
			asked = len(among)
		} else {
			step.Approvers = queue(viaVacant)
		}
	} else {
		step.Approvers, remarks = find.approvers(s)
		asked = len(step.Approvers)
		if s.AsOf == asOfActivation {
			step.Late = &approval.Late{}
		}
	}
	if find.trouble != nil {
		return nil, p.located(find.trouble, s)
	}
	if asked > most {
		return nil, fault.New(fault.Invalid, "policy.too_many_approvers", fault.Arg("step", s.ID),
			fault.Arg("count", strconv.Itoa(asked)), fault.Arg("max", strconv.Itoa(most)))
	}
	return remarks, nil
}

// located gives a fault about the organisation the place of the step that ran
// into it.
func (p *Policy) located(err error, s Step) error {
	f, ok := fault.As(err)
	if !ok || f.Code != "policy.unknown_grade" {
		return err
	}
	return p.text.Fault(f.Code, s.at+".approvers", fault.Arg("grade", f.Args["grade"]))
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
		if step.Late != nil || e.Late != nil { // a preview: the core holds it when both are asked
			continue
		}
		if slices.Contains(s.DistinctSteps, e.ID) && asksQueue(step) && asksQueue(e) {
			return fault.New(fault.Invalid, "policy.not_distinct", fault.Arg("step", s.ID), fault.Arg("other", e.ID))
		}
	}
	return nil
}

// sighted is what the conditions may see, and what their amount was counted of.
type sighted struct {
	expr.Input
	counted *approval.Counted
}

// sight gathers what the conditions may see.
func (in RouteInput) sight() (sighted, error) {
	c := in.Content
	seen := sighted{Input: expr.Input{Content: c, Grade: in.Org.People[c.Requester].Grade, Base: in.toBase}}
	if c.Payee.Kind == document.PayeeSupplier {
		seen.SupplierKind = in.Org.Suppliers[c.Payee.ID].Kind
	}
	own, err := in.own()
	if err != nil {
		return seen, err
	}
	seen.Amount, seen.Own = own, own
	if seen.counted, err = in.counted(own); err == nil && seen.counted != nil {
		seen.Amount = seen.counted.Sum
	}
	return seen, err
}

// own is the document's own amount in the policy's base currency.
func (in RouteInput) own() (money.Amount, error) {
	if in.Content.Total.Currency == in.Policy.Base {
		return in.Content.Total, nil // exact: no rate there and back
	}
	return in.toBase(in.Content.BaseTotal)
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
