package invariants

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	grantStream   = "grant:"
	regrantedKind = "organisation.regranted"
)

// grantFacts are the fields of the events of rights.
type grantFacts struct {
	Proposal string `json:"proposal"`
	Maker    string `json:"maker"`
	Version  int64  `json:"version"`
	Grant    struct {
		ID         string    `json:"id"`
		Source     string    `json:"source"`
		Person     string    `json:"person"`
		Role       string    `json:"role"`
		Entity     string    `json:"entity"`
		Department string    `json:"department"`
		From       time.Time `json:"from"`
		Until      time.Time `json:"until"`
	} `json:"grant"`
}

func (f grantFacts) row() string {
	g := f.Grant
	id := "grant " + g.Person + "|" + g.Role + "|" + g.Entity
	if g.Source == "house" || g.Source == "claim" {
		id += "|" + g.ID
	}
	return id
}

// dated is a grant with what one made in the house has.
type dated struct {
	grant
	ID         string    `json:"id"`
	Department string    `json:"department"`
	From       time.Time `json:"from"`
	Until      time.Time `json:"until"`
}

func (d dated) holdsAt(instant time.Time) bool {
	return !instant.Before(d.From) && (d.Until.IsZero() || instant.Before(d.Until))
}

// checkGrants holds that every right made in the house was asked for by one, approved
// by another who administers there and neither asked nor has it, and stands in the
// organisation from then until it was taken away by somebody who might: I5.
func (c *checker) checkGrants() {
	begun, ended := map[string]grantFacts{}, map[string]grantFacts{}
	for stream, events := range c.streams {
		person, about := strings.CutPrefix(stream, grantStream)
		if !about {
			continue
		}
		asked := map[string]string{} // by proposal: who asked
		for _, e := range events {
			f := read[grantFacts](e.Text)
			subject := stream + "#" + strconv.FormatInt(e.Seq, 10)
			switch e.Kind {
			case "grant.requested", "revocation.requested":
				asked[f.Proposal] = e.Actor
				continue
			case "grant.approved":
				begun[f.row()] = f
				same(c, "I13", subject, "its person", f.Grant.Person, person)
			case "grant.revoked":
				ended[f.row()] = f
			case "grant.claimed", "grant.unclaimed":
				if e.Kind == "grant.claimed" {
					begun[f.row()] = f
				} else {
					ended[f.row()] = f
				}
				same(c, "I13", subject, "its person", f.Grant.Person, person)
				c.checkByClaim(subject, e, f)
				continue
			default:
				continue
			}
			c.checkDecided(subject, e, f, asked)
		}
	}
	for _, row := range c.org.rows {
		if d := read[dated](row.body); row.kind == "grant" && d.ID != "" {
			c.checkGranted(row, d, begun["grant "+row.id], ended["grant "+row.id])
		}
	}
	c.checkRegranted(begun, ended)
}

// checkDecided holds who decided on a right.
func (c *checker) checkDecided(subject string, e event, f grantFacts, asked map[string]string) {
	who := c.org.at(e.At)
	if !c.hold("I5", subject, who != nil && who.active[e.Actor] && who.holds(e.Actor, adminRole, f.Grant.Entity),
		"%s did not administer where the right holds", e.Actor) || f.Proposal == "" {
		return
	}
	c.hold("I5", subject, asked[f.Proposal] != "" && asked[f.Proposal] == f.Maker, "nobody asked for it")
	for _, other := range []string{f.Maker, f.Grant.Person} {
		c.hold("I5", subject, who.humanOf(e.Actor) != who.humanOf(other), "%s decided what is of %s", e.Actor, other)
	}
}

// checkByClaim holds that a sign-in gave and ended only what it may: none of power, and
// for a time.
func (c *checker) checkByClaim(subject string, e event, f grantFacts) {
	g := f.Grant
	powerful := slices.Contains([]string{adminRole, "operator", "cashier", "employee"}, g.Role)
	c.hold("I5", subject, g.Source == "claim" && !powerful && strings.HasPrefix(e.Actor, "claims:"), "%s gave %s", e.Actor, g.Role)
	c.hold("I5", subject, !g.Until.IsZero() && g.Until.Sub(e.At) < 91*24*time.Hour, "what a sign-in gave lasts until %s", g.Until)
}

// checkGranted holds one right in the organisation against what was approved.
func (c *checker) checkGranted(row orgRow, d dated, begun, ended grantFacts) {
	if !c.hold("I5", row.id, begun.Version == row.from && begun.Grant.ID == d.ID, "nobody approved it as version %d", row.from) {
		return
	}
	same(c, "I13", row.id, "its end as a version", row.to, ended.Version)
	g := begun.Grant
	same(c, "I5", row.id, "its role", d.Role, g.Role)
	same(c, "I5", row.id, "its entity", d.Entity, g.Entity)
	same(c, "I5", row.id, "its department", d.Department, g.Department)
	sameTime(c, "I5", row.id, "its beginning", d.From, g.From)
	sameTime(c, "I5", row.id, "its end", d.Until, g.Until)
}

// checkRegranted holds that the versions that follow a decision change what it is about.
func (c *checker) checkRegranted(begun, ended map[string]grantFacts) {
	for _, e := range c.streams[orgStream] {
		if e.Kind != regrantedKind {
			continue
		}
		version := read[changedFacts](e.Text).Version
		began, ends := c.org.rowsOf(version)
		for _, row := range began {
			c.hold("I5", row, begun[row].Version == version, "version %d began it, and nobody approved that", version)
		}
		for _, row := range ends {
			c.hold("I5", row, ended[row].Version == version, "version %d ended it, and nobody decided that", version)
		}
		c.hold("I13", orgStream, len(began)+len(ends) == 1, "version %d changed more than one right: %s", version,
			slices.Concat(began, ends))
	}
}
