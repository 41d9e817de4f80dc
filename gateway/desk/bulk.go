package desk

import (
	"context"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/auth"
)

// The limits of deciding many at once.
const (
	BulkMax    = 100 // decisions of one call
	bulkAtOnce = 8   // of them under way at the same time
	bulkTime   = 50 * time.Second
)

var _ = fault.Register(map[string]fault.Entry{
	"bulk.nothing":  {Kind: fault.Invalid},
	"bulk.too_many": {Kind: fault.Invalid, Args: []string{"max"}},
	"bulk.twice":    {Kind: fault.Invalid, Args: []string{"task"}},
	"bulk.bad_act":  {Kind: fault.Invalid, Args: []string{"act"}},
})

// BulkResult is what became of one decision of many.
type BulkResult struct {
	Decision
	Acted Acted
	Err   error // why it was refused; the others are not touched by it
}

// Failed says that nobody is known to have judged it: something was busy, or the
// time was over. The same key asks for it again.
func (r BulkResult) Failed() bool {
	switch fault.KindOf(r.Err) {
	case fault.Invalid, fault.Forbidden, fault.NotFound, fault.Conflict:
		return false
	}
	return r.Err != nil
}

// DecideAll carries many decisions, each by itself and in the same way as a single
// one: signed, committed and judged on its own, of what was seen of it. It answers
// with what became of each, in their order; an error means that none was looked at.
//
// Safe to repeat with the same key: each gets its first answer, and what was not
// reached is done. What was asked in one piece is not left half done where the
// caller goes away.
// Errors: Invalid bulk.*, Conflict idempotency.reused.
func (d *Desk) DecideAll(ctx context.Context, who auth.Who, all []Decision, key Key) ([]BulkResult, error) {
	if err := checkBulk(all); err != nil {
		return nil, err
	}
	idem, err := key.of(who)
	if err != nil {
		return nil, err
	}
	if key.Key != "" {
		if err := d.Store.Claim(ctx, idem); err != nil {
			return nil, err
		}
	}
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), bulkTime)
	defer stop()
	results := make([]BulkResult, len(all))
	var under errgroup.Group
	under.SetLimit(bulkAtOnce)
	for i, one := range all {
		under.Go(func() error {
			acted, err := d.Decide(ctx, who, one, key.part(one.Task))
			results[i] = BulkResult{Decision: one, Acted: acted, Err: err}
			return nil
		})
	}
	return results, under.Wait()
}

// part is the key of one decision of many: of the same request, for its own task.
func (k Key) part(task string) Key {
	if k.Key == "" {
		return Key{}
	}
	return Key{Route: k.Route, Key: k.Key + "\x1f" + task, Body: k.Body}
}

// checkBulk judges a call as a whole: each task once, and nothing but decisions.
func checkBulk(all []Decision) error {
	switch {
	case len(all) == 0:
		return fault.New(fault.Invalid, "bulk.nothing", fault.Field("decisions"))
	case len(all) > BulkMax:
		return fault.New(fault.Invalid, "bulk.too_many", fault.Field("decisions"), fault.Arg("max", strconv.Itoa(BulkMax)))
	}
	seen := map[string]bool{}
	for i, one := range all {
		at := "decisions[" + strconv.Itoa(i) + "]"
		if seen[one.Task] {
			return fault.New(fault.Invalid, "bulk.twice", fault.Field(at+".task"), fault.Arg("task", one.Task))
		}
		seen[one.Task] = true
		if !slices.Contains([]approval.Name{approval.Approve, approval.Reject, approval.Return}, one.Act) {
			return fault.New(fault.Invalid, "bulk.bad_act", fault.Field(at+".act"), fault.Arg("act", string(one.Act)))
		}
	}
	return nil
}
