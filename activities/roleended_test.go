package activities_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/activities"
	"github.com/countersign/countersign/domain/org"
)

// TestWhoTakesOverWhenARoleEnds: who holds the role today, where the document is, and has
// no part yet; nobody where there is none. Who holds it still, and who was asked
// otherwise, keeps the task.
func TestWhoTakesOverWhenARoleEnds(t *testing.T) {
	clerk := func(person string) org.Grant { return org.Grant{Person: person, Role: "finance_clerk", Entity: "CN01"} }
	for _, tt := range []struct {
		name   string
		grants []org.Grant
		way    string
		want   []string // whom it could go to; nil: it stays
	}{
		{"it is held still", []org.Grant{clerk("wu"), clerk("sun")}, "role:finance_clerk", nil},
		{"another holds it", []org.Grant{clerk("sun")}, "role:finance_clerk", []string{"sun"}},
		{"as a deadline gave it", []org.Grant{clerk("sun")}, "timeout:finance_clerk", []string{"sun"}},
		{"of a matrix", []org.Grant{clerk("sun")}, "matrix:m:1:role:finance_clerk", []string{"sun"}},
		{"only for another company", []org.Grant{{Person: "wu", Role: "finance_clerk", Entity: "X"}}, "role:finance_clerk", []string{}},
		{"only of one company", []org.Grant{clerk("wu")}, "group_role:finance_clerk", []string{}},
		{"it was over by its date", []org.Grant{{Person: "wu", Role: "finance_clerk", Until: time.Now().Add(-time.Hour)}},
			"role:finance_clerk", []string{}},
		{"the only holder asks for the money", []org.Grant{clerk("zhao")}, "role:finance_clerk", []string{}},
		{"as a manager", nil, "manager:1", nil},
		{"as somebody named", nil, "person:wu", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			step := w.clerkStep()
			w.people.Grants = tt.grants
			got, err := run[activities.Heirs](t, (&activities.Plans{Book: w}).Heirs, activities.HeirsInput{
				Document: documentID, Revision: 1, Round: 1, Policy: "expense", PolicyVersion: 1, Interested: []string{"zhao"},
				Entity: "CN01", Department: "D1",
				Tasks: []activities.HeirsTask{{Task: "t1", Step: step, Assignee: "wu", Way: tt.way, Via: tt.way, ByRule: true}},
			})
			require.NoError(t, err)
			if tt.want == nil {
				require.Empty(t, got.Tasks)
				return
			}
			require.Equal(t, []string{"t1", "wu", tt.way}, []string{got.Tasks[0].Task, got.Tasks[0].From, got.Tasks[0].Lost})
			who := []string{}
			for _, a := range got.Tasks[0].To {
				if !slices.Contains(who, a.Person) {
					who = append(who, a.Person)
				}
			}
			require.Equal(t, tt.want, who)
		})
	}
}
