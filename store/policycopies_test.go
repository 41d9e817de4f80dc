package store_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/cc"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/store"
)

func named(on string, people ...string) *approval.Copies {
	c := &approval.Copies{On: on, People: []approval.Approver{}}
	for _, p := range people {
		c.People = append(c.People, approval.Approver{Person: p, Via: "person:" + p})
	}
	return c
}

// copying lets a plan copy people in as a whole.
func copying(p approval.Plan, on string, people ...string) approval.Plan {
	p.CC = named(on, people...)
	return p
}

// readers are those who hold a copy, by how they got it.
func (w *world) readers(id string) string {
	w.t.Helper()
	all, err := w.s.Copies(w.ctx, id)
	require.NoError(w.t, err)
	var list []string
	for _, c := range all {
		if c.RemovedAt.IsZero() {
			list = append(list, c.Person+"/"+string(c.How))
		}
	}
	return strings.Join(list, " ")
}

// TestAPolicyCopiesInWhenItSaysSo, with the transition that makes it due: once, with
// one notice, and never whom it is copied to already.
func TestAPolicyCopiesInWhenItSaysSo(t *testing.T) {
	w := newWorld(t)
	d := w.submit("train")
	p := copying(plan(1, approval.AnyOf, "ann"), approval.CopyPassed, "bob", "rob", "adm")
	p.Steps[0].CC, p.Steps[1].CC = named(approval.CopyOpened, "bob"), named(approval.CopyPassed, "adm")
	w.record(d.ID, approval.Planned{Plan: p})
	assert.Equal(t, "bob/policy", w.readers(d.ID))
	assert.True(t, w.reads("bob", d.ID))
	assert.False(t, w.reads("rob", d.ID))
	_, err := w.s.AddCopies(w.ctx, copyIn(d, "sue", "rob"))
	require.NoError(t, err)
	w.do(d.ID, approval.Approve, "ann")
	assert.Equal(t, "bob/policy rob/cc", w.readers(d.ID), "a step that opens without copies brings none")
	last := w.do(d.ID, approval.Approve, "fin")
	assert.Equal(t, "bob/policy rob/cc adm/policy", w.readers(d.ID))
	assert.Equal(t, approval.Approved, w.state(d.ID).Status)

	act := w.act(d.ID, approval.Approve, "fin")
	act.ID = last.Events[0].Cause
	_, err = w.s.Record(w.ctx, approval.RecordRequest{Document: d.ID, Expected: last.Events[0].Seq - 1, Cause: act.ID,
		Copies: []approval.CopiesDue{{Draft: 0, People: []string{"ann"}}}}, stampIn(time.Hour))
	require.NoError(t, err, "a known cause is answered, and does nothing")
	assert.False(t, strings.Contains(w.readers(d.ID), "ann"))

	told := `SELECT count(*) FROM notices WHERE kind = 'document.copied_by_policy' AND person = $1`
	assert.Equal(t, 1, w.count(told, "bob"))
	assert.Equal(t, 1, w.count(told, "adm"))
	assert.Equal(t, 0, w.count(told, "rob"), "who was copied in by a colleague was told by them")
	assert.Equal(t, 2, w.count(`SELECT count(*) FROM events WHERE stream = $1 AND actor = 'system:policy'`,
		cc.StreamPrefix+d.ID))
	page, err := w.s.Documents(w.ctx, access.Scope{Person: "bob"}, store.DocumentFilter{CopiedTo: "bob", Unread: true})
	require.NoError(t, err)
	require.Len(t, page.Items, 1)
	w.clean()
}

