package desk

import (
	"context"
	"strconv"
	"strings"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/store"
)

// Ruling is what finance rules on a posting that is parked, or an admin on a
// route that failed.
type Ruling struct {
	Reference string // v:<document>:<kind>:<revision>, or plan:<document>:<round>
	Ruling    string // retry, redate, void
	Date      string // for redate
	Attempt   *int   // the attempt they saw parked; nil: the one parked now
	Opinion   string
	Channel   string
}

// Resolve rules on what is parked.
//
// Safe to repeat with the same key. Errors: NotFound effect.not_found, Forbidden
// access.denied, and the rules' own.
func (d *Desk) Resolve(ctx context.Context, who auth.Who, in Ruling, key Key) (Acted, error) {
	return d.rule(ctx, who, in, key, func(detail Detail) error { return finality(detail.Document) })
}

// rule takes a ruling; early says what is known to refuse it without asking its workflow.
func (d *Desk) rule(
	ctx context.Context, who auth.Who, in Ruling, key Key, early func(Detail) error,
) (Acted, error) {
	kind, document, ok := splitReference(in.Reference)
	missing := fault.New(fault.NotFound, "effect.not_found")
	if !ok {
		return Acted{}, missing
	}
	permission := access.EffectResolve
	effect := in.Reference
	if kind == planPrefix {
		permission = access.PlanResolve
		effect = planPrefix + ":" + in.Reference[strings.LastIndexByte(in.Reference, ':')+1:]
	}
	detail, err := d.Document(ctx, who, document)
	if fault.KindOf(err) == fault.NotFound {
		return Acted{}, missing
	}
	if err != nil {
		return Acted{}, err
	}
	if err := need(who, permission, detail.Object()); err != nil {
		return Acted{}, err
	}
	attempt, err := d.attemptOf(ctx, in, kind, document)
	if err != nil {
		return Acted{}, err
	}
	return d.act(ctx, who, approval.Act{
		Name: approval.Resolve, Document: document, Effect: effect, Attempt: attempt, Ruling: in.Ruling,
		Date: in.Date, Opinion: in.Opinion, Channel: in.Channel,
	}, key, func() error { return early(detail) })
}

const (
	voucherPrefix = "v"
	planPrefix    = "plan"
)

func (d *Desk) attemptOf(ctx context.Context, in Ruling, kind, document string) (int, error) {
	if in.Attempt != nil {
		return *in.Attempt, nil
	}
	state, err := d.State(ctx, document)
	if err != nil {
		return 0, err
	}
	if kind == planPrefix {
		return state.PlanAttempt, nil
	}
	if state.Effect == nil {
		return 0, nil
	}
	return state.Effect.Attempt, nil
}

// splitReference reads the kind of what is parked and its document.
func splitReference(reference string) (kind, document string, ok bool) {
	parts := strings.Split(reference, ":")
	switch {
	case len(parts) == 4 && parts[0] == voucherPrefix:
		return voucherPrefix, parts[1], true
	case len(parts) == 3 && parts[0] == planPrefix:
		_, err := strconv.Atoi(parts[2])
		return planPrefix, parts[1], err == nil
	}
	return "", "", false
}

// Parked lists what waits for a ruling.
func (d *Desk) Parked(ctx context.Context, who auth.Who) ([]store.ParkedEffect, error) {
	scope, err := needAny(who, access.EffectRead)
	if err != nil {
		return nil, err
	}
	return d.Store.ParkedEffects(ctx, scope)
}

// Vouchers lists the vouchers one may know of.
func (d *Desk) Vouchers(ctx context.Context, who auth.Who, f store.VoucherFilter) (
	store.Page[store.VoucherRow], error) {
	scope, err := needAny(who, access.VoucherRead)
	if err != nil {
		return store.Page[store.VoucherRow]{}, err
	}
	return d.Store.Vouchers(ctx, scope, f)
}

// Voucher is one voucher with its entries.
func (d *Desk) Voucher(ctx context.Context, who auth.Who, reference string) (store.VoucherRow, error) {
	scope, err := needAny(who, access.VoucherRead)
	if err != nil {
		return store.VoucherRow{}, err
	}
	return d.Store.Voucher(ctx, scope, reference)
}

// PostedAgain is how a voucher that the caller may read was posted once more; its ID is ""
// where it was not.
func (d *Desk) PostedAgain(ctx context.Context, who auth.Who, reference string) (store.Ruling, error) {
	if _, err := d.Voucher(ctx, who, reference); err != nil {
		return store.Ruling{}, err
	}
	return d.Store.PostedAgain(ctx, reference)
}

// RulingReference is what a ruling names for something parked. A failed route
// has a reference only within its document, so the document is put in.
func RulingReference(p store.ParkedEffect) string {
	if round, ok := strings.CutPrefix(p.Reference, planPrefix+":"); ok && !strings.Contains(round, ":") {
		return planPrefix + ":" + p.Document + ":" + round
	}
	return p.Reference
}
