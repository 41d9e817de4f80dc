package policy

import (
	"cmp"
	"maps"
	"slices"

	"github.com/countersign/countersign/domain/money"
)

// Sum is what one policy asks of people, over the documents that both can route.
type Sum struct {
	Steps     int64 `json:"steps"`     // that wait for people
	Approvals int64 `json:"approvals"` // the fewest yeses that carry every document through
	Seconds   int64 `json:"seconds"`   // expected waiting, on the wall's clock

	// On what the expected waiting rests, in steps.
	Recorded   int64 `json:"recorded"`    // the mean of what was recorded
	ByDeadline int64 `json:"by_deadline"` // an assumption: as long as the step is allowed
	Unknown    int64 `json:"unknown"`     // an assumption: no time at all
}

// Total is both sides.
type Total struct {
	Before Sum `json:"before"`
	After  Sum `json:"after"`
}

// Pair counts something on both sides.
type Pair struct {
	Before int64 `json:"before"`
	After  int64 `json:"after"`
}

// Changes counts documents by what changes for them; one may count in several.
type Changes struct {
	Broken    int64 `json:"broken"`    // had a plan, would have none
	Mended    int64 `json:"mended"`    // had none, would have one
	Needs     int64 `json:"needs"`     // a step more or less, or by rule instead of by people
	Approvers int64 `json:"approvers"` // other people
	Rule      int64 `json:"rule"`      // another mode, other votes, another order
	Terms     int64 `json:"terms"`     // the same path; only deadlines, timeouts, allowed acts or copies
}

// Visits is how often a step is needed, decided by rule, or skipped.
type Visits struct {
	People  int64 `json:"people"`
	Auto    int64 `json:"auto"`
	Skipped int64 `json:"skipped"`
}

// StepChange is one step on both sides.
type StepChange struct {
	Step   string            `json:"step"`
	Before Visits            `json:"before"`
	After  Visits            `json:"after"`
	Title  map[string]string `json:"title,omitempty"` // by locale
}

// Load is how many tasks one approver is given.
type Load struct {
	Person string `json:"person"`
	Pair
}

// Unit is how the documents of one department fare.
type Unit struct {
	Department string `json:"department"`
	Documents  int64  `json:"documents"`
	Changed    int64  `json:"changed"`
}

// Sample is one document that takes another path.
type Sample struct {
	N          int          `json:"-"`
	Document   string       `json:"document,omitempty"`
	Number     string       `json:"number"`
	Requester  string       `json:"requester"`
	Department string       `json:"department"`
	Total      money.Amount `json:"total"`
	Before     Path         `json:"before"`
	After      Path         `json:"after"`
}

// Simulation adds up what differs between two policies.
type Simulation struct {
	in       SimulateInput
	steps    map[string]*StepChange
	load     map[string]*Load
	units    map[string]*Unit
	samples  []Sample // the first ones
	Failures map[string]*Pair

	Documents, Compared, Changed int64
	Changes                      Changes
	Total                        Total
}

func newSimulation(in SimulateInput) *Simulation {
	return &Simulation{in: in, steps: map[string]*StepChange{}, load: map[string]*Load{}, units: map[string]*Unit{},
		Failures: map[string]*Pair{}}
}

func (s *Simulation) department(id string) *Unit { return entry(s.units, id) }

// sample keeps the first ones, whoever routed them.
func (s *Simulation) sample(all ...Sample) {
	s.samples = append(s.samples, all...)
	slices.SortFunc(s.samples, func(a, b Sample) int { return cmp.Compare(a.N, b.N) })
	s.samples = s.samples[:min(len(s.samples), SamplesMax)]
}

// merge adds another part of the same simulation; the order does not matter.
func (s *Simulation) merge(o *Simulation) {
	s.Documents += o.Documents
	s.Compared += o.Compared
	s.Changed += o.Changed
	s.Changes.add(o.Changes)
	s.Total.Before.add(o.Total.Before)
	s.Total.After.add(o.Total.After)
	s.sample(o.samples...)
	for id, v := range o.steps {
		own := entry(s.steps, id)
		own.Title = v.Title
		own.Before.add(v.Before)
		own.After.add(v.After)
	}
	for id, v := range o.load {
		entry(s.load, id).add(v.Pair)
	}
	for id, v := range o.units {
		own := entry(s.units, id)
		own.Documents += v.Documents
		own.Changed += v.Changed
	}
	for code, v := range o.Failures {
		entry(s.Failures, code).add(*v)
	}
}

func (c *Changes) add(o Changes) {
	c.Broken += o.Broken
	c.Mended += o.Mended
	c.Needs += o.Needs
	c.Approvers += o.Approvers
	c.Rule += o.Rule
	c.Terms += o.Terms
}

func (s *Sum) add(o Sum) {
	s.Steps += o.Steps
	s.Approvals += o.Approvals
	s.Seconds += o.Seconds
	s.Recorded += o.Recorded
	s.ByDeadline += o.ByDeadline
	s.Unknown += o.Unknown
}

