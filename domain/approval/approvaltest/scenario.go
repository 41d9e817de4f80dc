// Package approvaltest reads the golden scenarios of docs/scenarios and plays them.
//
// The core's tests and the workflow's tests play the same files, so the two cannot
// drift apart. docs/scenarios/README.md teaches the language.
package approvaltest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/evidence"
)

// Scenario is one story: what is given, what happens, and what must then hold.
type Scenario struct {
	File  string
	Line  int
	Title map[string]string // by locale: en, zh-CN
	Why   map[string]string // by locale
	Given Given
	Deeds []Deed // the first is the submission itself
}

// Given is what stands before anything happens.
type Given struct {
	Plan     approval.Plan       // the route of every round
	Above    map[string][]string // who takes over from whom at a deadline; nobody: the admin queue
	Found    map[string][]string // who is found for a step when it is reached; not named: nobody
	Unrouted string              // the code of a route that cannot be found until it is mended
	Refusals []string            // the ERP's next answers, as codes
}

// Deed is one line of what happens. Kind says which of the other fields count.
type Deed struct {
	Line   int
	Text   string
	Kind   Kind
	Pass   time.Duration // DeedPass
	Act    approval.Act  // DeedAct: what was said; Aimed fills in the rest
	Task   string        // DeedAct: on the task of this person; "" = the actor's own
	Seen   string        // DeedAct: "" as it stands, "other content" or "round <n>"
	Expect []Expectation // what must hold afterwards
}

// Kind is what a line does.
type Kind string

// The kinds of deed.
const (
	DeedSubmit Kind = "submit" // the document is submitted and routed
	DeedAct    Kind = "act"    // somebody acts
	DeedAgain  Kind = "again"  // the last act is delivered once more
	DeedPass   Kind = "pass"   // working time passes
	DeedMend   Kind = "mend"   // from now on a route is found
	DeedDayOff Kind = "off"    // tomorrow becomes a day off
	DeedLeave  Kind = "leave"  // Act.Actor leaves the house
)

// Expectation is one thing that must hold, such as status: pending.
type Expectation struct {
	Line int
	What string // one of the words of expected
	Want string
}

// Moment is what a runner saw after a deed.
type Moment struct {
	State   approval.State
	Events  []evidence.Event // those of this deed
	Refused string           // the code of the refusal, "" for none
	Copied  []string         // who was copied in until then
}

// CopyIn adds those who are copied in now to those who were: each has one copy.
func CopyIn(copied []string, due []approval.CopiesDue) []string {
	for _, d := range due {
		for _, person := range d.People {
			if !slices.Contains(copied, person) {
				copied = append(copied, person)
			}
		}
	}
	return copied
}

// Staff is who is found for a step when it is reached.
func (g Given) Staff(step string) []approval.Approver {
	var found []approval.Approver
	for _, person := range g.Found[step] {
		found = append(found, approval.Approver{Person: person, Via: "user"})
	}
	return found
}

// The people of every scenario: sue submits for rob, pat is paid, and sue2 is
// another account of sue. Ada holds the admin queue.
const (
	submitter = "sue"
	requester = "rob"
	payee     = "pat"
)

// Submitted is the first event of every scenario's document.
func Submitted() evidence.Draft {
	return approval.SubmittedDraft(submitter, "hash1", approval.SubmittedData{
		Number: "EXP-2026-000001", Type: "expense", Title: "Taxi", Entity: "e1", Department: "dep1",
		Submitter: submitter, Requester: requester, Payee: payee, Urgency: "normal",
	})
}

// Where names a line of the scenario's file.
func (s Scenario) Where(line int) string { return fmt.Sprintf("%s:%d", s.File, line) }

