package policy

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/policy/doctype"
	"github.com/countersign/countersign/policy/source"
)

// Level says whether a finding forbids publishing.
type Level string

// The levels of a finding.
const (
	LevelError   Level = "error"   // may not be published
	LevelWarning Level = "warning" // may be published; somebody should look
)

// namesShown is how many people or departments a finding names.
const namesShown = 5

// Finding is one thing that Check has to say about a policy.
type Finding struct {
	Level Level        `json:"level"`
	Fault *fault.Fault `json:"fault"` // code, field and arguments; file, line and column among them

	Example *Example `json:"example,omitempty"` // the request that shows it; of Prove only
}

// String prints a finding on one line, as compilers do.
func (f Finding) String() string {
	a := f.Fault.Args
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%s:%s: %s: %s: %s", a["file"], a["line"], a["column"], f.Level, f.Fault.Field, f.Fault.Code)
	for _, name := range slices.Sorted(maps.Keys(a)) {
		if name != "file" && name != "line" && name != "column" && a[name] != "" {
			fmt.Fprintf(&b, " %s=%q", name, a[name])
		}
	}
	return b.String()
}

// Publishable says whether no finding is an error.
func Publishable(findings []Finding) bool {
	return !slices.ContainsFunc(findings, func(f Finding) bool { return f.Level == LevelError })
}

// Check judges a policy against the document types and the organisation, and
// answers with everything it found, in the order of the text.
func Check(p *Policy, types Types, snapshot *org.Snapshot) []Finding {
	c := &checking{policy: p, org: snapshot, entities: slices.Sorted(maps.Keys(snapshot.Entities)),
		seen: map[string]bool{}}
	for _, id := range slices.Sorted(maps.Keys(types)) {
		if types[id].Policy == p.ID {
			c.types = append(c.types, types[id])
		}
	}
	if len(c.types) == 0 {
		c.add(LevelWarning, "policy.unused", "policy", fault.Arg("policy", p.ID))
	}
	for _, entity := range c.entities {
		if len(snapshot.Holders(access.Admin, entity)) == 0 {
			c.add(LevelError, "policy.no_admin", "policy", fault.Arg("entity", entity))
		}
	}
	c.mappings()
	c.aggregate()
	for _, when := range p.conditions() {
		c.condition(when)
	}
	for _, s := range p.Steps {
		c.step(s)
	}
	for _, s := range p.Steps {
		c.copying(s.at+".cc", s.CC)
	}
	c.copying("cc", p.CC)
	sort.SliceStable(c.findings, func(i, j int) bool {
		return before(c.findings[i].Fault, c.findings[j].Fault)
	})
	return c.findings
}

// mappings holds that what is booked has a mapping to be booked by.
func (c *checking) mappings() {
	for _, t := range c.types {
		if t.Mapping == "" && slices.Contains(c.policy.Then, approval.ThenAccrue) {
			c.add(LevelError, "policy.no_mapping", "then", fault.Arg("type", t.ID))
		}
	}
}

func before(a, b *fault.Fault) bool {
	place := func(f *fault.Fault, name string) int { n, _ := strconv.Atoi(f.Args[name]); return n }
	return cmp.Or(cmp.Compare(place(a, "line"), place(b, "line")), cmp.Compare(place(a, "column"), place(b, "column"))) < 0
}

type checking struct {
	policy   *Policy
	org      *org.Snapshot
	types    []*doctype.Type // that go by this policy
	entities []string
	findings []Finding
	seen     map[string]bool // matrices checked already
}

func (c *checking) add(level Level, code, path string, details ...fault.Detail) {
	c.findings = append(c.findings, Finding{Level: level, Fault: c.policy.text.Fault(code, path, details...)})
}

func (c *checking) step(s Step) {
	path := s.at
	switch s.OnTimeout.Do {
	case approval.TimeoutApprove:
		c.add(LevelError, "policy.approve_on_timeout", path+".on_timeout")
	case approval.TimeoutReassign:
		c.role(path+".on_timeout.reassign", s.OnTimeout.Role)
	}
	for n, f := range s.Approvers {
		c.finder(path+".approvers["+strconv.Itoa(n)+"]", f)
	}
	for n, name := range s.Amend {
		c.amend(path+".amend["+strconv.Itoa(n)+"]", name)
	}
}

