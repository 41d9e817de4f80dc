// Package nemesis breaks the house on purpose while clients work in it, and has
// the oracle count what that did: it must be nothing.
package nemesis

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/countersign/countersign/walk"
)

// again is the pause before a client repeats what it got no answer to.
const again = 100 * time.Millisecond

// lost counts the requests that were repeated because no answer came.
var lost atomic.Int64

// persist repeats a call until the house answers, as a client should: with the
// same Idempotency-Key inside.
//
// Errors: *walk.Problem, which is an answer; ctx's own where none ever came.
func persist[T any](ctx context.Context, call func(context.Context) (T, error)) (T, error) {
	var before error // the one that ctx's end does not explain
	for {
		got, err := call(ctx)
		if err == nil || answered(err) {
			return got, err
		}
		lost.Add(1)
		if ctx.Err() == nil {
			before = err
		}
		select {
		case <-ctx.Done():
			return got, errors.Join(ctx.Err(), before)
		case <-time.After(again):
		}
	}
}

// answered says whether an error is the house's word, and not its silence.
func answered(err error) bool {
	var problem *walk.Problem
	if !errors.As(err, &problem) {
		return false
	}
	return problem.Status < http.StatusInternalServerError && problem.Status != http.StatusTooManyRequests &&
		problem.Code != "idempotency.running"
}

func form(kind, title, amount string) walk.Form {
	f := walk.Form{Type: kind, Title: title, Currency: "CNY", Urgency: "normal", Lines: []walk.Line{{
		Category: "travel", Date: "2026-11-20", Amount: walk.Money{Amount: amount, Currency: "CNY"}}}}
	if kind == "payment_request" {
		f.Payee = map[string]string{"kind": "supplier", "id": "SUP002"}
		f.Fields = map[string]string{"payment_kind": "invoice"}
		f.Lines[0].Category = "services"
	}
	return f
}

// submit writes a draft and submits it, however often it takes.
func submit(ctx context.Context, c *walk.Client, f walk.Form, key string) (walk.Document, error) {
	draft, err := persist(ctx, func(ctx context.Context) (walk.Document, error) { return c.Draft(ctx, f, key+"-draft") })
	if err != nil {
		return draft, err
	}
	return persist(ctx, func(ctx context.Context) (walk.Document, error) { return c.SubmitDraft(ctx, draft.ID, key) })
}

// taskOn waits until somebody is asked to decide the document.
func taskOn(ctx context.Context, c *walk.Client, document string) (walk.Task, error) {
	for {
		task, found, err := c.TaskOn(ctx, document)
		if err == nil && found {
			return task, nil
		}
		select {
		case <-ctx.Done():
			return task, errors.Join(ctx.Err(), err)
		case <-time.After(again):
		}
	}
}

// decide waits for somebody's task and decides it, however often it takes.
func decide(ctx context.Context, c *walk.Client, document, act, key string) (walk.Act, error) {
	task, err := taskOn(ctx, c, document)
	if err != nil {
		return walk.Act{}, err
	}
	return persist(ctx, func(ctx context.Context) (walk.Act, error) { return c.Decide(ctx, task, act, "看过", key) })
}
