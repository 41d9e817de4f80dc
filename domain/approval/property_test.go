package approval_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/evidence"
)

var (
	deciders = []string{"li", "wu", "zoe", "max", "mia", queue}
	everyone = append([]string{"ada", "al", "bo"}, append(slices.Clone(deciders[:5]), interested...)...)
	rules    = []string{"", approval.TimeoutEscalate, approval.TimeoutReassign, approval.TimeoutReject,
		approval.TimeoutApprove}
)

// walk is one random life: the stream under test beside the model.
type walk struct {
	*rapid.T
	*stream
	m       *model
	decided map[string]string // task → the first decision on it (I4)
	final   approval.Status
}

func drawPlan(t *rapid.T, round int) approval.Plan {
	var steps []approval.Step
	for range rapid.IntRange(1, 4).Draw(t, "steps") {
		s := step(rapid.SampledFrom([]approval.Mode{approval.AnyOf, approval.AllOf, approval.InOrder}).Draw(t, "mode"))
		s.Need = rapid.SampledFrom([]approval.Need{
			approval.NeedsPeople, approval.NeedsPeople, approval.NeedsPeople, approval.AutoApprove, approval.Skip,
		}).Draw(t, "need")
		for _, who := range rapid.SliceOfNDistinct(rapid.SampledFrom(deciders), 1, 4, rapid.ID).Draw(t, "approvers") {
			s.Approvers = append(s.Approvers, approval.Approver{Person: who, Via: "user"})
		}
		if rapid.Bool().Draw(t, "clocked") {
			s = late(s, rapid.SampledFrom(rules).Draw(t, "rule"))
		}
		steps = append(steps, s)
	}
	p := plan(round, steps...)
	if rapid.IntRange(0, 4).Draw(t, "unposted") == 0 {
		p.Then = nil
	}
	return p
}

// TestTheCoreAgreesWithASecondOpinion walks random documents through random
// commands, valid and not, and compares each answer with the model's. It counts
// I2 to I7, I13 and I14 on the way.
func TestTheCoreAgreesWithASecondOpinion(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &walk{T: t, stream: newStream(t), m: newModel(), decided: map[string]string{}}
		commands := []func(){
			w.plan, w.decide, w.decide, w.decide, w.decide, w.decide, w.decideBadly,
			w.withdraw, w.resubmit, w.resubmit, w.settle, w.resolve, w.pass, w.pass, w.repeat,
		}
		for range rapid.IntRange(5, 60).Draw(t, "commands") {
			commands[rapid.IntRange(0, len(commands)-1).Draw(t, "command")]()
			w.check()
		}
		w.checkStream()
	})
}

func (w *walk) plan() {
	round := w.m.round + rapid.SampledFrom([]int{0, 0, 0, -1, 1}).Draw(w.T, "round")
	attempt := w.m.attempt + rapid.SampledFrom([]int{0, 0, 0, 1}).Draw(w.T, "attempt")
	p := drawPlan(w.T, round)
	switch rapid.IntRange(0, 7).Draw(w.T, "fault") {
	case 0:
		require.NoError(w, w.do(approval.Unplanned{Round: round, Attempt: attempt, Code: "policy.gap"}))
		w.m.plan(p, attempt, false)
	case 1:
		p.Steps[0].Need = approval.NeedsPeople
		p.Steps[0].Approvers = []approval.Approver{{Person: rapid.SampledFrom(interested).Draw(w.T, "who")}}
		require.NoError(w, w.do(approval.Planned{Plan: p, Attempt: attempt}))
		w.m.plan(p, attempt, false)
	default:
		require.NoError(w, w.do(approval.Planned{Plan: p, Attempt: attempt}))
		w.m.plan(p, attempt, true)
	}
}

// decide tries a decision on some task of the round, mostly by its assignee.
func (w *walk) decide() {
	if len(w.state.Tasks) == 0 {
		return
	}
	task := rapid.SampledFrom(w.state.Tasks).Draw(w.T, "task")
	name := rapid.SampledFrom([]approval.Name{
		approval.Approve, approval.Approve, approval.Approve, approval.Reject, approval.Return,
	}).Draw(w.T, "act")
	a := w.act(name, task.Assignee)
	a.Task = task.ID
	if task.Assignee == queue || rapid.IntRange(0, 3).Draw(w.T, "for") == 0 {
		a.Actor, a.OnBehalfOf = rapid.SampledFrom(everyone).Draw(w.T, "actor"), task.Assignee
	}
	if rapid.IntRange(0, 4).Draw(w.T, "mute") == 0 {
		a.Opinion = ""
	}
	current := task.State == approval.TaskOpen
	if rapid.IntRange(0, 9).Draw(w.T, "unseen") == 0 {
		a.ContentHash, current = "other", false
	}
	want := w.m.decide(name, a.Actor, task.Assignee, task.Slot, current, a.Opinion != "")
	require.Equal(w, want, w.do(a) == nil, "%s by %s for %q", name, a.Actor, a.OnBehalfOf)
}

