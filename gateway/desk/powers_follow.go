package desk

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/delegation"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/store"
)

// following goes through the instants of a period at which something changed, and keeps
// for each way of each person since when and until when it was open to them.
type following struct {
	desk        *Desk
	question    PowerQuestion
	seen        func(entity string) bool
	moments     []store.OrgMoment
	policies    []powersOfPolicy
	delegations []delegation.Rule
	granted     map[string]store.RoleGrant  // by id
	begun       map[string]store.GrantBegin // by person and key
	instants    []time.Time
	open        map[string]*Power
	rows        []*Power
}

func (d *Desk) follow(ctx context.Context, q PowerQuestion, seen func(string) bool) (*following, error) {
	f := &following{desk: d, question: q, seen: seen, granted: map[string]store.RoleGrant{},
		begun: map[string]store.GrantBegin{}, open: map[string]*Power{}}
	var err error
	if f.moments, err = d.Store.OrgMoments(ctx, q.From, q.Until, powerMomentsMost); err != nil {
		return nil, err
	}
	if len(f.moments) == 0 {
		return nil, fault.New(fault.Invalid, "powers.before_record", fault.Field("from"))
	}
	if f.policies, err = d.published(ctx, q); err != nil {
		return nil, err
	}
	if f.delegations, err = d.Store.DelegationsWithin(ctx, q.From, q.Until); err != nil {
		return nil, err
	}
	history, err := d.Store.RoleGrants(ctx, "")
	if err != nil {
		return nil, err
	}
	for _, g := range history {
		f.granted[g.ID] = g
	}
	if err := f.mark(ctx); err != nil {
		return nil, err
	}
	if len(f.instants) > powerMomentsMost {
		return nil, fault.New(fault.Invalid, "powers.too_long", fault.Field("from"),
			fault.Arg("max", strconv.Itoa(powerMomentsMost)))
	}
	return f, nil
}

// mark lists the instants at which something may be otherwise than before.
func (f *following) mark(ctx context.Context) error {
	at := map[time.Time]bool{f.question.From: true}
	add := func(instant time.Time) {
		if instant.After(f.question.From) && !instant.After(f.question.Until) {
			at[instant.UTC()] = true
		}
	}
	for i, m := range f.moments {
		add(m.At)
		begins, err := f.desk.Store.GrantBegins(ctx, m.Version)
		if err != nil {
			return err
		}
		for _, b := range begins {
			if key := b.Person + " " + access.Key(b.Grant); f.begun[key].At.IsZero() {
				f.begun[key] = b
			}
			add(b.From)
			add(b.Until)
		}
		if i >= powerMomentsMost {
			break
		}
	}
	for _, p := range f.policies {
		add(p.from)
	}
	for _, r := range f.delegations {
		add(r.From)
		add(endOfRule(r))
	}
	for instant := range at {
		f.instants = append(f.instants, instant)
	}
	slices.SortFunc(f.instants, time.Time.Compare)
	return nil
}

func endOfRule(r delegation.Rule) time.Time {
	if !r.RevokedAt.IsZero() && r.RevokedAt.Before(r.Until) {
		return r.RevokedAt
	}
	return r.Until
}

// look takes what is open to whom at an instant, and closes what is not any more.
func (f *following) look(ctx context.Context, n int, at time.Time) error {
	moment := f.moments[0]
	for _, m := range f.moments {
		if !m.At.After(at) {
			moment = m
		}
	}
	whole, err := f.desk.Store.Snapshot(ctx, moment.Version)
	if err != nil {
		return err
	}
	people := whole.At(at)
	now := map[string]bool{}
	for _, p := range append(f.decisions(people, at), f.rights(people)...) {
		key := fmt.Sprint(p.What, p.Person, p.Entity, p.Policy, p.Version, p.Step, p.Way, p.Grant, p.Role, p.Department,
			p.Alone)
		now[key] = true
		if f.open[key] != nil {
			continue
		}
		if n > 0 {
			p.Since, p.AtLeast = at, false
		} else if p.Since.IsZero() {
			p.Since, p.AtLeast = moment.At, true
		}
		f.open[key] = &p
		f.rows = append(f.rows, &p)
	}
	for key, p := range f.open {
		if !now[key] {
			p.Until = at
			delete(f.open, key)
		}
	}
	return nil
}

