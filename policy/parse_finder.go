package policy

import (
	"strings"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/policy/source"
)

var (
	finderBys = []string{"role", "manager", "top_manager", "department_head", "person", "field", "choice", "matrix"}
	finderOfs = []string{ofEntity, ofDepartment, ofCostCenter, ofGroup}
)

type finderYAML struct {
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
	Group          string      `yaml:"group"`
	Weight         int         `yaml:"weight"`
	AsOf           string      `yaml:"as_of"`
}

// managerYAML is 2, { level: 2 }, { up_to_grade: M3 } or { authority: amount }.
type managerYAML struct {
	Level     int         `yaml:"level"`
	UpToGrade source.Word `yaml:"up_to_grade"`
	Authority string      `yaml:"authority"`
	Every     bool        `yaml:"every"`
	Alone     int         `yaml:",alone"`
}

// headYAML is true, { level: 2 }, { every: true } or { of: cost_centers }.
type headYAML struct {
	Level int    `yaml:"level"`
	Every bool   `yaml:"every"`
	Of    string `yaml:"of"`
	Alone bool   `yaml:",alone"`
}

type amongYAML struct {
	Role       string `yaml:"role"`
	Department string `yaml:"department"`
}

// finder takes exactly one way to find approvers. matrices are the names that may
// be asked; nil where none may.
func (r *reading) finder(path string, raw finderYAML, matrices []string) Finder {
	f := Finder{Role: raw.Role, Of: raw.Of, TopManager: raw.TopManager, Person: raw.Person, Field: raw.Field,
		Matrix: raw.Matrix, Group: raw.Group, Weight: int64(raw.Weight)}
	f.Manager, f.Climb = r.climb(path+".manager", raw.Manager)
	f.DepartmentHead, f.Heads = r.heads(path+".department_head", raw.DepartmentHead)
	if raw.Choice != "" {
		f.Choice, f.Field = r.choice(path, raw), ""
	}
	if raw.Choice == choiceApprover {
		f.Of = ""
	}
	var given []string
	for _, by := range finderBys {
		if r.written(path+"."+by) && (by != "field" || raw.Choice == "") {
			given = append(given, by)
		}
	}
	if len(given) != 1 || f.way() == "" {
		r.badApprover(path, strings.Join(given, ", "), strings.Join(finderBys, ", "))
		return f
	}
	r.settings(path, raw, matrices == nil)
	switch {
	case raw.Choice == choiceApprover && matrices == nil:
		r.oneOf(path+".choice", raw.Choice, []string{choiceSubmitter})
	case f.Matrix != "" && matrices == nil: // in a row of a matrix
		r.badApprover(path+".matrix", "matrix", strings.Join(finderBys[:len(finderBys)-1], ", "))
	case f.Matrix != "":
		r.oneOf(path+".matrix", f.Matrix, matrices)
	case f.Role != "" && f.Of == "":
		f.Of = ofEntity
	case f.Role != "":
		r.oneOf(path+".of", f.Of, finderOfs)
	case f.Of != "":
		r.badApprover(path+".of", "of, "+given[0], "of, role")
	}
	if f.Choice == nil && r.written(path+".among") {
		r.badApprover(path+".among", "among, "+given[0], "among, choice")
	}
	return f
}

func (r *reading) badApprover(path, given, known string) {
	r.refuse("policy.bad_approver", path, fault.Arg("given", given), fault.Arg("known", known))
}

// settings reads what any way may carry; in a row of a matrix as_of belongs to
// the source that names the matrix.
func (r *reading) settings(path string, raw finderYAML, row bool) {
	if r.written(path + ".group") {
		r.id(path+".group", raw.Group)
	}
	if r.written(path + ".weight") {
		r.number(path+".weight", raw.Weight, 1, WeightMax)
	}
	known := []string{asOfSubmission, asOfActivation}
	if row || raw.Choice == choiceApprover {
		known = known[:1]
	}
	if r.written(path + ".as_of") {
		r.oneOf(path+".as_of", raw.AsOf, known)
	}
}

// climb reads how far up the managers to go: a plain level, or more than that.
func (r *reading) climb(path string, raw managerYAML) (level int, climb *Climb) {
	var given []string
	for _, by := range []string{"level", "up_to_grade", "authority"} {
		if r.written(path + "." + by) {
			given = append(given, by)
		}
	}
	switch {
	case !r.written(path):
		return 0, nil
	case raw.Alone != 0:
		r.number(path, raw.Alone, 1, LevelMax)
		return raw.Alone, nil
	case len(given) != 1:
		if r.written(path+".every") || len(given) > 1 {
			r.badApprover(path, strings.Join(given, ", "), "level, up_to_grade, authority")
		}
		return 0, nil
	case given[0] == "level":
		r.number(path+".level", raw.Level, 1, LevelMax)
	case given[0] == "up_to_grade":
		if raw.UpToGrade == "" {
			r.refuse("policy.empty", path+".up_to_grade")
		}
	default:
		r.oneOf(path+".authority", raw.Authority, []string{"amount"})
	}
	if given[0] == "level" && !raw.Every {
		return raw.Level, nil
	}
	return 0, &Climb{Level: raw.Level, Grade: string(raw.UpToGrade), Authority: raw.Authority != "", Every: raw.Every}
}

func (r *reading) heads(path string, raw headYAML) (own bool, heads *Heads) {
	if raw.Alone || !r.written(path) {
		return raw.Alone, nil
	}
	given := 0
	for _, by := range []string{"level", "every", "of"} {
		if r.written(path + "." + by) {
			given++
		}
	}
	if given == 0 {
		return false, nil
	}
	if given > 1 || r.written(path+".every") && !raw.Every {
		r.badApprover(path, "{…}", "true, { level: 2 }, { every: true }, { of: cost_centers }")
	}
	if r.written(path + ".level") {
		r.number(path+".level", raw.Level, 1, LevelMax)
	}
	if r.written(path + ".of") {
		r.oneOf(path+".of", raw.Of, []string{ofCostCenters})
	}
	return raw.Level == 1, headsOf(raw)
}

// headsOf leaves out level 1: it is the plain head of the department.
func headsOf(raw headYAML) *Heads {
	if raw.Level == 1 {
		return nil
	}
	return &Heads{Level: raw.Level, Every: raw.Every, Of: raw.Of}
}
