package e2e

import (
	"net/http"
	"strings"
	"sync"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/walk"
)

// splitSteps let small amounts pass by rule, counted together for one payee.
const splitSteps = `
aggregate: { by: [payee], within: 30 days }
steps:
  - id: supervisor
    title: { en: Supervisor, zh-CN: 主管审批 }
    when: amount >= money("1000.00")
    otherwise: auto_approve
    approvers: [{ manager: 1 }]
    allow: [return]
then: [archive]
`

// countedRoute is what the API says of a route and of what was counted for it.
type countedRoute struct {
	Steps []struct {
		ID, Need, Reason string
	}
	Counted *struct {
		Own, Others, Sum walk.Money
		Count, Days      int
		By               []string
		Text             string
		Documents        []struct {
			ID, Number string
			Amount     walk.Money
		}
	}
}

func (s *scene) route(person, path string, body any) countedRoute {
	s.Helper()
	var r countedRoute
	_, err := s.as(person).Call(s.ctx, http.MethodPost, path, "", body, &r)
	require.NoError(s, err)
	require.NotNil(s, r.Counted)
	return r
}

// split is one expense in three parts: the third goes to the supervisor, and
// everybody is told why; of two submitted at the same time not both pass by rule.
func (s *scene) split() {
	s.house.Publish(s.T, "split", splitSteps)
	part := func(title string) walk.Form { return drill("split", title, "400.00") }
	first := s.await("lin", s.submit("lin", part("之一")).ID, "closed")
	second := s.await("lin", s.submit("lin", part("之二")).ID, "closed")
	require.Empty(s, second.Tasks)

	before := s.route("lin", "/route", part("之三"))
	require.Equal(s, "people", before.Steps[0].Need, "seen before it is submitted")
	require.Equal(s, "1200.00", before.Counted.Sum.Amount)
	third := s.submit("lin", part("之三"))
	s.task("zhao", third.ID)
	seen := s.route("lin", "/documents/"+third.ID+"/route", nil)
	require.Equal(s, `amount >= money("1000.00") is true: amount = 1200.00 CNY`, seen.Steps[0].Reason)
	require.Equal(s, "400.00", seen.Counted.Own.Amount)
	require.Equal(s, "800.00", seen.Counted.Others.Amount)
	require.Equal(s, 2, seen.Counted.Count)
	require.Len(s, seen.Counted.Documents, 2)
	require.Equal(s, second.Number, seen.Counted.Documents[0].Number)
	require.Equal(s, first.ID, seen.Counted.Documents[1].ID)
	require.Contains(s, seen.Counted.Text, "1200.00 CNY")
	require.Zero(s, s.count(`SELECT count(*) FROM events WHERE stream = $1 AND data LIKE '%' || $2 || '%'`, third.ID, first.Number),
		"the log of a document tells nothing of others")

	// The supervisor may read the third, not those that nobody asked them about.
	blind := s.route("zhao", "/documents/"+third.ID+"/route", nil)
	require.Equal(s, "1200.00", blind.Counted.Sum.Amount)
	require.Equal(s, 2, blind.Counted.Count)
	for _, d := range blind.Counted.Documents {
		_, err := s.as("zhao").Document(s.ctx, d.ID)
		require.NoError(s, err, "named only where it may be read")
	}

	s.decide("zhao", third.ID, "return", "请合并提交")
	s.await("lin", third.ID, "returned")
	_, err := s.as("lin").Resubmit(s.ctx, third.ID, drill("split", "之三", "199.99"), s.key())
	require.NoError(s, err)
	s.await("lin", third.ID, "closed")
	again := s.route("lin", "/documents/"+third.ID+"/route", nil)
	require.Equal(s, "999.99", again.Counted.Sum.Amount, "counted anew, itself once")
	s.atOnce()
}

// atOnce submits two halves at the same time.
func (s *scene) atOnce() {
	var halves [2]walk.Document
	var group sync.WaitGroup
	for i := range halves {
		group.Go(func() { halves[i], _ = s.as("wang").Submit(s.ctx, drill("split", "同时", "600.00"), s.key()) })
	}
	group.Wait()
	var sums []string
	for _, half := range halves {
		d, err := s.as("wang").Await(s.ctx, half.ID, func(d walk.Document) bool { return d.Status == "closed" || d.Status == "pending" })
		require.NoError(s, err)
		sums = append(sums, s.route("wang", "/documents/"+d.ID+"/route", nil).Counted.Sum.Amount)
	}
	require.Contains(s, strings.Join(sums, " "), "1200.00", "not both slip through")
}
