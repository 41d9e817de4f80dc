package nemesis

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/tests/house"
	"github.com/countersign/countersign/walk"
)

// hastySteps asks two people at once and rejects after eight seconds.
const hastySteps = `
steps:
  - id: both
    title: { en: Both, zh-CN: 会签 }
    approvers: [{ person: zhao }, { person: sun }]
    mode: all_of
    due: { normal: 8 s }
    on_timeout: reject
then: [archive]
`

// hasteLimit is the time limit of hastySteps.
const hasteLimit = 8 * time.Second

// TestOutages plays what lies between a commit and its consequence: the worker
// is away, and the clock or another person comes first.
func TestOutages(t *testing.T) {
	t.Parallel() // it waits more than it works
	phones := handsets(t)
	apps := []map[string]any{}
	for _, p := range phones {
		apps = append(apps, p.app)
	}
	h := house.Start(t, house.Options{Settings: map[string]any{"relay.interval": "200ms", "im.apps": apps}})
	for _, p := range phones {
		p.at("", h.URL+"/hooks/im/"+p.name)
	}
	h.Publish(t, "hasty", hastySteps)
	h.Publish(t, "pressed", pressedSteps)
	o := &outages{T: t, house: h, door: h.NewDoor()}
	t.Run("a second act arrives after the commit that the worker died of", o.secondAct)
	t.Run("the clock strikes after the commit that the worker died of", o.clockAfterCommit)
	t.Run("an acknowledged act waits out an outage longer than its deadline", o.longOutage)
	t.Run("Temporal is away while people submit and decide", o.temporalAway)
	t.Run("what is decided on the web changes its cards", func(t *testing.T) { o.onTheWeb(t, phones) })
	t.Run("cards are pressed, and told again, while nobody is there to decide", func(t *testing.T) { o.presses(t, phones) })
	t.Run("PostgreSQL is away: nothing is acknowledged and nothing is lost", o.databaseAway)
	h.Rest(t, restPatience, true)
	t.Log("audit verify: " + h.VerifyAudit(t))
	t.Log("invariants:\n" + h.RequireInvariants(t, o.door.Told()))
}

type outages struct {
	*testing.T
	house *house.House
	door  *house.Door
}

func (o *outages) submit(t *testing.T, kind, key string) walk.Document {
	t.Helper()
	d, err := submit(t.Context(), o.door.As(t, "lin"), form(kind, key, "1200.00"), key)
	require.NoError(t, err)
	return d
}

// approve decides as somebody; a worker that is away makes it pending.
func (o *outages) approve(t *testing.T, person, document string) walk.Act {
	t.Helper()
	act, err := decide(t.Context(), o.door.As(t, person), document, "approve", document+person)
	require.NoError(t, err)
	return act
}

// await waits for the end of a document, and answers with how often each kind
// of event happened.
func (o *outages) await(t *testing.T, document, status string) map[string]int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), crashPatience)
	defer cancel()
	d, err := o.door.As(t, "lin").Await(ctx, document, func(d walk.Document) bool {
		return d.Status == "closed" || d.Status == "rejected"
	})
	require.NoError(t, err)
	require.Equal(t, status, d.Status)
	rows, err := o.house.Database(t).Query(`SELECT kind, count(*) FROM events WHERE stream = $1 GROUP BY kind`, document)
	require.NoError(t, err)
	defer func() { _ = rows.Close() }()
	kinds := map[string]int{}
	for rows.Next() {
		var kind string
		var n int
		require.NoError(t, rows.Scan(&kind, &n))
		kinds[kind] = n
	}
	require.NoError(t, rows.Err())
	return kinds
}

// dieAfterCommit has the worker die between Record's commit of an approval and
// the end of its workflow task; it stays away.
func (o *outages) dieAfterCommit(t *testing.T, person, document string) {
	t.Helper()
	o.house.Kill(house.Worker)
	o.house.CrashAt(house.Worker, "record.committed")
	o.house.Run(house.Worker)
	o.approve(t, person, document)
	select {
	case <-o.house.Exited(house.Worker):
	case <-time.After(crashPatience):
		require.FailNow(t, "the worker never recorded it")
	}
	o.house.CrashAt(house.Worker, "")
}

