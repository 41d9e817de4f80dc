package activities_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/activities"
	"github.com/countersign/countersign/activities/activitiestest"
	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/platform/wire"
	"github.com/countersign/countersign/store"
)

func (w *world) post(l *ledger, in activities.PostVoucherInput) (activities.Posted, error) {
	w.t.Helper()
	v := &activities.Vouchers{
		Book: w, Now: func() time.Time { return now },
		Ledgers: map[string]activities.Ledger{"": {Port: l, Settle: time.Minute}},
	}
	in.Document, in.Reference = documentID, reference
	return run[activities.Posted](w.t, v.PostVoucher, in)
}

func TestAVoucherIsPostedOnce(t *testing.T) {
	w, l := newWorld(t), &ledger{}
	for range 2 {
		posted, err := w.post(l, activities.PostVoucherInput{})
		require.NoError(t, err)
		require.Equal(t, activities.Posted{Posted: true, Number: "V-1", ID: "77"}, posted)
	}
	require.Len(t, l.created, 1)
	require.Equal(t, "2026-11-03", l.created[0].Date, "the day on the entity's wall")
	require.Equal(t, "posted", w.vouchers[reference].State)
	require.Equal(t, "ok", w.attempts[0].Class)
}

func TestALostAnswerIsLookedUp(t *testing.T) {
	w, l := newWorld(t), &ledger{lose: true}
	_, err := w.post(l, activities.PostVoucherInput{})
	require.Equal(t, "erp.unknown", fault.CodeOf(wire.In(err)))
	posted, err := w.post(l, activities.PostVoucherInput{})
	require.NoError(t, err)
	require.True(t, posted.Posted)
	require.Len(t, l.created, 1)
}

// TestWhatADeadWorkerSentIsEndedByWhoFindsIt: it died after the ERP had taken the
// request and before the end of it was kept.
func TestWhatADeadWorkerSentIsEndedByWhoFindsIt(t *testing.T) {
	for _, tt := range []struct {
		name string
		died erp.Op
		then erp.State
		want []string // how the attempts ended
	}{
		{"the draft is there", erp.OpCreate, erp.Draft, []string{"ok", "ok"}},
		{"the voucher is posted", erp.OpPost, erp.Posted, []string{"ok", "ok"}},
		{"the draft is not posted: nobody knows", erp.OpPost, erp.Draft, []string{"ok", "", "ok"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w, l := newWorld(t), &ledger{}
			_, err := w.post(l, activities.PostVoucherInput{})
			require.NoError(t, err)
			row := w.vouchers[reference]
			row.State, row.Number, row.ID = "pending", "", ""
			w.vouchers[reference] = row
			if tt.died == erp.OpCreate {
				w.attempts = w.attempts[:1]
			}
			w.attempts[len(w.attempts)-1].Class = ""
			l.found[0].State = tt.then

			if tt.died == erp.OpPost && tt.then == erp.Draft { // it may be at work still
				_, err = w.post(l, activities.PostVoucherInput{})
				require.Equal(t, erp.CodeSettling, fault.CodeOf(wire.In(err)))
				w.attempts[len(w.attempts)-1].StartedAt = now.Add(-time.Hour)
			}
			posted, err := w.post(l, activities.PostVoucherInput{})
			require.NoError(t, err)
			require.True(t, posted.Posted)
			require.Len(t, l.created, 1)
			var classes []string
			for _, a := range w.attempts {
				classes = append(classes, a.Class)
			}
			require.Equal(t, tt.want, classes)
		})
	}
}

func TestARefusalIsAnAnswer(t *testing.T) {
	w := newWorld(t)
	l := &ledger{refuse: port.Fault(erp.CodeClosedPeriod, "period 11 is closed")}
	posted, err := w.post(l, activities.PostVoucherInput{})
	require.NoError(t, err)
	require.Equal(t, "erp.closed_period", posted.Code)
	require.Contains(t, posted.Detail, "period 11 is closed")
	require.Equal(t, "parked", w.vouchers[reference].State)

	l.refuse = nil
	posted, err = w.post(l, activities.PostVoucherInput{Attempt: 1, Date: "2026-12-01"})
	require.NoError(t, err)
	require.True(t, posted.Posted, "%v", posted)
	require.Equal(t, "2026-12-01", l.created[0].Date)
}

