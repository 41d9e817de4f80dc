package invariants

import (
	"database/sql"
	"slices"
	"strings"
	"time"
)

// limit is what a plan asks of the sign-in of whoever decides.
type limit struct {
	Seconds int      `json:"seconds"`
	Classes []string `json:"acr"`
}

// signIn is how an actor signed in, as the act says.
type signIn struct {
	Issuer string    `json:"issuer"`
	At     time.Time `json:"at"`
	Class  string    `json:"acr"`
}

// checkSignIns holds that above the limit every human decision, and every change of
// what is decided on, was made with a fresh sign-in: I5.
func (c *checker) checkSignIns(d *document) {
	all := slices.Clone(d.fold.decisions)
	for _, p := range d.fold.patches {
		all = append(all, p.decision)
	}
	for _, s := range all {
		if s.plan == nil || s.plan.SignIn == nil || !human(s.event.Actor) {
			continue
		}
		a := d.acts[s.event.Cause]
		said, asked := a.said.SignIn, s.plan.SignIn
		if !c.hold("I5", s.task.ID, said != nil && said.Issuer != "", "%s did %s without a fresh sign-in", s.event.Actor, s.event.Kind) {
			continue
		}
		age := a.ReceivedAt.Sub(said.At)
		c.hold("I5", s.task.ID, age <= time.Duration(asked.Seconds)*time.Second,
			"%s had signed in %s before %s, and %d s were asked for", s.event.Actor, age, s.event.Kind, asked.Seconds)
		c.hold("I5", s.task.ID, len(asked.Classes) == 0 || slices.Contains(asked.Classes, said.Class),
			"%s had signed in as %q, and %v was asked for", s.event.Actor, said.Class, asked.Classes)
	}
}

const identityStream = "identity:"

// identity is whose sign-in it is, as its row stands or as its last event says.
type identity struct {
	ID        string    `json:"id"`
	Issuer    string    `json:"issuer"`
	Subject   string    `json:"subject"`
	Person    string    `json:"person"`
	How       string    `json:"how"`
	By        string    `json:"by"`
	Reason    string    `json:"reason"`
	BoundAt   time.Time `json:"bound_at"`
	UnboundAt time.Time `json:"unbound_at"`
}

func (l *loader) identityRows() error {
	const query = `
		SELECT id, issuer, subject, person, how, unbound_by, unbind_reason, bound_at, unbound_at FROM identities ORDER BY id`
	return l.each(query, func(r *sql.Rows) error {
		var i identity
		var unboundAt sql.NullTime
		err := r.Scan(&i.ID, &i.Issuer, &i.Subject, &i.Person, &i.How, &i.By, &i.Reason, &i.BoundAt, &unboundAt)
		i.UnboundAt = unboundAt.Time
		l.identities = append(l.identities, i)
		return err
	})
}

// checkIdentities holds that whose sign-in it is was recorded, that nobody's was ever
// made another's without being let go, and that a person has one at an issuer: I13.
func (c *checker) checkIdentities() {
	told := map[string]identity{}
	for stream, events := range c.streams {
		person, of := strings.CutPrefix(stream, identityStream)
		for _, e := range events {
			if !of || !strings.HasPrefix(e.Kind, "identity.") {
				continue
			}
			i := read[identity](e.Text)
			before, known := told[i.ID]
			whole := i.Person == person && (e.Kind == "identity.bound") != known &&
				(!known || before.Subject == i.Subject && before.Issuer == i.Issuer && before.How == i.How)
			c.hold("I13", stream, whole, "%s of %s does not follow what was before it", e.Kind, i.Subject)
			told[i.ID] = i
		}
	}
	standing := map[[2]string]string{}
	for _, row := range c.identities {
		said, found := told[row.ID]
		if !c.hold("I13", row.ID, found, "a sign-in that nobody recorded") {
			continue
		}
		delete(told, row.ID)
		sameTime(c, "I13", row.ID, "its binding", row.BoundAt, said.BoundAt)
		sameTime(c, "I13", row.ID, "its end", row.UnboundAt, said.UnboundAt)
		row.BoundAt, row.UnboundAt, said.BoundAt, said.UnboundAt = time.Time{}, time.Time{}, time.Time{}, time.Time{}
		same(c, "I13", row.ID, "the sign-in", row, said)
		if row.By != "" {
			continue
		}
		for _, key := range [][2]string{{row.Issuer, "subject " + row.Subject}, {row.Issuer, "person " + row.Person}} {
			c.hold("I13", row.ID, standing[key] == "", "the %s of %s is bound twice", key[1], key[0])
			standing[key] = row.ID
		}
	}
	for id := range told {
		c.fail("I13", id, "a sign-in was recorded, and its row is gone")
	}
}
