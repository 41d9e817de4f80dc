package policy

import (
	"cmp"
	"slices"
	"strings"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/org"
)

// Found is somebody whom a way of a policy could find for a document of an entity.
type Found struct {
	Person string
	Entity string
	Way    string     // as in Approver.Via
	Grant  *org.Grant // by which they hold the role; nil for any other way
	Sure   bool       // every document of the entity finds them there, unless it is their own
}

// Finds lists whom a way could find at all, over an organisation as it stood: where it
// depends on who asks, everybody whom it finds for somebody. Fields that hold a person
// find anybody, and are not listed: see FindsAnybody.
func (f Finder) Finds(s *org.Snapshot, entity string, above *money.Amount) []Found {
	add := func(people []org.Person, sure bool) (all []Found) {
		for _, p := range people {
			all = append(all, Found{Person: p.ID, Entity: entity, Way: f.way(), Sure: sure})
		}
		return all
	}
	switch {
	case f.Role != "" && (f.Of == "" || f.Of == ofEntity || f.Of == ofGroup):
		return f.granted(s, entity)
	case f.Role != "":
		return add(posted(s, f.Role, f.Of, entity), false)
	case f.Person != "":
		return add(active(s, f.Person), true)
	case f.Choice != nil && f.Choice.Role != "":
		return add(s.Holders(f.Choice.Role, entity), false)
	case f.DepartmentHead || f.Heads != nil:
		return add(departmentHeads(s, entity), false)
	case f.Manager != 0 || f.TopManager || f.Climb != nil:
		return add(slices.DeleteFunc(managersOf(s, entity), func(p org.Person) bool {
			return f.Climb != nil && f.Climb.Authority && !f.Climb.Every && !reaches(s, p.ID, entity, above)
		}), false)
	}
	return nil
}

// FindsAnybody says whether a way finds whomever somebody names.
func (f Finder) FindsAnybody() bool {
	return f.Field != "" || f.Choice != nil && f.Choice.Role == ""
}

// granted lists the holders of a role, each with the grant that makes them one.
func (f Finder) granted(s *org.Snapshot, entity string) []Found {
	var all []Found
	for _, g := range s.Grants {
		covers := g.Role == f.Role && g.Covers(entity) && (f.Of != ofGroup || g.Everywhere())
		if covers && s.Active(g.Person) {
			all = append(all, Found{Person: g.Person, Entity: entity, Way: f.way(), Grant: &g, Sure: true})
		}
	}
	slices.SortFunc(all, func(a, b Found) int {
		return cmp.Or(strings.Compare(a.Person, b.Person), strings.Compare(access.Key(*a.Grant), access.Key(*b.Grant)))
	})
	return all
}

func active(s *org.Snapshot, person string) []org.Person {
	if !s.Active(person) {
		return nil
	}
	return []org.Person{s.People[person]}
}

// posted are those with a post of a role in a department or cost centre of an entity.
func posted(s *org.Snapshot, role, of, entity string) []org.Person {
	return those(s, func(id string) bool {
		return slices.ContainsFunc(s.Posts, func(p org.Post) bool {
			here := of == ofDepartment && s.Departments[p.Department].Entity == entity
			here = here || of == ofCostCenter && p.CostCenter != ""
			return p.Person == id && p.Role == role && here
		})
	})
}

func departmentHeads(s *org.Snapshot, entity string) []org.Person {
	return those(s, func(id string) bool {
		for _, d := range s.Departments {
			if d.Head == id && d.Entity == entity {
				return true
			}
		}
		return false
	})
}

// managersOf are those who stand above somebody of an entity.
func managersOf(s *org.Snapshot, entity string) []org.Person {
	above := map[string]bool{}
	for _, p := range s.People {
		if p.Entity != entity || !p.Active {
			continue
		}
		for _, m := range s.Chain(p.ID) {
			above[m.ID] = true
		}
	}
	return those(s, func(id string) bool { return above[id] })
}

func those(s *org.Snapshot, is func(id string) bool) []org.Person {
	var all []org.Person
	for id, p := range s.People {
		if p.Active && is(id) {
			all = append(all, p)
		}
	}
	slices.SortFunc(all, func(a, b org.Person) int { return strings.Compare(a.ID, b.ID) })
	return all
}

// reaches says whether somebody's limit of authority lies above an amount; true where it
// is in another currency, for that is not compared here.
func reaches(s *org.Snapshot, person, entity string, above *money.Amount) bool {
	a, ok := s.AuthorityOf(person, entity)
	if !ok || a.Unlimited || above == nil || a.Currency != string(above.Currency) {
		return ok
	}
	below, err := money.Parse(a.Below, above.Currency)
	return err != nil || below.Minor > above.Minor+1
}

// QueueHolders are who decides for the admin queue in an entity, where a way finds nobody.
func QueueHolders(s *org.Snapshot, entity string) []Found {
	all := Finder{Role: access.Admin}.granted(s, entity)
	for i := range all {
		all[i].Way, all[i].Sure = approval.AdminQueue, false
	}
	return all
}
