package access

import (
	"slices"
	"strings"

	"github.com/countersign/countersign/domain/org"
)

// Where is where the role of a way is looked for.
type Where string

// Grants are of an entity or of the whole group, posts of a department or a cost centre.
const (
	OfEntity     Where = "entity"
	OfGroup      Where = "group"
	OfDepartment Where = "department"
	OfCostCenter Where = "cost_center"
)

// roleWays are the last words but one of a way that finds people by a role. timeout is
// the role that an overdue task goes to.
var roleWays = map[string]Where{
	"role": OfEntity, "timeout": OfEntity, "group_role": OfGroup, "department_role": OfDepartment,
	"cost_center_role": OfCostCenter,
}

// RoleOf is the role by which a way of finding (Approver.Via) gives tasks, and where it is
// looked for; "" where it is not by a role.
func RoleOf(way string) (role string, of Where) {
	words := strings.Split(way, ":")
	if len(words) < 2 {
		return "", ""
	}
	of, ok := roleWays[words[len(words)-2]]
	if !ok {
		return "", ""
	}
	return words[len(words)-1], of
}

// RolePlace is where a document asks for a role.
type RolePlace struct{ Entity, Department string }

// StillHeld says whether somebody to whom a way of finding gave a task holds the role now;
// true where it was not by a role. A post in a department above, or in whichever cost
// centre, is the role still.
func StillHeld(s *org.Snapshot, way, person string, at RolePlace) bool {
	role, of := RoleOf(way)
	posted := func(in func(org.Post) bool) bool {
		return slices.ContainsFunc(s.Posts, func(p org.Post) bool { return p.Person == person && p.Role == role && in(p) })
	}
	switch of {
	case OfEntity:
		return isAmong(s.Holders(role, at.Entity), person)
	case OfGroup:
		return isAmong(s.GroupHolders(role), person)
	case OfDepartment:
		above := s.Above(at.Department)
		return posted(func(p org.Post) bool { return slices.Contains(above, p.Department) })
	case OfCostCenter:
		return posted(func(p org.Post) bool { return p.CostCenter != "" })
	}
	return true
}

// HoldersBy lists who holds now the role of a way of finding, by id; nobody for a cost
// centre, which a route knows.
func HoldersBy(s *org.Snapshot, way string, at RolePlace) []org.Person {
	switch role, of := RoleOf(way); of {
	case OfEntity:
		return s.Holders(role, at.Entity)
	case OfGroup:
		return s.GroupHolders(role)
	case OfDepartment:
		return s.DepartmentHolders(role, at.Department)
	}
	return nil
}

func isAmong(people []org.Person, id string) bool {
	return slices.ContainsFunc(people, func(p org.Person) bool { return p.ID == id })
}
