package workflows

import (
	"errors"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/countersign/countersign/activities"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/platform/wire"
)

// call is one question to the books.
type call struct {
	activity, in any
	books        string // the connection; "" where it is not known
	summary      string // for people
	limits       Limits
}

// The codes and the argument by which the books say that they rest; they are born in
// adapters/erp.
const (
	codeMaintenance = "erp.maintenance"
	codeResting     = "erp.resting"
	codeUnavailable = "erp.unavailable"
	argUntil        = "until"
)

// tell asks the books until they answer, refuse, or stay silent for long. That they
// rested when it was tried last is no answer: it is asked again, so that nothing stops
// for a person merely because an ERP is being looked after.
func (c call) tell(ctx workflow.Context, answer any) error {
	patience := workflow.Now(ctx).Add(restPatience)
	for {
		err := workflow.ExecuteActivity(callERP(ctx, c), c.activity, c.in).Get(ctx, answer)
		f, isFault := fault.As(wire.In(err))
		switch {
		case err == nil || ctx.Err() != nil:
			return err
		case c.books != "" && neverTaken(err):
			c.books = "" // nobody serves that connection any more
		case isFault && f.Code == codeMaintenance:
			patience = workflow.Now(ctx).Add(restPatience)
		case !isFault || f.Args[argUntil] == "" || workflow.Now(ctx).After(patience):
			return err
		}
	}
}

// neverTaken says whether no worker took a call from its queue.
func neverTaken(err error) bool {
	var late *temporal.TimeoutError
	return errors.As(err, &late) && late.TimeoutType() == enumspb.TIMEOUT_TYPE_SCHEDULE_TO_START
}

// unanswered says why the books are not known to have done what they were asked for:
// that they rested all the time means that they cannot be reached.
func unanswered(err error) (code, words string) {
	f, ok := fault.As(wire.In(err))
	switch {
	case !ok:
		return activities.CodeUnanswered, ""
	case f.Code == codeResting || f.Code == codeMaintenance:
		return codeUnavailable, ""
	}
	return f.Code, f.Args["words"]
}
