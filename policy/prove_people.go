package policy

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/policy/doctype"
)

// The limits of what is tried where not everything can be.
const (
	elsewhereMax = 400  // requests of other entities, or entered by another
	routedMax    = 1000 // requests whose approvers hang on what the document says
)

// prepare reads the policy and the organisation once.
func (c *proving) prepare() {
	c.cores, c.firstDepartment, c.holding = map[string]*core{}, map[string]string{}, map[string][]string{}
	c.needed = make([]bool, len(c.policy.Steps))
	c.humans, c.named = humansOf(c.org), mentioned(c.policy, c.org)
	for _, id := range sortedKeys(c.org.Departments) {
		if d := c.org.Departments[id]; c.firstDepartment[d.Entity] == "" {
			c.firstDepartment[d.Entity] = id
		}
	}
	var err error
	if c.cuts, err = c.cut(); err != nil {
		return // Check has said so, and Prove went no further
	}
	bare := *c.policy
	bare.Steps, bare.Forks = slices.Clone(bare.Steps), unconditional(bare.Forks)
	c.bare = &bare
	c.fixed = true
	for i := range c.bare.Steps {
		c.bare.Steps[i].When = ""
		c.late = c.late || c.bare.Steps[i].AsOf != ""
		c.climbing = append(c.climbing, slices.ContainsFunc(c.bare.Steps[i].Approvers, climbs))
		for key := range canonical(c.policy.Steps[i]) {
			c.fixed = c.fixed && slices.Contains(stepKeys, key)
		}
		for _, f := range c.bare.Steps[i].Approvers {
			c.fixed = c.fixed && plain(f)
			if f.Field != "" {
				c.askedFields = append(c.askedFields, f.Field)
			}
		}
	}
	text, _ := json.Marshal(c.policy.Steps)
	c.readsGrades = !c.fixed && strings.Contains(string(text), "grade")
	for _, id := range sortedKeys(c.org.People) {
		if c.org.Active(id) {
			c.someone = id
			break
		}
	}
	if c.someone != "" && len(c.askedFields) > 0 {
		c.named = append(c.named, c.someone)
	}
	c.classes = c.fold()
}

// unconditional are the same forks with every branch taken.
func unconditional(forks []Fork) []Fork {
	forks = slices.Clone(forks)
	for i := range forks {
		forks[i].Branches = slices.Clone(forks[i].Branches)
		for n := range forks[i].Branches {
			forks[i].Branches[n].When = ""
		}
	}
	return forks
}

// stepKeys are the keys of a step that leave its approvers alone. One that this
// does not know may make them depend on the other steps.
var stepKeys = []string{"id", "title", "when", "otherwise", "approvers", "mode", "due", "remind", "on_timeout", "allow",
	"distinct_from", "votes", "on_reject", "in", "as_of", "amend", "once"}

