package policy

import (
	"slices"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/policy/expr"
)

// Certainty is how sure a report is that a step asks people above an amount.
type Certainty int

// Never is left out of reports; Perhaps is there, marked as an over-approximation.
const (
	Never   Certainty = iota
	Perhaps           // it depends on more than the amount
	Always
)

// StepPower is what a step of a policy gives those whom it asks on amounts above one.
type StepPower struct {
	Step    Step
	Asks    Certainty
	Last    bool // for some amount no later step surely asks people: who is asked here may be the last one needed
	Alone   bool // and no other step does, and one yes is enough
	Finders []Finder
}

// Powers says of each step of a policy whether it asks people on amounts above one, and
// what a yes there is worth. It errs on one side only: whoever could decide alone, or as
// the last one needed, is among those whom the steps with Last find. nil asks about any amount.
func (p *Policy) Powers(above *money.Amount) ([]StepPower, error) {
	all := make([]StepPower, len(p.Steps))
	for i, s := range p.Steps {
		all[i] = StepPower{Step: s, Finders: p.findersAbove(s, above)}
	}
	bands, err := p.bandsAbove(above)
	if err != nil {
		return nil, err
	}
	for _, band := range bands {
		asks := make([]Certainty, len(p.Steps))
		for i, s := range p.Steps {
			if asks[i], err = p.asksAt(s, band); err != nil {
				return nil, err
			}
		}
		several := band != nil && slices.ContainsFunc(p.Require, func(r Require) bool {
			return r.Humans > 1 && r.From.Minor <= band.Minor
		})
		for i := range all {
			all[i].weigh(i, asks, p.Steps, several)
		}
	}
	return slices.DeleteFunc(all, func(s StepPower) bool { return s.Asks == Never }), nil
}

// weigh adds what a yes in step i is worth on the amounts of one band.
func (s *StepPower) weigh(i int, asks []Certainty, steps []Step, several bool) {
	if asks[i] == Never {
		return
	}
	other, later := false, false
	for j := range steps {
		if j != i && asks[j] == Always {
			other, later = true, later || j > i && !beside(steps[i].In, steps[j].In)
		}
	}
	s.Asks = max(s.Asks, asks[i])
	s.Last = s.Last || !later
	s.Alone = s.Alone || !later && !other && !several && steps[i].oneDecides()
}

// bandsAbove has one amount of each band above the amount: between them no condition
// changes its value. One nil stands for any amount.
func (p *Policy) bandsAbove(above *money.Amount) ([]*money.Amount, error) {
	if above == nil {
		return []*money.Amount{nil}, nil
	}
	minors := []int64{above.Minor + 1}
	for _, r := range p.Require {
		minors = append(minors, r.From.Minor)
	}
	for _, s := range p.Steps {
		if s.When == "" {
			continue
		}
		condition, err := p.compile(s.condition())
		if err != nil {
			return nil, err
		}
		for _, cut := range condition.Cuts().Amounts {
			minors = append(minors, cut, cut+1)
		}
	}
	slices.Sort(minors)
	var bands []*money.Amount
	for _, minor := range slices.Compact(minors) {
		if minor > above.Minor {
			bands = append(bands, &money.Amount{Minor: minor, Currency: p.Base})
		}
	}
	return bands, nil
}

// asksAt judges whether a step asks people on an amount.
func (p *Policy) asksAt(s Step, at *money.Amount) (Certainty, error) {
	whole := Always
	if len(s.In) > 0 {
		whole = Perhaps // which branch is taken depends on the document
	}
	if s.When == "" {
		return whole, nil
	}
	condition, err := p.compile(s.condition())
	if err != nil {
		return Never, err
	}
	cuts := condition.Cuts()
	if at == nil || !cuts.Complete || len(cuts.Texts)+len(cuts.Totals)+len(cuts.Grades) > 0 {
		return Perhaps, nil
	}
	verdict, err := condition.Judge(expr.Input{Amount: *at, Own: *at})
	switch {
	case err != nil:
		return Perhaps, nil //nolint:nilerr // what cannot be judged without a document is not left out
	case verdict.True:
		return whole, nil
	}
	return Never, nil
}

// findersAbove are the ways of a step, with those of the rows of a matrix that speak of
// amounts above one in the matrix's place.
func (p *Policy) findersAbove(s Step, above *money.Amount) []Finder {
	var all []Finder
	for _, f := range s.Approvers {
		if f.Matrix == "" {
			all = append(all, f)
			continue
		}
		for _, row := range p.Matrices[f.Matrix].Rows {
			if above == nil || row.Below == 0 || row.Below > above.Minor+1 {
				all = append(all, row.Approvers...)
			}
		}
	}
	return all
}

// oneDecides says whether a single yes may pass the step.
func (s Step) oneDecides() bool {
	switch s.Mode {
	case approval.AnyOf:
		return true
	case approval.Quorum:
		return s.Votes != nil && s.Votes.Count == 1
	case approval.Ratio:
		return true // of one who weighs enough
	}
	return len(s.Approvers) == 1 // where it finds one human
}

// beside says whether two steps stand in different branches of one fork.
func beside(a, b []Place) bool {
	for _, x := range a {
		for _, y := range b {
			if x.Fork == y.Fork && x.N != y.N {
				return true
			}
		}
	}
	return false
}
