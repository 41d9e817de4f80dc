package tryton

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"

	"github.com/countersign/countersign/adapters/erp/port"
)

// Reverse books the opposite of a posted move through Tryton's own wizard, which
// also reconciles the two, dates it, and posts it. It looks for the reference
// first. 红冲
//
// Errors: after Unknown, call it again: it finds what the wizard left.
func (p *Port) Reverse(ctx context.Context, f port.Found, reference, date string) (port.Found, error) {
	before, err := p.Find(ctx, reference)
	if err != nil {
		return port.Found{}, err
	}
	if len(before) > 1 {
		return port.Found{}, port.Fault(port.CodeAmbiguous, "reversal "+reference)
	}
	if len(before) == 0 {
		// Refuse a closed period before the wizard writes anything.
		if err := p.mayReverse(ctx, f, date); err != nil {
			return port.Found{}, err
		}
		if err := p.cancel(ctx, f, reference); err != nil {
			return port.Found{}, err
		}
		if before, err = p.Find(ctx, reference); err != nil || len(before) != 1 {
			return port.Found{}, port.Fault(port.CodeUnknown, "cancelled, but not found again")
		}
	}
	draft := before[0]
	if draft.State != port.Posted && draft.Date != date {
		if err := p.redate(ctx, draft, date); err != nil {
			return port.Found{}, err
		}
	}
	return p.Post(ctx, draft)
}

// mayReverse checks what the wizard would not.
func (p *Port) mayReverse(ctx context.Context, f port.Found, date string) error {
	at, err := p.where(ctx)
	if err != nil {
		return err
	}
	if _, err := p.period(ctx, at, date); err != nil {
		return err
	}
	now, err := p.read(ctx, f.ID)
	if err != nil {
		return err
	}
	if now.State != port.Posted {
		return port.Fault(port.CodeRefused, "only a posted move can be reversed")
	}
	return nil
}

// cancel runs the wizard. Only its last step writes, in one transaction; the
// session of the wizard is dropped afterwards as well as it goes.
func (p *Port) cancel(ctx context.Context, f port.Found, reference string) error {
	const wizard = "wizard.account.move.cancel."
	at, err := p.where(ctx)
	if err != nil {
		return err
	}
	id, err := strconv.ParseInt(f.ID, 10, 64)
	if err != nil {
		return port.Fault(port.CodeRefused, "not a move: "+f.ID)
	}
	var started []any
	if err := p.client.call(ctx, false, &started, wizard+"create", at.context()); err != nil {
		return err
	}
	if len(started) == 0 {
		return port.Fault(port.CodeUnavailable, "the wizard did not start")
	}
	session := started[0]
	active := at.context()
	active["active_model"], active["active_id"], active["active_ids"] = "account.move", id, []any{id}
	// The first step only reads the form, the second does the work.
	err = p.client.call(ctx, false, nil, wizard+"execute", session, object{}, "default", active)
	if err == nil {
		form := object{"default": object{"description": refPrefix + reference}}
		err = p.accepting(ctx, at, wizard+"execute", session, form, "cancel", active)
	}
	_ = p.client.call(ctx, false, nil, wizard+"delete", session, at.context())
	return err
}

// accepting calls a method that may warn, and accepts the warning once: we
// reverse with our eyes open, a period that is closed by now included.
func (p *Port) accepting(ctx context.Context, at company, method string, params ...any) error {
	err := p.client.call(ctx, true, nil, method, params...)
	var warned *warning
	if !errors.As(err, &warned) {
		return err
	}
	var user []json.Number
	domain := []any{[]any{"login", "=", p.config.User}}
	if err := p.client.call(ctx, false, &user, "model.res.user.search", domain, 0, 1, nil, at.context()); err != nil {
		return err
	}
	if len(user) != 1 {
		return err
	}
	values := []any{object{"user": user[0], "name": warned.name, "always": false}}
	if err := p.client.call(ctx, true, nil, "model.res.user.warning.create", values, at.context()); err != nil {
		return err
	}
	return p.client.call(ctx, true, nil, method, params...)
}

// redate moves the draft to the day it is to be booked on.
func (p *Port) redate(ctx context.Context, draft port.Found, date string) error {
	at, err := p.where(ctx)
	if err != nil {
		return err
	}
	period, err := p.period(ctx, at, date)
	if err != nil {
		return err
	}
	on, err := day(date)
	if err != nil {
		return port.Fault(port.CodeRefused, err.Error())
	}
	id, _ := strconv.ParseInt(draft.ID, 10, 64)
	return p.client.call(ctx, true, nil, "model.account.move.write",
		[]any{id}, object{"date": on, "period": period}, at.context())
}
