package desk

import (
	"context"
	"iter"
	"sync"
	"time"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/domain/proposal"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/policy/doctype"
	"github.com/countersign/countersign/store"
)

// SimulateMost is how many past documents a person's simulation routes; the command
// line takes as many as one likes, in a process of its own.
const SimulateMost = 2000

// Simulate says what a draft of a policy would have done to the newest documents,
// beside the version in force. Nothing is kept. Examples are of documents that the
// asker may read.
//
// Errors: Forbidden access.denied; NotFound policy.not_found where nothing is in
// force to compare with; Invalid with what is wrong with the draft; Busy
// policy.simulation_busy while this gateway simulates for somebody else.
func (d *Desk) Simulate(ctx context.Context, who auth.Who, id, yaml string) (policy.SimulationReport, error) {
	if err := need(who, access.PolicyPropose, access.Object{}); err != nil {
		return policy.SimulationReport{}, err
	}
	return d.simulate(ctx, who, id, yaml)
}

// SimulateProposal says what a proposed policy would have done, to whoever may read
// what is proposed: auditors too.
//
// Errors: those of Proposal and Simulate; NotFound request.no_such_route for what is no policy.
func (d *Desk) SimulateProposal(ctx context.Context, who auth.Who, id string) (
	store.ProposalRow, policy.SimulationReport, error) {
	p, err := d.Proposal(ctx, who, id)
	if err == nil && p.Kind != proposal.Policy {
		err = fault.New(fault.NotFound, "request.no_such_route")
	}
	if err != nil {
		return store.ProposalRow{}, policy.SimulationReport{}, err
	}
	report, err := d.simulate(ctx, who, p.Subject, p.Payload)
	return p, report, err
}

func (d *Desk) simulate(ctx context.Context, who auth.Who, id, yaml string) (policy.SimulationReport, error) {
	before, _, err := d.policyInForce(ctx, id)
	if err != nil {
		return policy.SimulationReport{}, err
	}
	draft, err := policy.Parse(id, []byte(yaml))
	if err != nil {
		return policy.SimulationReport{}, err
	}
	if other := sameSubject(id, draft.ID); other != nil {
		return policy.SimulationReport{}, other
	}
	if !d.simulating.TryLock() { // it takes every processor for a moment: decisions go first
		return policy.SimulationReport{}, fault.New(fault.Busy, "policy.simulation_busy")
	}
	defer d.simulating.Unlock()
	in, cases, err := Past(ctx, d.Store, before, draft, SimulateMost)
	if err != nil {
		return policy.SimulationReport{}, err
	}
	simulated, err := policy.Simulate(in, cases, func(int) {})
	if err != nil {
		return policy.SimulationReport{}, err
	}
	report := simulated.Report()
	report.Samples, err = d.readableSamples(ctx, who, report.Samples)
	return report, err
}

// readableSamples leaves out the documents that the asker may not know of.
func (d *Desk) readableSamples(ctx context.Context, who auth.Who, all []policy.Sample) ([]policy.Sample, error) {
	readable := []policy.Sample{}
	for _, one := range all {
		_, err := d.Document(ctx, who, one.Document)
		switch {
		case err == nil:
			readable = append(readable, one)
		case fault.KindOf(err) != fault.NotFound && fault.KindOf(err) != fault.Forbidden:
			return nil, err
		}
	}
	return readable, nil
}

// Past is what a simulation over the newest past documents stands on: the
// organisation, the rates of today and the recorded durations that a database has.
func Past(ctx context.Context, s *store.Store, before, draft *policy.Policy, most int) (
	policy.SimulateInput, iter.Seq2[policy.Case, error], error) {
	in := policy.SimulateInput{Before: before, After: draft, Paces: map[string]policy.Pace{}}
	var err error
	if in.Org, err = s.Snapshot(ctx, 0); err != nil {
		return in, nil, err
	}
	in.Rates = ratesOfToday(ctx, s, in.Org, time.Now())
	types, err := typesUnder(ctx, s, draft.ID)
	if err != nil {
		return in, nil, err
	}
	recorded, err := s.StepPaces(ctx, types)
	if err != nil {
		return in, nil, err
	}
	for _, pace := range recorded {
		in.Paces[pace.Step] = policy.Pace{Passes: pace.Passes, Mean: pace.Mean}
	}
	return in, pastCases(s.PastDocuments(ctx, types, most)), nil
}

// typesUnder lists the document types that go by a policy.
func typesUnder(ctx context.Context, s *store.Store, id string) ([]string, error) {
	rows, err := s.Policies(ctx, string(proposal.Type))
	if err != nil {
		return nil, err
	}
	var types []string
	for _, row := range rows {
		t, err := doctype.Parse(row.ID, []byte(row.YAML))
		if err != nil {
			return nil, err
		}
		if t.Policy == id {
			types = append(types, t.ID)
		}
	}
	return types, nil
}

func pastCases(documents iter.Seq2[store.PastDocument, error]) iter.Seq2[policy.Case, error] {
	return func(yield func(policy.Case, error) bool) {
		n := 0
		for d, err := range documents {
			c := policy.Case{N: n, Document: d.ID, Number: d.Number, Content: d.Content, At: d.AskedAt, Ended: d.Ended}
			if !yield(c, err) {
				return
			}
			n++
		}
	}
}

// ratesOfToday asks the database once for each pair of currencies and each date that it
// is now in some company's zone.
func ratesOfToday(ctx context.Context, s *store.Store, company *org.Snapshot, now time.Time) func(
	entity string, from, to money.Currency) (string, bool) {
	type question struct {
		from, to money.Currency
		day      string
	}
	type answer struct {
		value string
		known bool
	}
	var mutex sync.Mutex
	known := map[question]answer{}
	return func(entity string, from, to money.Currency) (string, bool) {
		mutex.Lock()
		defer mutex.Unlock()
		ask := question{from, to, dayIn(company, entity, now)}
		found, asked := known[ask]
		if !asked {
			rate, err := s.RateFor(ctx, string(from), string(to), ask.day)
			found = answer{rate.Value, err == nil} // without a rate the document has no plan, and is counted so
			known[ask] = found
		}
		return found.value, found.known
	}
}
