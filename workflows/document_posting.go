package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/countersign/countersign/activities"
	"github.com/countersign/countersign/domain/approval"
)

// post has the voucher posted and records the answer. What the ERP refused, or
// did not answer for long, is parked for finance: never given up, never guessed.
func (r *documentRun) post(ctx workflow.Context) error {
	effect := *r.file.Effect
	settled := approval.Settled{Reference: effect.Reference, Attempt: effect.Attempt}
	var vouchers *activities.Vouchers
	var posted activities.Posted
	err := call{
		activity: vouchers.PostVoucher, books: r.in.Books, limits: r.in.Limits,
		summary: "post the voucher of " + r.file.Number,
		in: activities.PostVoucherInput{
			Document: r.in.Document, Reference: effect.Reference, Attempt: effect.Attempt, Date: effect.Date,
		},
	}.tell(ctx, &posted)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		posted, settled.Unanswered = parked(err), true
	}
	settled.Posted, settled.Number, settled.ID = posted.Posted, posted.Number, posted.ID
	settled.Code, settled.Detail = posted.Code, posted.Detail
	return r.apply(ctx, settled)
}

// parked says why a posting is not known to have happened.
func parked(err error) activities.Posted {
	code, words := unanswered(err)
	return activities.Posted{Code: code, Detail: words}
}
