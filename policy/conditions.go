package policy

import (
	"errors"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/policy/expr"
)

// condition is one `when` of a policy: of a step, or of a branch.
type condition struct {
	of   string // id of the step or fork
	text string
	path string
}

func (s Step) condition() condition { return condition{of: s.ID, text: s.When, path: s.at + ".when"} }

func (b Branch) condition(fork string) condition {
	return condition{of: fork, text: b.When, path: b.at + ".when"}
}

// conditions lists all there are.
func (p *Policy) conditions() []condition {
	var all []condition
	for _, s := range p.Steps {
		if s.When != "" {
			all = append(all, s.condition())
		}
	}
	for _, f := range p.Forks {
		for _, b := range f.Branches {
			if b.When != "" {
				all = append(all, b.condition(f.ID))
			}
		}
	}
	return all
}

// compile compiles a condition; expr remembers what it compiled before.
func (p *Policy) compile(c condition) (*expr.Condition, error) {
	env, err := expr.For(p.Base)
	if err != nil {
		return nil, err
	}
	compiled, err := env.Compile(c.text)
	var wrong *expr.Error
	if errors.As(err, &wrong) {
		at := p.text.Inside(c.path, wrong.Line, wrong.Column)
		return nil, p.text.FaultAt("policy.bad_condition", c.path, at,
			fault.Arg("expression", c.text), fault.Arg("words", wrong.Words))
	}
	return compiled, err
}

func (p *Policy) judge(c condition, seen expr.Input) (expr.Verdict, error) {
	compiled, err := p.compile(c)
	if err != nil {
		return expr.Verdict{}, err
	}
	verdict, err := compiled.Judge(seen)
	if err != nil {
		return expr.Verdict{}, p.text.Fault("policy.condition_failed", c.path, fault.Arg("step", c.of),
			fault.Arg("expression", c.text), fault.Arg("words", err.Error()))
	}
	return verdict, nil
}
