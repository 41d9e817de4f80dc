// Package wire carries faults across Temporal and back.
//
// A fault crosses as an ApplicationError whose type is the fault's code and
// whose details are the fault itself. What is not a fault crosses as a code
// without its cause: history is kept for years and read by operators, causes
// belong in the log of the process that met them.
package wire

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"

	"github.com/countersign/countersign/domain/fault"
)

// CodeInternal is the code of an error that was not a fault.
const CodeInternal = "internal.error"

var _ = fault.Register(map[string]fault.Entry{CodeInternal: {Kind: fault.Internal}})

// Out turns an error into one that Temporal carries. Nil stays nil.
//
// Invalid, Forbidden, NotFound and Conflict are not retried by Temporal: the
// same request would be refused again. Busy, Unknown and Internal are.
// Cancellation and errors that are Temporal's already pass untouched.
func Out(err error) error {
	if err == nil {
		return nil
	}
	if f, ok := fault.As(err); ok {
		return temporal.NewApplicationErrorWithOptions(f.Code, f.Code, temporal.ApplicationErrorOptions{
			NonRetryable: final(f.Kind),
			Details:      []any{*f},
		})
	}
	if native(err) {
		return err
	}
	return temporal.NewApplicationError(CodeInternal, CodeInternal, fault.Fault{Kind: fault.Internal, Code: CodeInternal})
}

// Later turns an error that will not pass before a while into one that Temporal waits
// with: the next attempt begins after it. The words are for whoever looks at the
// workflow meanwhile, and carry nothing that history should not keep.
func Later(err error, wait time.Duration, words string) error {
	f, ok := fault.As(err)
	if !ok || final(f.Kind) {
		return Out(err)
	}
	return temporal.NewApplicationErrorWithOptions(words, f.Code, temporal.ApplicationErrorOptions{
		NextRetryDelay: wait, Details: []any{*f},
	})
}

// In turns an error that Temporal carried back into the fault it was. What
// carries no fault passes untouched.
func In(err error) error {
	if err == nil {
		return nil
	}
	if f, ok := fault.As(err); ok {
		return f
	}
	var carried *temporal.ApplicationError
	if !errors.As(err, &carried) || !carried.HasDetails() {
		return err
	}
	var f fault.Fault
	if carried.Details(&f) != nil || f.Code == "" || f.Code != carried.Type() {
		return err
	}
	return &f
}

// final says whether repeating the same request can only be refused again.
func final(k fault.Kind) bool {
	switch k {
	case fault.Invalid, fault.Forbidden, fault.NotFound, fault.Conflict:
		return true
	default:
		return false
	}
}

func native(err error) bool {
	var application *temporal.ApplicationError
	var canceled *temporal.CanceledError
	return errors.As(err, &application) || errors.As(err, &canceled) || errors.Is(err, context.Canceled)
}
