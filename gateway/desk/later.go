package desk

import (
	"context"
	"log/slog"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/platform/crash"
)

// deliveringMost is how many acts are delivered behind an answer at once; what is more
// is left to the relay.
const deliveringMost = 32

// take commits an act and answers at once. The delivery goes on behind the answer, and
// where it comes to nothing the relay does it: what was answered is on file.
func (d *Desk) take(ctx context.Context, who auth.Who, in intent) (Acted, error) {
	if in.early != nil {
		if refused := in.early(); refused != nil {
			return d.earlier(ctx, who, in.key, refused)
		}
	}
	row, fresh, err := d.commit(ctx, who, in)
	crash.At("act.committed")
	if err != nil {
		return Acted{}, err
	}
	if row.Outcome != nil {
		return answer(row.Act, *row.Outcome)
	}
	if fresh {
		d.deliverBehind(context.WithoutCancel(ctx), row.Act)
	}
	return Acted{ID: row.Act.ID, Document: row.Act.Document, Name: row.Act.Name, Pending: true}, nil
}

func (d *Desk) deliverBehind(ctx context.Context, act approval.Act) {
	if d.delivering.Add(1) > deliveringMost {
		d.delivering.Add(-1)
		return
	}
	go func() {
		defer d.delivering.Add(-1)
		if _, err := d.deliver(ctx, act); err != nil {
			slog.InfoContext(ctx, "an act was refused after it was taken", "act", act.ID, "error", err.Error())
		}
	}()
}
