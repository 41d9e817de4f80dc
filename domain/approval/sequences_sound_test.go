package approval_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
)

// meeting counts which acts met which states.
type meeting struct {
	mu             sync.Mutex
	taken, refused map[string]int
}

func (m *meeting) add(taken, refused map[string]int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for pair, n := range taken {
		m.taken[pair] += n
	}
	for pair, n := range refused {
		m.refused[pair] += n
	}
}

func (m *meeting) report(t *testing.T) {
	t.Helper()
	reached := 0
	for _, state := range everyState {
		line := fmt.Sprintf("%-25s", state)
		for _, act := range everyAct {
			pair := state + " × " + string(act)
			if m.taken[pair]+m.refused[pair] > 0 {
				reached++
			}
			line += fmt.Sprintf(" %s %d/%d", act, m.taken[pair], m.refused[pair])
		}
		t.Log(line)
	}
	all := len(everyState) * len(everyAct)
	t.Logf("(state × act): %d of %d reached, taken/refused", reached, all)
	require.GreaterOrEqual(t, 100*reached, coverageLeast*all)
	for _, act := range everyAct {
		taken := 0
		for _, state := range everyState {
			taken += m.taken[state+" × "+string(act)]
		}
		require.Positive(t, taken, "%s never took effect", act)
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
	if s.Status == approval.Approved {
		for _, step := range s.Plan.Steps {
			if !stands(s, step) {
				return fmt.Sprintf("%s was not decided as it must be: %v", step.ID, states(s))
			}
		}
	}
	return ""
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
