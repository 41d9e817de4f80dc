package policy

import (
	"cmp"
	"iter"
	"runtime"
	"sync"
	"time"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/org"
)

// SimulateInput is what a simulation depends on: the same input and cases give
// the same report, on any number of processors. 试运行
type SimulateInput struct {
	Before, After *Policy
	Org           *org.Snapshot
	Paces         map[string]Pace // how long steps took so far, by step id; nil knows none
	// Rates are those of RouteInput, on the day that it is for a company; several
	// processors ask at a time.
	Rates func(entity string, from, to money.Currency) (rate string, known bool)

	countBefore, countAfter *counting
}

// Pace is how long a step took, from its first task to its last decision, on the
// wall's clock.
type Pace struct {
	Passes int64         // how often it was passed by people
	Mean   time.Duration // of one pass
}

// Case is one document to be routed by both policies.
type Case struct {
	N        int    // from 0, in a fixed order
	Document string // its id; "" where it was generated
	Number   string
	Content  document.Content
	At       time.Time // when it was asked for: what was asked for earlier counts beside it
	Ended    bool      // without an approval: it counts beside no other
}

// SamplesMax is how many documents with another path a report shows.
const SamplesMax = 10

// batchSize is how many cases a processor takes at once.
const batchSize = 64

// Simulate routes every case by both policies and adds up what differs. Cases
// are read as they are needed and forgotten: memory does not grow with them. Where a
// policy aggregates they are gone through once before, and an amount of each is kept.
// progress is told how many are done, often, from one goroutine at a time.
//
// Errors: those of the cases; a document that cannot be routed is counted, not an error.
func Simulate(in SimulateInput, cases iter.Seq2[Case, error], progress func(done int)) (*Simulation, error) {
	in.Org = in.Org.Indexed()
	if err := in.count(cases); err != nil {
		return newSimulation(in), err
	}
	workers := runtime.GOMAXPROCS(0)
	batches, results := make(chan []Case, workers), make(chan *Simulation, workers)
	var running sync.WaitGroup
	var turn sync.Mutex
	done := 0
	for range workers {
		running.Go(func() {
			own := newSimulation(in)
			for batch := range batches {
				for _, c := range batch {
					own.add(c)
				}
				turn.Lock()
				done += len(batch)
				progress(done)
				turn.Unlock()
			}
			results <- own
		})
	}
	err := deal(cases, batches)
	close(batches)
	running.Wait()
	close(results)
	sum := newSimulation(in)
	for own := range results {
		sum.merge(own)
	}
	return sum, err
}

func deal(cases iter.Seq2[Case, error], batches chan<- []Case) error {
	var batch []Case
	for c, err := range cases {
		if err != nil {
			return err
		}
		if batch = append(batch, c); len(batch) == batchSize {
			batches <- batch
			batch = nil
		}
	}
	batches <- batch
	return nil
}

// routed is what became of one case by one policy.
type routed struct {
	plan approval.Plan
	code string // why there is no plan, "" where there is one
}

func (in SimulateInput) route(p *Policy, c Case, beside *counting) routed {
	route := in.caseRoute(p, c)
	var err error
	if route.Counted, err = beside.of(c, route); err != nil {
		return routed{code: failed(err)}
	}
	return routedBy(route)
}

func routedBy(in RouteInput) routed {
	plan, err := Route(in)
	if err != nil {
		return routed{code: failed(err)}
	}
	return routed{plan: plan}
}

// failed is why there is no plan.
func failed(err error) string { return cmp.Or(fault.CodeOf(err), "internal.error") }

// add routes one case and counts it.
func (s *Simulation) add(c Case) {
	s.Documents++
	before, after := s.in.route(s.in.Before, c, s.in.countBefore), s.in.route(s.in.After, c, s.in.countAfter)
	s.countFailures(before.code, after.code)
	what := compare(before, after)
	unit := s.department(c.Content.Department)
	unit.Documents++
	if what.path() {
		s.Changed++
		unit.Changed++
		s.sample(Sample{N: c.N, Document: c.Document, Number: c.Number, Requester: c.Content.Requester,
			Department: c.Content.Department, Total: c.Content.Total, Before: titled(before), After: titled(after)})
	}
	s.countChanges(what)
	if before.code != "" || after.code != "" {
		return
	}
	s.Compared++
	s.countSide(before.plan, func(t *Total) *Sum { return &t.Before })
	s.countSide(after.plan, func(t *Total) *Sum { return &t.After })
}

func (s *Simulation) countFailures(before, after string) {
	if before != "" {
		entry(s.Failures, before).Before++
	}
	if after != "" {
		entry(s.Failures, after).After++
	}
}

func (s *Simulation) countChanges(c change) {
	count := func(is bool, n *int64) {
		if is {
			*n++
		}
	}
	count(c.broken, &s.Changes.Broken)
	count(c.mended, &s.Changes.Mended)
	count(c.needs, &s.Changes.Needs)
	count(c.approvers, &s.Changes.Approvers)
	count(c.rule, &s.Changes.Rule)
	count(c.terms && !c.path(), &s.Changes.Terms)
}

// countSide adds the work that one plan makes to one side of the totals.
func (s *Simulation) countSide(plan approval.Plan, side func(*Total) *Sum) {
	sum := side(&s.Total)
	seconds := make([]int64, len(plan.Steps))
	for i, step := range plan.Steps {
		visits := entry(s.steps, step.ID)
		visits.Title = step.Title
		of := &visits.Before
		if sum == &s.Total.After {
			of = &visits.After
		}
		switch step.Need {
		case approval.NeedsPeople:
			of.People++
			step, anybody := stillAsked(plan, i)
			if !anybody {
				continue
			}
			sum.Steps++
			sum.Approvals += int64(fewestYeses(step))
			seconds[i] = s.in.pace(step, sum)
			s.countLoad(step, sum == &s.Total.After)
		case approval.AutoApprove:
			of.Auto++
		case approval.Skip:
			of.Skipped++
		}
	}
	sum.Seconds += waiting(plan.Steps, seconds)
}

func (s *Simulation) countLoad(step approval.Step, after bool) {
	for _, a := range step.Approvers {
		load := entry(s.load, a.Person)
		if after {
			load.After++
		} else {
			load.Before++
		}
	}
}

// entry is a map's value, made where there is none.
func entry[V any](m map[string]*V, key string) *V {
	if m[key] == nil {
		m[key] = new(V)
	}
	return m[key]
}
