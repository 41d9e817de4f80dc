package policy

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/policy/doctype"
)

// WithinMax is the longest time, in days, over which amounts are added up.
const WithinMax = 366

// countedMax is how many other documents are added up for one. Who has more gets no
// plan, never one by too small a sum.
const countedMax = 5000

// Aggregate says that a document's amount is the sum of its own and of others that
// share something with it, so that nobody ducks a threshold by splitting. 合并计算
type Aggregate struct {
	By     []string `json:"by"`     // payee, category, requester, submitter: all of them are shared
	Within int      `json:"within"` // calendar days
}

type aggregateYAML struct {
	By     []string `yaml:"by,required"`
	Within string   `yaml:"within,required"`
}

var aggregatesBy = []string{
	approval.CountPayee, approval.CountCategory, approval.CountRequester, approval.CountSubmitter,
}

var daysText = regexp.MustCompile(`^([1-9][0-9]{0,3}) days?$`)

// aggregate reads the key; nil where there is none.
func (r *reading) aggregate(raw aggregateYAML) *Aggregate {
	if _, given := r.text.At["aggregate"]; !given {
		return nil
	}
	a := &Aggregate{By: r.words("aggregate.by", raw.By, aggregatesBy, nil)}
	r.count("aggregate.by", len(raw.By), len(aggregatesBy))
	if slices.Equal(a.By, []string{approval.CountCategory}) {
		r.refuse("policy.aggregate_category_alone", "aggregate.by")
	}
	slices.Sort(a.By) // their order says nothing
	if found := daysText.FindStringSubmatch(raw.Within); found != nil {
		a.Within, _ = strconv.Atoi(found[1])
	}
	if a.Within < 1 || a.Within > WithinMax {
		r.refuse("policy.bad_days", "aggregate.within",
			fault.Arg("value", raw.Within), fault.Arg("max", strconv.Itoa(WithinMax)))
	}
	return a
}

// aggregate holds that the types have what is shared, and that something hangs on
// the amount at all.
func (c *checking) aggregate() {
	a := c.policy.Aggregate
	if a == nil {
		return
	}
	for _, t := range c.types {
		if slices.Contains(a.By, approval.CountPayee) && t.Payee == doctype.PayeeNone {
			c.add(LevelError, "policy.aggregate_no_payee", "aggregate.by", fault.Arg("type", t.ID))
		}
		if slices.Contains(a.By, approval.CountCategory) && len(t.Categories) == 0 {
			c.add(LevelError, "policy.aggregate_no_categories", "aggregate.by", fault.Arg("type", t.ID))
		}
	}
	if !c.policy.readsAmount() {
		c.add(LevelWarning, "policy.aggregate_unused", "aggregate")
	}
}

// readsAmount says whether the amount decides anything.
func (p *Policy) readsAmount() bool {
	byAmount := func(f Finder) bool { return f.Climb != nil && f.Climb.Authority }
	for _, when := range p.conditions() {
		if compiled, err := p.compile(when); err != nil || slices.Contains(compiled.Reads(), "amount") {
			return true
		}
	}
	for _, s := range p.Steps {
		if slices.ContainsFunc(s.Approvers, byAmount) {
			return true
		}
	}
	for _, m := range p.Matrices {
		for _, row := range m.Rows {
			if row.From > 0 || row.Below > 0 || slices.ContainsFunc(row.Approvers, byAmount) {
				return true
			}
		}
	}
	return len(p.Require) > 0
}

// countKey says which other documents count with this one.
func (in RouteInput) countKey() approval.CountKey {
	a, c := in.Policy.Aggregate, in.Content
	humans := byAccount(in.Org.Humans())
	key := approval.CountKey{
		By: a.By, Days: a.Within, Zone: cmp.Or(in.Org.Entities[c.Entity].Zone, "UTC"), Entity: c.Entity, Type: c.Type,
	}
	for _, by := range a.By {
		switch by {
		case approval.CountPayee:
			key.PayeeKind, key.Payees = string(c.Payee.Kind), []string{c.Payee.ID}
			if c.Payee.Kind == document.PayeeEmployee {
				key.Payees = accounts(humans, c.Payee.ID)
			}
		case approval.CountRequester:
			key.Requesters = accounts(humans, c.Requester)
		case approval.CountSubmitter:
			key.Submitters = accounts(humans, c.Submitter)
		case approval.CountCategory:
			key.Categories = categoriesOf(c)
		}
	}
	return key
}

// accounts are all of one human.
func accounts(humans map[string][]string, person string) []string {
	all := append([]string{person}, humans[person]...)
	slices.Sort(all)
	return slices.Compact(all)
}

func categoriesOf(c document.Content) []string {
	all := []string{}
	for _, l := range c.Lines {
		all = append(all, l.Category)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// counted adds up what counts beside a document of an own amount; nil where the
// policy does not aggregate, or nobody knows of others.
//
// With category in the key the lines of the shared categories are added, all of
// them: the sum is what the document would come to if those lines stood in it. So
// it is never less than the document's own amount, and who spreads every category
// over several documents gains nothing.
func (in RouteInput) counted(own money.Amount) (*approval.Counted, error) {
	if in.Counted != nil || in.Policy.Aggregate == nil || in.Beside == nil {
		return in.Counted, nil
	}
	key := in.countKey()
	beside, err := in.Beside(key)
	if err != nil {
		return nil, err
	}
	counted := &approval.Counted{CountKey: key, From: beside.From, Until: beside.Until, At: beside.At, Own: own,
		Others: money.Zero(own.Currency), Count: len(beside.Documents), Documents: []approval.CountedDocument{}}
	if counted.Count > countedMax {
		return nil, fault.New(fault.Invalid, "policy.too_many_counted", fault.Arg("max", strconv.Itoa(countedMax)))
	}
	for _, other := range beside.Documents {
		part, err := in.otherToBase(other)
		if err != nil {
			return nil, err
		}
		if counted.Others, err = counted.Others.Add(part); err != nil {
			return nil, err
		}
		if len(counted.Documents) < approval.CountedMost {
			counted.Documents = append(counted.Documents, other.CountedDocument)
		}
	}
	counted.Sum, err = own.Add(counted.Others)
	return counted, err
}

// otherToBase is what another document adds, in the policy's base currency: exactly
// where it is in that, else by its own frozen rate.
func (in RouteInput) otherToBase(other approval.BesideDocument) (money.Amount, error) {
	if other.Amount.Currency == in.Policy.Base {
		return other.Amount, nil
	}
	return in.limitToBase(other.Base)
}

// Sharing picks those of some documents that share a key, with what of them counts:
// for a route without a record, of documents asked for within its days.
func Sharing(key approval.CountKey, others []document.Content) (approval.Beside, error) {
	var beside approval.Beside
	for _, c := range others {
		if c.Entity != key.Entity || c.Type != key.Type ||
			len(key.Payees) > 0 && (string(c.Payee.Kind) != key.PayeeKind || !slices.Contains(key.Payees, c.Payee.ID)) ||
			len(key.Requesters) > 0 && !slices.Contains(key.Requesters, c.Requester) ||
			len(key.Submitters) > 0 && !slices.Contains(key.Submitters, c.Submitter) {
			continue
		}
		one, shares := approval.BesideDocument{Amount: c.Total, Base: c.BaseTotal}, true
		if slices.Contains(key.By, approval.CountCategory) {
			var err error
			if one.Amount, one.Base, shares, err = c.ClaimedIn(key.Categories); err != nil {
				return beside, err
			}
		}
		if shares {
			beside.Documents = append(beside.Documents, one)
		}
	}
	return beside, nil
}