// decideBadly tries what is never taken: another's task in one's own name.
func (w *walk) decideBadly() {
	a := w.act(approval.Approve, "nobody")
	a.Actor = rapid.SampledFrom(everyone).Draw(w.T, "actor")
	if t := a.Task; t != "" && w.state.Tasks[slices.IndexFunc(w.state.Tasks,
		func(x approval.Task) bool { return x.ID == t })].Assignee == a.Actor {
		a.Round++
	}
	require.Error(w, w.do(a))
}

func (w *walk) withdraw() {
	if rapid.IntRange(0, 4).Draw(w.T, "meant") > 0 {
		return
	}
	a := w.act(approval.Withdraw, rapid.SampledFrom(everyone).Draw(w.T, "actor"))
	a.Opinion = rapid.SampledFrom([]string{"", "sold"}).Draw(w.T, "reason")
	require.Equal(w, w.m.withdraw(a.Actor, a.Opinion != ""), w.do(a) == nil)
}

func (w *walk) resubmit() {
	a := w.stream.resubmit(rapid.SampledFrom([]string{"sue", "rob", "li"}).Draw(w.T, "actor"))
	a.Revision += rapid.SampledFrom([]int{0, 0, 0, 1, -1}).Draw(w.T, "revision")
	a.NewHash = fmt.Sprintf("hash%d", a.Revision)
	require.Equal(w, w.m.resubmit(a.Actor, a.Revision), w.do(a) == nil)
}

func (w *walk) settle() {
	posted := rapid.Bool().Draw(w.T, "posted")
	attempt := w.m.parked + rapid.SampledFrom([]int{0, 0, 1}).Draw(w.T, "attempt")
	ref := fmt.Sprintf("v:d1:accrual:%d", w.state.Revision)
	require.NoError(w, w.do(approval.Settled{Reference: ref, Attempt: attempt, Posted: posted, Code: "erp.refused"}))
	w.m.settle(attempt, posted)
}

func (w *walk) resolve() {
	a := w.act(approval.Resolve, "ada")
	ofPlan := rapid.Bool().Draw(w.T, "of the plan")
	a.Effect, a.Attempt = fmt.Sprintf("v:d1:accrual:%d", w.state.Revision), w.m.parked
	if ofPlan {
		a.Effect, a.Attempt = w.state.PlanReference(), w.m.attempt
	}
	a.Attempt += rapid.SampledFrom([]int{0, 0, 1}).Draw(w.T, "attempt")
	a.Ruling = rapid.SampledFrom([]string{approval.RulingRetry, approval.RulingRedate,
		approval.RulingVoid}).Draw(w.T, "ruling")
	a.Date = "2026-12-01"
	require.Equal(w, w.m.resolve(ofPlan, a.Attempt, a.Ruling), w.do(a) == nil)
}

// pass lets time go by and every clock strike that has struck.
func (w *walk) pass() {
	w.after(rapid.SampledFrom([]int{1, 29, 31, 70, 101}).Draw(w.T, "seconds"))
	to := rapid.SliceOfN(rapid.SampledFrom(everyone), 0, 3).Draw(w.T, "to")
	for range 200 {
		struck := w.state.Strike(w.now)
		if len(struck) == 0 {
			break
		}
		s := struck[0]
		for _, person := range to {
			s.To = append(s.To, approval.Approver{Person: person})
		}
		task := w.state.Tasks[slices.IndexFunc(w.state.Tasks, func(t approval.Task) bool { return t.ID == s.Task })]
		before := len(w.events)
		require.NoError(w, w.do(s))
		require.Greater(w, len(w.events), before, "a clock that struck is wanted, or it would strike for ever")
		if s.Due {
			w.m.timeOut(task.Assignee, task.Slot, to)
		}
		w.check()
	}
	require.True(w, w.state.Wake().IsZero() || w.state.Wake().After(w.now), "all that struck was done")
}

// repeat tries again what the stream has already answered.
func (w *walk) repeat() {
	for id := range w.state.Seen {
		a := w.act(approval.Withdraw, "sue")
		a.ID = id
		require.Error(w, w.do(a))
		return
	}
}

