package invariants

import (
	"fmt"
	"strings"
	"text/tabwriter"
)

// Violation is one broken promise.
type Violation struct {
	Invariant string // I1 … I15
	Subject   string // the document, task, act or reference it is about
	What      string
}

// Result is what was found of one invariant.
type Result struct {
	ID            string
	Title         string
	NotApplicable bool // there is nothing yet that could break it
	Checked       int
	Violations    []Violation
}

// Report is what was found of all of them, I1 to I16 in order. I16 is the sum
// of the others.
type Report struct{ Results []Result }

// titles are the invariants of the house plan, in order.
var titles = [...]string{
	"no submitted document is lost",
	"every document reaches exactly one outcome, or waits visibly",
	"a final outcome never changes",
	"no task is decided twice",
	"nobody decides who was not entitled when the act was committed",
	"no interested person decides",
	"distinct people decide, and no step passes undecided",
	"every decision refers to the content that is booked",
	"at most one voucher a reference, exactly one when posted",
	"every voucher balances",
	"no payment is sent twice",
	"budgets hold",
	"no gap, the chain verifies, the read model is the fold",
	"a refused act changes nothing, an acknowledged one has one outcome",
	"every notice owed exists, and is sent",
	"restarts change none of these",
}

const sumID = "I16"

// notApplicable are those whose rooms are not built: payments and budgets.
var notApplicable = map[string]bool{"I11": true, "I12": true}

func invariantID(index int) string { return fmt.Sprintf("I%d", index+1) }

func newResults() map[string]*Result {
	results := map[string]*Result{}
	for i, title := range titles {
		id := invariantID(i)
		results[id] = &Result{ID: id, Title: title, NotApplicable: notApplicable[id]}
	}
	return results
}

func (r *Result) add(subject, what string, args ...any) {
	r.Violations = append(r.Violations, Violation{r.ID, subject, fmt.Sprintf(what, args...)})
}

func (c *checker) report() Report {
	sum := c.results[sumID]
	var report Report
	for i := range titles {
		r := c.results[invariantID(i)]
		if r != sum {
			sum.Checked += r.Checked
			sum.Violations = append(sum.Violations, r.Violations...)
		}
		report.Results = append(report.Results, *r)
	}
	return report
}

// Violations lists every violation once, in the order of the invariants.
func (r Report) Violations() []Violation {
	if len(r.Results) == 0 {
		return nil
	}
	return r.Results[len(r.Results)-1].Violations
}

// Of returns the result of one invariant, such as "I9".
func (r Report) Of(id string) Result {
	for _, result := range r.Results {
		if result.ID == id {
			return result
		}
	}
	return Result{ID: id}
}

// OK says whether nothing was violated and something was checked.
func (r Report) OK() bool { return len(r.Violations()) == 0 && r.Of(sumID).Checked > 0 }

// shownMost is how many violations the table spells out.
const shownMost = 50

// String is the table, and the first violations in words.
func (r Report) String() string {
	var out strings.Builder
	table := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "id\tchecked\tviolations\tinvariant")
	for _, result := range r.Results {
		if result.NotApplicable {
			_, _ = fmt.Fprintf(table, "%s\t–\tnot applicable\t%s\n", result.ID, result.Title)
			continue
		}
		_, _ = fmt.Fprintf(table, "%s\t%d\t%d\t%s\n", result.ID, result.Checked, len(result.Violations), result.Title)
	}
	_ = table.Flush() // a builder never fails
	violations := r.Violations()
	for _, v := range violations[:min(len(violations), shownMost)] {
		fmt.Fprintf(&out, "%s %s: %s\n", v.Invariant, v.Subject, v.What)
	}
	if more := len(violations) - shownMost; more > 0 {
		fmt.Fprintf(&out, "… and %d more\n", more)
	}
	return out.String()
}
