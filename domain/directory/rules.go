package directory

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/domain/org"
)

// What of a user is the subject by which the identity provider knows them.
const (
	SubjectExternal = "external_id"
	SubjectUserName = "user_name"
	SubjectNone     = "none"
)

// Rules say what of a directory becomes our organisation. 目录映射规则
type Rules struct {
	Department  string            // of whom the directory puts in none that we know; "" refuses them
	Locale      string            // of who has no language
	Subject     string            // SubjectExternal, SubjectUserName or SubjectNone
	Issuer      string            // before the subject, where several providers are trusted
	Departments map[string]string // what the directory calls a department → our id
	Groups      []GroupRule
}

// GroupRule is what being in a group means.
type GroupRule struct {
	Group      string // its displayName; "" where its id is given
	ID         string // its externalId, which nobody can take by naming a group so
	Role       string // a grant of this role, for Entity ("" = every entity)
	Entity     string
	Department string // works in this department, whatever the user says
}

// Membership is one group that somebody is in.
type Membership struct {
	Name, External string
}

func (g GroupRule) of(m Membership) bool {
	if g.ID != "" {
		return g.ID == m.External
	}
	return strings.EqualFold(g.Group, m.Name)
}

// Maps says whether a group means anything here.
func (r Rules) Maps(m Membership) bool {
	return slices.ContainsFunc(r.Groups, func(g GroupRule) bool { return g.of(m) })
}

// House is what the rules need to know of the organisation.
type House struct {
	Departments map[string]org.Department
}

// Known is what the house knows of a user before a change: as whom the directory told
// of them last, who they are in the organisation, and the groups they are in now.
type Known struct {
	Was    Resource
	Before org.Person // the zero person where nobody knows them yet
	In     []Membership
}

// Person is who a user is in our organisation. What the directory does not say stays;
// a manager whom it takes back does not.
//
// Errors: Invalid scim.no_department.
func (r Rules) Person(u Resource, known Known, house House) (org.Person, error) {
	before, in := known.Before, known.In
	p := before
	fresh := before.ID == ""
	p.ID, p.Active = u.ID, u.Active()
	if u.Deleted { // it says nothing of them any more
		return p, nil
	}
	p.Name = cmp.Or(u.Text("displayName"), u.Text("name", "formatted"), fullName(u), before.Name, u.Name())
	p.Email = cmp.Or(u.Email(), before.Email)
	p.Locale = cmp.Or(localeOf(cmp.Or(u.Text("preferredLanguage"), u.Text("locale"))), before.Locale, r.Locale)
	if told := u.Text(Enterprise, "manager", "value"); told != known.Was.Text(Enterprise, "manager", "value") {
		p.Manager = told
	}
	if fresh {
		p.Subject = r.subject(u)
	}
	told := u.Text(Enterprise, "department")
	department, ok := r.department(told, in, house)
	if !ok {
		department = cmp.Or(before.Department, r.Department)
	}
	if department == "" {
		return p, bad("scim.no_department", "department", told)
	}
	moved := department != before.Department
	p.Department = department
	if of := house.Departments[department]; moved {
		p.Entity = of.Entity
		p.CostCenter = of.CostCenter
	}
	p.CostCenter = cmp.Or(u.Text(Enterprise, "costCenter"), p.CostCenter)
	return p, nil
}

func fullName(u Resource) string {
	given, family := u.Text("name", "givenName"), u.Text("name", "familyName")
	if han(family) {
		return family + given
	}
	return strings.TrimSpace(given + " " + family)
}

// han says whether a name is written in Chinese characters: family name first.
func han(name string) bool {
	for _, c := range name {
		return c >= 0x4e00 && c <= 0x9fff
	}
	return false
}

func localeOf(language string) string {
	switch {
	case language == "":
		return ""
	case strings.HasPrefix(strings.ToLower(language), "zh"):
		return "zh-CN"
	}
	return "en"
}

// Email is where a user is written to: the primary address, else that of work, else
// the first, else the userName where it is one.
func (r Resource) Email() string {
	if best, _ := r.address(); best != "" || !strings.Contains(r.Name(), "@") {
		return best
	}
	return r.Name()
}

// WorkEmail is the primary address, or that of work, "" where there is neither: others,
// such as that of a home, are whoever's who typed them.
func (r Resource) WorkEmail() string {
	if best, rank := r.address(); rank > 0 {
		return best
	}
	return ""
}

// address is the best address, and how good it is: 2 the primary one, 1 that of work.
func (r Resource) address() (best string, rank int) {
	list, _ := r.Attributes["emails"].([]any)
	rank = -1
	for _, v := range list {
		object, _ := v.(map[string]any)
		at := 0
		if kind, _ := object["type"].(string); strings.EqualFold(kind, "work") {
			at = 1
		}
		if object["primary"] == true {
			at = 2
		}
		if value := valueOf(object); strings.Contains(value, "@") && at > rank {
			best, rank = value, at
		}
	}
	return best, rank
}

func (r Rules) subject(u Resource) string {
	subject := ""
	switch r.Subject {
	case SubjectExternal:
		subject = u.External()
	case SubjectUserName:
		subject = u.Name()
	}
	if subject != "" && r.Issuer != "" {
		return r.Issuer + "|" + subject
	}
	return subject
}

// department finds where somebody works: what a group says, else what the rules call
// the department, else the one of that id or name.
func (r Rules) department(told string, in []Membership, house House) (string, bool) {
	for _, g := range r.Groups {
		if g.Department != "" && slices.ContainsFunc(in, g.of) && house.has(g.Department) {
			return g.Department, true
		}
	}
	if told == "" {
		return "", false
	}
	for _, name := range slices.Sorted(maps.Keys(r.Departments)) {
		if strings.EqualFold(name, told) && house.has(r.Departments[name]) {
			return r.Departments[name], true
		}
	}
	if house.has(told) {
		return told, true
	}
	for _, id := range slices.Sorted(maps.Keys(house.Departments)) {
		for _, name := range house.Departments[id].Name {
			if strings.EqualFold(name, told) {
				return id, true
			}
		}
	}
	return "", false
}

func (h House) has(department string) bool {
	_, ok := h.Departments[department]
	return ok
}

// Grants are the roles that somebody has by their groups, sorted, each once. Who is
// not active has none.
func (r Rules) Grants(person org.Person, in []Membership) []org.Grant {
	var grants []org.Grant
	for _, g := range r.Groups {
		if g.Role != "" && person.Active && slices.ContainsFunc(in, g.of) {
			grants = append(grants, org.Grant{Person: person.ID, Role: g.Role, Entity: g.Entity})
		}
	}
	slices.SortFunc(grants, func(a, b org.Grant) int {
		return cmp.Or(cmp.Compare(a.Role, b.Role), cmp.Compare(a.Entity, b.Entity))
	})
	return slices.Compact(grants)
}

// Stop is when a directory that takes people away is asked whether it means it.
type Stop struct {
	Percent int           // of the active people; more of them leaving stops
	Window  time.Duration // within which they are counted
	AtLeast int           // fewer than so many never stop
}

// Exceeded says whether so many may not leave without somebody saying so. Active
// counts those who left among them.
func (s Stop) Exceeded(leaving, active int) bool {
	return leaving >= max(s.AtLeast, 1) && leaving*100 > active*s.Percent
}
