package approval

import (
	"errors"
	"time"

	"github.com/countersign/countersign/domain/evidence"
)

var errStub = errors.New("approval: being written")

// Start folds the first event of a stream.
func Start(submitted evidence.Event) (State, error) { return State{}, errStub }

// FoldAll folds a whole stream from its first event.
func FoldAll(events []evidence.Event) (State, error) { return State{}, errStub }

// NextStatus is the status after an event of a kind.
func NextStatus(s Status, kind string) Status { return s }

// Judge implements Machine.
func (s State) Judge(c Command, now time.Time) ([]evidence.Draft, error) { return nil, errStub }

// Fold implements Machine.
func (s State) Fold(events []evidence.Event) State { return s }

// Wake implements Machine.
func (s State) Wake() time.Time { return time.Time{} }

// Strike implements Machine.
func (s State) Strike(now time.Time) []Struck { return nil }

// OpenTasks lists the open tasks in the order they were opened.
func (s State) OpenTasks() []Task { return nil }

// Assignees lists who is asked to decide now, sorted, each once.
func (s State) Assignees() []string { return nil }

// CurrentStep returns the step that waits for people.
func (s State) CurrentStep() (Step, bool) { return Step{}, false }

// WantsPlan says that the document waits for its route: ask for a plan of Round, PlanAttempt.
func (s State) WantsPlan() bool { return false }

// WantsPosting says that Effect is to be posted.
func (s State) WantsPosting() bool { return false }

// DueAt is the earliest deadline of an open task, zero for none.
func (s State) DueAt() time.Time { return time.Time{} }

// Stuck says that the document waits for a ruling (resolve): a parked voucher or a failed plan.
func (s State) Stuck() bool { return false }

// Done says whether the document has its outcome.
func (s State) Done() bool { return s.Status.Final() }

// Interested says whether a person may never decide this document.
func (s State) Interested(person string) bool { return false }
