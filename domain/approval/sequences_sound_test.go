package approval_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
)

// meeting counts which operations met which states, and which refusals were given.
type meeting struct {
	mu             sync.Mutex
	taken, refused map[string]int
	codes          map[string]int // of refusals
	rare           map[string]int
}

func newMeeting() *meeting {
	return &meeting{taken: map[string]int{}, refused: map[string]int{}, codes: map[string]int{}, rare: map[string]int{}}
}

// everyRare is what the sequences must not cease to do, though no state and no act names it.
var everyRare = []string{
	"decided for another", "arranged by two administrators", "left in one of several branches",
	"found when reached", "chosen", "chosen by who was found when reached",
	"straight back from the submitter", "anew for its content", "anew for its route", "anew for its people",
	"anew for an intervention",
}

// rare names what of that a command does that changes something.
func rare(s approval.State, c approval.Command) string {
	switch c := c.(type) {
	case approval.HandedOver:
		if len(s.WaitingSteps()) > 1 {
			return "left in one of several branches"
		}
	case approval.Staffed:
		return "found when reached"
	case approval.Planned:
		step, anew := s.GoesBack(c.Plan, c.Changed)
		switch {
		case step != "" && len(s.Straight.Tasks) > 0:
			return "straight back from the submitter"
		case anew != nil:
			return map[string]string{
				approval.AnewMaterial: "anew for its content", approval.AnewRoute: "anew for its route",
				approval.AnewPeople: "anew for its people", approval.AnewIntervene: "anew for an intervention",
			}[anew.Why]
		}
	case approval.Act:
		i := slices.IndexFunc(s.Tasks, func(t approval.Task) bool { return t.ID == c.Task })
		switch {
		case c.Maker != "":
			return "arranged by two administrators"
		case c.Name == approval.Approve && len(c.To) > 0 && slices.ContainsFunc(s.Plan.Steps, func(step approval.Step) bool {
			return step.ID == s.Tasks[i].Step && step.Late != nil
		}):
			return "chosen by who was found when reached"
		case c.Name == approval.Approve && len(c.To) > 0:
			return "chosen"
		case c.Name == approval.Approve && c.OnBehalfOf != "" && c.OnBehalfOf != queue && c.OnBehalfOf != c.Actor:
			return "decided for another"
		}
	}
	return ""
}

// operation is what the table of states and acts calls a command; "" for those that
// answer what the document asked for.
func operation(c approval.Command) string {
	switch c := c.(type) {
	case approval.Act:
		if c.Name == approval.Intervene {
			return "intervene " + c.Ruling
		}
		return string(c.Name)
	case approval.HandedOver:
		return "hand_over"
	case approval.Recounted:
		return "recount"
	case approval.LetGo:
		return "let_go"
	}
	return ""
}

func everyOperation() []string {
	all := []string{"hand_over", "recount", "let_go"}
	for _, act := range everyAct {
		if act != approval.Intervene {
			all = append(all, string(act))
		}
	}
	for _, ruling := range everyRuling {
		all = append(all, "intervene "+ruling)
	}
	return all
}

func (m *meeting) count(state string, s approval.State, c approval.Command, refusal error, changes bool) {
	if refusal != nil {
		m.codes[fault.CodeOf(refusal)]++
	}
	if changes {
		m.rare[rare(s, c)]++
		m.taken[state+" × "+operation(c)]++
	} else {
		m.refused[state+" × "+operation(c)]++
	}
}

func (m *meeting) add(o *meeting) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, of := range []struct{ all, some map[string]int }{
		{m.taken, o.taken}, {m.refused, o.refused}, {m.codes, o.codes}, {m.rare, o.rare},
	} {
		for what, n := range of.some {
			of.all[what] += n
		}
	}
}

func (m *meeting) report(t *testing.T) {
	t.Helper()
	reached := 0
	taken, refused := map[string]int{}, map[string]int{}
	for _, state := range everyState {
		line := fmt.Sprintf("%-25s", state)
		for _, operation := range everyOperation() {
			pair := state + " × " + operation
			if m.taken[pair]+m.refused[pair] > 0 {
				reached++
			}
			taken[operation] += m.taken[pair]
			refused[operation] += m.refused[pair]
			line += fmt.Sprintf(" %s %d/%d", operation, m.taken[pair], m.refused[pair])
		}
		t.Log(line)
	}
	all := len(everyState) * len(everyOperation())
	t.Logf("(state × act): %d of %d reached, taken/refused", reached, all)
	t.Logf("%d refusals: %v", len(m.codes), m.codes)
	t.Log(m.rare)
	for _, what := range everyRare {
		require.Positive(t, m.rare[what], "nothing was %s", what)
	}
	require.GreaterOrEqual(t, 100*reached, coverageLeast*all)
	for _, operation := range everyOperation() {
		require.Positive(t, taken[operation], "%s never took effect", operation)
		require.Positive(t, refused[operation], "%s was never refused", operation)
	}
}

