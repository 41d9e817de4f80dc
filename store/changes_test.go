package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/store"
)

// stampBy gives tasks an hour by a version of their calendar.
func stampBy(version int) store.Stamp {
	return func(at time.Time, d approval.TaskOpenedData) (approval.TaskOpenedData, error) {
		if d.Moved == nil || !d.Moved.Recounted {
			d.DueAt, d.CalendarVersion = at.Add(time.Hour), version
		}
		return d, nil
	}
}

// clocked submits a document whose tasks count by a calendar in a unit.
func (w *world) clocked(title, id string, unit calendar.Unit, version int) store.Document {
	w.t.Helper()
	d := w.submit(title)
	p := plan(1, approval.AnyOf, "ann")
	p.Steps[0].Clock = approval.Clock{Calendar: id, Due: calendar.Duration{Count: 1, Unit: unit}}
	r, err := w.request(d.ID, approval.Planned{Plan: p})
	require.NoError(w.t, err)
	_, err = w.s.Record(w.ctx, r, stampBy(version))
	require.NoError(w.t, err)
	return d
}

func (w *world) importOffice(from int, off calendar.Date) {
	w.t.Helper()
	c := &calendar.Calendar{ID: "office", Zone: "UTC", Off: map[calendar.Date]string{}}
	c.Week[time.Monday] = []calendar.Span{{From: 9 * 60, To: 17 * 60}}
	if off != "" {
		c.Off[off] = "off"
	}
	_, err := w.s.ImportCalendar(w.ctx, c, from, "test")
	require.NoError(w.t, err)
}

// tells claims what waits to be told, as if every wait were over.
func (w *world) tells() []store.Telling {
	w.t.Helper()
	_, err := w.root.Exec(`UPDATE tellings SET next_try = clock_timestamp()`)
	require.NoError(w.t, err)
	tellings, err := w.s.ClaimTellings(w.ctx, 100)
	require.NoError(w.t, err)
	return tellings
}

func (w *world) spread() int {
	w.t.Helper()
	found, err := w.s.SpreadChanges(w.ctx, 100)
	require.NoError(w.t, err)
	return found
}

// TestAChangedCalendarIsToldToWhomItConcerns: to those with an open deadline by an
// older version, once; to who counted by it all the same, again.
func TestAChangedCalendarIsToldToWhomItConcerns(t *testing.T) {
	w := newWorld(t)
	w.importOffice(0, "")
	open := w.clocked("open", "office", calendar.WorkDay, 1)
	w.clocked("seconds", "office", calendar.Second, 1)
	w.clocked("another calendar", "other", calendar.WorkDay, 1)
	decided := w.clocked("decided", "office", calendar.WorkDay, 1)
	w.do(decided.ID, approval.Approve, "ann")
	w.spread()
	require.Empty(t, w.tells(), "its first version concerns nobody")

	w.importOffice(1, "2026-12-07")
	require.Equal(t, 1, w.spread())
	require.Zero(t, w.spread(), "it is told once")
	told := store.Telling{Document: open.ID, Kind: store.TellCalendar, Name: "office", Version: 2}
	require.Equal(t, []store.Telling{told}, w.tells())
	require.Equal(t, []store.Telling{told}, w.tells(), "until it was delivered")
	require.NoError(t, w.s.TellingDone(w.ctx, told))
	require.Empty(t, w.tells())

	late := w.clocked("late", "office", calendar.WorkDay, 1) // by a worker that did not know yet
	require.Equal(t, 1, w.spread())
	require.Equal(t, late.ID, w.tells()[0].Document)

	w.importOffice(2, "2026-12-08")
	require.Equal(t, 2, w.spread())
	require.NoError(t, w.s.TellingDone(w.ctx, told), "an older version")
	require.Len(t, w.tells(), 2, "the newer one is still to be told")
	_, err := w.root.Exec(`UPDATE changes SET at = at - interval '2 minutes'`)
	require.NoError(t, err)
	w.spread()
	require.Zero(t, w.count(`SELECT count(*) FROM changes WHERE spread_at IS NULL`))
}

