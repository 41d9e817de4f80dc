package store_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/proposal"
	"github.com/countersign/countersign/store"
)

// nextOffice proposes the office's calendar with a day off.
func (w *world) nextOffice(base int, off calendar.Date) store.ProposalInput {
	w.t.Helper()
	c := calendar.Calendar{ID: "office", Zone: "UTC", Off: map[calendar.Date]string{off: "off"}}
	c.Week[time.Monday] = []calendar.Span{{From: 9 * 60, To: 17 * 60}}
	body, err := json.Marshal(c)
	require.NoError(w.t, err)
	hash, err := evidence.HashOf(string(body))
	require.NoError(w.t, err)
	return store.ProposalInput{Kind: proposal.Calendar, Subject: "office", Hash: hash, Payload: string(body), Base: base,
		Note: "元旦", Maker: "fin"}
}

// TestTwoPeopleChangeACalendar carries a calendar through under the gateway's own role:
// nothing changes before the second person, and what they publish moves open deadlines.
func TestTwoPeopleChangeACalendar(t *testing.T) {
	w := newWorld(t)
	w.importOffice(0, "")
	open := w.clocked("open", "office", calendar.WorkDay, 1)
	for w.spread() > 0 { // of the import
	}
	w.tells()
	urls, err := store.MigrateRoles(w.ctx, w.url, store.RolesInput{})
	require.NoError(t, err)
	gateway, err := store.Open(w.ctx, store.Options{URL: urls[store.RoleGateway], MaxOpen: 2})
	require.NoError(t, err)
	t.Cleanup(func() { _ = gateway.Close() })
	inForce := func() store.CalendarVersion {
		versions, err := w.s.CalendarVersions(w.ctx)
		require.NoError(t, err)
		return versions[0]
	}

	first, err := gateway.Propose(w.ctx, w.nextOffice(1, "2027-01-04"))
	require.NoError(t, err)
	late, err := gateway.Propose(w.ctx, w.nextOffice(1, "2027-01-11"))
	require.NoError(t, err)
	assert.Equal(t, 1, inForce().Version, "a proposal publishes nothing")
	_, err = gateway.Decide(w.ctx, first.ID, yes("fin"), store.Idempotency{})
	assert.Equal(t, "proposal.own", fault.CodeOf(err))
	for range 2 { // twice, under one key
		p, err := gateway.Decide(w.ctx, first.ID, yes("adm"), store.Idempotency{Actor: "adm", Route: "x", Key: "k"})
		require.NoError(t, err)
		assert.Equal(t, []any{proposal.Approved, 2}, []any{p.StateNow(), p.Version})
	}
	assert.Equal(t, "proposal:"+first.ID, inForce().Cause)
	assert.Equal(t, "off", inForce().Calendar.Name("2027-01-04"))

	_, err = gateway.Decide(w.ctx, late.ID, yes("adm"), store.Idempotency{})
	assert.Equal(t, "proposal.outdated", fault.CodeOf(err))
	_, err = gateway.Decide(w.ctx, late.ID, proposal.Verdict{Checker: "adm", Reason: "过时"}, store.Idempotency{})
	require.NoError(t, err)
	_, err = gateway.Propose(w.ctx, w.nextOffice(1, "2027-01-18"))
	assert.Equal(t, "calendar.moved_on", fault.CodeOf(err), "its maker saw another version")
	_, err = gateway.Propose(w.ctx, w.nextOffice(2, "2027-01-04"))
	assert.Equal(t, "proposal.in_force", fault.CodeOf(err))

	w.spread()
	tellings := w.tells()
	require.Len(t, tellings, 1)
	assert.Equal(t, []any{open.ID, "office", int64(2)}, []any{tellings[0].Document, tellings[0].Name, tellings[0].Version})
	var kinds []string
	require.NoError(t, w.root.Select(&kinds, `SELECT kind FROM events WHERE stream = 'calendar:office' ORDER BY seq`))
	assert.Equal(t, []string{"calendar.proposed", "calendar.proposed", "calendar.published", "calendar.refused"}, kinds)
	var told []string
	require.NoError(t, w.root.Select(&told, `SELECT kind || ' ' || person FROM notices
		WHERE data ->> 'what' = 'calendar' ORDER BY created_at, id`))
	assert.Equal(t, []string{"proposal.made adm", "proposal.made adm", "proposal.approved fin", "proposal.outdated fin",
		"proposal.refused fin"}, told)
	assert.Empty(t, w.findings())
}

// TestTheAuditFindsAChangedCalendar changes what two people published, behind everybody's back.
func TestTheAuditFindsAChangedCalendar(t *testing.T) {
	w := newWorld(t)
	p := w.proposed(w.nextOffice(0, "2027-01-04"))
	_, err := w.s.Decide(w.ctx, p.ID, yes("adm"), store.Idempotency{})
	require.NoError(t, err)
	w.findsEach(t,
		lie{`UPDATE calendars SET body = replace(body, '2027-01-04', '2027-01-11')`, "policy.differs"},
		lie{`INSERT INTO calendars VALUES ('office', 2, '{}', now(), 'proposal:none')`,
			"policy.unrecorded"},
		lie{`DELETE FROM calendars`, "policy.missing"},
		lie{`DELETE FROM proposals`, "proposal.missing"},
	)
}
