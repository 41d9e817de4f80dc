package desk

import (
	"context"
	"slices"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/store"
)

// Mark is one thing to look at before deciding: what it is, and by which figures. It
// says what the product knows, and judges nothing. 风险提示
type Mark struct {
	Name   string       // one of the constants below
	N      int          // of documents, lines or returns
	Amount money.Amount // a sum, an excess, a claim
	Person string       // an account
}

// The marks, those first that weigh most.
const (
	MarkStopped     = "stopped"       // Person stopped the clock: nobody decides until it goes on
	MarkOverdue     = "overdue"       // the deadline has passed
	MarkUrgent      = "urgent"        // the applicant says so
	MarkCounted     = "counted"       // counted with N other documents, to Amount in all
	MarkReused      = "reused"        // N invoices or files are shown twice, or by another document too
	MarkOverclaimed = "overclaimed"   // N lines claim more than their invoices come to
	MarkStandard    = "over_standard" // N lines above their standard, by Amount
	MarkIntervened  = "intervened"    // an administrator stepped in
	MarkSanctioned  = "sanctioned"    // less is approved than Amount, which was claimed
	MarkResubmitted = "resubmitted"   // came again after N returns
	MarkOnBehalf    = "on_behalf"     // entered by Person for the applicant
	MarkFreshSignIn = "fresh_sign_in" // asks for a fresh sign-in
	MarkProvisional = "provisional"   // the deadline rests on holidays that are not published yet
)

// Marks are the names of all marks, in their order.
func Marks() []string {
	return []string{MarkStopped, MarkOverdue, MarkUrgent, MarkCounted, MarkReused, MarkOverclaimed, MarkStandard,
		MarkIntervened, MarkSanctioned, MarkResubmitted, MarkOnBehalf, MarkFreshSignIn, MarkProvisional}
}

// Stopped says whether the clock of a task with these marks stands still.
func Stopped(marks []Mark) bool {
	return slices.ContainsFunc(marks, func(m Mark) bool { return m.Name == MarkStopped })
}

// Marked finds the marks of listed tasks, by the id of the task. Whoever may list a
// task may know them.
func (d *Desk) Marked(ctx context.Context, tasks []store.Task) (map[string][]Mark, error) {
	var documents []string
	for _, t := range tasks {
		if !slices.Contains(documents, t.Document) {
			documents = append(documents, t.Document)
		}
	}
	if len(documents) == 0 {
		return nil, nil
	}
	risks, err := d.Store.Risks(ctx, documents)
	if err != nil {
		return nil, err
	}
	clocks := Clocks{now: d.now()}
	marks := make(map[string][]Mark, len(tasks))
	for _, t := range tasks {
		left, running := clocks.Left(t, nil)
		marks[t.ID] = marksOf(t, risks[t.Document], running && left.Late)
	}
	return marks, nil
}

// marksOf says what is to be looked at.
func marksOf(t store.Task, r store.Risks, late bool) []Mark {
	open := t.State == approval.TaskOpen
	stopped := open && r.StoppedBy != ""
	var marks []Mark
	for _, one := range []struct {
		there bool
		mark  Mark
	}{
		{stopped, Mark{Name: MarkStopped, Person: r.StoppedBy}},
		{open && (late && !stopped || t.Overdue), Mark{Name: MarkOverdue}},
		{t.Urgency == document.Urgent, Mark{Name: MarkUrgent}},
		{r.Counted > 0, Mark{Name: MarkCounted, N: r.Counted, Amount: r.CountedSum}},
		{r.Reused > 0, Mark{Name: MarkReused, N: r.Reused}},
		{r.Overclaimed > 0, Mark{Name: MarkOverclaimed, N: r.Overclaimed}},
		{r.OverLines > 0, Mark{Name: MarkStandard, N: r.OverLines, Amount: r.Over}},
		{t.Intervened, Mark{Name: MarkIntervened}},
		{t.Claimed.Currency != "", Mark{Name: MarkSanctioned, Amount: t.Claimed}},
		{r.Resubmitted > 0, Mark{Name: MarkResubmitted, N: r.Resubmitted}},
		{t.Submitter != t.Requester, Mark{Name: MarkOnBehalf, Person: t.Submitter}},
		{open && r.FreshSignIn, Mark{Name: MarkFreshSignIn}},
		{open && t.Provisional && !t.DueAt.IsZero(), Mark{Name: MarkProvisional}},
	} {
		if one.there {
			marks = append(marks, one.mark)
		}
	}
	return marks
}