// unsound says which invariant a state breaks, "" for none: a pending document
// asks somebody to decide, and no other has open tasks; nobody interested decided
// (I6); one human counts once in a step (I7); an approval stands on its votes.
func unsound(s approval.State) string {
	asked := slices.ContainsFunc(s.OpenTasks(), func(t approval.Task) bool { return t.For == "" })
	if s.Status == approval.Pending && !asked && len(s.Unstaffed()) == 0 {
		return fmt.Sprintf("nobody is asked to decide: %v", states(s))
	}
	if s.Status != approval.Pending && len(s.OpenTasks()) > 0 {
		return fmt.Sprintf("%s with open tasks: %v", s.Status, states(s))
	}
	for _, t := range s.OpenTasks() {
		if wrong := early(s, t); wrong != "" {
			return wrong
		}
	}
	counted := map[string]bool{}
	for _, t := range s.Tasks {
		if t.DecidedBy == "" || t.DecidedBy == approval.SystemDeadline {
			continue
		}
		if slices.Contains(interested, t.DecidedBy) {
			return "I6: " + t.DecidedBy + " decided " + t.ID
		}
		key := t.Step + " " + t.DecidedBy
		if !t.Past && t.For == "" && counted[key] {
			return "I7: " + t.DecidedBy + " counts twice in " + t.Step
		}
		counted[key] = counted[key] || !t.Past && t.For == ""
	}
	for _, a := range s.Agreed {
		if key := a.Step + " " + a.Person; counted[key] {
			return "I7: " + a.Person + " counts twice in " + a.Step
		}
	}
	if s.Status != approval.Approved {
		return ""
	}
	if len(s.Interveners) > 0 && !slices.ContainsFunc(s.Tasks, func(t approval.Task) bool {
		return t.State == approval.TaskApproved && !t.Past && !slices.Contains(s.Interveners, t.DecidedBy)
	}) {
		return fmt.Sprintf("only %v, who intervened, approved it", s.Interveners)
	}
	return unsupported(s)
}

// unsupported says which step of an approved document was neither decided as it must
// be, nor passed over on record.
func unsupported(s approval.State) string {
	for _, step := range s.Plan.Steps {
		if step.Need == approval.NeedsPeople && !stands(s, step) && !slices.Contains(s.Jumped, step.ID) && !keptAsFoundNow(s, step) {
			return fmt.Sprintf("%s was not decided as it must be: %v", step.ID, states(s))
		}
	}
	return ""
}

// keptAsFoundNow says whether a step stands in a round that went straight back under an
// edition before 4, which took whoever would be found for it now for who was asked.
func keptAsFoundNow(s approval.State, step approval.Step) bool {
	return s.Plan.Rules < 4 && step.Late != nil &&
		(slices.ContainsFunc(s.Tasks, func(t approval.Task) bool { return t.Step == step.ID && t.Before }) ||
			slices.ContainsFunc(s.Agreed, func(a approval.Agreed) bool { return a.Step == step.ID }))
}

// early says that a task is open before all the steps that its own follows are over.
// Not on a way straight back: there the other branches go on.
func early(s approval.State, task approval.Task) string {
	for _, step := range s.Plan.Steps {
		if s.Plan.Before(step.ID, task.Step) && !s.Over(step.ID) && s.Then == "" {
			return task.ID + " is open, and " + step.ID + " is not over"
		}
	}
	if s.Over(task.Step) {
		return task.ID + " is open, and its step is over"
	}
	return ""
}

// census counts over a whole life what one state does not tell.
type census struct {
	outcome  approval.Status
	assignee map[string]string
	decided  map[string]bool
	hash     string // of the content last submitted
}

func newCensus() census {
	return census{assignee: map[string]string{}, decided: map[string]bool{}, hash: "hash1"}
}

// drafted counts I2 to I5 and I8 over the drafts of one command: one outcome, which
// stays; one decision a task, by whom it was assigned to or for them; of one content.
func (c *census) drafted(after approval.State, drafts []evidence.Draft, a approval.Act) string {
	if c.outcome != "" && (len(drafts) > 0 || after.Status != c.outcome) {
		return fmt.Sprintf("I3: %s after %s", after.Status, c.outcome)
	}
	for _, d := range drafts {
		switch d.Kind {
		case approval.DocumentResubmitted, approval.DocumentSanctioned, approval.DocumentAmended:
			c.hash = d.ContentHash
		case approval.TaskOpened:
			opened, _ := approval.Decode[approval.TaskOpenedData](evidence.Event{Data: d.Data})
			c.assignee[opened.Task] = opened.Assignee
			if slices.Contains(interested, opened.Assignee) {
				return "I6: " + opened.Assignee + " is asked"
			}
		case approval.TaskWasApproved, approval.TaskWasRejected, approval.TaskWasReturned, approval.TaskWasExpired:
			ended, _ := approval.Decode[approval.TaskEndedData](evidence.Event{Data: d.Data})
			if c.decided[ended.Task] {
				return "I4: " + ended.Task + " is decided twice"
			}
			c.decided[ended.Task] = true
			if who := c.assignee[ended.Task]; d.Actor != approval.SystemDeadline && d.Actor != who && d.OnBehalfOf != who {
				return fmt.Sprintf("I5: %s decided %s for %q", d.Actor, ended.Task, d.OnBehalfOf)
			}
			if d.ContentHash != c.hash || a.ID != "" && a.ContentHash != c.hash {
				return "I8: " + ended.Task + " is decided on other content"
			}
		case approval.DocumentRejected, approval.DocumentWithdrawn, approval.DocumentClosed, approval.DocumentVoided:
			if c.outcome != "" {
				return "I2: a second outcome"
			}
			c.outcome = after.Status
		}
	}
	if after.Done() != (c.outcome != "") {
		return "I2: an outcome that is none"
	}
	return ""
}

// loud fails a test where none is at hand.
type loud struct{}

func (loud) Errorf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
func (loud) FailNow()                          { panic("failed") }
