package policy

import (
	"cmp"
	"slices"
	"strings"

	"github.com/countersign/countersign/domain/approval"
)

// Rerouting is how the route of one document under way would differ if it were
// planned anew. 重新规划
type Rerouting struct {
	Changed bool     `json:"changed"` // another path
	What    []string `json:"what"`    // the ways in which it differs, of Differences
	Before  Path     `json:"before"`
	After   Path     `json:"after"`
}

// The ways in which a route differs.
const (
	DiffersBroken    = "broken"    // there is no route any more
	DiffersNeeds     = "needs"     // a step more or less, or by rule instead of by people
	DiffersApprovers = "approvers" // other people
	DiffersRule      = "rule"      // another mode, other votes, another order
	DiffersTerms     = "terms"     // deadlines, timeouts, allowed acts or what follows; the path stays
)

// Differences lists them in the order in which they are told.
func Differences() []string {
	return []string{DiffersBroken, DiffersNeeds, DiffersApprovers, DiffersRule, DiffersTerms}
}

// Replan holds the route that a document follows against the one that the policy
// of the input gives it now. What people changed on the way, such as a transfer,
// is no part of either.
//
// Safe to repeat: it depends on its arguments alone.
func Replan(follows approval.Plan, in RouteInput) Rerouting {
	before := routed{plan: follows}
	after := routedBy(in)
	c := compare(before, after)
	r := Rerouting{Changed: c.path(), What: []string{}, Before: titled(before), After: titled(after)}
	for _, one := range []struct {
		differs bool
		what    string
	}{
		{c.broken, DiffersBroken}, {c.needs, DiffersNeeds}, {c.approvers, DiffersApprovers}, {c.rule, DiffersRule},
		{c.terms, DiffersTerms},
	} {
		if one.differs {
			r.What = append(r.What, one.what)
		}
	}
	return r
}

// titled is a path whose steps have their titles.
func titled(r routed) Path {
	path := pathOf(r)
	for i, s := range walked(r.plan) {
		path.Stops[i].Title = s.Title
		if n := len(s.Branches); n > 0 {
			path.Stops[i].Branch = s.Branches[n-1].Title
		}
	}
	return path
}

var reroutingWords = map[string]map[string]string{
	"en": {
		DiffersBroken: "no route would be found", DiffersNeeds: "a step more or less, or by rule instead of by people",
		DiffersApprovers: "other approvers", DiffersRule: "another mode, votes or order",
		DiffersTerms: "other deadlines, timeouts, allowed acts or copies", "same": "the same route", "list": "; ",
	},
	"zh-CN": {
		DiffersBroken: "无法确定流程", DiffersNeeds: "增减节点，或在人工与规则之间变化",
		DiffersApprovers: "审批人变化", DiffersRule: "会签方式、票数或顺序变化",
		DiffersTerms: "时限、超时处理、可用操作或抄送变化", "same": "流程不变", "list": "；",
	},
}

// Words tells people what would differ, and both paths, in a locale (zh-CN, else
// en). name is what an account is called.
func (r Rerouting) Words(locale string, name func(id string) string) (what, before, after string) {
	words, ok := reroutingWords[locale]
	if !ok {
		words = reroutingWords["en"]
	}
	said := make([]string, 0, len(r.What))
	for _, one := range r.What {
		said = append(said, words[one])
	}
	if len(said) == 0 {
		said = []string{words["same"]}
	}
	return strings.Join(said, words["list"]), r.Before.Words(locale, name), r.After.Words(locale, name)
}

// Words tells people a path, in a locale (zh-CN, else en). name is what an account is called.
func (p Path) Words(locale string, name func(id string) string) string {
	w, ok := simulations[locale]
	if !ok {
		locale, w = "en", simulations["en"]
	}
	return w.path(spoken(p, locale, name))
}

// spoken is a path with steps by their titles, and people as they are called; the
// admin queue keeps its name.
func spoken(p Path, locale string, name func(id string) string) Path {
	p.Stops = slices.Clone(p.Stops)
	for i, s := range p.Stops {
		p.Stops[i].Step = cmp.Or(s.Title[locale], s.Title["en"], s.Step)
		p.Stops[i].In = cmp.Or(s.Branch[locale], s.Branch["en"], s.In)
		p.Stops[i].People = make([]string, len(s.People))
		for n, id := range s.People {
			if p.Stops[i].People[n] = id; id != approval.AdminQueue {
				p.Stops[i].People[n] = name(id)
			}
		}
	}
	return p
}