func (v *Visits) add(o Visits) {
	v.People += o.People
	v.Auto += o.Auto
	v.Skipped += o.Skipped
}

func (p *Pair) add(o Pair) {
	p.Before += o.Before
	p.After += o.After
}

// What a report assumes; each has its sentence in every language.
const (
	AssumesOrganisation = "organisation_now"     // both policies meet the organisation as it is now
	AssumesFewest       = "fewest_yeses"         // nobody rejects or returns
	AssumesFirstRound   = "first_round"          // the newest content, as if submitted once
	AssumesDeadline     = "deadline_as_duration" // where nothing is recorded, a step takes as long as it may
	AssumesNothing      = "unknown_as_zero"      // without record and deadline a step takes no time
	AssumesRecord       = "record_as_future"     // a step takes as long as it did so far
	AssumesChoice       = "choice_unknown"       // whom approvers will choose is in nobody's load
	AssumesOnce         = "asked_once"           // who must have agreed before is not asked again
	AssumesCounted      = "counted_earlier"      // what was asked for earlier is added up, as it stands now
)

// SimulationReport is what a simulation found, for programs; Text is for people.
type SimulationReport struct {
	Policy      string           `json:"policy"`
	BeforeHash  string           `json:"before_hash"`
	AfterHash   string           `json:"after_hash"`
	Documents   int64            `json:"documents"`
	Compared    int64            `json:"compared"` // both policies have a plan
	Changed     int64            `json:"changed"`  // take another path
	Changes     Changes          `json:"changes"`
	Failures    map[string]*Pair `json:"failures"` // documents without a plan, by fault
	Total       Total            `json:"total"`
	Steps       []StepChange     `json:"steps"`
	Load        []Load           `json:"load"` // who gains or loses most first
	Departments []Unit           `json:"departments"`
	Samples     []Sample         `json:"samples"`
	Assumptions []string         `json:"assumptions"`
}

// Report puts everything into a fixed order.
func (s *Simulation) Report() SimulationReport {
	r := SimulationReport{
		Policy: s.in.After.ID, BeforeHash: s.in.Before.Hash(), AfterHash: s.in.After.Hash(), Documents: s.Documents,
		Compared: s.Compared, Changed: s.Changed, Changes: s.Changes, Failures: s.Failures, Total: s.Total,
		Steps: []StepChange{}, Load: []Load{}, Departments: []Unit{}, Samples: append([]Sample{}, s.samples...),
		Assumptions: s.assumptions(),
	}
	for _, id := range s.stepOrder() {
		step := *s.steps[id]
		step.Step = id
		r.Steps = append(r.Steps, step)
	}
	for _, id := range slices.Sorted(maps.Keys(s.load)) {
		r.Load = append(r.Load, Load{id, s.load[id].Pair})
	}
	slices.SortStableFunc(r.Load, func(a, b Load) int {
		return cmp.Or(cmp.Compare(distance(b), distance(a)), cmp.Compare(b.After, a.After))
	})
	for _, id := range slices.Sorted(maps.Keys(s.units)) {
		r.Departments = append(r.Departments, Unit{id, s.units[id].Documents, s.units[id].Changed})
	}
	slices.SortStableFunc(r.Departments, func(a, b Unit) int { return cmp.Compare(b.Changed, a.Changed) })
	return r
}

func distance(l Load) int64 { return max(l.After-l.Before, l.Before-l.After) }

// stepOrder is that of the new policy, then what only the old one has.
func (s *Simulation) stepOrder() []string {
	var order []string
	for _, p := range []*Policy{s.in.After, s.in.Before} {
		for _, step := range p.Steps {
			if s.steps[step.ID] != nil && !slices.Contains(order, step.ID) {
				order = append(order, step.ID)
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(s.steps)) {
		if !slices.Contains(order, id) {
			order = append(order, id)
		}
	}
	return order
}

func (s *Simulation) assumptions() []string {
	list := []string{AssumesOrganisation, AssumesFirstRound, AssumesFewest}
	steps := slices.Concat(s.in.Before.Steps, s.in.After.Steps)
	if slices.ContainsFunc(steps, func(s Step) bool { return s.chooser() != "" }) {
		list = append(list, AssumesChoice)
	}
	if slices.ContainsFunc(steps, func(s Step) bool { return s.Once }) {
		list = append(list, AssumesOnce)
	}
	if s.in.Before.Aggregate != nil || s.in.After.Aggregate != nil {
		list = append(list, AssumesCounted)
	}
	b, a := s.Total.Before, s.Total.After
	if b.Recorded+a.Recorded > 0 {
		list = append(list, AssumesRecord)
	}
	if b.ByDeadline+a.ByDeadline > 0 {
		list = append(list, AssumesDeadline)
	}
	if b.Unknown+a.Unknown > 0 {
		list = append(list, AssumesNothing)
	}
	return list
}
