package activitiestest

import (
	"context"
	"slices"
	"sync"

	"github.com/countersign/countersign/activities"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/platform/wire"
)

// Outside answers the activities that reach beyond the book: what it is told to,
// then a route and a posted voucher. It is safe for concurrent use.
type Outside struct {
	mu      sync.Mutex
	plan    approval.Plan
	fault   string
	answers []any
	posts   []activities.PostVoucherInput
	above   map[string][]string // nil: everybody has a boss
	left    []string            // who is not active any more
	staff   func(step string) []approval.Approver
	staffed activities.StaffInput // how Staff was asked last
}

// NewOutside makes one that gives every round this plan.
func NewOutside(plan approval.Plan) *Outside { return &Outside{plan: plan} }

// SetPlan sets the plan of the next rounds.
func (o *Outside) SetPlan(plan approval.Plan) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.plan = plan
}

// Unroute makes every route fail with a code; "" mends it.
func (o *Outside) Unroute(code string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.fault = code
}

// TakeOver says who takes over from whom; who is not in it has nobody above them.
func (o *Outside) TakeOver(above map[string][]string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.above = above
}

// Staffing says who is found for a step when it is reached; without it nobody is.
func (o *Outside) Staffing(staff func(step string) []approval.Approver) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.staff = staff
}

// StaffedBy is how Staff was asked last.
func (o *Outside) StaffedBy() activities.StaffInput {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.staffed
}

// Answer queues answers of PostVoucher, each an activities.Posted or an error.
func (o *Outside) Answer(answers ...any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.answers = append(o.answers, answers...)
}

// Posts lists what PostVoucher was asked for.
func (o *Outside) Posts() []activities.PostVoucherInput {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.posts)
}

// Route stands in for activities.Plans.Route.
func (o *Outside) Route(_ context.Context, in activities.RouteInput) (activities.Routed, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.fault != "" {
		return activities.Routed{Code: o.fault, Admins: o.plan.Admins}, nil
	}
	plan := o.plan
	plan.Round = in.Round
	return activities.Routed{Plan: &plan}, nil
}

// Staff stands in for activities.Plans.Staff.
func (o *Outside) Staff(_ context.Context, in activities.StaffInput) (activities.StepStaff, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.staffed = in
	found := activities.StepStaff{OrgVersion: 2}
	if o.staff != nil {
		found.Approvers = o.staff(in.Step)
	}
	return found, nil
}

// NextApprover stands in for activities.Plans.NextApprover.
func (o *Outside) NextApprover(
	_ context.Context, in activities.NextApproverInput,
) (activities.NextApprovers, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	above := []string{"boss-of-" + in.From}
	if o.above != nil {
		above = o.above[in.From]
	}
	var next activities.NextApprovers
	for _, person := range above {
		next.To = append(next.To, approval.Approver{Person: person, Via: "escalation"})
	}
	return next, nil
}

// Leave makes somebody a leaver.
func (o *Outside) Leave(person string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.left = append(o.left, person)
}

// Heirs stands in for activities.Plans.Heirs: whoever takes over at a deadline takes
// over from a leaver as well.
func (o *Outside) Heirs(_ context.Context, in activities.HeirsInput) (activities.Heirs, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	got := activities.Heirs{StopperLeft: slices.Contains(o.left, in.StoppedBy)}
	for _, t := range in.Tasks {
		if !slices.Contains(o.left, t.Assignee) {
			continue
		}
		above := []string{"boss-of-" + t.Assignee}
		if o.above != nil {
			above = o.above[t.Assignee]
		}
		over := approval.HandedOver{Task: t.Task, From: t.Assignee}
		for _, person := range above {
			over.To = append(over.To, approval.Approver{Person: person, Via: "escalation"})
		}
		got.Tasks = append(got.Tasks, over)
	}
	return got, nil
}

// PostVoucher stands in for activities.Vouchers.PostVoucher.
func (o *Outside) PostVoucher(_ context.Context, in activities.PostVoucherInput) (activities.Posted, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.posts = append(o.posts, in)
	if len(o.answers) == 0 {
		return activities.Posted{Posted: true, Number: "V-1", ID: "77"}, nil
	}
	next := o.answers[0]
	o.answers = o.answers[1:]
	if err, bad := next.(error); bad {
		return activities.Posted{}, wire.Out(err)
	}
	return next.(activities.Posted), nil
}

// ThreeSteps is a plan of three people, li, wu and sun, with a deadline, two
// reminders and an escalation each, in seconds.
func ThreeSteps(due, first, every int64) approval.Plan {
	seconds := func(n int64) calendar.Duration { return calendar.Duration{Count: n, Unit: calendar.Second} }
	step := func(id, person string) approval.Step {
		return approval.Step{
			ID: id, Title: map[string]string{"en": id}, Need: approval.NeedsPeople, Reason: "always",
			Mode: approval.AnyOf, Approvers: []approval.Approver{{Person: person, Via: "test"}},
			Clock: approval.Clock{
				Calendar: "always", Due: seconds(due), First: seconds(first), Every: seconds(every), AtMost: 2,
			},
			OnTimeout: approval.Timeout{Do: approval.TimeoutEscalate},
		}
	}
	return approval.Plan{
		Policy: "expense", PolicyVersion: 1, PolicyHash: "p", OrgVersion: 1, Interested: []string{"zhao"},
		Admins: []string{"root"}, Then: []string{approval.ThenAccrue, approval.ThenArchive},
		Rules: approval.RulesNow,
		Steps: []approval.Step{step("manager", "li"), step("finance", "wu"), step("director", "sun")},
	}
}
