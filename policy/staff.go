package policy

import (
	"cmp"
	"slices"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
)

// viaNoChoice says that nobody was chosen who may decide.
const viaNoChoice = "fallback:no_choice"

// Staff finds the approvers of one step when a document reaches it: by the version
// of the policy that the plan is pinned to, the content as it was submitted and
// the organisation as it is now (as_of: activation). Where nobody may be asked it
// is the admin queue, never nobody. That the step is needed was judged by the plan
// and is not judged again.
//
// RouteInput.Asked keeps apart those whom distinct_from keeps apart: nobody with a
// part in the other step is found here. nil: the others are searched anew as well.
//
// Errors: Invalid policy.unknown_step, unknown_entity, no_rate, unknown_grade or
// too_many_approvers; the step then goes to the admin queue.
func Staff(in RouteInput, step string) ([]approval.Approver, error) {
	i := slices.IndexFunc(in.Policy.Steps, func(s Step) bool { return s.ID == step })
	if i < 0 {
		return nil, fault.New(fault.Invalid, "policy.unknown_step", fault.Arg("step", step))
	}
	if _, ok := in.Org.Entities[in.Content.Entity]; !ok {
		return nil, fault.New(fault.Invalid, "policy.unknown_entity",
			fault.Field("entity"), fault.Arg("entity", in.Content.Entity))
	}
	seen, err := in.sight()
	if err != nil {
		return nil, err
	}
	s := in.Policy.Steps[i]
	find := in.search(seen.Input, byAccount(in.Org.Humans()))
	if find.barred, err = in.barred(s, find); err != nil {
		return nil, err
	}
	var found approval.Step
	if _, err := in.Policy.staff(s, &found, find); err != nil {
		return nil, err
	}
	if found.Late != nil && found.Late.Chooser != "" {
		return queue(viaNoChoice), nil
	}
	return found.Approvers, nil
}

// barred is everybody with a part in a step that needs other humans than this one,
// whichever of the two says so.
func (in RouteInput) barred(s Step, find *search) (map[string]string, error) {
	barred := map[string]string{}
	for _, other := range in.Policy.Steps {
		says := slices.Contains(s.DistinctSteps, other.ID)
		if !says && (in.Asked == nil || !slices.Contains(other.DistinctSteps, s.ID)) {
			continue
		}
		asked, err := in.askedIn(other, find)
		if err != nil {
			return nil, err
		}
		for _, person := range asked {
			if person != approval.AdminQueue {
				barred[find.human(person)] = other.ID
			}
		}
	}
	return barred, nil
}

// askedIn is who has a part in another step: as the caller knows, else as it would
// be routed now. A step names only earlier ones, so this comes to an end.
func (in RouteInput) askedIn(s Step, find *search) ([]string, error) {
	if in.Asked != nil {
		return in.Asked[s.ID], nil
	}
	before := find.barred
	defer func() { find.barred = before }()
	var err error
	if find.barred, err = in.barred(s, find); err != nil {
		return nil, err
	}
	var found approval.Step
	if _, err := in.Policy.staff(s, &found, find); err != nil {
		return nil, err
	}
	var asked []string
	for _, a := range found.Approvers {
		asked = append(asked, a.Person)
	}
	return asked, nil
}

// among lists whom earlier approvers may choose: those who hold the role or work in
// the department and may decide, each human once, by id.
func (s *search) among(c Choice) []string {
	var people []org.Person
	if c.Role != "" {
		people = s.org.Holders(c.Role, s.content.Entity)
	} else {
		people = s.members(c.Department)
	}
	var ids []string
	var found []approval.Approver
	for _, p := range people {
		if len(ids) > AmongMax {
			break // too many already
		}
		if a := (approval.Approver{Person: p.ID}); s.eligible(p.ID) && !s.has(found, a) {
			found, ids = append(found, a), append(ids, p.ID)
		}
	}
	return ids
}

// members are the people of a department and of those below it, by id.
func (s *search) members(department string) []org.Person {
	if department == ownDepartment {
		department = s.content.Department
	}
	below := map[string]bool{}
	for id := range s.org.Departments {
		below[id] = slices.Contains(s.org.Above(id), department)
	}
	var people []org.Person
	for _, p := range s.org.People {
		if below[p.Department] {
			people = append(people, p)
		}
	}
	slices.SortFunc(people, func(a, b org.Person) int { return cmp.Compare(a.ID, b.ID) })
	return people
}