func TestAnotherMappingWaitsForARuling(t *testing.T) {
	w := newWorld(t)
	l := &ledger{refuse: port.Fault(erp.CodeUnavailable, "")}
	_, err := w.post(l, activities.PostVoucherInput{})
	require.Equal(t, fault.Busy, fault.KindOf(wire.In(err)))
	row := w.texts["mapping"]
	row.YAML, row.Hash = strings.ReplaceAll(row.YAML, "6602", "6601"), "mapping2"
	w.texts["mapping"] = row
	l.refuse = nil
	_, err = w.post(l, activities.PostVoucherInput{})
	require.NoError(t, err)
	require.Equal(t, "6602", l.created[0].Entries[0].Account, "what was intended is what is sent")
}

func TestWhatCannotBeBookedIsParkedNotRetried(t *testing.T) {
	for name, spoil := range map[string]func(*world){
		"no mapping": func(w *world) { delete(w.texts, "mapping") },
		"an unknown category": func(w *world) {
			w.content.Lines[0].Category = "yacht"
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			spoil(w)
			posted, err := w.post(&ledger{}, activities.PostVoucherInput{})
			require.NoError(t, err)
			require.False(t, posted.Posted)
			require.NotEmpty(t, posted.Code)
		})
	}
}

// TestOnlyAPolicyThatAggregatesAsksForOthers: one look where amounts are added up,
// none where they are not; a step found later goes by what the plan counted.
func TestOnlyAPolicyThatAggregatesAsksForOthers(t *testing.T) {
	w := newWorld(t)
	plans := &activities.Plans{Book: w}
	in := activities.RouteInput{Document: documentID, Revision: 1, Round: 1}
	routed, err := run[activities.Routed](t, plans.Route, in)
	require.NoError(t, err)
	require.Nil(t, routed.Plan.Counted)
	require.Zero(t, w.looks)

	row := w.texts["policy"]
	row.Hash, row.YAML = "2", strings.Replace(row.YAML, "\nsteps:", "\naggregate: { by: [payee], within: 30 days }\nsteps:", 1)
	w.texts["policy"] = row
	own := w.content.BaseTotal
	w.others = []approval.BesideDocument{{Amount: own, Base: own}, {Amount: own, Base: own}}
	routed, err = run[activities.Routed](t, plans.Route, in)
	require.NoError(t, err)
	require.Equal(t, 1, w.looks)
	require.Equal(t, 3*own.Minor, routed.Plan.Counted.Sum.Minor)
	require.Equal(t, 2, routed.Plan.Counted.Count)
	require.Equal(t, []string{w.content.Payee.ID}, routed.Plan.Counted.Payees)

	_, err = run[activities.StepStaff](t, plans.Staff, activities.StaffInput{
		Document: documentID, Revision: 1, Round: 1, Step: routed.Plan.Steps[0].ID, Policy: "expense", Version: row.Version,
		Counted: routed.Plan.Counted,
	})
	require.NoError(t, err)
	require.Equal(t, 1, w.looks, "not counted anew")

	w.lookFails = fault.New(fault.Busy, "store.busy")
	_, err = run[activities.Routed](t, plans.Route, in)
	require.Error(t, err, "not knowing the others is not the same as there being none")
}

func TestARouteIsFoundOrTheAdminsAreAsked(t *testing.T) {
	w := newWorld(t)
	plans := &activities.Plans{Book: w}
	in := activities.RouteInput{Document: documentID, Revision: 1, Round: 1}
	routed, err := run[activities.Routed](t, plans.Route, in)
	require.NoError(t, err)
	require.NotNil(t, routed.Plan, routed.Code)
	require.Len(t, routed.Plan.Steps, 3)
	require.Contains(t, routed.Plan.Interested, "zhao")
	require.Equal(t, int64(7), routed.Plan.OrgVersion)

	w.texts["policy"] = store.PolicyRow{Kind: "policy", ID: "expense", Version: 2, Hash: "2", YAML: "policy: ["}
	routed, err = run[activities.Routed](t, plans.Route, in)
	require.NoError(t, err)
	require.Nil(t, routed.Plan)
	require.NotEmpty(t, routed.Code)
	require.Equal(t, []string{"root"}, routed.Admins)

	w.busy = fault.New(fault.Busy, "store.busy")
	_, err = run[activities.Routed](t, plans.Route, in)
	require.Equal(t, fault.Busy, fault.KindOf(wire.In(err)), "our own outage is no verdict on the route")
}

