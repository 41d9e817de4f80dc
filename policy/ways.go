package policy

import (
	"strings"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/policy/expr"
)

// way is what became of one branch for one document.
type way struct {
	need   approval.Need // of every step in it where it is not taken; "" = it is taken
	reason string        // the condition that said so, and its value; "" = none did
}

type ways map[Place]way

// ways judges the branches of every fork, outer ones first. Nothing is judged
// inside a branch that is not taken.
//
// Errors: as Route; policy.no_branch where a fork refuses that none is taken.
func (p *Policy) ways(seen expr.Input) (ways, error) {
	if len(p.Forks) == 0 {
		return nil, nil
	}
	all := ways{}
	for _, f := range p.Forks {
		outer := all.of(f.In)
		taken, reasons := 0, []string{}
		for n, b := range f.Branches {
			one := outer
			if outer.need == "" && b.When != "" {
				verdict, err := p.judge(b.condition(f.ID), seen)
				if err != nil {
					return nil, err
				}
				one.reason = verdict.Reason
				if !verdict.True {
					one.need = approval.Skip
					reasons = append(reasons, verdict.Reason)
				}
			}
			if one.need == "" {
				taken++
			}
			all[Place{Fork: f.ID, N: n}] = one
		}
		if outer.need == "" && taken == 0 {
			if err := p.noneTaken(f, reasons, all); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// noneTaken does what the fork says where no branch's condition holds.
func (p *Policy) noneTaken(f Fork, reasons []string, all ways) error {
	if f.None == noneRefuse {
		return p.text.Fault("policy.no_branch", f.at+".none", fault.Arg("step", f.ID),
			fault.Arg("words", strings.Join(reasons, "; ")))
	}
	for n := range f.Branches {
		at := Place{Fork: f.ID, N: n}
		all[at] = way{need: approval.Need(f.None), reason: all[at].reason}
	}
	return nil
}

// of is what became of the innermost branch of a place; the trunk is always taken.
func (w ways) of(in []Place) way {
	if len(in) == 0 {
		return way{}
	}
	return w[in[len(in)-1]]
}

// branchesOf says for a plan where a step stands.
func (p *Policy) branchesOf(in []Place) []approval.Branch {
	var branches []approval.Branch
	for _, at := range in {
		branches = append(branches, approval.Branch{Fork: at.Fork, N: at.N, Title: p.fork(at.Fork).Branches[at.N].Title})
	}
	return branches
}
