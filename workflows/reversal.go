package workflows

import (
	"strconv"

	"go.temporal.io/sdk/workflow"

	"github.com/countersign/countersign/activities"
)

// ReversalInput names one attempt to reverse a voucher, as it was approved or ruled.
type ReversalInput struct {
	Document  string `json:"document"`
	Reference string `json:"reference"`       // of the reversal
	Number    string `json:"number"`          // of the document, for people who watch
	Attempt   int    `json:"attempt"`         // rulings so far
	Books     string `json:"books,omitempty"` // the ERP connection; "" where it is not known
	Limits    Limits `json:"limits"`
}

// ReversalID is the workflow of one attempt: a ruling has one of its own.
func ReversalID(reference string, attempt int) string { return reference + "." + strconv.Itoa(attempt) }

// Reversal has one attempt carried out by the books, and records what they said. 凭证冲销
//
// It waits for nobody: whom the books refused asks people, and their ruling is the next
// attempt. What was approved stands in the record, not here, and so does the end.
// Errors: only faults of ours; the relay starts it again.
func Reversal(ctx workflow.Context, in ReversalInput) (activities.Posted, error) {
	var reversals *activities.Reversals
	settled := activities.SettleReversalInput{Reference: in.Reference, Attempt: in.Attempt}
	err := call{
		activity: reversals.ReverseVoucher, books: in.Books, limits: in.Limits,
		summary: "reverse the voucher of " + in.Number,
		in: activities.ReverseVoucherInput{
			Document: in.Document, Reference: in.Reference, Attempt: in.Attempt,
		},
	}.tell(ctx, &settled.Answer)
	if ctx.Err() != nil {
		return activities.Posted{}, ctx.Err()
	}
	if err != nil {
		settled.Answer, settled.Unanswered = parked(err), true
	}
	record := writeRecords(ctx, "record what the books said")
	return settled.Answer, workflow.ExecuteLocalActivity(record, reversals.SettleReversal, settled).Get(ctx, nil)
}