// TestARecountIsKept: the read model is what the events say, and the old version can
// still be asked.
func TestARecountIsKept(t *testing.T) {
	w := newWorld(t)
	w.importOffice(0, "")
	d := w.clocked("open", "office", calendar.WorkDay, 1)
	w.importOffice(1, "2026-12-07")
	task := w.state(d.ID).OpenTasks()[0]
	due := task.DueAt.Add(24 * time.Hour)
	c := approval.Recounted{Task: task.ID, Calendar: "office", Version: 2, Was: task.DueAt, DueAt: due, Provisional: true}
	r, err := w.request(d.ID, c)
	require.NoError(t, err)
	first, err := w.s.Record(w.ctx, r, stampBy(1))
	require.NoError(t, err)
	again, err := w.s.Record(w.ctx, r, stampBy(1))
	require.NoError(t, err)
	require.Equal(t, first, again, "told again, it changes nothing")
	row, err := w.s.Task(w.ctx, task.ID)
	require.NoError(t, err)
	require.True(t, due.Equal(row.DueAt))
	require.True(t, row.Provisional)
	require.Equal(t, 2, row.CalendarVersion)
	require.Equal(t, 1, w.count(`SELECT count(*) FROM notices WHERE kind = 'task.rescheduled' AND person = 'ann' AND quiet`))
	w.clean()
	old, err := w.s.CalendarAt(w.ctx, "office", 1, time.Time{})
	require.NoError(t, err)
	require.Empty(t, old.Calendar.Off)
	for at, want := range map[time.Time]int{time.Now().Add(time.Hour): 2, time.Now().Add(-time.Hour): 1} {
		got, err := w.s.CalendarAt(w.ctx, "office", 0, at)
		require.NoError(t, err)
		require.Equal(t, want, got.Version)
	}
}

// leaves makes somebody inactive.
func (w *world) leaves(who string) {
	w.t.Helper()
	next := company()
	person := next.People[who]
	person.Active = false
	next.People[who] = person
	_, err := w.s.ReplaceOrganisation(w.ctx, next, "left:"+who)
	require.NoError(w.t, err)
}

// TestWhoLeavesLosesWhatTheyHad at once, and the documents that wait for them hear of
// it, those too that ask them only later.
func TestWhoLeavesLosesWhatTheyHad(t *testing.T) {
	w := newWorld(t)
	waits := w.routed("waits", approval.AnyOf, "ann")
	later := w.routed("later", approval.InOrder, "bob", "ann")
	w.routed("another's", approval.AnyOf, "bob")
	_, err := w.s.CreateToken(w.ctx, store.Token{Hash: store.HashToken("secret"), Person: "ann", Name: "script"})
	require.NoError(t, err)
	sessions := w.s.Sessions()
	require.NoError(t, sessions.CommitCtx(store.NewSession(w.ctx), "cookie", []byte("x"), time.Now().Add(time.Hour)))
	require.NoError(t, sessions.Bind(w.ctx, "cookie", store.SessionInfo{Person: "ann"}))
	by, to := w.delegates("ann", "bob", nil), w.delegates("fin", "ann", nil)

	w.leaves("ann")
	_, err = w.s.TokenByHash(w.ctx, store.HashToken("secret"))
	require.Equal(t, "token.expired", fault.CodeOf(err))
	_, found, err := sessions.FindCtx(w.ctx, "cookie")
	require.NoError(t, err)
	require.False(t, found)
	for _, id := range []string{by.ID, to.ID} {
		rule, err := w.s.Delegation(w.ctx, id)
		require.NoError(t, err)
		require.Equal(t, approval.SystemDirectory, rule.RevokedBy)
	}
	assert.Equal(t, 2, w.count(`SELECT count(*) FROM notices WHERE kind = 'delegation.revoked' AND person <> 'ann'`))
	assert.Zero(t, w.count(`SELECT count(*) FROM notices WHERE kind = 'delegation.revoked' AND person = 'ann'`))
	require.Equal(t, 1, w.spread())
	told := w.tells()
	require.Equal(t, waits.ID, told[0].Document)
	require.NoError(t, w.s.TellingDone(w.ctx, told[0]))

	w.do(later.ID, approval.Approve, "bob")
	told = w.tells()
	require.Len(t, told, 1, "ann is asked although she left")
	require.Equal(t, later.ID, told[0].Document)
	w.clean()

	n, err := w.s.TellLeaver(w.ctx, "ann", store.Idempotency{})
	require.NoError(t, err)
	require.Equal(t, 2, n)
	_, err = w.s.TellLeaver(w.ctx, "bob", store.Idempotency{})
	require.Equal(t, "handover.active", fault.CodeOf(err))
	_, err = w.s.ReplaceOrganisation(w.ctx, company(), "back again")
	require.NoError(t, err)
	require.Zero(t, w.count(`SELECT count(*) FROM leavers`))
}

