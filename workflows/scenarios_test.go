package workflows_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/activities"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/approval/approvaltest"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/platform/wire"
	"github.com/countersign/countersign/workflows"
)

// TestScenarios plays docs/scenarios through the workflow, with time skipped, and
// compares every moment with what the core alone makes of the same file.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("../docs/scenarios/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		all, err := approvaltest.Read(filepath.Base(file), string(text))
		require.NoError(t, err)
		for _, s := range all {
			t.Run(s.Title["en"], func(t *testing.T) {
				want, err := approvaltest.Play(s)
				require.NoError(t, err)
				got := newPlay(t, s).run()
				require.Len(t, got, len(want))
				for i, m := range got {
					require.NoError(t, s.Verify(s.Deeds[i], m))
					require.Equal(t, told(t, want[i]), told(t, m), "core and workflow differ: %s", s.Where(s.Deeds[i].Line))
				}
			})
		}
	}
}

// told is what must be the same in core and workflow: who did what for whom, with
// what data, how each task stands and how long it has, and the status.
func told(t *testing.T, m approvaltest.Moment) []string {
	t.Helper()
	all := []string{string(m.State.Status), "refused " + m.Refused}
	for _, e := range m.Events {
		var data map[string]any
		require.NoError(t, json.Unmarshal(e.Data, &data))
		for _, instants := range []string{"due_at", "remind_at", "moved", "counted"} {
			delete(data, instants) // activities take a moment; what they come to stands in the tasks
		}
		text, err := json.Marshal(data)
		require.NoError(t, err)
		all = append(all, fmt.Sprintf("%s by %s for %s, round %d: %s", e.Kind, e.Actor, e.OnBehalfOf, e.Round,
			strings.ReplaceAll(string(text), m.State.Document, "the document")))
	}
	for _, task := range m.State.Tasks {
		left := time.Duration(0)
		if !task.DueAt.IsZero() {
			left = task.DueAt.Sub(task.OpenedAt).Round(approvaltest.Pace)
		}
		all = append(all, fmt.Sprintf("%s %s, place %d, by %s, has %s, reminded %d, overdue %t",
			task.Assignee, task.State, task.Slot, task.DecidedBy, left, task.Reminded, task.Overdue))
	}
	return all
}

// play is a scenario on a stage: a deed a minute, looked at half a minute later.
type play struct {
	*stage
	scenario approvaltest.Scenario
	moments  []approvaltest.Moment
	seen     int
	last     approval.Act
}

func newPlay(t *testing.T, s approvaltest.Scenario) *play {
	t.Helper()
	p := &play{stage: newBareStage(t), scenario: s}
	p.book.Begin(documentID, approvaltest.Submitted())
	p.outside.SetPlan(s.Given.Plan)
	p.outside.Unroute(s.Given.Unrouted)
	p.outside.TakeOver(s.Given.Above)
	p.outside.Staffing(s.Given.Staff)
	for _, code := range s.Given.Refusals {
		p.outside.Answer(activities.Posted{Code: code})
	}
	return p
}

func (p *play) run() []approvaltest.Moment {
	at := time.Duration(0)
	for i, d := range p.scenario.Deeds {
		id := fmt.Sprintf("act-%d", i)
		if d.Kind == approvaltest.DeedPass {
			at += d.Pass
		} else if d.Kind != approvaltest.DeedSubmit {
			at += approvaltest.Pace
		}
		p.at(at, func() { p.deed(d, id) })
		p.at(at+approvaltest.Pace/2, func() { p.look(p.refusal(d, id)) })
	}
	p.at(at+approvaltest.Pace, p.strikeTheSet)
	p.stage.run()
	for i, d := range p.scenario.Deeds {
		if i < len(p.moments) {
			continue
		}
		if p.seen < len(p.book.Stream(documentID)) || d.Kind != approvaltest.DeedAct {
			p.look(p.refusal(d, fmt.Sprintf("act-%d", i))) // the deed that ended it
			continue
		}
		// What people try once the workflow is over is judged on the record alone.
		_, err := p.state().Judge(d.Aimed(p.state(), "late"), p.env.Now())
		p.look(fault.CodeOf(err))
	}
	return p.moments
}

func (p *play) deed(d approvaltest.Deed, id string) {
	switch d.Kind {
	case approvaltest.DeedAct:
		p.last = p.book.Commit(d.Aimed(p.state(), id))
		p.update(p.last)
	case approvaltest.DeedAgain:
		p.env.SignalWorkflow(workflows.SignalActRecorded, workflows.ActRecorded{ID: p.last.ID})
	case approvaltest.DeedMend:
		p.outside.Unroute("")
	case approvaltest.DeedDayOff:
		version := p.book.Publish(approvaltest.WithTomorrowOff(p.env.Now()))
		p.env.SignalWorkflow(workflows.SignalCalendarChanged, workflows.CalendarChanged{Calendar: "always", Version: version})
	case approvaltest.DeedLeave:
		p.outside.Leave(d.Act.Actor)
		p.env.SignalWorkflow(workflows.SignalDirectoryChanged, workflows.DirectoryChanged{Version: 2})
	}
}

func (p *play) refusal(d approvaltest.Deed, id string) string {
	if d.Kind != approvaltest.DeedAct {
		return ""
	}
	answer, answered := p.answers[id]
	require.True(p.t, answered, "%s: no answer", p.scenario.Where(d.Line))
	if answer == nil {
		return ""
	}
	return fault.CodeOf(wire.In(answer))
}

func (p *play) look(refused string) {
	events := p.book.Stream(documentID)
	p.moments = append(p.moments, approvaltest.Moment{
		State: p.state(), Events: events[p.seen:], Refused: refused, Copied: p.book.Copied(documentID),
	})
	p.seen = len(events)
}

// strikeTheSet lets the workflow end when the scenario does: the requester withdraws.
func (p *play) strikeTheSet() {
	p.update(p.book.Commit(approval.Act{
		ID: "the-end", Name: approval.Withdraw, Document: documentID, Actor: p.state().Requester, Opinion: "it is over",
	}))
}
