package conformance

import (
	"context"
	"sync"
	"time"

	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/domain/fault"
)

// Book is an AttemptBook in memory, with the promises of the real one.
type Book struct {
	Now func() time.Time // the book's clock; nil = time.Now

	mutex    sync.Mutex
	attempts map[string][]erp.Attempt
}

// NewBook makes an empty book.
func NewBook() *Book { return &Book{attempts: map[string][]erp.Attempt{}} }

// LastAttempt returns the newest attempt under a reference.
func (b *Book) LastAttempt(_ context.Context, reference string) (erp.Attempt, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if all := b.attempts[reference]; len(all) > 0 {
		return all[len(all)-1], nil
	}
	return erp.Attempt{Reference: reference}, nil
}

// StartAttempt records attempt after+1, unless somebody was quicker.
func (b *Book) StartAttempt(_ context.Context, reference string, op erp.Op, after int) (erp.Attempt, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if len(b.attempts[reference]) != after {
		return erp.Attempt{}, fault.New(fault.Conflict, "attempt.taken")
	}
	now := time.Now
	if b.Now != nil {
		now = b.Now
	}
	a := erp.Attempt{Reference: reference, No: after + 1, Op: op, StartedAt: now()}
	b.attempts[reference] = append(b.attempts[reference], a)
	return a, nil
}

// FinishAttempt records how an attempt ended.
func (b *Book) FinishAttempt(_ context.Context, a erp.Attempt, class erp.Class, detail string) error {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.attempts[a.Reference][a.No-1].Class = class
	b.attempts[a.Reference][a.No-1].Detail = detail
	return nil
}

// Attempts lists what was attempted under a reference.
func (b *Book) Attempts(reference string) []erp.Attempt {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return append([]erp.Attempt{}, b.attempts[reference]...)
}
