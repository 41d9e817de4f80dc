package policy

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/countersign/countersign/domain/org"
)

// class is requesters whom nothing in the policy can tell apart.
type class struct {
	person     string // one of them, the first by id
	entity     string
	department string
	grade      int // folded by the grades that conditions compare with
	people     int
}

// humans knows which accounts belong to one human, for the whole organisation at once.
type humans struct {
	of       map[string]string   // account → the human's first account; only who has several
	accounts map[string][]string // human → accounts
	twins    map[string][]string // account → accounts that look like the same human, and are not said to be
}

func (h *humans) behind(account string) string { return cmp.Or(h.of[account], account) }

func humansOf(snapshot *org.Snapshot) *humans {
	h := &humans{of: map[string]string{}, accounts: map[string][]string{}, twins: map[string][]string{}}
	for _, id := range sortedKeys(snapshot.People) {
		for _, alias := range snapshot.People[id].Aliases {
			h.join(h.behind(id), h.behind(alias))
		}
	}
	marks := map[string][]string{}
	for _, id := range sortedKeys(snapshot.People) {
		p := snapshot.People[id]
		for _, mark := range []string{"subject:" + p.Subject, "email:" + strings.ToLower(p.Email)} {
			if !strings.HasSuffix(mark, ":") {
				marks[mark] = append(marks[mark], id)
			}
		}
	}
	for _, accounts := range marks {
		for _, a := range accounts {
			for _, b := range accounts {
				if h.behind(a) != h.behind(b) && !slices.Contains(h.twins[a], b) {
					h.twins[a] = append(h.twins[a], b)
				}
			}
		}
	}
	return h
}

func (h *humans) join(a, b string) {
	if a == b {
		return
	}
	first := min(a, b)
	all := append(slices.Clone(h.all(a)), h.all(b)...)
	delete(h.accounts, a)
	delete(h.accounts, b)
	for _, account := range all {
		h.of[account] = first
	}
	h.accounts[first] = all
}

// all lists every account of a human.
func (h *humans) all(human string) []string {
	if accounts, ok := h.accounts[human]; ok {
		return accounts
	}
	return []string{human}
}

// fold puts requesters into classes. Whoever holds a role, leads, is named by the
// policy or has a second account is a class of their own.
func (c *proving) fold() []class {
	special := c.special()
	byKey := map[class]int{}
	var classes []class
	for _, id := range sortedKeys(c.org.People) {
		p := c.org.People[id]
		department, ok := c.departmentOf(p)
		if !p.Active || !ok {
			continue // they can request nothing
		}
		one := class{person: id, entity: p.Entity, department: department, grade: c.cuts.gradeOf(p.Grade), people: 1}
		if special[id] {
			classes = append(classes, one)
			continue
		}
		key := one
		key.person = p.Manager
		if c.readsGrades {
			key.grade = p.Grade
		}
		if at, ok := byKey[key]; ok {
			classes[at].people++
			continue
		}
		byKey[key] = len(classes)
		classes = append(classes, one)
	}
	return classes
}

// departmentOf is a department that a person may request for in their own
// entity: their own, or where that is another entity's, the first.
func (c *proving) departmentOf(p org.Person) (string, bool) {
	if d, ok := c.org.Departments[p.Department]; ok && d.Entity == p.Entity {
		return d.ID, true
	}
	id, ok := c.firstDepartment[p.Entity]
	return id, ok
}

func (c *proving) special() map[string]bool {
	special := map[string]bool{}
	for _, g := range c.org.Grants {
		special[g.Person] = true
	}
	for _, d := range c.org.Departments {
		special[d.Head] = true
	}
	for id, p := range c.org.People {
		special[p.Manager] = true
		if p.Manager == id || c.humans.of[id] != "" || len(c.humans.twins[id]) > 0 {
			special[id] = true
		}
	}
	for _, id := range c.named {
		special[id] = true
	}
	return special
}

// core is what every request for one entity may come to meet: the holders of its
// roles, whom the policy names, and everybody above them.
type core struct {
	people map[string]org.Person
	grants []org.Grant
}

func (c *proving) coreOf(entity string) *core {
	if known, ok := c.cores[entity]; ok {
		return known
	}
	k := &core{people: map[string]org.Person{}}
	for _, g := range c.org.Grants {
		if g.Covers(entity) {
			k.grants = append(k.grants, g)
			c.addLine(k.people, g.Person)
		}
	}
	for _, id := range c.named {
		c.addLine(k.people, id)
	}
	c.cores[entity] = k
	return k
}

// addLine adds a person with all their accounts, and everybody above them.
func (c *proving) addLine(people map[string]org.Person, id string) {
	for _, account := range c.humans.all(c.humans.behind(id)) {
		for at := account; ; {
			p, ok := c.org.People[at]
			if _, known := people[at]; !ok || known {
				break
			}
			people[at] = p
			at = p.Manager
		}
	}
}

// around is the part of the organisation that routing one request looks at: the
// plan is the same as over the whole, and takes microseconds. More people in it
// change nothing, so requests of one department share it and it grows.
func (c *proving) around(entity, department string, interested ...string) *org.Snapshot {
	if !c.fixed {
		return c.org // a source of approvers may look anywhere
	}
	key := [2]string{entity, department}
	s, ok := c.parts[key]
	if !ok {
		k := c.coreOf(entity)
		part := *c.org
		part.People, part.Grants, part.Departments = maps.Clone(k.people), k.grants, map[string]org.Department{}
		s = &part
		for at := department; at != ""; {
			d, ok := c.org.Departments[at]
			if _, known := s.Departments[at]; !ok || known {
				break
			}
			s.Departments[at] = d
			c.addLine(s.People, d.Head)
			at = d.Parent
		}
		c.closeAliases(s.People)
		c.parts = map[[2]string]*org.Snapshot{key: s} // the last one: classes come by department
	}
	before := len(s.People)
	for _, id := range interested {
		c.addLine(s.People, id)
	}
	if len(s.People) > before {
		c.closeAliases(s.People)
	}
	return s
}

// closeAliases adds the other accounts of everybody there, with those above them,
// until nobody is missing.
func (c *proving) closeAliases(people map[string]org.Person) {
	for grown := true; grown; {
		grown = false
		for id := range people {
			human, several := c.humans.of[id]
			if !several {
				continue
			}
			for _, account := range c.humans.accounts[human] {
				if _, known := people[account]; !known && c.org.People[account].ID != "" {
					c.addLine(people, account)
					grown = true
				}
			}
		}
	}
}

// mentioned lists the people whose ids the policy writes anywhere.
func mentioned(p *Policy, snapshot *org.Snapshot) []string {
	text, err := json.Marshal(p)
	if err != nil {
		return nil
	}
	var whole any
	if json.Unmarshal(text, &whole) != nil {
		return nil
	}
	found := map[string]bool{}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			if _, ok := snapshot.People[v]; ok {
				found[v] = true
			}
		case []any:
			for _, one := range v {
				walk(one)
			}
		case map[string]any:
			for _, one := range v {
				walk(one)
			}
		}
	}
	walk(whole)
	return sortedKeys(found)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