// TestWhatWasSanctionedShortensNoRoute: a route that is asked for again, and who
// takes over in it, are found by what was claimed.
func TestWhatWasSanctionedShortensNoRoute(t *testing.T) {
	w := newWorld(t)
	plans := &activities.Plans{Book: w}
	in := activities.RouteInput{Document: documentID, Revision: 2, Round: 2}
	w.content = content(10_000_000)
	claimed, err := run[activities.Routed](t, plans.Route, in)
	require.NoError(t, err)
	w.content, _, err = w.content.Sanctioned([]document.Approved{
		{Line: 1, Amount: money.Amount{Minor: 100, Currency: "CNY"}},
	})
	require.NoError(t, err)
	again, err := run[activities.Routed](t, plans.Route, in)
	require.NoError(t, err)
	require.Equal(t, claimed.Plan, again.Plan)

	last := claimed.Plan.Steps[len(claimed.Plan.Steps)-1]
	require.Equal(t, "sun", last.Approvers[0].Person)
	sun := w.people.People["sun"]
	sun.Active = false
	w.people.People["sun"] = sun
	wen := w.people.People["root"]
	wen.ID = "wen"
	w.people.People["wen"] = wen
	w.people.Grants = append(w.people.Grants, org.Grant{Person: "wen", Role: "finance_head", Entity: "CN01"})
	got, err := run[activities.Heirs](t, plans.Heirs, activities.HeirsInput{
		Document: documentID, Revision: 2, Round: 2, Policy: "expense", PolicyVersion: 1,
		Tasks: []activities.HeirsTask{{
			Task: "t1", Step: last.ID, Assignee: "sun", ByRule: true, Via: last.Approvers[0].Via,
		}},
	})
	require.NoError(t, err)
	require.Equal(t, "wen", got.Tasks[0].To[0].Person, "whom the policy names comes before the manager")
}

// TestWhoTakesOverFromALeaver: whom an operator named, whom the policy names today,
// then up the managers; never somebody interested, or with a part in the step.
func TestWhoTakesOverFromALeaver(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(w *world, task *activities.HeirsTask)
		want   []string
	}{
		{"the policy's role has a new holder, then up the managers", func(w *world, _ *activities.HeirsTask) {
			w.people.Grants = append(w.people.Grants, org.Grant{Person: "root", Role: "finance_clerk", Entity: "CN01"})
		}, []string{"root", "boss"}},
		{"nobody else holds the role", func(*world, *activities.HeirsTask) {}, []string{"boss"}},
		{"an added signer has no rule", func(w *world, task *activities.HeirsTask) {
			w.people.Grants = append(w.people.Grants, org.Grant{Person: "root", Role: "finance_clerk", Entity: "CN01"})
			task.ByRule = false
		}, []string{"boss"}},
		{"somebody was named", func(w *world, _ *activities.HeirsTask) { w.heirs = map[string]string{"wu": "sun"} },
			[]string{"sun", "boss"}},
		{"who was named left too", func(w *world, _ *activities.HeirsTask) { w.heirs = map[string]string{"wu": "gone"} },
			[]string{"boss"}},
		{"who was named is interested", func(w *world, _ *activities.HeirsTask) { w.heirs = map[string]string{"wu": "zhao"} },
			[]string{"boss"}},
		{"the manager has a part under another account", func(w *world, task *activities.HeirsTask) {
			boss := w.people.People["boss"]
			boss.Aliases = []string{"boss2"}
			w.people.People["boss"] = boss
			task.Taken = []string{"boss2"}
		}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			plans := &activities.Plans{Book: w}
			wu := w.people.People["wu"]
			wu.Active = false
			w.people.People["wu"] = wu
			task := activities.HeirsTask{
				Task: "t1", Step: w.clerkStep(), Assignee: "wu", ByRule: true, Via: "role:finance_clerk",
			}
			tt.change(w, &task)
			got, err := run[activities.Heirs](t, plans.Heirs, activities.HeirsInput{
				Document: documentID, Revision: 1, Round: 1, Policy: "expense", PolicyVersion: 1,
				Interested: []string{"zhao"}, StoppedBy: "wu",
				Tasks: []activities.HeirsTask{task, {Task: "t2", Step: task.Step, Assignee: "sun"}},
			})
			require.NoError(t, err)
			require.True(t, got.StopperLeft)
			require.Len(t, got.Tasks, 1, "sun works here")
			require.Equal(t, "t1", got.Tasks[0].Task)
			var who []string
			for _, a := range got.Tasks[0].To {
				who = append(who, a.Person)
			}
			require.Equal(t, tt.want, who)
		})
	}
}

