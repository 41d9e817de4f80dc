package access

import (
	"slices"

	"github.com/countersign/countersign/domain/org"
)

// Explanation is why somebody may do something, or why not. 权限说明
type Explanation struct {
	Allowed bool
	Reason  string // as Can gives it
	By      Way    // what lets them; the zero one where nothing does
	Has     []Way  // what gives them the permission, each with whether it reaches the object
	Roles   []string
}

// Way is one role of theirs that gives a permission, as far as it reaches.
type Way struct {
	Grant   org.Grant // the role employee, which everybody has, and that of a head come without one
	Role    string
	Reach   Reach
	Reaches bool // the object lies within it
}

// Explain says why Can answers as it does: by which role, and what others would do.
// It asks what Can asks.
func Explain(s Subject, permission string, o Object) Explanation {
	var e Explanation
	e.Allowed, e.Reason = Can(s, permission, o)
	for _, role := range append(Roles(), DepartmentHead) {
		if len(table[role][permission]) > 0 {
			e.Roles = append(e.Roles, role)
		}
	}
	for _, g := range rolesOf(s) {
		for _, r := range table[g.Role][permission] {
			w := Way{Grant: g, Role: g.Role, Reach: r}
			w.Reaches = held{r, g.Entity, g.Department}.covers(s, o) != ""
			e.Has = append(e.Has, w)
		}
	}
	at := slices.IndexFunc(e.Has, func(w Way) bool {
		return held{w.Reach, w.Grant.Entity, w.Grant.Department}.covers(s, o) == e.Reason
	})
	if e.Allowed && at >= 0 {
		e.By = e.Has[at]
	}
	return e
}