// asked waits until somebody is asked, and answers with when that was, at most.
func (o *outages) asked(t *testing.T, person, document string) time.Time {
	t.Helper()
	_, err := taskOn(t.Context(), o.house.As(person), document)
	require.NoError(t, err)
	return time.Now()
}

func (o *outages) secondAct(t *testing.T) {
	d := o.submit(t, "hasty", "second act")
	o.asked(t, "zhao", d.ID)
	o.dieAfterCommit(t, "zhao", d.ID)
	act := o.approve(t, "sun", d.ID)
	require.True(t, act.Pending, "recorded, being applied")
	o.house.Run(house.Worker)
	kinds := o.await(t, d.ID, "closed")
	require.Equal(t, 2, kinds["task.approved"])
	require.Zero(t, kinds["task.expired"])
}

func (o *outages) clockAfterCommit(t *testing.T) {
	d := o.submit(t, "hasty", "clock")
	began := o.asked(t, "zhao", d.ID)
	o.dieAfterCommit(t, "zhao", d.ID)
	time.Sleep(time.Until(began.Add(hasteLimit + time.Second)))
	o.house.Run(house.Worker)
	kinds := o.await(t, d.ID, "rejected")
	require.Equal(t, 1, kinds["task.approved"], "what was committed stays")
	require.Equal(t, 1, kinds["task.expired"])
}

func (o *outages) longOutage(t *testing.T) {
	d := o.submit(t, "hasty", "long outage")
	began := o.asked(t, "zhao", d.ID)
	o.house.Kill(house.Worker)
	acks := make(chan walk.Act, 2)
	for _, person := range []string{"zhao", "sun"} {
		go func() { acks <- o.approve(t, person, d.ID) }()
	}
	for range 2 {
		require.True(t, (<-acks).Pending)
	}
	require.Less(t, time.Since(began), hasteLimit, "acknowledged before the deadline")
	time.Sleep(time.Until(began.Add(hasteLimit + 2*time.Second)))
	o.house.Run(house.Worker)
	kinds := o.await(t, d.ID, "closed")
	require.Equal(t, 2, kinds["task.approved"], "what was acknowledged in time beats the clock")
	require.Zero(t, kinds["task.expired"])
}

func (o *outages) temporalAway(t *testing.T) {
	before := o.submit(t, "expense", "before the outage")
	o.asked(t, "wang", before.ID)
	o.house.Kill(house.Temporal)
	during := o.submit(t, "expense", "during the outage")
	require.Equal(t, "submitted", during.Status)
	require.NotEmpty(t, during.Number)
	act := o.approve(t, "wang", before.ID)
	require.True(t, act.Pending)
	o.house.Run(house.Temporal)
	for _, document := range []string{before.ID, during.ID} {
		for _, person := range []string{"wang", "zhao", "liu"} {
			if document == before.ID && person == "wang" {
				continue
			}
			o.approve(t, person, document)
		}
		kinds := o.await(t, document, "closed")
		require.Equal(t, 3, kinds["task.approved"])
		require.Equal(t, 1, kinds["voucher.posted"])
	}
}

func (o *outages) databaseAway(t *testing.T) {
	d := o.submit(t, "expense", "no database")
	task, err := taskOn(t.Context(), o.door.As(t, "wang"), d.ID)
	require.NoError(t, err)
	require.NoError(t, o.house.Stack.Postgres.Stop())
	_, err = o.door.As(t, "wang").Decide(t.Context(), task, "approve", "", "no database")
	require.Error(t, err, "nothing is acknowledged")
	o.house.Run(house.Postgres)
	for _, person := range []string{"wang", "zhao", "liu"} {
		o.approve(t, person, d.ID)
	}
	require.Equal(t, 3, o.await(t, d.ID, "closed")["task.approved"])
}
