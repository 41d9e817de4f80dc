package desk

import (
	"context"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/store"
)

// beside asks which other documents count with one.
func (d *Desk) beside(ctx context.Context, id string) func(approval.CountKey) (approval.Beside, error) {
	return func(key approval.CountKey) (approval.Beside, error) { return d.Store.Beside(ctx, id, key) }
}

// Counted names those of the documents that a plan counted which a reader may read.
// Of the others they see how many there are, and what they come to.
func (d *Desk) Counted(ctx context.Context, who auth.Who, c *approval.Counted) ([]store.CountedRow, error) {
	if c == nil || len(c.Documents) == 0 {
		return nil, nil
	}
	return d.Store.CountedRows(ctx, access.ScopeFor(who.Subject, access.DocumentRead), *c)
}
