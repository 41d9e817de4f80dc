package store_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/domain/proposal"
	"github.com/countersign/countersign/store"
)

// governed is a world with two administrators, one of whom has a second account,
// and one who is an alias of the submitter.
func governed(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	next := company()
	for id, aliases := range map[string][]string{"ada": {"ada2"}, "ada2": nil, "sue2": {"sue"}} {
		next.People[id] = org.Person{ID: id, Name: id, Entity: "cn", Active: true, Subject: "sub-" + id, Aliases: aliases}
		next.Grants = append(next.Grants, org.Grant{Person: id, Role: "admin", Entity: "cn"})
	}
	_, err := w.s.ReplaceOrganisation(w.ctx, next, "test")
	require.NoError(t, err)
	return w
}

// meant is an intervention as it is proposed, without who does it.
func (w *world) meant(id, ruling string) approval.Act {
	state := w.state(id)
	a := approval.Act{
		Name: approval.Intervene, Document: id, Ruling: ruling, Opinion: "已离职",
		Round: state.Round, ContentHash: state.ContentHash,
	}
	if open := state.OpenTasks(); len(open) > 0 && ruling == approval.RulingReassign {
		a.Task, a.To = open[0].ID, []string{"rob2"}
	}
	return a
}

// TestAPageOfProposalsIsFull though others lie between, which its reader may not know of.
func TestAPageOfProposalsIsFull(t *testing.T) {
	w := governed(t)
	d := w.routed("one", approval.AllOf, "ann")
	for _, hash := range []string{"b", "c", "d"} {
		w.proposed(draft(hash))
		_, err := w.proposedBy("ada", w.meant(d.ID, approval.RulingVoid))
		require.NoError(t, err)
	}
	kinds := func(scope *access.Scope) (all []proposal.Kind) {
		f := store.ProposalFilter{Limit: 2, Interventions: scope}
		for {
			page, err := w.s.Proposals(w.ctx, f)
			require.NoError(t, err)
			for _, p := range page.Items {
				all = append(all, p.Kind)
			}
			if f.Cursor = page.Next; f.Cursor == "" {
				return all
			}
			require.Len(t, page.Items, 2, "a page with another after it is full")
		}
	}
	texts := []proposal.Kind{proposal.Policy, proposal.Policy, proposal.Policy}
	require.Equal(t, texts, kinds(&access.Scope{Entities: []string{"de"}}))
	require.Equal(t, texts, kinds(&access.Scope{}))
	require.Len(t, kinds(&access.Scope{Entities: []string{"cn"}}), 6)
	require.Len(t, kinds(&access.Scope{All: true}), 6)
	require.Len(t, kinds(nil), 6)
}

func (w *world) proposedBy(maker string, a approval.Act) (store.ProposalRow, error) {
	payload, hash, err := store.Proposed(a)
	require.NoError(w.t, err)
	return w.s.Propose(w.ctx, store.ProposalInput{
		Kind: proposal.Intervention, Subject: a.Document, Hash: hash, Payload: payload, Base: a.Round, Note: a.Opinion, Maker: maker,
	})
}

// approve is the second person's yes.
func (w *world) approve(p store.ProposalRow, a approval.Act, checker string) (store.ProposalRow, approval.Act, error) {
	a.ID, a.Actor, a.Maker, a.Channel = p.ID, checker, p.Maker, "web"
	got, err := w.s.ApproveIntervention(w.ctx, w.signed(a), yes(checker), store.Idempotency{})
	return got, a, err
}

