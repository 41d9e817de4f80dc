package policy

import (
	"slices"
	"strconv"
	"strings"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
)

// Who chooses.
const (
	choiceSubmitter = "submitter" // in a field of the document
	choiceApprover  = "approver"  // whoever passes an earlier step
)

// When approvers are found.
const (
	asOfSubmission = "submission" // with the plan
	asOfActivation = "activation" // when the step is reached
)

// choice reads who chooses, and among whom.
func (r *reading) choice(path string, raw finderYAML) *Choice {
	r.oneOf(path+".choice", raw.Choice, []string{choiceSubmitter, choiceApprover})
	c := &Choice{Field: raw.Field, Role: raw.Among.Role, Department: raw.Among.Department}
	switch {
	case raw.Choice == choiceApprover && raw.Field != "":
		r.badApprover(path+".field", "field, choice: approver", "of, among")
	case raw.Choice == choiceApprover:
		c.Step = raw.Of
	case raw.Field == "":
		r.refuse("yaml.missing_key", path, fault.Arg("key", "field"))
	}
	if (raw.Among.Role == "") == (raw.Among.Department == "") {
		r.badApprover(path+".among", among(raw.Among), "{ role: … }, { department: … }")
	}
	return c
}

func among(raw amongYAML) string {
	given := []string{raw.Role, raw.Department}
	return strings.Join(slices.DeleteFunc(given, func(s string) bool { return s == "" }), ", ")
}

// chooser settles whose approvers choose, where a step leaves it to them: those of
// the step named, or of the one before it.
func (r *reading) chooser(path string, s *Step, raw []finderYAML, p *Policy, in []Place) {
	for i, f := range raw {
		at := path + "[" + strconv.Itoa(i) + "]"
		if f.Choice != choiceApprover || s.Approvers[i].Choice == nil {
			continue
		}
		if len(raw) > 1 {
			r.refuse("policy.choice_alone", at)
		}
		if !slices.Contains([]approval.Mode{approval.AnyOf, approval.AllOf, approval.InOrder}, s.Mode) {
			r.refuse("policy.not_in_mode", at, fault.Arg("key", "choice: approver"), fault.Arg("mode", string(s.Mode)))
		}
		var known []string
		for _, e := range p.Steps {
			if !siblings(e.In, in) { // of a branch that has joined, too: it is over by then
				known = append(known, e.ID)
			}
		}
		of := &s.Approvers[i].Choice.Step
		if *of == "" {
			*of = stepBefore(p.Steps, in)
		}
		switch {
		case *of == "" || len(known) == 0:
			r.refuse("policy.chooser_unclear", at)
		case f.Of != "":
			r.oneOf(at+".of", *of, known)
		}
	}
}

// stepBefore is the step that comes right before a place, past sibling branches;
// "" where there is none, or where several branches have just met.
func stepBefore(earlier []Step, in []Place) string {
	for _, e := range slices.Backward(earlier) {
		if onTheWay(e.In, in) {
			return e.ID
		}
		if !siblings(e.In, in) {
			return ""
		}
	}
	return ""
}

// siblings says whether two places are in different branches of one fork: steps
// there are asked at the same time.
func siblings(a, b []Place) bool {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return a[i].Fork == b[i].Fork
		}
	}
	return false
}

// chooser is the step whose approvers choose those of this one, or "".
func (s Step) chooser() string {
	if len(s.Approvers) == 1 && s.Approvers[0].Choice != nil {
		return s.Approvers[0].Choice.Step
	}
	return ""
}
