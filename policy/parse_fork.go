package policy

import (
	"slices"
	"strconv"
	"strings"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
)

// The limits of forks.
const (
	ForksDeepMax = 3  // forks inside forks
	BranchesMax  = 10 // of one fork
)

// noneRefuse makes no plan where no branch of a fork is taken: check proves that
// it never happens, or shows the request.
const noneRefuse = "refuse"

var nones = []string{string(approval.Skip), string(approval.AutoApprove), noneRefuse}

// itemYAML is a step, or a fork.
type itemYAML struct {
	Fork *forkYAML `yaml:"parallel,selects"`
	Step *stepYAML
}

type forkYAML struct {
	Parallel string       `yaml:"parallel,required" mend:"parallel: id, branches: [{ steps: […] }, { steps: […] }]"`
	Branches []branchYAML `yaml:"branches,required"`
	None     string       `yaml:"none"`
}

type branchYAML struct {
	Title map[string]string `yaml:"title"`
	When  string            `yaml:"when"`
	Steps []itemYAML        `yaml:"steps,required"`
}

// walk reads a list of steps and forks in the order of the text.
func (r *reading) walk(path string, items []itemYAML, in []Place, p *Policy) {
	for i, item := range items {
		at := path + "[" + strconv.Itoa(i) + "]"
		if item.Fork != nil {
			r.fork(at, *item.Fork, in, p)
			continue
		}
		s := r.step(at, *item.Step, in, p)
		s.In = in
		p.Steps = append(p.Steps, s)
	}
}

func (r *reading) fork(path string, raw forkYAML, in []Place, p *Policy) {
	f := Fork{ID: r.unique(path+".parallel", raw.Parallel), In: in, None: raw.None, at: path}
	if len(in) == ForksDeepMax {
		r.refuse("policy.too_deep", path+".parallel", fault.Arg("max", strconv.Itoa(ForksDeepMax)))
	}
	r.number(path+".branches", len(raw.Branches), 2, BranchesMax)
	for n, b := range raw.Branches {
		f.Branches = append(f.Branches, r.branch(path+".branches["+strconv.Itoa(n)+"]", b))
	}
	r.none(f)
	p.Forks = append(p.Forks, f)
	for n, b := range raw.Branches {
		at := f.Branches[n].at + ".steps"
		if len(b.Steps) == 0 {
			r.refuse("policy.empty", at)
		}
		r.walk(at, b.Steps, append(slices.Clone(in), Place{Fork: f.ID, N: n}), p)
	}
}

func (r *reading) branch(path string, raw branchYAML) Branch {
	b := Branch{When: strings.TrimSpace(raw.When), at: path}
	if r.written(path + ".title") {
		b.Title = r.title(path+".title", raw.Title)
	}
	if b.When == "" && r.written(path+".when") {
		r.refuse("policy.empty", path+".when")
	}
	return b
}

// none must be said where every branch has a condition: nothing is passed over by
// default.
func (r *reading) none(f Fork) {
	always := slices.ContainsFunc(f.Branches, func(b Branch) bool { return b.When == "" })
	switch path := f.at + ".none"; {
	case always && r.written(path):
		r.refuse("policy.none_without", path)
	case !always && !r.written(path):
		r.refuse("policy.missing_none", f.at+".parallel")
	case !always:
		r.oneOf(path, f.None, nones)
	}
}

// fork finds a fork by its id.
func (p *Policy) fork(id string) *Fork {
	i := slices.IndexFunc(p.Forks, func(f Fork) bool { return f.ID == id })
	return &p.Forks[i]
}

// onTheWay says whether who stands at `from` has passed every step at `to`: the
// trunk, an enclosing branch or the same one, never a sibling.
func onTheWay(to, from []Place) bool {
	return len(to) <= len(from) && slices.Equal(to, from[:len(to)])
}