// plain says that a finder looks at the requester, the entity and the department
// only: who is asked does not depend on what the document says. A way that this
// does not know is not plain.
func plain(f Finder) bool {
	for key, value := range canonical(f) {
		switch key {
		case "role", "top_manager", "department_head", "person", "group", "weight":
		case "choice":
			if f.Choice.Step == "" || f.Choice.Role == "" {
				return false
			}
		case "of":
			if value != `"`+ofEntity+`"` {
				return false
			}
		case "manager":
			if _, err := strconv.Atoi(value); err != nil {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// climbs says whether a finder follows the requester's managers.
func climbs(f Finder) bool {
	keys := canonical(f)
	return keys["manager"] != "" || keys["top_manager"] != "" || keys["climb"] != ""
}

// kind proves what documents of one type may meet: first the cells of each group
// of requesters whom conditions cannot tell apart, then each class on each pattern.
// The first type counts the requesters.
func (c *proving) kind(t *doctype.Type, first bool) {
	type group struct {
		entity, department string
		grade              int
	}
	known := map[group][]pattern{}
	for _, who := range c.classes {
		g := group{entity: who.entity, grade: who.grade}
		if slices.Contains(c.cuts.texts["department"], who.department) {
			g.department = who.department
		}
		patterns, ok := known[g]
		if !ok {
			patterns = c.patterns(t, who)
			known[g] = patterns
		}
		c.class(who, patterns, first)
	}
}

// patterns are what the steps of a group's requests can need, each with its first request.
func (c *proving) patterns(t *doctype.Type, who class) []pattern {
	var patterns []pattern
	seen := map[string]bool{}
	for _, v := range c.variants(t, who) {
		cells := c.series(v, who)
		c.bands(cells)
		for _, x := range cells {
			one := pattern{cell: x, humans: c.policy.humansFrom(x.content.BaseTotal.Minor)}
			if key := one.key() + c.contentKey(x.content); !seen[key] {
				seen[key] = true
				patterns = append(patterns, one)
			}
			c.last = x.content
		}
	}
	return patterns
}

// contentKey keeps requests apart whose approvers the document itself decides.
func (c *proving) contentKey(content document.Content) string {
	if c.fixed {
		return ""
	}
	text, _ := json.Marshal(content)
	return string(text)
}

// class judges one class of requesters on every pattern.
func (c *proving) class(who class, patterns []pattern, first bool) {
	snapshot := c.around(who.entity, who.department, who.person)
	fixed := c.fixed
	var plan approval.Plan
	var seen *sight
	var err error
	if fixed && len(patterns) > 0 {
		content := c.by(patterns[0].content, who)
		plan, err = routeOf(c.bare, content, snapshot)
		seen, fixed = c.sightOf(plan, content), err == nil // else: which requests meet it?
	}
	if !c.fixed {
		patterns = c.thinned(patterns)
	}
	for i, x := range patterns {
		content := c.by(x.content, who)
		if !fixed {
			if plan, err = routeOf(c.policy, content, snapshot); err != nil {
				c.deadEnd(err, content)
				continue
			}
			seen = c.sightOf(plan, content)
		}
		c.judge(request{who: who, content: content, needs: x.needs, humans: x.humans, plan: plan, sight: seen,
			counts: first && i == 0})
	}
}

// thinned keeps some requests of each class where the approvers hang on what the
// document says: these cases are samples anyway.
func (c *proving) thinned(patterns []pattern) []pattern {
	stride := 1 + len(patterns)*len(c.classes)/routedMax
	var kept []pattern
	for i := c.offset % stride; i < len(patterns); i += stride {
		kept = append(kept, patterns[i])
	}
	c.offset++ // another selection for the next class
	return kept
}

// by puts another requester into a request.
func (c *proving) by(content document.Content, who class) document.Content {
	content.Submitter, content.Requester, content.Department = who.person, who.person, who.department
	if content.Payee.Kind == document.PayeeEmployee {
		content.Payee.ID = who.person
	}
	return content
}

// request is one case: a request of one class on one pattern, and its plan.
type request struct {
	who     class
	content document.Content
	needs   []approval.Need
	humans  int
	plan    approval.Plan // who would be asked by each step; needs says which steps ask
	sight   *sight

	counts    bool // the first of its class: counts the class's people
	elsewhere bool
}

func (r request) example() *Example {
	x := exampleOf(r.content)
	x.People, x.elsewhere = r.who.people, r.elsewhere
	return x
}

// judge holds one request against every property.
func (c *proving) judge(r request) {
	complete := c.cuts.complete && c.fixed && !c.late
	properties := []string{ClaimApprover, ClaimIndependent, ClaimTimeouts}
	if len(c.policy.Require) > 0 {
		properties = append(properties, ClaimHumans)
	}
	if len(c.policy.Forks) > 0 {
		properties = append(properties, ClaimBranches)
	}
	if r.elsewhere {
		properties, complete = []string{ClaimElsewhere}, false
	}
	for _, property := range properties {
		people := 0
		if r.counts {
			people = r.who.people
		}
		c.try(property, people, complete)
	}
	for i, s := range r.plan.Steps {
		if r.needs[i] != approval.NeedsPeople {
			continue
		}
		c.approvers(r, i, s)
		c.independent(r, i, s)
		c.timeouts(r, i, s)
		c.siblings(r, i)
	}
	c.enough(r)
}

// approvers tells of steps that do not find whom the policy means.
func (c *proving) approvers(r request, i int, s approval.Step) {
	for _, a := range s.Approvers {
		why, fell := strings.CutPrefix(a.Via, "fallback:")
		switch {
		case a.Person == approval.AdminQueue && len(r.sight.admins) == 0:
			c.counter(LevelError, "policy.no_approver_found", i, r.example(), fault.Arg("why", a.Via))
		case a.Person == approval.AdminQueue:
			c.counter(LevelWarning, "policy.queue_only", i, r.example(), fault.Arg("why", a.Via))
		case fell && (why != "self" || roleOnly(c.policy.Steps[i])):
			c.counter(LevelWarning, "policy.falls_back", i, r.example(), fault.Arg("why", a.Via))
		}
	}
	chooser := c.policy.Steps[i].chooser()
	if n := c.stepOf(chooser); n >= 0 && r.needs[n] != approval.NeedsPeople {
		c.counter(LevelWarning, "policy.no_chooser", i, r.example(), fault.Arg("other", chooser))
	}
	if len(candidates(s)) == 0 {
		c.counter(LevelError, "policy.no_approver_found", i, r.example(), fault.Arg("why", "nobody"))
	}
}

func (c *proving) stepOf(id string) int {
	return slices.IndexFunc(c.policy.Steps, func(s Step) bool { return s.ID == id })
}

// roleOnly steps have no other way to somebody: their holder's own requests are
// decided by whoever stands above.
func roleOnly(s Step) bool {
	return !slices.ContainsFunc(s.Approvers, func(f Finder) bool { return f.Role == "" })
}

// independent holds that nobody interested and nobody disabled may come to decide,
// now or after a deadline, with whatever account.
func (c *proving) independent(r request, i int, s approval.Step) {
	for _, person := range r.sight.deciders[i] {
		if r.sight.interested[c.humans.behind(person)] || !c.org.Active(person) {
			c.counter(LevelError, "policy.not_independent", i, r.example(), fault.Arg("person", person))
		}
		for _, twin := range c.humans.twins[person] {
			if r.sight.interested[c.humans.behind(twin)] {
				c.counter(LevelError, "policy.twin_accounts", i, r.example(),
					fault.Arg("person", person), fault.Arg("other", twin))
			}
		}
	}
}

// timeouts holds that managers do not go round in a circle, and that no clock approves.
func (c *proving) timeouts(r request, i int, s approval.Step) {
	if s.OnTimeout.Do == approval.TimeoutApprove {
		c.counter(LevelError, "policy.approved_by_clock", i, r.example())
	}
	from := []string{r.content.Requester}
	if !c.climbing[i] {
		from = nil
	}
	if s.OnTimeout.Do == approval.TimeoutEscalate {
		from = append(from, candidates(s)...)
	}
	for _, person := range from {
		if at := c.circle(person); at != "" {
			c.counter(LevelError, "policy.escalation_circle", i, r.example(), fault.Arg("person", at))
		}
	}
}

// circle finds the first person, by id, of the circle that somebody's managers end in.
func (c *proving) circle(person string) string {
	seen := map[string]int{}
	var line []string
	for at := person; ; {
		m := c.org.People[at].Manager
		if first, again := seen[at]; again {
			return slices.Min(line[first:])
		}
		seen[at] = len(line)
		line = append(line, at)
		if _, ok := c.org.People[m]; !ok {
			return ""
		}
		at = m
	}
}
