package approval_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
)

// The people of the tests: sue submits for rob, pat is paid, the others decide.
const (
	doc   = "d1"
	queue = approval.AdminQueue
)

var monday = time.Date(2026, 11, 23, 1, 0, 0, 0, time.UTC)

// stream is one document with a small Record of its own: it stamps, seals and
// folds what Judge drafts.
type stream struct {
	t      require.TestingT
	now    time.Time
	events []evidence.Event
	state  approval.State
	acts   int
}

func newStream(t require.TestingT) *stream {
	r := &stream{t: t, now: monday}
	draft := approval.SubmittedDraft("sue", "hash1", approval.SubmittedData{
		Number: "EXP-2026-000001", Type: "expense", Title: "Taxi", Entity: "e1", Department: "dep1",
		Submitter: "sue", Requester: "rob", Payee: "pat", Urgency: "normal",
	})
	r.record(approval.SubmitCause, []evidence.Draft{draft})
	return r
}

// do judges a command, and records and folds what it drafts.
func (r *stream) do(c approval.Command) error {
	before, err := json.Marshal(r.state)
	require.NoError(r.t, err)
	drafts, refusal := r.state.Judge(c, r.now)
	after, err := json.Marshal(r.state)
	require.NoError(r.t, err)
	require.Equal(r.t, string(before), string(after), "I14: judging changed the state")
	if refusal != nil {
		require.Empty(r.t, drafts)
		_, isFault := fault.As(refusal)
		require.True(r.t, isFault)
		_, registered := fault.Lookup(fault.CodeOf(refusal))
		require.True(r.t, registered, "%s is not in the registry", fault.CodeOf(refusal))
		return refusal
	}
	if len(drafts) == 0 {
		return nil
	}
	r.record(c.Cause(), drafts)
	after, err = json.Marshal(r.state)
	require.NoError(r.t, err)
	require.NotEqual(r.t, string(before), string(after))
	return nil
}

func (r *stream) record(cause string, drafts []evidence.Draft) {
	given := slices.Clone(drafts)
	for i, d := range drafts {
		if approval.Stamped(d.Kind) {
			drafts[i].Data = stamp(r.t, r.now, d.Data)
		}
	}
	var head evidence.Event
	if len(r.events) > 0 {
		head = r.events[len(r.events)-1]
	}
	events, err := evidence.Seal(head, drafts, cause, r.now, doc)
	require.NoError(r.t, err)
	r.events = append(r.events, events...)
	before := r.state
	r.state = r.state.Fold(events)
	r.requirePacked(before, approval.RecordRequest{Document: doc, Cause: cause, Drafts: given}, events)
	require.Equal(r.t, r.events[len(r.events)-1].Seq, r.state.Seq)
}

// requirePacked proves that what travels as stamps folds like what was recorded.
func (r *stream) requirePacked(before approval.State, in approval.RecordRequest, events []evidence.Event) {
	packed := approval.Recorded{Events: events}.Packed(in.Drafts)
	require.NotNil(r.t, packed.Stamps)
	require.Empty(r.t, packed.Events)
	travelled, err := json.Marshal(packed)
	require.NoError(r.t, err)
	var got approval.Recorded
	require.NoError(r.t, json.Unmarshal(travelled, &got))
	unpacked, err := got.Unpacked(in)
	require.NoError(r.t, err)
	want, err := json.Marshal(r.state)
	require.NoError(r.t, err)
	have, err := json.Marshal(before.Fold(unpacked))
	require.NoError(r.t, err)
	require.JSONEq(r.t, string(want), string(have))

	other := slices.Clone(in.Drafts)
	other[0].Actor += "?"
	require.Nil(r.t, approval.Recorded{Events: events}.Packed(other).Stamps, "events of other drafts travel whole")
}