// clerkStep is the step of the shipped policy that asks the finance clerks.
func (w *world) clerkStep() string {
	w.t.Helper()
	routed, err := run[activities.Routed](w.t, (&activities.Plans{Book: newWorld(w.t)}).Route,
		activities.RouteInput{Document: documentID, Revision: 1, Round: 1})
	require.NoError(w.t, err)
	for _, step := range routed.Plan.Steps {
		for _, a := range step.Approvers {
			if a.Person == "wu" {
				return step.ID
			}
		}
	}
	w.t.Fatal("wu is not asked")
	return ""
}

func TestAnOverdueTaskGoesToSomebodyElse(t *testing.T) {
	plans := &activities.Plans{Book: newWorld(t)}
	next, err := run[activities.NextApprovers](t, plans.NextApprover,
		activities.NextApproverInput{From: "li", Interested: []string{"zhao"}, Entity: "CN01"})
	require.NoError(t, err)
	require.Equal(t, "boss", next.To[0].Person)

	next, err = run[activities.NextApprovers](t, plans.NextApprover,
		activities.NextApproverInput{From: "wu", Interested: []string{"zhao"}, Role: "finance_clerk", Entity: "CN01"})
	require.NoError(t, err)
	require.Equal(t, approval.AdminQueue, next.To[0].Person, "nobody else holds the role")
}

func TestDeadlinesAreStampedFromTheCalendar(t *testing.T) {
	book := activitiestest.NewBook(func() time.Time { return now })
	book.Submit(documentID, "EXP-2026-000001")
	records := &activities.Records{Book: book, Calendars: &activities.Calendars{Book: book}}
	plan := activitiestest.ThreeSteps(3600, 600, 60)
	plan.Round = 1
	drafts, err := book.State(documentID).Judge(approval.Planned{Plan: plan}, now)
	require.NoError(t, err)
	request := approval.RecordRequest{Document: documentID, Expected: 1, Cause: "plan:1:0", Drafts: drafts}
	_, err = run[approval.Recorded](t, records.Record, request)
	require.NoError(t, err)
	task := book.State(documentID).Tasks[0]
	require.Equal(t, now.Add(time.Hour), task.DueAt)
	require.Equal(t, []time.Time{now.Add(10 * time.Minute), now.Add(11 * time.Minute)}, task.RemindAt)
}

func TestAnUnknownCalendarIsAFault(t *testing.T) {
	book := activitiestest.NewBook(func() time.Time { return now })
	book.Submit(documentID, "EXP-2026-000001")
	plan := activitiestest.ThreeSteps(3600, 600, 60)
	plan.Round = 1
	plan.Steps[0].Clock = approval.Clock{Calendar: "nowhere", Due: calendar.Duration{Count: 1, Unit: calendar.WorkDay}}
	drafts, err := book.State(documentID).Judge(approval.Planned{Plan: plan}, now)
	require.NoError(t, err)
	records := &activities.Records{Book: book, Calendars: &activities.Calendars{Book: book}}
	_, err = run[approval.Recorded](t, records.Record,
		approval.RecordRequest{Document: documentID, Expected: 1, Cause: "plan:1:0", Drafts: drafts})
	require.Equal(t, "clock.no_calendar", fault.CodeOf(wire.In(err)))
	require.Len(t, book.Stream(documentID), 1)
}

func TestARefusalYieldsToEventsNotSeen(t *testing.T) {
	book := activitiestest.NewBook(func() time.Time { return now })
	book.Submit(documentID, "EXP-2026-000001")
	book.Commit(approval.Act{ID: "a1", Document: documentID})
	records := &activities.Records{Book: book, Calendars: &activities.Calendars{Book: book}}
	in := activities.RefuseActInput{
		Act: "a1", Document: documentID, Expected: 0, Outcome: approval.Outcome{Code: "task.unknown", Kind: "not_found"},
	}
	got, err := run[approval.Recorded](t, records.RefuseAct, in)
	require.NoError(t, err)
	require.True(t, got.Behind)
	require.Nil(t, book.Outcome("a1"))
	in.Expected = 1
	got, err = run[approval.Recorded](t, records.RefuseAct, in)
	require.NoError(t, err)
	require.Equal(t, "task.unknown", got.Outcome.Code)
	require.Equal(t, "task.unknown", book.Outcome("a1").Code)
}
