package policy_test

import (
	"fmt"
	"slices"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/policy"
)

// follower carries a routed document through the core: whoever is asked agrees, in
// any order, some of them by somebody who stands in for them.
type follower struct {
	t      *rapid.T
	in     policy.RouteInput
	file   approval.State
	causes int
	no     error // why the last command was refused
}

// carriedThrough proves that what the policy routed for a random company the core
// follows to its end: nobody is stuck, and nobody interested agreed.
func carriedThrough(t *rapid.T, in policy.RouteInput, plan approval.Plan) {
	f := &follower{t: t, in: in}
	f.record("submit:1", []evidence.Draft{approval.SubmittedDraft(in.Content.Submitter, "hash", approval.SubmittedData{
		Submitter: in.Content.Submitter, Requester: in.Content.Requester, Payee: in.Content.Payee.ID,
	})})
	require.True(t, f.do(approval.Planned{Plan: plan}))
	require.Empty(t, f.file.PlanFault, "the core cannot follow it")
	for range 300 {
		if f.file.Done() {
			break
		}
		f.step()
	}
	require.Equal(t, approval.Closed, f.file.Status)
	for _, task := range f.file.Tasks {
		require.False(t, task.DecidedBy != "" && f.file.Interested(task.DecidedBy), "%s decided %s", task.DecidedBy, task.ID)
	}
}

// step staffs what was reached, or lets one of those asked agree: at least one can.
func (f *follower) step() {
	if late := f.file.Unstaffed(); len(late) > 0 {
		in := f.in
		in.Asked = f.file.Apart(late[0].ID)
		found, err := policy.Staff(in, late[0].ID)
		require.NoError(f.t, err)
		require.True(f.t, f.do(approval.Staffed{
			Round: 1, Step: late[0].ID, N: f.file.Staffings, Approvers: found, OrgVersion: 1,
		}))
		return
	}
	open := f.file.OpenTasks()
	first := rapid.IntRange(0, len(open)-1).Draw(f.t, "first")
	for i := range open {
		if f.agree(open[(first+i)%len(open)]) {
			return
		}
	}
	f.t.Fatalf("nobody who is asked can agree, %v: %v\n%+v", f.no, open, f.file.Plan.Steps)
}

func (f *follower) agree(task approval.Task) bool {
	a := approval.Act{
		Name: approval.Approve, Document: "d", Task: task.ID, Round: 1, ContentHash: "hash", Actor: task.Assignee,
	}
	if task.Assignee == approval.AdminQueue || rapid.IntRange(0, 4).Draw(f.t, "stands in") == 0 {
		a.OnBehalfOf, a.Actor = task.Assignee, fmt.Sprintf("outsider%d", f.causes)
	}
	choices := [][]string{nil}
	for _, s := range f.file.Plan.Steps {
		if s.Late != nil && s.Late.Chooser == task.Step {
			for _, person := range s.Late.Among {
				choices = append(choices, []string{person})
			}
		}
	}
	return slices.ContainsFunc(choices, func(to []string) bool {
		f.causes++
		a.ID, a.To = fmt.Sprintf("act%d", f.causes), to
		return f.do(a)
	})
}

func (f *follower) do(c approval.Command) bool {
	drafts, err := f.file.Judge(c, time.Unix(0, 0))
	f.no = err
	if err != nil || len(drafts) == 0 {
		return false
	}
	f.record(c.Cause(), drafts)
	return true
}

func (f *follower) record(cause string, drafts []evidence.Draft) {
	events := make([]evidence.Event, len(drafts))
	for i, d := range drafts {
		events[i] = evidence.Event{
			Stream: "d", Seq: f.file.Seq + int64(i) + 1, At: time.Unix(0, 0), Kind: d.Kind, Actor: d.Actor, Cause: cause,
			OnBehalfOf: d.OnBehalfOf, Round: d.Round, Revision: d.Revision, ContentHash: d.ContentHash, Data: d.Data,
		}
	}
	f.file = f.file.Fold(events)
}
