package policy

import (
	"cmp"
	"iter"
	"slices"
	"time"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/money"
)

// counting is what counts beside each case of a simulation: the cases that share the
// key, in the order of time, with their amounts added up from the first. What lies
// within some days before a case is the difference of two of those sums.
type counting struct {
	groups map[countGroup][]countedCase
	humans map[string][]string
	zones  map[string]*time.Location // by entity
}

// countGroup is what cases share that count together.
type countGroup struct{ kind, entity, payee, requester, submitter, category string }

type countedCase struct {
	at  time.Time
	n   int
	sum int64 // of it and of all before it
}

// count goes through the cases once, for each policy that aggregates.
func (in *SimulateInput) count(cases iter.Seq2[Case, error]) error {
	if in.Before.Aggregate == nil && in.After.Aggregate == nil {
		return nil
	}
	in.countBefore, in.countAfter = newCounting(*in), newCounting(*in)
	for c, err := range cases {
		if err != nil {
			return err
		}
		in.countBefore.take(c, in.caseRoute(in.Before, c))
		in.countAfter.take(c, in.caseRoute(in.After, c))
	}
	in.countBefore.add()
	in.countAfter.add()
	return nil
}

func newCounting(in SimulateInput) *counting {
	c := &counting{groups: map[countGroup][]countedCase{}, humans: byAccount(in.Org.Humans()),
		zones: map[string]*time.Location{}}
	for id, entity := range in.Org.Entities {
		zone, err := time.LoadLocation(entity.Zone)
		if err != nil {
			zone = time.UTC
		}
		c.zones[id] = zone
	}
	return c
}

// take keeps the amount of a case in each of its groups. One that ended unapproved
// counts beside no other; nor does one without a rate, which has no route itself.
func (k *counting) take(c Case, in RouteInput) {
	if in.Policy.Aggregate == nil || c.Ended {
		return
	}
	for _, group := range k.groupsOf(in) {
		amount, err := in.claimed(group.category)
		if err == nil {
			k.groups[group] = append(k.groups[group], countedCase{c.At, c.N, amount.Minor})
		}
	}
}

// add puts each group in order and adds it up.
func (k *counting) add() {
	for _, group := range k.groups {
		slices.SortFunc(group, countedCase.compare)
		for i := 1; i < len(group); i++ {
			group[i].sum += group[i-1].sum
		}
	}
}

func (c countedCase) compare(o countedCase) int {
	return cmp.Or(c.at.Compare(o.at), cmp.Compare(c.n, o.n))
}

// of is what counts beside a case: what was asked for before it, within the days of
// the policy. nil where the policy does not aggregate.
func (k *counting) of(c Case, in RouteInput) (*approval.Counted, error) {
	if in.Policy.Aggregate == nil {
		return nil, nil
	}
	own, err := in.own()
	if err != nil {
		return nil, err
	}
	zone, known := k.zones[c.Content.Entity]
	if !known { // closed since
		zone = time.UTC
	}
	y, m, d := c.At.In(zone).Date()
	from := time.Date(y, m, d-in.Policy.Aggregate.Within+1, 0, 0, 0, 0, zone)
	counted := &approval.Counted{Own: own, Others: money.Zero(own.Currency)}
	for _, group := range k.groupsOf(in) {
		cases := k.groups[group]
		upTo := func(at time.Time, n int) int64 {
			i, _ := slices.BinarySearchFunc(cases, countedCase{at: at, n: n}, countedCase.compare)
			if i == 0 {
				return 0
			}
			return cases[i-1].sum
		}
		counted.Others.Minor += upTo(c.At, c.N) - upTo(from, -1)
	}
	counted.Sum, err = own.Add(counted.Others)
	return counted, err
}

// groupsOf are the groups that a case is in: one, or one for each of its categories.
func (k *counting) groupsOf(in RouteInput) []countGroup {
	c := in.Content
	one := countGroup{kind: c.Type, entity: c.Entity}
	categories := []string{""}
	for _, by := range in.Policy.Aggregate.By {
		switch by {
		case approval.CountPayee:
			one.payee = string(c.Payee.Kind) + ":" + accounts(k.humans, c.Payee.ID)[0]
		case approval.CountRequester:
			one.requester = accounts(k.humans, c.Requester)[0]
		case approval.CountSubmitter:
			one.submitter = accounts(k.humans, c.Submitter)[0]
		case approval.CountCategory:
			categories = categoriesOf(c)
		}
	}
	groups := make([]countGroup, len(categories))
	for i, category := range categories {
		groups[i] = one
		groups[i].category = category
	}
	return groups
}

func (in SimulateInput) caseRoute(p *Policy, c Case) RouteInput {
	route := RouteInput{Policy: p, Version: 1, Content: c.Content, Org: in.Org, Round: 1, Document: c.Number}
	if in.Rates != nil {
		route.Rates = func(from, to money.Currency) (string, bool) { return in.Rates(c.Content.Entity, from, to) }
	}
	return route
}

// claimed is what a document adds to another's amount: all of it, or its lines of a
// category.
func (in RouteInput) claimed(category string) (money.Amount, error) {
	if !slices.Contains(in.Policy.Aggregate.By, approval.CountCategory) {
		return in.own()
	}
	amount, base, _, err := in.Content.ClaimedIn([]string{category})
	if err != nil {
		return money.Amount{}, err
	}
	return in.otherToBase(approval.BesideDocument{Amount: amount, Base: base})
}