// Aimed completes the act of a deed as a form would: on the task and the content
// that the actor sees in this state.
func (d Deed) Aimed(s approval.State, id string) approval.Act {
	a := d.Act
	a.ID, a.Document, a.Round, a.ContentHash = id, s.Document, s.Round, s.ContentHash
	who := a.Actor
	for _, other := range []string{a.OnBehalfOf, d.Task} {
		if other != "" {
			who = other
		}
	}
	a.Task = taskOf(s, who, a.Name)
	switch {
	case a.Name == approval.Intervene && a.Ruling == approval.RulingRelease && s.Stopped != nil:
		a.Task = s.Stopped.Task
	case a.Name == approval.Resubmit || a.Name == approval.Sanction || a.Name == approval.Amend:
		a.Revision, a.NewHash = s.Revision+1, fmt.Sprintf("hash%d", s.Revision+1)
	case a.Name == approval.Resolve && a.Effect == "plan":
		a.Effect, a.Attempt = s.PlanReference(), s.PlanAttempt
	case a.Name == approval.Resolve && s.Effect != nil:
		a.Effect, a.Attempt = s.Effect.Reference, s.Effect.Attempt
	}
	if d.Seen == "other content" {
		a.ContentHash = "other"
	} else if d.Seen != "" {
		now := fmt.Sprintf(".r%d.", s.Round)
		_, _ = fmt.Sscanf(d.Seen, "round %d", &a.Round) // the reader has checked it
		a.Task = strings.Replace(a.Task, now, fmt.Sprintf(".r%d.", a.Round), 1)
	}
	return a
}

// taskOf is the open task of a person, else their last one, else the first of all.
// Who takes a yes back, or a signer away, means the last task they decided.
func taskOf(s approval.State, who string, act approval.Name) string {
	id, open := "", false
	for _, t := range s.Tasks {
		decided := act == approval.Retract && t.State == approval.TaskApproved
		if t.Assignee == who && (id == "" || !open || decided) {
			id, open = t.ID, t.State == approval.TaskOpen || decided
		}
	}
	for _, added := range s.Added {
		if act == approval.RemoveSigner && strings.HasPrefix(added.Task, s.Document) && assignee(s, added.Task) == who {
			id = added.Task
		}
	}
	if id == "" && len(s.Tasks) > 0 {
		id = s.Tasks[0].ID
	}
	return id
}

func assignee(s approval.State, task string) string {
	i := slices.IndexFunc(s.Tasks, func(t approval.Task) bool { return t.ID == task })
	if i < 0 {
		return ""
	}
	return s.Tasks[i].Assignee
}

// Verify says how a moment differs from what a deed's lines expect, nil for not
// at all. What is not expected to be refused must take effect.
func (s Scenario) Verify(d Deed, m Moment) error {
	refused := ""
	for _, e := range d.Expect {
		if e.What == "refused" {
			refused = e.Want
			continue
		}
		if got := expected[e.What](m); got != e.Want {
			return fmt.Errorf("%s: %s: want %s, got %s", s.Where(e.Line), e.What, e.Want, got)
		}
	}
	if m.Refused != refused {
		return fmt.Errorf("%s: %s: want the refusal %q, got %q", s.Where(d.Line), d.Text, refused, m.Refused)
	}
	return nil
}

// expected is what a scenario may ask of a moment, beside refused.
var expected = map[string]func(Moment) string{
	"status":   func(m Moment) string { return string(m.State.Status) },
	"round":    func(m Moment) string { return fmt.Sprint(m.State.Round) },
	"revision": func(m Moment) string { return fmt.Sprint(m.State.Revision) },
	"asked": func(m Moment) string {
		var who []string
		for _, t := range m.State.OpenTasks() {
			who = append(who, t.Assignee)
		}
		slices.Sort(who)
		return list(who, "nobody")
	},
	"copied":   func(m Moment) string { return list(slices.Clone(m.Copied), "nobody") },
	"deciders": func(m Moment) string { return list(slices.Clone(m.State.Deciders), "nobody") },
	"tasks": func(m Moment) string {
		var all []string
		for _, t := range m.State.Tasks {
			all = append(all, t.Assignee+" "+string(t.State))
		}
		return list(all, "none")
	},
	"events": func(m Moment) string {
		var kinds []string
		for _, e := range m.Events {
			kinds = append(kinds, e.Kind)
		}
		return list(kinds, "none")
	},
	"by": func(m Moment) string {
		if len(m.Events) == 0 {
			return "nobody"
		}
		return by(m.Events[0])
	},
}

// by names who an event is by, and for whom.
func by(e evidence.Event) string {
	if e.OnBehalfOf != "" {
		return e.Actor + " for " + e.OnBehalfOf
	}
	return e.Actor
}

func list(items []string, none string) string {
	if len(items) == 0 {
		return none
	}
	return strings.ReplaceAll(strings.Join(items, ", "), approval.AdminQueue, adminQueue)
}

// adminQueue is how a scenario calls the admin queue.
const adminQueue = "admin queue"
