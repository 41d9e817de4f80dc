package desk

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/policy"
)

// powerMomentsMost is how many changes one report follows.
const powerMomentsMost = 200

// PowerFaults are the refusals of the report on who could release money.
var PowerFaults = fault.Register(map[string]fault.Entry{
	"powers.bad_amount":    {Kind: fault.Invalid},
	"powers.bad_period":    {Kind: fault.Invalid},
	"powers.too_long":      {Kind: fault.Invalid, Args: []string{"max"}},
	"powers.before_record": {Kind: fault.Invalid},
})

// What somebody could do, in a report.
const (
	PowerDecide    = "decide"    // alone, or as the last one needed
	PowerResolve   = "resolve"   // rule on a parked voucher
	PowerPublish   = "publish"   // a policy that another proposed
	PowerIntervene = "intervene" // in a document
	PowerGrant     = "grant"     // decide on others' rights
)

// powersByRight are what a permission gives, whatever the policies say.
var powersByRight = []struct{ what, permission string }{
	{PowerResolve, access.EffectResolve}, {PowerPublish, access.PolicyPublish},
	{PowerIntervene, access.DocumentIntervene}, {PowerGrant, access.GrantDecide},
}

// PowerQuestion asks who could release more than an amount, within a period.
type PowerQuestion struct {
	Above  money.Amount
	Entity string    // "" for every one that the reader may know of
	From   time.Time // zero: as of Until
	Until  time.Time // zero: now
}

// Power is one way by which somebody could do something, and for how long. 权限路径
type Power struct {
	What, Person, Entity string // entity "" = every one

	Policy    string // of a decision: in whose step
	Version   int
	Step      string
	StepTitle map[string]string
	Way       string // as in Approver.Via; delegation:<person> where they decide for another
	Alone     bool   // nobody else need agree
	Sure      bool   // whatever the document says; false: it depends on more than the amount

	Role, Department, Grant string // by which right; "" where it is by a post or a place in the organisation

	Since    time.Time
	AtLeast  bool      // at the latest since then: the record was not followed further back
	Until    time.Time // zero: still, and without an end
	Maker    string    // who asked for the right
	Checker  string    // and who gave it: a person, or what wrote the organisation
	Proposer string    // of the policy's version
	Approver string

	Certified   time.Time // when a review of rights last found it still needed; zero: never
	CertifiedBy string
}

// Powers is the report.
type Powers struct {
	Question PowerQuestion
	Rows     []Power
	Anybody  []Power // steps that ask whom the document names: nobody in particular
	Versions int     // of the organisation that were followed
}

// MayReport refuses whoever may not know of others' rights.
//
// Errors: Forbidden access.denied.
func (d *Desk) MayReport(who auth.Who) error {
	if scope := access.ScopeFor(who.Subject, access.GrantRead); scope.All || len(scope.Entities) > 0 {
		return nil
	}
	return fault.New(fault.Forbidden, "access.denied", fault.Arg("permission", access.GrantRead))
}

// Powers reports who could have released more than an amount, by the versions of policies
// and organisation that held then.
//
// Errors: Forbidden access.denied; Invalid powers.*.
func (d *Desk) Powers(ctx context.Context, who auth.Who, q PowerQuestion) (Powers, error) {
	if err := d.MayReport(who); err != nil {
		return Powers{}, err
	}
	scope := access.ScopeFor(who.Subject, access.GrantRead)
	if q.Entity != "" && !scope.All && !slices.Contains(scope.Entities, q.Entity) {
		return Powers{}, fault.New(fault.NotFound, "document.not_found")
	}
	return d.PowersOf(ctx, q, func(entity string) bool { return scope.All || slices.Contains(scope.Entities, entity) })
}