// TestAHandOverWaitsForWhatWasAcknowledged: ann decided, then left; her decision
// counts.
func TestAHandOverWaitsForWhatWasAcknowledged(t *testing.T) {
	w := newWorld(t)
	d := w.routed("decided", approval.AnyOf, "ann")
	act := w.act(d.ID, approval.Approve, "ann")
	w.commit(act)
	w.leaves("ann")
	over := approval.HandedOver{Task: act.Task, From: "ann", To: []approval.Approver{{Person: "bob"}}}
	r, err := w.request(d.ID, over)
	require.NoError(t, err)
	r.Yield = true
	got, err := w.s.Record(w.ctx, r, stampIn(time.Hour))
	require.NoError(t, err)
	require.Equal(t, []string{act.ID}, got.Waiting)
	w.record(d.ID, act)
	drafts, err := w.state(d.ID).Judge(over, time.Now())
	require.NoError(t, err)
	require.Empty(t, drafts, "there is nothing left to hand over")
}

// TestAHandOverIsKept with what somebody leaves behind, before and after.
func TestAHandOverIsKept(t *testing.T) {
	w := newWorld(t)
	d := w.routed("waits", approval.AnyOf, "ann")
	rule := w.delegates("ann", "fin", nil)
	left, err := w.s.Belongings(w.ctx, "ann")
	require.NoError(t, err)
	require.Equal(t, 1, left.Total)
	require.Equal(t, d.ID, left.Tasks[0].Document)
	require.Equal(t, rule.ID, left.Delegations[0].ID)
	w.leaves("ann")
	require.NoError(t, w.s.NameHeir(w.ctx, "ann", "fin", "same team"))
	require.NoError(t, w.s.NameHeir(w.ctx, "ann", "bob", "fin is away"))
	require.NoError(t, w.s.NameHeir(w.ctx, "ann", "bob", "again"))
	require.Equal(t, 2, w.count(`SELECT count(*) FROM events WHERE stream = 'handover:ann'`))
	heir, err := w.s.Heir(w.ctx, "ann")
	require.NoError(t, err)
	require.Equal(t, "bob", heir)
	w.record(d.ID, approval.HandedOver{
		Task: w.state(d.ID).OpenTasks()[0].ID, From: "ann", To: []approval.Approver{{Person: "bob"}},
	})
	require.Equal(t, "bob", w.state(d.ID).OpenTasks()[0].Assignee)
	w.do(d.ID, approval.Approve, "bob")
	w.clean()
	assert.Equal(t, 1, w.count(`SELECT count(*) FROM notices WHERE kind = 'task.handed_over' AND person = 'sue'`))
	left, err = w.s.Belongings(w.ctx, "ann")
	require.NoError(t, err)
	require.Zero(t, left.Total)
	require.Empty(t, left.Delegations)
	submitted, err := w.s.Belongings(w.ctx, "sue")
	require.NoError(t, err)
	require.Equal(t, d.ID, submitted.Submitted[0].ID)
}

// TestAClockThatWasReleasedIsNotLeftBehind: nor one whose route was given up.
func TestAClockThatWasReleasedIsNotLeftBehind(t *testing.T) {
	for _, ruling := range []string{approval.RulingRelease, approval.RulingReplan} {
		t.Run(ruling, func(t *testing.T) {
			w := governed(t)
			d := w.submit("stopped")
			p := plan(1, approval.AllOf, "ann", "bob")
			p.Steps[0].Allow = []string{"hold"}
			w.record(d.ID, approval.Planned{Plan: p})
			hold := w.act(d.ID, approval.Hold, "ann")
			hold.Opinion = "wait"
			w.commit(hold)
			w.record(d.ID, hold)
			left, err := w.s.Belongings(w.ctx, "ann")
			require.NoError(t, err)
			require.Len(t, left.Stopped, 1)

			meant := w.meant(d.ID, ruling)
			meant.Task = hold.Task
			proposed, err := w.proposedBy("adm", meant)
			require.NoError(t, err)
			_, act, err := w.approve(proposed, meant, "ada")
			require.NoError(t, err)
			w.record(d.ID, act)
			if ruling == approval.RulingReplan {
				again := plan(2, approval.AllOf, "ann", "bob")
				w.record(d.ID, approval.Planned{Plan: again})
			}
			left, err = w.s.Belongings(w.ctx, "ann")
			require.NoError(t, err)
			require.Empty(t, left.Stopped, ruling)
		})
	}
}

