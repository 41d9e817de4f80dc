package workflows

import (
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/countersign/countersign/domain/approval"
)

// The search attributes of a document: within the SQL stores' limits of ten
// Keyword and three of each other type. They are kept in the clear.
var (
	AttributeType       = temporal.NewSearchAttributeKeyKeyword("DocType")
	AttributeNumber     = temporal.NewSearchAttributeKeyKeyword("DocNumber")
	AttributeStatus     = temporal.NewSearchAttributeKeyKeyword("DocStatus")
	AttributeEntity     = temporal.NewSearchAttributeKeyKeyword("Entity")
	AttributeDepartment = temporal.NewSearchAttributeKeyKeyword("Department")
	AttributeUrgency    = temporal.NewSearchAttributeKeyKeyword("Urgency")
	AttributeSteps      = temporal.NewSearchAttributeKeyKeywordList("Steps")
	AttributeAssignees  = temporal.NewSearchAttributeKeyKeywordList("Assignees")
	AttributeDueAt      = temporal.NewSearchAttributeKeyTime("DueAt")
	AttributeParked     = temporal.NewSearchAttributeKeyBool("Parked")
)

// SearchAttributes lists them for registration.
func SearchAttributes() []temporal.SearchAttributeKey {
	return []temporal.SearchAttributeKey{
		AttributeType, AttributeNumber, AttributeStatus, AttributeEntity, AttributeDepartment,
		AttributeUrgency, AttributeSteps, AttributeAssignees, AttributeDueAt, AttributeParked,
	}
}

// shown is what the search attributes say about a document at rest.
type shown struct {
	status    approval.Status
	steps     []string
	assignees []string
	dueAt     time.Time
	parked    bool
}

func (s shown) equal(o shown) bool {
	return s.status == o.status && s.parked == o.parked && s.dueAt.Equal(o.dueAt) &&
		slices.Equal(s.steps, o.steps) && slices.Equal(s.assignees, o.assignees)
}

// show tells Temporal where the document rests, in one event, and only where it
// rests somewhere else than before.
func (r *documentRun) show(ctx workflow.Context) {
	now := r.resting()
	workflow.SetCurrentDetails(ctx, r.inWords(now))
	if now.equal(r.shown) {
		return
	}
	updates := []temporal.SearchAttributeUpdate{
		AttributeStatus.ValueSet(string(now.status)),
		AttributeSteps.ValueSet(now.steps),
		AttributeParked.ValueSet(now.parked),
	}
	if r.in.Shown.People {
		updates = append(updates, AttributeAssignees.ValueSet(now.assignees))
	}
	if !now.dueAt.IsZero() {
		updates = append(updates, AttributeDueAt.ValueSet(now.dueAt))
	} else if !r.shown.dueAt.IsZero() || r.in.State != nil {
		updates = append(updates, AttributeDueAt.ValueUnset())
	}
	if err := workflow.UpsertTypedSearchAttributes(ctx, updates...); err != nil {
		workflow.GetLogger(ctx).Warn("search attributes not written", "error", err)
	}
	r.shown = now
}

// resting reads what is shown from the state.
func (r *documentRun) resting() shown {
	now := shown{
		status:    r.file.Status,
		steps:     []string{},
		assignees: r.file.Assignees(),
		dueAt:     r.file.DueAt(),
		parked:    r.file.Stuck(),
	}
	for _, t := range r.file.OpenTasks() {
		if !slices.Contains(now.steps, t.Step) {
			now.steps = append(now.steps, t.Step)
		}
	}
	return now
}

// inWords is what an operator reads in the Temporal UI; it makes no event.
func (r *documentRun) inWords(now shown) string {
	words := []string{r.file.Number + " is " + string(now.status)}
	if len(now.steps) > 0 {
		words = append(words, "It waits at "+strings.Join(now.steps, ", "))
	}
	if r.in.Shown.People && len(now.assignees) > 0 {
		words = append(words, "It waits for "+strings.Join(now.assignees, ", "))
	}
	if !now.dueAt.IsZero() {
		words = append(words, "Due "+now.dueAt.UTC().Format(time.RFC3339))
	}
	if r.file.PlanFault != "" {
		words = append(words, "No route was found: "+r.file.PlanFault)
	}
	if now.status == approval.Parked && r.file.Effect != nil {
		words = append(words, "The posting was refused: "+r.file.Effect.Code)
	}
	return strings.Join(words, ". ") + "."
}
