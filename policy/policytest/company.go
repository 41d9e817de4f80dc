// Package policytest makes organisations to try policies on.
package policytest

import (
	"fmt"
	"math/rand/v2"

	"github.com/countersign/countersign/domain/org"
)

// The sizes of a generated company.
const (
	teamMax      = 9  // people under one lead
	teamsMax     = 4  // leads in one department
	clerks       = 6  // finance clerks of one entity
	financeHeads = 2  // of one entity
	entityCount  = 3  // legal entities
	topMax       = 12 // departments directly under the chief
)

// Company generates an organisation of so many people, the same for the same seed:
// a chief; in each legal entity a finance department with clerks and heads of
// finance; departments in a tree, each with a head, team leads and members; three
// administrators. Everybody is active and nobody has a second account.
func Company(seed uint64, people int) *org.Snapshot {
	g := &generator{random: rand.New(rand.NewPCG(seed, seed)), most: people, org: &org.Snapshot{
		Version: 1, People: map[string]org.Person{}, Departments: map[string]org.Department{},
		Entities: map[string]org.LegalEntity{}, Suppliers: map[string]org.Supplier{},
	}}
	for i := range entityCount {
		id := fmt.Sprintf("e%d", i+1)
		g.org.Entities[id] = org.LegalEntity{ID: id, Currency: "CNY", Zone: "Asia/Shanghai", Calendar: "cn-office",
			Name: map[string]string{"en": "Company " + id, "zh-CN": "公司 " + id}}
	}
	g.department("board", "e1", "")
	chief := g.person("e1", "board", "", 9)
	g.head("board", chief)
	for range 3 {
		g.org.Grants = append(g.org.Grants, org.Grant{Person: g.person("e1", "board", chief, 5), Role: "admin"})
	}
	for i := range entityCount {
		g.finance(fmt.Sprintf("e%d", i+1), chief)
	}
	var parents []string
	for n := 0; len(g.org.People) < people; n++ {
		parent := "board"
		if n >= topMax {
			parent = parents[g.random.IntN(len(parents))]
		}
		parents = append(parents, g.unit(n, parent))
	}
	for i, kind := range []string{"goods", "services", "related_party"} {
		id := fmt.Sprintf("s%d", i+1)
		g.org.Suppliers[id] = org.Supplier{ID: id, Name: "Supplier " + id, Kind: kind}
	}
	return g.org
}

type generator struct {
	random *rand.Rand
	most   int
	org    *org.Snapshot
}

func (g *generator) person(entity, department, manager string, grade int) string {
	id := fmt.Sprintf("p%05d", len(g.org.People)+1)
	g.org.People[id] = org.Person{ID: id, Name: "员工" + id[1:], Email: id + "@example.com", Locale: "zh-CN", Entity: entity,
		Department: department, CostCenter: "CC-" + department, Manager: manager, Grade: grade, Active: true}
	return id
}

func (g *generator) department(id, entity, parent string) {
	g.org.Departments[id] = org.Department{ID: id, Entity: entity, Parent: parent, CostCenter: "CC-" + id,
		Name: map[string]string{"en": id, "zh-CN": id}}
}

func (g *generator) head(department, person string) {
	d := g.org.Departments[department]
	d.Head = person
	g.org.Departments[department] = d
}

// finance is an entity's finance department: its head, a second head of finance,
// and the clerks.
func (g *generator) finance(entity, chief string) {
	id := "finance-" + entity
	g.department(id, entity, "board")
	head := g.person(entity, id, chief, 7)
	g.head(id, head)
	for i := range financeHeads {
		if i > 0 {
			head = g.person(entity, id, g.org.Departments[id].Head, 6)
		}
		g.org.Grants = append(g.org.Grants, org.Grant{Person: head, Role: "finance_head", Entity: entity})
	}
	for range clerks {
		clerk := g.person(entity, id, g.org.Departments[id].Head, 4)
		g.org.Grants = append(g.org.Grants, org.Grant{Person: clerk, Role: "finance_clerk", Entity: entity})
	}
}

// unit is a department of its own: a head, leads and members, as far as people last.
func (g *generator) unit(n int, parent string) string {
	up := g.org.Departments[parent]
	entity := up.Entity
	if parent == "board" {
		entity = fmt.Sprintf("e%d", n%entityCount+1)
	}
	id := fmt.Sprintf("d%04d", n+1)
	g.department(id, entity, parent)
	head := g.person(entity, id, up.Head, 6)
	g.head(id, head)
	for range 1 + g.random.IntN(teamsMax) {
		if len(g.org.People) >= g.most {
			break
		}
		lead := g.person(entity, id, head, 5)
		for range 3 + g.random.IntN(teamMax-2) {
			if len(g.org.People) < g.most {
				g.person(entity, id, lead, 1+g.random.IntN(4))
			}
		}
	}
	return id
}
