package invariants

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// proposalStreams are the streams of what two people publish.
var proposalStreams = []string{"policy:", "calendar:"}

func ofProposals(stream string) bool {
	return slices.ContainsFunc(proposalStreams, func(prefix string) bool { return strings.HasPrefix(stream, prefix) })
}

// publishers are the roles that decide on proposals, where granted for every entity.
var publishers = []string{adminRole, "finance_head"}

// proposalFacts are the fields of the events of policies and calendars.
type proposalFacts struct {
	Kind     string    `json:"kind"`
	Proposal string    `json:"proposal"`
	Maker    string    `json:"maker"`
	Base     int       `json:"base"`
	Version  int       `json:"version"`
	Expires  time.Time `json:"expires"`
}

// checkProposals holds that whoever may decide on a proposal was told of it, and
// its maker what became of it: I15.
func (c *checker) checkProposals() {
	owing := map[string]bool{} // ids of notices
	for stream, events := range c.streams {
		if !ofProposals(stream) {
			continue
		}
		open := map[string]proposalFacts{}
		for _, e := range events {
			for _, o := range c.owedOfProposals(e, open) {
				found := slices.IndexFunc(c.loose, func(n note) bool {
					return n.Kind == o.kind && n.Person == o.person && n.Role == "" && !owing[n.ID] &&
						strings.HasPrefix(n.ID, stream+"."+strconv.FormatInt(e.Seq, 10)+".")
				})
				subject := stream + "#" + strconv.FormatInt(e.Seq, 10)
				if c.hold("I15", subject, found >= 0, "%s owes %s a notice, and there is none", o.kind, o.person) {
					owing[c.loose[found].ID] = true
				}
			}
		}
	}
	c.checkEnds(owing)
	for _, n := range c.loose {
		if !strings.HasPrefix(n.Kind, "proposal.") {
			continue
		}
		c.hold("I15", n.ID, owing[n.ID], "%s is told %s, and nobody owed it", n.Person, n.Kind)
		c.hold("I15", n.ID, !c.in.Quiet || n.Sent || n.Failure != "", "it was neither sent, nor does it say why not")
	}
}

// checkEnds holds what was told of the end of a proposal to its event: that it
// expires soon, who might decide on it; that it expired, its maker, and nobody had
// decided. Each is told once: the id of the notice is made of both.
func (c *checker) checkEnds(owing map[string]bool) {
	proposed, decided := map[string]proposalFacts{}, map[string]bool{}
	for stream, events := range c.streams {
		if !ofProposals(stream) {
			continue
		}
		for _, e := range events {
			f := read[proposalFacts](e.Text)
			if strings.HasSuffix(e.Kind, ".proposed") {
				f.Maker = e.Actor
				proposed[f.Proposal] = f
			} else {
				decided[f.Proposal] = true
			}
		}
	}
	for _, n := range c.loose {
		parts := strings.Split(n.ID, ".")
		if len(parts) != 4 || n.Kind != "proposal.expiring" && n.Kind != "proposal.expired" {
			continue
		}
		f, known := proposed[parts[2]]
		owing[n.ID] = known && parts[3] == n.Person && n.Kind == parts[0]+"."+parts[1]
		if n.Kind == "proposal.expired" {
			owing[n.ID] = owing[n.ID] && n.Person == f.Maker && !decided[parts[2]]
		} else {
			owing[n.ID] = owing[n.ID] && n.Person != f.Maker
		}
	}
}

// owedOfProposals lists what one event of a policy or a calendar owes; open is what was
// proposed and not decided until then, and follows the event.
func (c *checker) owedOfProposals(e event, open map[string]proposalFacts) []debt {
	f := read[proposalFacts](e.Text)
	var debts []debt
	owe := func(kind, person string) {
		if person != "" && person != e.Actor {
			debts = append(debts, debt{kind: kind, person: person})
		}
	}
	_, happened, _ := strings.Cut(e.Kind, ".")
	switch happened {
	case "proposed":
		f.Maker = e.Actor
		open[f.Proposal] = f
		for _, person := range c.publishersAt(e.At) {
			if who := c.org.at(e.At); who.humanOf(person) != who.humanOf(e.Actor) {
				owe("proposal.made", person)
			}
		}
	case "refused":
		delete(open, f.Proposal)
		owe("proposal.refused", f.Maker)
	case "published":
		delete(open, f.Proposal)
		if f.Proposal != "" {
			owe("proposal.approved", f.Maker)
		}
		for _, other := range open {
			if other.Kind == f.Kind && other.Base < f.Version && other.Expires.After(e.At) {
				owe("proposal.outdated", other.Maker)
			}
		}
	}
	return debts
}

// publishersAt lists the active people who might decide on proposals then.
func (c *checker) publishersAt(instant time.Time) []string {
	who := c.org.at(instant)
	if who == nil {
		return nil
	}
	var list []string
	for _, g := range who.grants {
		if g.Entity == "" && slices.Contains(publishers, g.Role) && who.active[g.Person] && !slices.Contains(list, g.Person) {
			list = append(list, g.Person)
		}
	}
	return list
}
