package org

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/countersign/countersign/domain/fault"
)

// Limits of what is told of people and departments.
const (
	nameMax  = 200 // characters
	idMax    = 64  // characters
	emailMax = 254 // bytes
	gradeMax = 9999
)

// The characters of an id and of a cost centre's code. How many there may be is counted
// apart: a pattern that counted them would take 1.3 MiB of every process.
var (
	idText     = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N}._@-]*$`)
	centerText = regexp.MustCompile(`^[^\p{C}|]*$`)
)

// idForm says whether an id that is new here may stand in addresses and in the record.
func idForm(id string) bool { return utf8.RuneCountInString(id) <= idMax && idText.MatchString(id) }

// centerForm says whether this may be a cost centre's code.
func centerForm(code string) bool {
	return utf8.RuneCountInString(code) <= idMax && centerText.MatchString(code)
}

// Locales are the languages that a person may have.
var Locales = []string{"zh-CN", "en"}

// ChangeFaults are the findings of FaultsSince beside those of Validate.
var ChangeFaults = fault.Register(map[string]fault.Entry{
	"org.bad_id":        {Kind: fault.Invalid, Args: []string{"id"}},
	"org.no_name":       {Kind: fault.Invalid, Args: []string{"id", "max"}},
	"org.bad_email":     {Kind: fault.Invalid, Args: []string{"id", "email"}},
	"org.email_taken":   {Kind: fault.Invalid, Args: []string{"email", "person"}},
	"org.bad_locale":    {Kind: fault.Invalid, Args: []string{"locale"}},
	"org.bad_grade":     {Kind: fault.Invalid, Args: []string{"grade", "max"}},
	"org.bad_center":    {Kind: fault.Invalid, Args: []string{"center"}},
	"org.manager_left":  {Kind: fault.Invalid, Args: []string{"person"}},
	"org.no_head":       {Kind: fault.Invalid, Args: []string{"department"}},
	"org.head_left":     {Kind: fault.Invalid, Args: []string{"person"}},
	"org.no_entity":     {Kind: fault.Invalid, Args: []string{"id"}},
	"org.no_department": {Kind: fault.Invalid, Args: []string{"id"}},
	"org.subject_taken": {Kind: fault.Invalid, Args: []string{"person"}},
})

// FaultsSince lists what a change of people and departments makes wrong, in a fixed
// order; what was so before, such as managers in a circle that a directory told of,
// holds up nobody.
//
// Errors: org.… faults, one for each finding, with the row and its field.
func (s *Snapshot) FaultsSince(before *Snapshot) []*fault.Fault {
	var found []*fault.Fault
	emails := s.owners(func(p Person) string { return p.Email })
	subjects := s.owners(func(p Person) string { return p.Subject })
	for _, id := range slices.Sorted(maps.Keys(s.People)) {
		was, known := before.People[id]
		p := s.People[id]
		if known && was.Active == p.Active && len(FieldsChanged(was, p)) == 0 {
			continue
		}
		c := changeOf{id: id, at: path("people", id), known: known}
		found = append(found, s.personSince(c, was, p, emails, subjects)...)
	}
	for _, id := range slices.Sorted(maps.Keys(s.Departments)) {
		was, known := before.Departments[id]
		d := s.Departments[id]
		if known && len(DepartmentChanged(was, d)) == 0 {
			continue
		}
		c := changeOf{id: id, at: path("departments", id), known: known}
		found = append(found, s.departmentSince(c, was, d)...)
	}
	return found
}

// changeOf is one row that changed.
type changeOf struct {
	id, at string
	known  bool // it was there before
}

// told says whether a field is news.
func (c changeOf) told(was, is string) bool { return !c.known || was != is }

func (c changeOf) wrong(field, code string, details ...fault.Detail) *fault.Fault {
	return fault.New(fault.Invalid, code, append(details, fault.Field(c.at+"."+field))...)
}

// owners lists the active people by what each should have alone, in small letters.
func (s *Snapshot) owners(of func(Person) string) map[string][]string {
	owners := map[string][]string{}
	for id, p := range s.People {
		if value := strings.ToLower(of(p)); value != "" && p.Active {
			owners[value] = append(owners[value], id)
		}
	}
	return owners
}

// taken is another human's account among the owners of a value; "" for none.
func (s *Snapshot) taken(owners []string, id string) string {
	if len(owners) < 2 {
		return ""
	}
	slices.Sort(owners)
	for _, other := range owners {
		if !s.Same(id, other) {
			return other
		}
	}
	return ""
}

func (s *Snapshot) personSince(c changeOf, was, p Person, emails, subjects map[string][]string) []*fault.Fault {
	var found []*fault.Fault
	add := func(bad bool, field, code string, details ...fault.Detail) {
		if bad {
			found = append(found, c.wrong(field, code, details...))
		}
	}
	add(!c.known && !idForm(c.id), "id", "org.bad_id", fault.Arg("id", c.id))
	add(c.told(was.Name, p.Name) && !named(p.Name), "name", "org.no_name", fault.Arg("id", c.id),
		fault.Arg("max", strconv.Itoa(nameMax)))
	back := p.Active && !was.Active // an address or a sign-in counts while somebody works here
	if c.told(was.Email, p.Email) || back {
		add(!address(p.Email), "email", "org.bad_email", fault.Arg("id", c.id), fault.Arg("email", p.Email))
		other := s.taken(emails[strings.ToLower(p.Email)], c.id)
		add(p.Active && other != "", "email", "org.email_taken", fault.Arg("email", p.Email), fault.Arg("person", other))
	}
	if c.told(was.Subject, p.Subject) || back {
		other := s.taken(subjects[strings.ToLower(p.Subject)], c.id)
		add(p.Active && p.Subject != "" && other != "", "subject", "org.subject_taken", fault.Arg("person", other))
	}
	add(c.told(was.Locale, p.Locale) && p.Locale != "" && !slices.Contains(Locales, p.Locale), "locale", "org.bad_locale",
		fault.Arg("locale", p.Locale))
	add(p.Grade != was.Grade && (p.Grade < 0 || p.Grade > gradeMax), "grade", "org.bad_grade",
		fault.Arg("grade", strconv.Itoa(p.Grade)), fault.Arg("max", strconv.Itoa(gradeMax)))
	add(c.told(was.CostCenter, p.CostCenter) && !centerForm(p.CostCenter), "cost_center", "org.bad_center",
		fault.Arg("center", p.CostCenter))
	_, placed := s.Departments[p.Department] // which gives the entity where a table names none
	if c.told(was.Entity, p.Entity) && p.Entity != "" {
		found = append(found, s.needEntity(c.at, c.id, p.Entity, false)...)
	}
	add(c.told(was.Entity, p.Entity) && p.Entity == "" && placed, "entity", "org.no_entity", fault.Arg("id", c.id))
	if !placed && c.told(was.Department, p.Department) {
		add(p.Department == "", "department", "org.no_department", fault.Arg("id", c.id))
		add(p.Department != "", "department", "org.unknown_department", fault.Arg("id", c.id),
			fault.Arg("department", p.Department))
	}
	if c.told(was.Manager, p.Manager) && p.Manager != "" {
		m, ok := s.People[p.Manager]
		add(!ok, "manager", "org.unknown_person", fault.Arg("id", c.id), fault.Arg("person", p.Manager))
		add(ok && !m.Active && p.Active, "manager", "org.manager_left", fault.Arg("person", p.Manager))
		add(ok && inCycle(c.id, func(at string) string { return s.People[at].Manager }), "manager", "org.manager_cycle",
			fault.Arg("person", c.id))
	}
	return found
}

func (s *Snapshot) departmentSince(c changeOf, was, d Department) []*fault.Fault {
	var found []*fault.Fault
	add := func(bad bool, field, code string, details ...fault.Detail) {
		if bad {
			found = append(found, c.wrong(field, code, details...))
		}
	}
	add(!c.known && !idForm(c.id), "id", "org.bad_id", fault.Arg("id", c.id))
	unnamed := len(d.Name) == 0
	for _, name := range d.Name {
		unnamed = unnamed || !named(name)
	}
	add(unnamed, "name", "org.no_name", fault.Arg("id", c.id), fault.Arg("max", strconv.Itoa(nameMax)))
	add(c.told(was.CostCenter, d.CostCenter) && !centerForm(d.CostCenter), "cost_center", "org.bad_center",
		fault.Arg("center", d.CostCenter))
	add(d.Entity == "", "entity", "org.no_entity", fault.Arg("id", c.id))
	if c.told(was.Entity, d.Entity) && d.Entity != "" {
		found = append(found, s.needEntity(c.at, c.id, d.Entity, false)...)
	}
	if c.told(was.Parent, d.Parent) && d.Parent != "" {
		_, ok := s.Departments[d.Parent]
		add(!ok, "parent", "org.unknown_department", fault.Arg("id", c.id), fault.Arg("department", d.Parent))
		add(ok && inCycle(c.id, func(at string) string { return s.Departments[at].Parent }), "parent",
			"org.department_cycle", fault.Arg("department", c.id))
	}
	if c.told(was.Head, d.Head) {
		head, ok := s.People[d.Head]
		add(d.Head == "", "head", "org.no_head", fault.Arg("department", c.id))
		add(d.Head != "" && !ok, "head", "org.unknown_person", fault.Arg("id", c.id), fault.Arg("person", d.Head))
		add(ok && !head.Active, "head", "org.head_left", fault.Arg("person", d.Head))
	}
	return found
}

func named(name string) bool {
	return strings.TrimSpace(name) != "" && utf8.RuneCountInString(name) <= nameMax && !strings.ContainsFunc(name,
		func(r rune) bool { return r < ' ' || r == 0x7f })
}

// address says whether a text may be an address of e-mail, roughly: only a letter to it proves one.
func address(email string) bool {
	name, host, found := strings.Cut(email, "@")
	return found && name != "" && host != "" && len(email) <= emailMax && !strings.ContainsAny(email, " \t\r\n,;<>\"")
}