// check compares the state with the model, and counts what must always hold.
func (w *walk) check() {
	s := w.state
	require.Equal(w, w.m.status, s.Status)
	require.Equal(w, w.m.round, s.Round)
	require.Equal(w, w.m.askedNow(), open(s))
	require.Equal(w, w.m.failed && s.Status == approval.Submitted || s.Status == approval.Parked, s.Stuck())
	if s.Status != approval.Pending {
		require.Empty(w, open(s), "an open task in a document that is %s", s.Status)
		require.True(w, s.Wake().IsZero())
	}
	if s.Status == approval.Pending {
		require.NotEmpty(w, open(s), "nobody is asked, and nobody is to blame (I2)")
	}
	if w.final != "" {
		require.Equal(w, w.final, s.Status, "I3: a final outcome changed")
	}
	if s.Done() {
		w.final = s.Status
	}
}

// checkStream looks at the evidence alone: I4, I5, I6, I7, I13, and the journey
// of the state through continue-as-new.
func (w *walk) checkStream() {
	require.NoError(w, evidence.VerifyChain(w.events))
	all, err := approval.FoldAll(w.events)
	require.NoError(w, err)
	require.Equal(w, w.state, all, "I13: fold of all = fold one by one")
	require.Equal(w, w.state, w.state.Fold(w.events), "what was folded is passed over")
	raw, err := json.Marshal(w.state)
	require.NoError(w, err)
	var back approval.State
	require.NoError(w, json.Unmarshal(raw, &back))
	require.Equal(w, w.state, back)

	assignee, inStep, status := map[string]string{}, map[string]bool{}, approval.Status("")
	for _, e := range w.events {
		status = approval.NextStatus(status, e.Kind)
		switch e.Kind {
		case approval.TaskOpened:
			d, _ := approval.Decode[approval.TaskOpenedData](e)
			assignee[d.Task] = d.Assignee
			require.NotContains(w, interested, d.Assignee)
		case approval.TaskWasApproved, approval.TaskWasRejected, approval.TaskWasReturned, approval.TaskWasExpired:
			d, _ := approval.Decode[approval.TaskEndedData](e)
			require.Empty(w, w.decided[d.Task], "I4: decided twice")
			w.decided[d.Task] = e.Kind
			if e.Actor == approval.SystemDeadline {
				continue
			}
			require.NotContains(w, interested, e.Actor, "I6")
			require.Contains(w, []string{e.Actor, e.OnBehalfOf}, assignee[d.Task], "I5")
			key := fmt.Sprint(e.Round, d.Step, e.Actor)
			require.False(w, inStep[key], "I7: one human, two places of a step")
			inStep[key] = true
		}
	}
	require.Equal(w, w.state.Status, status, "the read model follows the same table")
}

// FuzzJudge feeds arbitrary commands, in any state, to a core that must answer
// each with drafts or a fault.
func FuzzJudge(f *testing.F) {
	f.Add(byte(0),
		[]byte(`{"id":"a","name":"approve","document":"d1","task":"d1.r1.s1.1","round":1,"actor":"li"}`), int64(0))
	f.Add(byte(1),
		[]byte(`{"Plan":{"round":1,"steps":[{"id":"x","need":"people","mode":"any_of","approvers":[{}]}]}}`), int64(50))
	f.Add(byte(3), []byte(`{"Task":"d1.r1.s1.1","Due":true,"N":-9,"To":[{"person":"queue:admin"}]}`), int64(1<<40))
	f.Add(byte(4), []byte(`{"Reference":"v:d1:accrual:1","Posted":true}`), int64(-1))
	f.Fuzz(func(t *testing.T, kind byte, raw []byte, seconds int64) {
		for _, r := range []*stream{
			newStream(t), planned(t, late(step(approval.AllOf, "li", "wu", queue), approval.TimeoutEscalate)), planned(t),
			{t: t}, // no document at all
		} {
			r.now = monday.Add(time.Duration(seconds) * time.Second)
			c := command(kind, raw)
			if _, err := r.state.Judge(c, r.now); err == nil && c != nil && r.state.Document != "" {
				require.NoError(t, r.do(c))
				_, err := approval.FoldAll(r.events)
				require.NoError(t, err)
			}
			r.state.Fold([]evidence.Event{{Stream: doc, Seq: r.state.Seq + 1, Kind: string(raw), Data: raw}})
		}
	})
}

// command reads one of the five commands, or none.
func command(kind byte, raw []byte) approval.Command {
	switch kind % 6 {
	case 0:
		return read[approval.Act](raw)
	case 1:
		return read[approval.Planned](raw)
	case 2:
		return read[approval.Unplanned](raw)
	case 3:
		return read[approval.Struck](raw)
	case 4:
		return read[approval.Settled](raw)
	}
	return nil
}

func read[T any](raw []byte) T {
	var v T
	_ = json.Unmarshal(raw, &v)
	return v
}
