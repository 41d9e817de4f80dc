package approval_test

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/money"
)

// patch fills in a sanction or an amendment.
func (q *sequence) patch(a *approval.Act) {
	switch a.Name {
	case approval.Sanction:
		a.Sanction = q.sanction()
		a.NewHash = "sanctioned" + strconv.Itoa(q.s.Revision+1)
	case approval.Amend:
		a.Changes = []document.Change{{Field: pick(q, []string{"title", "title", "fields.why", "payee"}), Was: "a", Now: "b"}}
	}
}

func twoLines() document.Content {
	line := func(minor int64) document.Line { return document.Line{Amount: yuan(minor), Tax: yuan(minor / 10)} }
	return document.Content{Currency: "CNY", Lines: []document.Line{line(100), line(50)}, Total: yuan(150), BaseTotal: yuan(150)}
}

func yuan(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "CNY"} }

// sanction draws other amounts for the lines; those that the content does not
// bear come as a patch that lies.
func (q *sequence) sanction() *document.Sanction {
	amounts := []document.Approved{{Line: 1, Amount: yuan(int64(q.IntN(120)))}, {Line: 2, Amount: yuan(int64(q.IntN(55)))}}
	next, patch, err := q.content.Sanctioned(amounts)
	if err != nil {
		patch = document.Sanction{
			Lines: []document.SanctionedLine{{Line: 1, Claimed: yuan(100), Was: yuan(100), Now: yuan(101)}}, Was: yuan(150), Now: yuan(151),
		}
	}
	q.next = next
	return &patch
}

// lay keeps the content beside the state, and says what a sanction or an amendment
// broke: the round and plan stay, and nothing is approved beyond the claim.
func (q *sequence) lay(a approval.Act) string {
	switch a.Name {
	case approval.Resubmit:
		q.content = twoLines()
	case approval.Sanction:
		q.content = q.next
		if q.content.Total.Minor > 150 || q.content.Total.Minor <= 0 || a.Sanction.Now != q.content.Total {
			return fmt.Sprintf("%v was sanctioned", a.Sanction)
		}
	}
	if a.Name != approval.Sanction && a.Name != approval.Amend {
		return ""
	}
	if q.s.Revision != a.Revision || q.s.ContentHash != a.NewHash || q.s.Round != a.Round || q.s.Plan == nil || !q.s.Decided {
		return fmt.Sprintf("after %s revision %d, hash %s, round %d", a.Name, q.s.Revision, q.s.ContentHash, q.s.Round)
	}
	if i := slices.IndexFunc(q.s.Tasks, func(t approval.Task) bool { return t.ID == a.Task }); q.s.Tasks[i].State != approval.TaskOpen {
		return string(a.Name) + " ended its task"
	}
	return ""
}
