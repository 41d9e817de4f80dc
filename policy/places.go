package policy

import (
	"slices"
	"strconv"

	"github.com/countersign/countersign/domain/approval"
)

// Passed is somebody who was found for a step and not asked.
type Passed struct {
	Person string `json:"person"`
	Why    string `json:"why"` // as Approver.Via says it (fallback:…), or passed:grade
}

// passedGrade says that a manager is below the grade, or level, that is asked for.
const passedGrade = "passed:grade"

// Remark says how one source of a step's approvers was searched.
type Remark struct {
	Step   string   `json:"step"`
	Way    string   `json:"way"`    // as in Approver.Via: role:finance_clerk
	Passed []Passed `json:"passed"` // over whom it went, in the order they were met

	Copy bool `json:"copy,omitempty"` // it looked for people to copy in; Step is "" where that is for the whole policy
}

// unit is who was found for one place that a step cannot do without: a source, or
// a group.
type unit struct {
	name  string
	found []approval.Approver
}

// approvers finds who decides a step: each human once, active and uninterested.
// Where nobody is left it is the admin queue, never nobody.
func (s *search) approvers(step Step) ([]approval.Approver, []Remark) {
	var units []unit
	var remarks []Remark
	for i, f := range step.Approvers {
		s.passed = nil
		for _, a := range s.find(f) {
			units = into(units, placed(a, f, step.Mode, i))
		}
		if len(s.passed) > 0 {
			remarks = append(remarks, Remark{Step: step.ID, Way: f.way(), Passed: slices.Clip(s.passed)})
		}
	}
	switch step.Mode {
	case approval.Ratio, approval.PerGroup:
		return s.oneEach(units, step.Mode), remarks
	}
	var found []approval.Approver
	for _, u := range units {
		for _, a := range u.found {
			if !s.has(found, a) {
				found = append(found, a)
			}
		}
	}
	return enoughOf(found, step), remarks
}

// placed gives an approver the group and weight that the mode asks for, and
// names the unit they belong to.
func placed(a approval.Approver, f Finder, mode approval.Mode, source int) unit {
	group, weight := a.Group, a.Weight
	if f.Group != "" || group == "" {
		group = f.Group
	}
	if group == "" {
		group = f.way()
	}
	if weight == 0 {
		weight = f.Weight
	}
	a.Group, a.Weight = "", 0
	switch mode {
	case approval.PerGroup:
		a.Group = group
		return unit{name: group, found: []approval.Approver{a}}
	case approval.Ratio:
		a.Weight = weight
	}
	return unit{name: strconv.Itoa(source), found: []approval.Approver{a}}
}

func into(units []unit, u unit) []unit {
	for i := range units {
		if units[i].name == u.name {
			units[i].found = append(units[i].found, u.found...)
			return units
		}
	}
	return append(units, u)
}

func (s *search) has(found []approval.Approver, a approval.Approver) bool {
	return slices.ContainsFunc(found, func(b approval.Approver) bool { return s.human(a.Person) == s.human(b.Person) })
}

// enoughOf asks the admin queue only where people are missing: in any_of where
// there is nobody, in a quorum for each place that nobody fills. The quorum is
// never made smaller.
func enoughOf(found []approval.Approver, step Step) []approval.Approver {
	people := slices.DeleteFunc(slices.Clone(found), func(a approval.Approver) bool { return !isHuman(a) })
	switch {
	case step.Mode == approval.Quorum:
		for len(people) < step.Votes.Count {
			people = append(people, queue(viaQuorum)...)
		}
		return people
	case step.Mode == approval.AnyOf && len(people) > 0:
		return people
	}
	return found
}

// oneEach keeps a place for every unit, so that no group and no weight is lost
// when one human was found twice: the later unit goes up from them to the next
// different human, else to the admin queue.
func (s *search) oneEach(units []unit, mode approval.Mode) []approval.Approver {
	var found []approval.Approver
	for _, u := range units {
		var own []approval.Approver
		for _, a := range u.found {
			if isHuman(a) && !s.has(found, a) && !s.has(own, a) {
				own = append(own, a)
			}
		}
		first := u.found[0]
		for _, a := range u.found {
			if !isHuman(a) && (len(own) == 0 || mode == approval.Ratio) {
				own = append(own, a)
				break
			}
		}
		if len(own) == 0 {
			first.Person, first.Via = s.beyond(first.Person, found), viaAsked
			own = append(own, first)
		}
		found = append(found, own...)
	}
	return found
}

// beyond is the nearest manager above somebody who may decide and has no place yet.
func (s *search) beyond(person string, found []approval.Approver) string {
	for _, m := range s.org.Chain(person) {
		if s.eligible(m.ID) && !s.has(found, approval.Approver{Person: m.ID}) {
			return m.ID
		}
	}
	return approval.AdminQueue
}