func (c *checking) condition(when condition) {
	condition, err := c.policy.compile(when)
	path := when.path
	if err != nil {
		var f *fault.Fault
		if errors.As(err, &f) {
			c.findings = append(c.findings, Finding{Level: LevelError, Fault: f})
		}
		return
	}
	for _, use := range condition.Fields() {
		for _, t := range c.types {
			if _, ok := t.Field(use.Name); ok {
				continue
			}
			at := c.policy.text.Inside(path, use.Line, use.Column)
			unknown := c.policy.text.FaultAt("policy.unknown_field", path, at,
				fault.Arg("field", use.Name), fault.Arg("type", t.ID),
				fault.Arg("nearest", source.Nearest(use.Name, t.FieldNames())))
			c.findings = append(c.findings, Finding{Level: LevelError, Fault: unknown})
		}
	}
}

func (c *checking) finder(path string, f Finder) {
	switch {
	case f.Role != "" && f.Of == ofEntity:
		c.role(path+".role", f.Role)
	case f.Manager != 0:
		c.chains(path+".manager", f.Manager)
	case f.TopManager:
		c.chains(path+".top_manager", 1)
	case f.DepartmentHead:
		c.heads(path + ".department_head")
	case f.Person != "":
		c.person(path+".person", f.Person)
	case f.Field != "":
		c.field(path+".field", f.Field)
	default:
		c.source(path, f)
	}
}

// role must exist and be held in every entity.
func (c *checking) role(path, role string) {
	if !slices.Contains(access.Roles(), role) || role == access.Employee {
		c.add(LevelError, "policy.unknown_role", path, fault.Arg("role", role),
			fault.Arg("nearest", source.Nearest(role, access.Roles())), fault.Arg("known", strings.Join(access.Roles(), ", ")))
		return
	}
	for _, entity := range c.entities {
		holders := c.org.Holders(role, entity)
		in := []fault.Detail{fault.Arg("role", role), fault.Arg("entity", entity)}
		switch n := len(holders); {
		case n == 0:
			c.add(LevelError, "policy.vacant_role", path, in...)
		case n == 1:
			c.add(LevelWarning, "policy.sole_holder", path, append(in, fault.Arg("person", holders[0].ID))...)
		case n > ApproversMax:
			c.add(LevelError, "policy.crowded_role", path,
				append(in, fault.Arg("count", strconv.Itoa(n)), fault.Arg("max", strconv.Itoa(ApproversMax)))...)
		}
	}
}

// chains warns of active people with fewer managers than the policy climbs:
// their documents will wait in the admin queue.
func (c *checking) chains(path string, level int) {
	var short []string
	for _, id := range slices.Sorted(maps.Keys(c.org.People)) {
		if c.org.Active(id) && len(c.org.Chain(id)) < level {
			short = append(short, id)
		}
	}
	if len(short) > 0 {
		c.add(LevelWarning, "policy.short_chain", path, fault.Arg("level", strconv.Itoa(level)),
			fault.Arg("count", strconv.Itoa(len(short))), fault.Arg("people", some(short)))
	}
}

func (c *checking) heads(path string) {
	var vacant []string
	for _, id := range slices.Sorted(maps.Keys(c.org.Departments)) {
		if head, ok := c.org.Head(id); !ok || !head.Active {
			vacant = append(vacant, id)
		}
	}
	if len(vacant) > 0 {
		c.add(LevelWarning, "policy.vacant_departments", path,
			fault.Arg("count", strconv.Itoa(len(vacant))), fault.Arg("departments", some(vacant)))
	}
}

func (c *checking) person(path, id string) {
	p, ok := c.org.People[id]
	switch {
	case !ok:
		c.add(LevelError, "policy.unknown_person", path, fault.Arg("person", id))
	case !p.Active:
		c.add(LevelError, "policy.inactive_person", path, fault.Arg("person", id))
	}
}

func (c *checking) field(path, name string) {
	for _, t := range c.types {
		f, ok := t.Field(name)
		switch {
		case !ok:
			c.add(LevelError, "policy.unknown_field", path, fault.Arg("field", name), fault.Arg("type", t.ID),
				fault.Arg("nearest", source.Nearest(name, t.FieldNames())))
		case f.Kind != doctype.Person:
			c.add(LevelError, "policy.not_a_person", path, fault.Arg("field", name), fault.Arg("type", t.ID))
		}
	}
}

func some(names []string) string {
	if len(names) > namesShown {
		return strings.Join(names[:namesShown], ", ") + ", …"
	}
	return strings.Join(names, ", ")
}