// decisions are those whom the policies in force could ask last, and who decides for them.
func (f *following) decisions(people *org.Snapshot, at time.Time) []Power {
	var all []Power
	for _, held := range f.policies {
		if at.Before(held.from) || !held.until.IsZero() && !at.Before(held.until) {
			continue
		}
		for id := range people.Entities {
			if !f.seen(id) || f.question.Entity != "" && f.question.Entity != id {
				continue
			}
			all = append(all, f.stepsOf(people, held, id)...)
		}
	}
	for _, r := range f.delegations {
		if at.Before(r.From) || !at.Before(endOfRule(r)) || !people.Active(r.Delegate) {
			continue
		}
		for _, p := range slices.Clone(all) {
			capped := r.Cap.Currency == f.question.Above.Currency && r.Cap.Minor <= f.question.Above.Minor
			if p.Person == r.Person && p.What == PowerDecide && !capped {
				p.Person, p.Way, p.Sure = r.Delegate, "delegation:"+r.Person, false
				p.Maker, p.Checker, p.Since, p.Until = r.MadeBy, "", later(p.Since, r.From), endOfRule(r)
				p.Grant, p.Role = r.ID, ""
				all = append(all, p)
			}
		}
	}
	return all
}

// stepsOf are the last steps of one policy in one entity, with whom they find.
func (f *following) stepsOf(people *org.Snapshot, held powersOfPolicy, entity string) []Power {
	var all []Power
	queue := Power{What: PowerDecide, Entity: entity, Policy: held.policy.ID, Version: held.version,
		Proposer: held.proposer, Approver: held.approver}
	for _, step := range held.steps {
		if !step.Last {
			continue
		}
		queue.Alone = queue.Alone || step.Alone
		base := Power{What: PowerDecide, Entity: entity, Policy: held.policy.ID, Version: held.version, Step: step.Step.ID,
			StepTitle: step.Step.Title, Proposer: held.proposer, Approver: held.approver, Alone: step.Alone}
		for _, finder := range step.Finders {
			if finder.FindsAnybody() {
				p := base
				p.Way, p.Since = "anybody", held.from
				all = append(all, p)
			}
			for _, found := range finder.Finds(people, entity, held.above) {
				all = append(all, f.found(base, found, held, step.Asks == policy.Always))
			}
		}
	}
	for _, found := range policy.QueueHolders(people, entity) {
		all = append(all, f.found(queue, found, held, false))
	}
	return all
}

func (f *following) found(p Power, found policy.Found, held powersOfPolicy, always bool) Power {
	p.Person, p.Way = found.Person, found.Way
	p.Sure = found.Sure && always && held.above != nil
	if found.Grant != nil {
		f.given(&p, *found.Grant)
		p.Since = later(p.Since, held.from)
	}
	return p
}

// given says by which right, since when and by whose word.
func (f *following) given(p *Power, g org.Grant) {
	p.Role, p.Department, p.Grant = g.Role, g.Department, access.Key(g)
	begun := f.begun[g.Person+" "+access.Key(g)]
	p.Since, p.Until, p.Checker = later(begun.At, g.From), g.Until, begun.Cause
	if made, ok := f.granted[g.ID]; ok && g.ID != "" {
		p.Maker, p.Checker = made.Maker, made.Checker
	}
}

// rights are what roles give whatever the policies say.
func (f *following) rights(people *org.Snapshot) []Power {
	var all []Power
	for _, g := range people.Grants {
		inside := g.Entity == "" || f.seen(g.Entity) && (f.question.Entity == "" || g.Entity == f.question.Entity)
		if !inside || !people.Active(g.Person) {
			continue
		}
		gives := access.Gives(g.Role)
		for _, by := range powersByRight {
			if len(gives[by.permission]) > 0 {
				p := Power{What: by.what, Person: g.Person, Entity: g.Entity, Way: "role:" + g.Role, Sure: true}
				f.given(&p, g)
				all = append(all, p)
			}
		}
	}
	return all
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
