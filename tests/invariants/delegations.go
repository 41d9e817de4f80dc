package invariants

import (
	"slices"
	"strings"
	"time"
)

const delegationStream = "delegation:"

// rule is a delegation, as its event says or as its row stands.
type rule struct {
	ID        string    `json:"id"`
	Person    string    `json:"person"`
	Delegate  string    `json:"delegate"`
	From      time.Time `json:"from"`
	Until     time.Time `json:"until"`
	Types     []string  `json:"types"`
	Cap       amount    `json:"cap"`
	RevokedAt time.Time `json:"revoked_at"`
}

// toldRules reads the rules out of the streams of their people: what was made,
// and, later in the stream, what was taken back.
func (w *world) toldRules() map[string]rule {
	told := map[string]rule{}
	for stream, events := range w.streams {
		if !strings.HasPrefix(stream, delegationStream) {
			continue
		}
		for _, e := range events {
			r := read[rule](e.Text)
			if e.Kind == "delegation.made" || e.Kind == "delegation.revoked" {
				told[r.ID] = r
			}
		}
	}
	return told
}

// checkRules holds the rows of delegations to what was recorded of them.
func (c *checker) checkRules() {
	told := c.toldRules()
	for _, row := range c.rules {
		said, found := told[row.ID]
		if !c.hold("I13", row.ID, found, "a delegation that nobody recorded") {
			continue
		}
		same(c, "I13", row.ID, "its person", row.Person, said.Person)
		same(c, "I13", row.ID, "its delegate", row.Delegate, said.Delegate)
		same(c, "I13", row.ID, "its cap", row.Cap, said.Cap)
		sameTime(c, "I13", row.ID, "its beginning", row.From, said.From)
		sameTime(c, "I13", row.ID, "its end", row.Until, said.Until)
		sameTime(c, "I13", row.ID, "its revocation", row.RevokedAt, said.RevokedAt)
		c.hold("I13", row.ID, slices.Equal(row.Types, said.Types), "its types are %v, and the record says %v",
			row.Types, said.Types)
		delete(told, row.ID)
	}
	for id := range told {
		c.fail("I13", id, "a delegation was recorded, and its row is gone")
	}
}

// checkDelegated holds that who decided for somebody had that somebody's own
// delegation, for such a document, when the act was received.
func (c *checker) checkDelegated(d *document, s decision, a act) {
	e := s.event
	if !human(e.OnBehalfOf) {
		return
	}
	shown := d.revisions[e.Revision].content
	if shown.Claimed != nil { // authority is judged by what was claimed
		shown.BaseTotal = shown.Claimed.BaseTotal
	}
	had := slices.ContainsFunc(c.rules, func(r rule) bool {
		begun, over := !a.ReceivedAt.Before(r.From), !a.ReceivedAt.Before(r.Until)
		taken := !r.RevokedAt.IsZero() && !a.ReceivedAt.Before(r.RevokedAt)
		ofType := len(r.Types) == 0 || slices.Contains(r.Types, shown.Type)
		within := r.Cap.Currency == "" ||
			r.Cap.Currency == shown.BaseTotal.Currency && shown.BaseTotal.Minor <= r.Cap.Minor
		return r.Person == e.OnBehalfOf && r.Delegate == e.Actor && begun && !over && !taken && ofType && within
	})
	c.hold("I5", s.task.ID, had, "%s had no delegation of %s for it at %s", e.Actor, e.OnBehalfOf, stamp(a.ReceivedAt))
}