// TestWhoLeftIsNotCopiedIn, and what a person took back a policy does not give again;
// but what a colleague gave and took back stands in nobody's way.
func TestWhoLeftIsNotCopiedIn(t *testing.T) {
	w := newWorld(t)
	d := w.submit("train")
	p := copying(plan(1, approval.AnyOf, "ann"), approval.CopyPassed, "bob", "rob", "adm")
	p.Steps[0].CC = named(approval.CopyOpened, "bob")
	w.record(d.ID, approval.Planned{Plan: p})
	_, err := w.s.RemoveCopy(w.ctx, store.CopyRemoval{Document: d.ID, Person: "bob", By: "adm", Reason: "not for them"})
	require.NoError(t, err)
	_, err = w.s.AddCopies(w.ctx, copyIn(d, "sue", "adm"))
	require.NoError(t, err)
	_, err = w.s.RemoveCopy(w.ctx, store.CopyRemoval{Document: d.ID, Person: "adm", By: "sue", Reason: ""})
	require.NoError(t, err)
	next := company()
	delete(next.People, "rob")
	_, err = w.s.ReplaceOrganisation(w.ctx, next, "rob left")
	require.NoError(t, err)
	w.do(d.ID, approval.Approve, "ann")
	w.do(d.ID, approval.Approve, "fin")
	assert.Equal(t, "adm/policy", w.readers(d.ID))
	w.clean()
}

// TestAnEndCopiesIn whether it is a no or a yes; a withdrawal is no end by the policy.
func TestAnEndCopiesIn(t *testing.T) {
	w := newWorld(t)
	for _, name := range []approval.Name{approval.Reject, approval.Withdraw} {
		d := w.submit("train")
		p := copying(plan(1, approval.AnyOf, "ann"), approval.CopyClosed, "bob")
		p.Steps[0].CC = named(approval.CopyPassed, "rob")
		w.record(d.ID, approval.Planned{Plan: p})
		actor, want := "ann", "bob/policy"
		if name == approval.Withdraw {
			actor, want = "sue", ""
		}
		w.do(d.ID, name, actor)
		assert.Equal(t, want, w.readers(d.ID), name)
	}
	w.clean()
}

// TestCopiesByPolicyAndPersonMeet proves that neither waits for the other for ever,
// and that nobody gets two.
func TestCopiesByPolicyAndPersonMeet(t *testing.T) {
	w := newWorld(t)
	for range 15 {
		d := w.submit("train")
		w.record(d.ID, approval.Planned{Plan: copying(plan(1, approval.AnyOf, "ann"), approval.CopyClosed, "bob", "rob")})
		act := w.act(d.ID, approval.Reject, "ann")
		w.commit(act)
		request, err := w.request(d.ID, act)
		require.NoError(t, err)
		var all sync.WaitGroup
		var recorded, copied, said error
		all.Go(func() { _, recorded = w.s.Record(w.ctx, request, stampIn(time.Hour)) })
		all.Go(func() { _, copied = w.s.AddCopies(w.ctx, copyIn(d, "sue", "bob")) })
		all.Go(func() {
			remark := store.Comment{Document: d.ID, Author: "sue", Text: "看", Mentions: []string{"rob"}}
			_, said = w.s.AddComment(w.ctx, store.CommentInput{Comment: remark, CopyIn: []string{"rob"}})
		})
		all.Wait()
		require.NoError(t, recorded)
		for _, err := range []error{copied, said} {
			if err != nil {
				require.Equal(t, "copy.already", fault.CodeOf(err))
			}
		}
		require.Equal(t, 2, w.count(`SELECT count(*) FROM copies WHERE document = $1`, d.ID))
	}
	w.clean()
}

// TestTheAuditSeesWhatAPolicyDidNotSay, and what it said and nobody did.
func TestTheAuditSeesWhatAPolicyDidNotSay(t *testing.T) {
	for what, statement := range map[string]string{
		"copy.unplanned": `INSERT INTO copies SELECT batch, document, 'fin', made_by, how, '', made_at FROM copies LIMIT 1`,
		"copy.not_made":  `DELETE FROM copies WHERE person = 'bob'`,
	} {
		t.Run(what, func(t *testing.T) {
			w := newWorld(t)
			d := w.submit("train")
			w.record(d.ID, approval.Planned{Plan: copying(plan(1, approval.AnyOf, "ann"), approval.CopyOpened, "bob")})
			w.clean()
			_, err := w.root.Exec(statement)
			require.ErrorContains(t, err, "countersign", "what is recorded stays: %s", what)
			w.tamper(statement)
			report, err := w.s.VerifyAudit(w.ctx, store.VerifyOptions{})
			require.NoError(t, err)
			var found []string
			for _, f := range report.Findings {
				found = append(found, f.What)
			}
			assert.Contains(t, found, what)
		})
	}
}
