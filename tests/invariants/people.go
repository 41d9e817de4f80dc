package invariants

import (
	"slices"
	"strings"
	"time"
)

const (
	adminQueue   = "queue:admin"
	adminRole    = "admin"
	clerkRole    = "finance_clerk"
	systemActor  = "system:"
	queueActor   = "queue:"
	deadlineName = "system:deadline"

	calendarName  = "system:calendar"
	directoryName = "system:directory"
)

// human says whether an actor is a person, not the system nor a queue.
func human(actor string) bool {
	return actor != "" && !strings.HasPrefix(actor, systemActor) && !strings.HasPrefix(actor, queueActor)
}

// organisation is its rows with the versions they hold in.
type organisation struct {
	versions []orgVersion // growing
	rows     []orgRow
	built    map[int64]*people
}

type orgVersion struct {
	n  int64
	at time.Time
}

type orgRow struct {
	kind, id string
	from, to int64 // [from, to); to 0: in force
	body     string
}

// people is who is who in one version.
type people struct {
	active  map[string]bool
	humans  map[string]string // an account → the smallest account of the same human
	grants  []grant
	dated   []dated // the same, with their dates
	version int64
}

type grant struct {
	Person string `json:"person"`
	Role   string `json:"role"`
	Entity string `json:"entity"`
}

// at returns the version of an instant; nil where there was none yet.
func (o *organisation) at(instant time.Time) *people {
	var found *people
	for _, v := range o.versions {
		if !v.at.After(instant) {
			found = o.version(v.n)
		}
	}
	return found.asOf(instant)
}

// asOf is who held what at an instant: a right made in the house has its dates.
func (p *people) asOf(instant time.Time) *people {
	if p == nil || !slices.ContainsFunc(p.dated, func(d dated) bool { return d.ID != "" }) {
		return p
	}
	then := *p
	then.grants = nil
	for _, d := range p.dated {
		if d.holdsAt(instant) && d.Department == "" {
			then.grants = append(then.grants, d.grant)
		}
	}
	return &then
}

// version returns one version; nil where it is not stored.
func (o *organisation) version(n int64) *people {
	if !slices.ContainsFunc(o.versions, func(v orgVersion) bool { return v.n == n }) {
		return nil
	}
	if o.built == nil {
		o.built = map[int64]*people{}
	}
	if o.built[n] == nil {
		o.built[n] = o.build(n)
	}
	return o.built[n]
}

func (o *organisation) build(n int64) *people {
	p := &people{version: n, active: map[string]bool{}, humans: map[string]string{}}
	for _, row := range o.rows {
		if row.from > n || row.to != 0 && row.to <= n {
			continue
		}
		if row.kind == "grant" {
			p.grants = append(p.grants, read[grant](row.body))
			p.dated = append(p.dated, read[dated](row.body))
			continue
		}
		person := read[struct {
			ID      string   `json:"id"`
			Active  bool     `json:"active"`
			Aliases []string `json:"aliases"`
		}](row.body)
		p.active[person.ID] = person.Active
		for _, alias := range person.Aliases {
			p.join(person.ID, alias)
		}
	}
	return p
}

// join says that two accounts are one human's.
func (p *people) join(a, b string) {
	root, other := p.humanOf(a), p.humanOf(b)
	if other < root {
		root, other = other, root
	}
	p.humans[a], p.humans[b] = root, root
	for account, of := range p.humans {
		if of == other {
			p.humans[account] = root
		}
	}
}

// humanOf names the human behind an account; without an organisation every
// account is a human.
func (p *people) humanOf(account string) string {
	if p != nil && p.humans[account] != "" {
		return p.humans[account]
	}
	return account
}

// holds says whether a person has a role for an entity.
func (p *people) holds(person, role, entity string) bool {
	return slices.ContainsFunc(p.grants, func(g grant) bool {
		return g.Person == person && g.Role == role && (g.Entity == "" || g.Entity == entity)
	})
}
