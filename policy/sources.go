package policy

import (
	"maps"
	"slices"
	"strconv"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/policy/doctype"
	"github.com/countersign/countersign/policy/source"
)

// source checks the ways of finding that look at more than a role, a person or a
// line of managers.
func (c *checking) source(path string, f Finder) {
	switch {
	case f.Role != "":
		c.posted(path, f)
	case f.Climb != nil:
		c.climb(path+".manager", *f.Climb)
	case f.Heads != nil:
		c.heads(path + ".department_head")
	case f.Choice != nil:
		c.choice(path, *f.Choice)
	case f.Matrix != "" && !c.seen[f.Matrix]:
		c.seen[f.Matrix] = true
		c.matrix("matrices."+f.Matrix, c.policy.Matrices[f.Matrix])
	}
}

// posted checks a role that is looked for elsewhere than in the entity: somebody
// must hold it at all.
func (c *checking) posted(path string, f Finder) {
	held := len(c.org.GroupHolders(f.Role)) > 0
	if f.Of != ofGroup {
		held = slices.ContainsFunc(slices.Collect(maps.Keys(c.org.Departments)), func(d string) bool {
			return f.Of == ofDepartment && len(c.org.DepartmentHolders(f.Role, d)) > 0 ||
				f.Of == ofCostCenter && len(c.org.CostCenterHolders(f.Role, c.org.Departments[d].CostCenter)) > 0
		})
	}
	if !held {
		c.add(LevelError, "policy.vacant_role", path+".role", fault.Arg("role", f.Role), fault.Arg("entity", f.Of))
	}
}

func (c *checking) climb(path string, climb Climb) {
	if _, known := c.org.Rank(climb.Grade); climb.Grade != "" && !known {
		c.add(LevelError, "policy.unknown_grade", path+".up_to_grade", fault.Arg("grade", climb.Grade))
	}
	if climb.Authority && len(c.org.Authorities) == 0 {
		c.add(LevelError, "policy.no_authorities", path+".authority")
	}
	c.chains(path, max(climb.Level, 1))
}

func (c *checking) choice(path string, choice Choice) {
	if choice.Field != "" {
		c.field(path+".field", choice.Field)
	}
	if choice.Role != "" {
		c.role(path+".among.role", choice.Role)
	} else if choice.Department != ownDepartment {
		c.department(path+".among.department", choice.Department)
	}
}

func (c *checking) matrix(path string, m Matrix) {
	for i, row := range m.Rows {
		at := path + ".rows[" + strconv.Itoa(i) + "]"
		for n, d := range row.Departments {
			c.department(at+".department["+strconv.Itoa(n)+"]", d)
		}
		for n, category := range row.Categories {
			c.category(at+".category["+strconv.Itoa(n)+"]", category)
		}
		for n, f := range row.Approvers {
			c.finder(at+".approvers["+strconv.Itoa(n)+"]", f)
		}
	}
}

func (c *checking) department(path, id string) {
	if _, ok := c.org.Departments[id]; !ok {
		c.add(LevelError, "policy.unknown_department", path, fault.Arg("department", id),
			fault.Arg("nearest", source.Nearest(id, slices.Sorted(maps.Keys(c.org.Departments)))))
	}
}

// category must be one of some type that goes by the policy.
func (c *checking) category(path, id string) {
	var names []string
	for _, t := range c.types {
		if _, ok := t.Category(id); ok {
			return
		}
		for _, known := range t.Categories {
			names = append(names, known.ID)
		}
	}
	if len(c.types) > 0 {
		c.add(LevelError, "policy.unknown_category", path, fault.Arg("category", id), fault.Arg("type", typeNames(c.types)),
			fault.Arg("nearest", source.Nearest(id, names)))
	}
}

func typeNames(types []*doctype.Type) string {
	var names []string
	for _, t := range types {
		names = append(names, t.ID)
	}
	return some(names)
}
