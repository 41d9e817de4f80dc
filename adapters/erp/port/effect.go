package port

import (
	"context"

	"github.com/countersign/countersign/domain/fault"
)

// PostDraft makes a draft effective where a second post is an error: it reads
// the state, asks, and reads again whatever the answer was.
func PostDraft(ctx context.Context, read func(context.Context) (Found, error),
	post func(context.Context, Found) error) (Found, error) {
	now, err := read(ctx)
	if err != nil || now.State == Posted {
		return now, err
	}
	refusal := post(ctx, now)
	if MayHaveHappened(refusal) {
		return Found{}, refusal
	}
	now, err = read(ctx)
	switch {
	case err == nil && now.State == Posted:
		return now, nil
	case err != nil:
		// A refusal may mean that an earlier request has posted it meanwhile.
		return Found{}, Fault(CodeUnknown, "asked to post, but not read back: "+err.Error())
	case refusal != nil:
		return Found{}, refusal
	}
	return Found{}, Fault(CodeUnknown, "posted, but still a draft")
}

// Only returns the one voucher of a list, ok false for none.
//
// Errors: Conflict erp.ambiguous for more than one.
func Only(reference string, found []Found) (f Found, ok bool, err error) {
	switch len(found) {
	case 0:
		return Found{}, false, nil
	case 1:
		return found[0], true, nil
	}
	return Found{}, false, Fault(CodeAmbiguous, "", fault.Arg("reference", reference))
}