// TestASecondAdministratorIntervenes: what one proposed and another approved is an
// act in the inbox at once, and the read model says that somebody stepped in.
func TestASecondAdministratorIntervenes(t *testing.T) {
	w := governed(t)
	for _, ruling := range []string{approval.RulingReassign, approval.RulingReplan, approval.RulingVoid} {
		d := w.routed(ruling, approval.AllOf, "ann", "bob")
		p, err := w.proposedBy("adm", w.meant(d.ID, ruling))
		require.NoError(t, err)
		assert.Equal(t, "cn", p.Entity)
		got, act, err := w.approve(p, w.meant(d.ID, ruling), "ada")
		require.NoError(t, err)
		assert.Equal(t, proposal.Approved, got.State)
		assert.Nil(t, got.Outcome, "nobody judged it yet")
		_, _, err = w.approve(p, w.meant(d.ID, ruling), "ada")
		assert.Equal(t, "proposal.decided", fault.CodeOf(err))
		w.record(d.ID, act)
		if ruling == approval.RulingReplan {
			w.record(d.ID, approval.Planned{Plan: plan(2, approval.AnyOf, "bob")})
		}
		listed, err := w.s.Interventions(w.ctx, d.ID)
		require.NoError(t, err)
		require.Len(t, listed, 1)
		assert.Equal(t, approval.OK, listed[0].Outcome.Code)
	}
	w.routed("untouched", approval.AnyOf, "ann")
	page, err := w.s.Documents(w.ctx, everything, store.DocumentFilter{Intervened: true, WithTotal: true})
	require.NoError(t, err)
	assert.EqualValues(t, 3, *page.Total)
	for _, d := range page.Items {
		assert.True(t, d.Intervened)
	}
	assert.Equal(t, approval.Voided, page.Items[0].Status)
	assert.Equal(t, 2, page.Items[1].Round)
	assert.Equal(t, 1, w.count(`SELECT count(*) FROM tasks WHERE state = 'reassigned'`))
	w.clean()
	report, err := w.s.VerifyAudit(w.ctx, store.VerifyOptions{})
	require.NoError(t, err)
	assert.EqualValues(t, 3, report.Interventions)
	kinds := map[string]string{}
	for _, i := range report.Intervened {
		kinds[i.Kind] = i.Actor + " of " + i.Maker
	}
	assert.Equal(t, map[string]string{
		"task.reassigned": "ada of adm", "plan.discarded": "ada of adm", "document.voided": "ada of adm",
	}, kinds)
}

// TestNobodyIntervenesAlone: nor with a second account, nor in what is theirs, nor
// around the store: the database refuses as well.
func TestNobodyIntervenesAlone(t *testing.T) {
	w := governed(t)
	d := w.routed("train", approval.AnyOf, "ann")
	a := w.meant(d.ID, approval.RulingVoid)
	for _, maker := range []string{"fin", "sue2", "nobody"} {
		_, err := w.proposedBy(maker, a)
		assert.ErrorContains(t, err, "countersign: an administrator without an interest", maker)
	}
	p, err := w.proposedBy("ada", a)
	require.NoError(t, err)
	for _, checker := range []string{"ada", "ada2"} {
		_, _, err := w.approve(p, a, checker)
		assert.Equal(t, "proposal.own", fault.CodeOf(err), checker)
	}
	for _, checker := range []string{"fin", "sue2"} {
		_, _, err := w.approve(p, a, checker)
		assert.ErrorContains(t, err, "countersign:", checker)
	}
	_, err = w.s.Decide(w.ctx, p.ID, yes("adm"), store.Idempotency{})
	assert.Equal(t, "proposal.unknown_kind", fault.CodeOf(err), "an approval brings the act with it")
	other := a
	other.Ruling = approval.RulingReplan
	_, _, err = w.approve(p, other, "adm")
	assert.ErrorContains(t, err, "second person", "another act than was proposed")
	for name, change := range map[string]func(*approval.Act){
		"alone":                  func(*approval.Act) {},
		"with a maker's name":    func(a *approval.Act) { a.Maker = "adm" },
		"under an open proposal": func(a *approval.Act) { a.ID, a.Maker = p.ID, "ada" },
	} {
		forged := a
		forged.ID, forged.Actor = uuid.Must(uuid.NewV7()).String(), "adm"
		change(&forged)
		_, _, err := w.s.CommitAct(w.ctx, w.signed(forged))
		assert.ErrorContains(t, err, "second person", name)
	}
	asked := `SELECT count(*) FROM notices WHERE kind = 'intervention.proposed'`
	assert.Equal(t, 1, w.count(asked), "nor is anybody asked who could not approve it")
	assert.Equal(t, 1, w.count(asked+` AND person = 'adm' AND document = $1 AND data->>'by' = 'ada'`, d.ID))
	got, err := w.s.Decide(w.ctx, p.ID, proposal.Verdict{Checker: "adm", Reason: "不作废"}, store.Idempotency{})
	require.NoError(t, err)
	assert.Equal(t, proposal.Refused, got.State)
	assert.Equal(t, 1, w.count(`SELECT count(*) FROM notices WHERE kind = 'intervention.refused' AND person = 'ada'
		AND data->>'by' = 'adm' AND data->>'reason' = '不作废'`))
	assert.Zero(t, w.count(`SELECT count(*) FROM inbox`))
	w.clean()
}

