package notice

import (
	"strings"
	"time"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/delegation"
)

// recounted tells the assignee that a deadline moved because the calendar changed:
// aloud where there is less time, quietly where there is more.
func (w *writer) recounted() {
	d, err := approval.Decode[approval.TaskOpenedData](w.event)
	if err != nil || d.Moved == nil || !d.Moved.Recounted || d.DueAt.Equal(d.Moved.Was) {
		return
	}
	n := Notice{Kind: w.event.Kind, Person: d.Assignee, Task: d.Task, Quiet: d.DueAt.After(d.Moved.Was)}
	w.tell(n, d.Step, map[string]string{
		"due_at": d.DueAt.UTC().Format(time.RFC3339), "was": d.Moved.Was.UTC().Format(time.RFC3339),
	})
}

// handedOver tells the submitter who takes over from somebody who left; who takes
// over hears of it by their own task. Where advice ended, nobody takes over.
func (w *writer) handedOver() {
	d, err := approval.Decode[approval.TaskEndedData](w.event)
	if err == nil && d.Lost != "" {
		w.roleEnded(d)
		return
	}
	if err != nil || len(d.To) == 0 {
		return
	}
	own := map[string]string{"to": strings.Join(d.To, ","), "for": d.Assignee}
	for _, person := range people(w.summary.Submitter, w.summary.Requester) {
		w.tell(Notice{Kind: w.event.Kind, Person: person, Task: d.Task}, d.Step, own)
	}
}

// roleEnded tells whose task left them with its role; and for whom it was submitted,
// where somebody takes over.
func (w *writer) roleEnded(d approval.TaskEndedData) {
	role, _ := access.RoleOf(d.Lost)
	own := map[string]string{"for": d.Assignee, "what": "role." + role}
	told := []string{d.Assignee}
	if len(d.To) > 0 {
		own["to"] = strings.Join(d.To, ",")
		told = append(told, w.summary.Submitter, w.summary.Requester)
	}
	for _, person := range people(told...) {
		w.tell(Notice{Kind: RoleEnded, Person: person, Task: d.Task}, d.Step, own)
	}
}

// letGo tells the submitter that the clock runs again because who stopped it left.
// Whoever lets it go on as a person does so in the submitter's sight.
func (w *writer) letGo() {
	d, err := approval.Decode[approval.ClockData](w.event)
	if err != nil || w.event.Actor != approval.SystemDirectory {
		return
	}
	for _, person := range people(w.summary.Submitter, w.summary.Requester) {
		w.tell(Notice{Kind: w.event.Kind, Person: person, Task: d.Task}, d.Step, map[string]string{"for": d.To})
	}
}

// Delegated lists what both sides of a delegation are told when it is made or taken
// back, but for who did it.
func Delegated(kind string, r delegation.Rule, by string) []Notice {
	data := map[string]string{
		"by": by, "person": r.Person, "delegate": r.Delegate, "reason": r.Reason,
		"from_at": r.From.UTC().Format(time.RFC3339), "until_at": r.Until.UTC().Format(time.RFC3339),
	}
	if kind == delegation.TakenBack {
		data["reason"] = r.RevokeReason
	}
	var owed []Notice
	for _, person := range people(r.Delegate, r.Person) {
		if person != by {
			owed = append(owed, Notice{Kind: kind, Person: person, Data: data})
		}
	}
	return owed
}
