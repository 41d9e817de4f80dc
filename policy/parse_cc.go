package policy

import (
	"maps"
	"slices"
	"strconv"

	"github.com/countersign/countersign/domain/approval"
)

// Copying is whom a policy copies in, and when. 抄送
type Copying struct {
	On  string   `json:"on"` // approval.CopyOpened, CopyPassed or CopyClosed
	Who []Finder `json:"who"`
}

// copyYAML is a source of people to copy in: one of approvers, without what only who
// decides has.
type copyYAML struct {
	Role           string      `yaml:"role"`
	Of             string      `yaml:"of"`
	Manager        managerYAML `yaml:"manager"`
	TopManager     bool        `yaml:"top_manager"`
	DepartmentHead headYAML    `yaml:"department_head"`
	Person         string      `yaml:"person"`
	Field          string      `yaml:"field"`
	Choice         string      `yaml:"choice"`
	Among          amongYAML   `yaml:"among"`
	Matrix         string      `yaml:"matrix"`
}

// When a step, and a policy as a whole, may copy people in; the first is meant where
// nothing is said.
var (
	stepCopiesOn   = []string{approval.CopyOpened, approval.CopyPassed}
	policyCopiesOn = []string{approval.CopyPassed, approval.CopyClosed, approval.CopyOpened}
)

// copying reads whom a step, or the policy, copies in. path ends before the key: it
// is "" or "steps[0].".
func (r *reading) copying(path string, raw []copyYAML, on string, known []string, p *Policy) *Copying {
	if !r.written(path + "cc") {
		if r.written(path + "cc_on") {
			r.refuse("policy.cc_on_without", path+"cc_on")
		}
		return nil
	}
	r.count(path+"cc", len(raw), FindersMax)
	c := &Copying{On: known[0]}
	if r.written(path + "cc_on") {
		r.oneOf(path+"cc_on", on, known)
		c.On = on
	}
	matrices := append([]string{}, slices.Sorted(maps.Keys(p.Matrices))...)
	for i, f := range raw {
		at := path + "cc[" + strconv.Itoa(i) + "]"
		if f.Choice == choiceApprover {
			r.oneOf(at+".choice", f.Choice, []string{choiceSubmitter})
			continue
		}
		c.Who = append(c.Who, r.finder(at, f.finder(), matrices))
	}
	return c
}

func (f copyYAML) finder() finderYAML {
	return finderYAML{Role: f.Role, Of: f.Of, Manager: f.Manager, TopManager: f.TopManager,
		DepartmentHead: f.DepartmentHead, Person: f.Person, Field: f.Field, Choice: f.Choice, Among: f.Among,
		Matrix: f.Matrix}
}