// TestAuditFindsForgedHeirs plants whom nobody named, and takes away whom somebody did.
func TestAuditFindsForgedHeirs(t *testing.T) {
	for name, tt := range map[string]forgery{
		"another heir":       {`UPDATE heirs SET heir = 'fin'`, "heir.differs"},
		"another reason":     {`UPDATE heirs SET reason = 'no'`, "heir.differs"},
		"an heir taken away": {`DELETE FROM heirs`, "heir.missing"},
		"an heir of nobody's": {`INSERT INTO heirs (id, person, heir, reason) VALUES ('x', 'ann', 'fin', '')`,
			"heir.invented"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.routed("waits", approval.AnyOf, "ann")
			require.NoError(t, w.s.NameHeir(w.ctx, "ann", "bob", "same team"))
			w.clean()
			w.tamper(tt.statement)
			require.Equal(t, []string{tt.code}, w.findings())
		})
	}
}

// TestAVoidedDocumentIsToldNothing: it has its outcome like every other that ended,
// and nobody looks for its workflow for ever.
func TestAVoidedDocumentIsToldNothing(t *testing.T) {
	w := governed(t)
	w.importOffice(0, "")
	d := w.clocked("open", "office", calendar.WorkDay, 1)
	w.importOffice(1, "2026-12-07")
	require.Equal(t, 1, w.spread())
	require.False(t, w.tells()[0].Final)
	p, err := w.proposedBy("adm", w.meant(d.ID, approval.RulingVoid))
	require.NoError(t, err)
	_, act, err := w.approve(p, w.meant(d.ID, approval.RulingVoid), "ada")
	require.NoError(t, err)
	w.record(d.ID, act)
	require.True(t, w.tells()[0].Final)
}

// TestARoleThatEndsIsToldToWhomItAsks: by a version of the organisation or by its date; to
// the documents that ask somebody by a role, and to those that do so only later.
func TestARoleThatEndsIsToldToWhomItAsks(t *testing.T) {
	w := newWorld(t)
	byRole := func(title string, people ...string) store.Document {
		d, p := w.submit(title), plan(1, approval.InOrder, people...)
		p.Steps[0].Approvers[len(people)-1].Via = "role:finance_clerk"
		w.record(d.ID, approval.Planned{Plan: p})
		return d
	}
	asked, later := byRole("asked", "fin"), byRole("later", "ann", "fin")
	w.routed("in person", approval.AnyOf, "fin")
	next := company()
	next.Grants = next.Grants[1:]
	_, err := w.s.ReplaceOrganisation(w.ctx, next, "fin is clerk no more")
	require.NoError(t, err)
	require.Equal(t, 1, w.spread())
	told := w.tells()
	require.Equal(t, asked.ID, told[0].Document)
	require.Equal(t, store.TellDirectory, told[0].Kind)
	require.NoError(t, w.s.TellingDone(w.ctx, told[0]))
	require.Zero(t, w.spread(), "it is told once")

	w.do(later.ID, approval.Approve, "ann")
	told = w.tells()
	require.Len(t, told, 1, "fin is asked although the role ended")
	require.Equal(t, later.ID, told[0].Document)
	require.NoError(t, w.s.TellingDone(w.ctx, told[0]))

	task := w.state(asked.ID).OpenTasks()[0]
	gone := approval.HandedOver{Task: task.ID, From: "fin", Lost: task.Way()}
	require.Equal(t, approval.OK, w.record(asked.ID, gone).Outcome.Code)
	require.Equal(t, 1, w.count(`SELECT count(*) FROM notices WHERE kind = 'task.role_ended' AND person = 'fin'`))
	require.Equal(t, 1, w.count(`SELECT count(*) FROM tasks WHERE via = 'role_ended:fin' AND assignee = 'queue:admin'`))
	w.clean()
}