// PowersOf is Powers for who may see the entities that seen says; operators ask it.
//
// Errors: Invalid powers.*.
func (d *Desk) PowersOf(ctx context.Context, q PowerQuestion, seen func(entity string) bool) (Powers, error) {
	q, err := d.asked(q)
	if err != nil {
		return Powers{}, err
	}
	f, err := d.follow(ctx, q, seen)
	if err != nil {
		return Powers{}, err
	}
	for i, at := range f.instants {
		if err := f.look(ctx, i, at); err != nil {
			return Powers{}, err
		}
	}
	last, err := d.Store.LastCertified(ctx, q.Until)
	if err != nil {
		return Powers{}, err
	}
	report := Powers{Question: q, Versions: len(f.moments)}
	for _, p := range f.rows {
		if certified, is := last[[2]string{p.Person, p.Grant}]; is && p.Grant != "" {
			p.Certified, p.CertifiedBy = certified.At, certified.By
		}
		if p.Person == "" {
			report.Anybody = append(report.Anybody, *p)
		} else {
			report.Rows = append(report.Rows, *p)
		}
	}
	slices.SortStableFunc(report.Rows, byPower)
	return report, nil
}

func byPower(a, b Power) int {
	alone := func(p Power) int { return map[bool]int{true: 0, false: 1}[p.Alone] }
	return cmp.Or(cmp.Compare(powerOrder(a.What), powerOrder(b.What)), cmp.Compare(alone(a), alone(b)),
		cmp.Compare(a.Entity, b.Entity), cmp.Compare(a.Person, b.Person), cmp.Compare(a.Policy, b.Policy),
		cmp.Compare(a.Version, b.Version), cmp.Compare(a.Step, b.Step), cmp.Compare(a.Way, b.Way), a.Since.Compare(b.Since))
}

func powerOrder(what string) int {
	return slices.Index([]string{PowerDecide, PowerResolve, PowerPublish, PowerIntervene, PowerGrant}, what)
}

// asked checks a question, and fills in what it leaves out.
func (d *Desk) asked(q PowerQuestion) (PowerQuestion, error) {
	now := d.now()
	if q.Until.IsZero() || q.Until.After(now) {
		q.Until = now
	}
	if q.From.IsZero() {
		q.From = q.Until
	}
	switch {
	case q.Above.Minor < 0 || q.Above.Currency == "":
		return q, fault.New(fault.Invalid, "powers.bad_amount", fault.Field("over"))
	case q.From.After(q.Until):
		return q, fault.New(fault.Invalid, "powers.bad_period", fault.Field("from"))
	}
	q.From, q.Until = q.From.UTC(), q.Until.UTC()
	return q, nil
}

// powersOfPolicy are the steps of one version of a policy, from when it held.
type powersOfPolicy struct {
	policy             *policy.Policy
	version            int
	from, until        time.Time // until zero: it holds still
	proposer, approver string
	above              *money.Amount // nil: in another currency, so any amount may be more
	steps              []policy.StepPower
}

// published reads the policies that held in the period.
func (d *Desk) published(ctx context.Context, q PowerQuestion) ([]powersOfPolicy, error) {
	rows, err := d.Store.PolicyHistory(ctx, "policy", q.Until)
	if err != nil {
		return nil, err
	}
	var all []powersOfPolicy
	for i, row := range rows {
		held := powersOfPolicy{version: row.Version, from: row.PublishedAt.UTC(), proposer: row.Maker}
		held.approver = row.PublishedBy
		if i+1 < len(rows) && rows[i+1].ID == row.ID {
			held.until = rows[i+1].PublishedAt.UTC()
		}
		if !held.until.IsZero() && !held.until.After(q.From) {
			continue
		}
		if held.policy, err = policy.Parse(row.ID+" "+strconv.Itoa(row.Version), []byte(row.YAML)); err != nil {
			return nil, err
		}
		if held.policy.Base == q.Above.Currency {
			held.above = &q.Above
		}
		if held.steps, err = held.policy.Powers(held.above); err != nil {
			return nil, err
		}
		all = append(all, held)
	}
	return all, nil
}