// stamp does what Record does: the instants of a task's clock, in seconds here.
func stamp(t require.TestingT, at time.Time, raw json.RawMessage) json.RawMessage {
	var d approval.TaskOpenedData
	require.NoError(t, json.Unmarshal(raw, &d))
	if d.Moved != nil && d.Moved.Recounted {
		return raw // counted already
	}
	if m := d.Moved; m != nil {
		stood := time.Duration(0)
		if m.Extra.IsZero() {
			stood = at.Sub(m.StoppedAt)
		}
		if !m.Was.IsZero() {
			d.DueAt = m.Was.Add(stood + time.Duration(m.Extra.Count)*time.Second)
		}
		for _, was := range m.WasRemind {
			d.RemindAt = append(d.RemindAt, was.Add(stood))
		}
		out, err := json.Marshal(d)
		require.NoError(t, err)
		return out
	}
	if d.Clock.Due.Count > 0 {
		d.DueAt = at.Add(time.Duration(d.Clock.Due.Count) * time.Second)
	}
	for n := range d.Clock.AtMost {
		wait := d.Clock.First.Count + int64(n)*d.Clock.Every.Count
		d.RemindAt = append(d.RemindAt, at.Add(time.Duration(wait)*time.Second))
	}
	out, err := json.Marshal(d)
	require.NoError(t, err)
	return out
}

// act makes an act of the given name by somebody on the task they were asked.
func (r *stream) act(name approval.Name, actor string) approval.Act {
	r.acts++
	return approval.Act{
		ID: fmt.Sprintf("act-%d", r.acts), Name: name, Document: doc, Task: r.taskOf(actor), Actor: actor,
		Round: r.state.Round, ContentHash: r.state.ContentHash, Opinion: "because",
	}
}

// taskOf is the open task of an assignee, else their last one, else the first of all.
func (r *stream) taskOf(assignee string) string {
	id := ""
	for _, t := range r.state.Tasks {
		if t.Assignee == assignee && (id == "" || t.State == approval.TaskOpen) {
			id = t.ID
		}
	}
	if id == "" && len(r.state.Tasks) > 0 {
		id = r.state.Tasks[0].ID
	}
	return id
}

// strike lets every clock strike that has struck by now, as the workflow does.
func (r *stream) strike(to ...string) {
	for _, s := range r.state.Strike(r.now) {
		for _, person := range to {
			s.To = append(s.To, approval.Approver{Person: person, Via: "manager:1"})
		}
		require.NoError(r.t, r.do(s))
	}
}

// kinds lists the kinds of the events after the first n.
func (r *stream) kinds(n int) []string {
	var kinds []string
	for _, e := range r.events[n:] {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

func (r *stream) last() evidence.Event { return r.events[len(r.events)-1] }

// open lists the assignees of the open tasks, sorted.
func open(s approval.State) []string {
	var who []string
	for _, t := range s.OpenTasks() {
		who = append(who, t.Assignee)
	}
	slices.Sort(who)
	return who
}

// states lists the states of the round's tasks by assignee, in order of opening.
func states(s approval.State) []string {
	var all []string
	for _, t := range s.Tasks {
		all = append(all, t.Assignee+" "+string(t.State))
	}
	return all
}

func seconds(n int64) calendar.Duration { return calendar.Duration{Count: n, Unit: calendar.Second} }

// step is a step that needs the given people.
func step(mode approval.Mode, who ...string) approval.Step {
	s := approval.Step{
		ID: "s", Title: map[string]string{"en": "Review"}, Need: approval.NeedsPeople, Reason: "always", Mode: mode,
	}
	for _, person := range who {
		s.Approvers = append(s.Approvers, approval.Approver{Person: person, Via: "user"})
	}
	return s
}

// late gives a step a deadline of 100 s, reminders at 30 and 60 s, and a rule.
func late(s approval.Step, rule string) approval.Step {
	s.Clock = approval.Clock{Calendar: "always", Due: seconds(100), First: seconds(30), Every: seconds(30), AtMost: 2}
	s.OnTimeout = approval.Timeout{Do: rule}
	return s
}

// plan is a plan of steps, named s1, s2, … where they have no name of their own.
func plan(round int, steps ...approval.Step) approval.Plan {
	for i := range steps {
		if steps[i].ID == "s" || steps[i].ID == "" {
			steps[i].ID = fmt.Sprintf("s%d", i+1)
		}
	}
	return approval.Plan{
		Round: round, Policy: "expense", PolicyVersion: 1, PolicyHash: "ph", OrgVersion: 1,
		Interested: []string{"sue", "rob", "pat", "sue2"}, Admins: []string{"ada"},
		Steps: steps, Then: []string{approval.ThenAccrue, approval.ThenArchive}, Rules: approval.RulesNow,
	}
}

// planned is a stream with a plan in use.
func planned(t require.TestingT, steps ...approval.Step) *stream {
	r := newStream(t)
	require.NoError(t, r.do(approval.Planned{Plan: plan(1, steps...)}))
	return r
}