// TestAuditFindsInterventions plants what only somebody above the rules could do.
func TestAuditFindsInterventions(t *testing.T) {
	for name, tt := range map[string]forgery{
		"another maker":        {`UPDATE proposals SET maker = 'bob' WHERE subject = $1`, "proposal.differs"},
		"another ruling":       {`UPDATE proposals SET payload = replace(payload, 'void', 'replan') WHERE subject = $1`, "proposal.differs"},
		"no proposal":          {`DELETE FROM proposals WHERE subject = $1`, "intervention.unapproved"},
		"a proposal not asked": {`UPDATE proposals SET state = 'refused' WHERE subject = $1`, "intervention.unapproved"},
		"an unmarked document": {`UPDATE documents SET intervened = false WHERE id = $1`, "read_model.differs"},
		"another document marked": {`UPDATE documents SET intervened = true WHERE status = 'pending' AND $1 <> ''`,
			"read_model.differs"},
		"an approved proposal without an act": {`INSERT INTO proposals (id, kind, subject, hash, payload, base, note, maker, state,
			checker, created_at, expires_at, decided_at) SELECT id || 'x', kind, subject, hash, payload, base, note, maker, state,
			checker, created_at, expires_at, decided_at FROM proposals WHERE subject = $1`, "proposal.differs"},
	} {
		t.Run(name, func(t *testing.T) {
			w := governed(t)
			w.routed("other", approval.AnyOf, "ann")
			d := w.routed("train", approval.AnyOf, "ann")
			p, err := w.proposedBy("adm", w.meant(d.ID, approval.RulingVoid))
			require.NoError(t, err)
			_, act, err := w.approve(p, w.meant(d.ID, approval.RulingVoid), "ada")
			require.NoError(t, err)
			w.record(d.ID, act)
			w.clean()
			w.tamper(tt.statement, d.ID)
			assert.Contains(t, w.findings(), tt.code)
		})
	}
}

// TestAnActOfTheRoundThatPassed is refused when it is judged, and the proposal says so.
func TestAnActOfTheRoundThatPassed(t *testing.T) {
	w := governed(t)
	d := w.routed("train", approval.AnyOf, "ann")
	a := w.meant(d.ID, approval.RulingReassign)
	p, err := w.proposedBy("adm", a)
	require.NoError(t, err)
	w.do(d.ID, approval.Approve, "ann")
	_, act, err := w.approve(p, a, "ada")
	require.NoError(t, err)
	_, err = w.request(d.ID, act)
	require.Equal(t, "task.stale", fault.CodeOf(err))
	_, err = w.s.RefuseAct(w.ctx, act.ID, approval.Outcome{Code: "task.stale", Args: map[string]string{"by": "ann"}})
	require.NoError(t, err)
	got, err := w.s.Proposal(w.ctx, p.ID)
	require.NoError(t, err)
	require.Equal(t, "task.stale", got.Outcome.Code)
	require.Equal(t, "ann", got.Outcome.Args["by"])
	require.WithinDuration(t, time.Now(), got.Decided, time.Minute)
	w.clean()
}
