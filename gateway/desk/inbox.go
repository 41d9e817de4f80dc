package desk

import (
	"context"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/store"
)

// CountMost is as far as the lists of an inbox are counted for their headings.
const CountMost = 1000

// Tasks lists somebody's own tasks, those of the queues they hold in the entities
// where they hold them, and those they decide for others by a delegation.
func (d *Desk) Tasks(ctx context.Context, who auth.Who, f store.TaskFilter) (store.Page[store.Task], error) {
	f, err := d.inboxOf(ctx, who, f)
	if err != nil {
		return store.Page[store.Task]{}, err
	}
	return d.Store.Tasks(ctx, f)
}

// inboxOf cuts a list of tasks to what somebody has to do with.
func (d *Desk) inboxOf(ctx context.Context, who auth.Who, f store.TaskFilter) (store.TaskFilter, error) {
	scope, err := needAny(who, access.TaskDecide)
	if err != nil {
		return f, err
	}
	f.Assignees, f.Queues, f.Delegate = access.Inboxes(who.Subject), scope, who.Person.ID
	f.Behalf, err = d.principals(ctx, who)
	return f, err
}

// Delegated lists the open tasks that somebody may decide for others.
func (d *Desk) Delegated(ctx context.Context, who auth.Who, f store.TaskFilter) (store.Page[store.Task], error) {
	f, err := d.inboxOf(ctx, who, f)
	if err != nil {
		return store.Page[store.Task]{}, err
	}
	f.Assignees = nil
	return d.Store.Tasks(ctx, f)
}

// InboxCounts is how much there is in each part of an inbox, counted up to CountMost.
type InboxCounts struct {
	Waiting, Done, Delegated, Copied int64

	Sent map[approval.Status]int64 // one's own documents, the newest CountMost of them
}

// InboxCounts counts what the headings of an inbox tell.
func (d *Desk) InboxCounts(ctx context.Context, who auth.Who) (InboxCounts, error) {
	var counts InboxCounts
	f, err := d.inboxOf(ctx, who, store.TaskFilter{TotalMost: CountMost})
	if err != nil {
		return counts, err
	}
	if counts.Waiting, err = d.Store.CountTasks(ctx, f); err != nil {
		return counts, err
	}
	done := f
	done.View = store.TasksDecided
	if counts.Done, err = d.Store.CountTasks(ctx, done); err != nil {
		return counts, err
	}
	if len(f.Behalf) > 0 {
		f.Assignees = nil
		if counts.Delegated, err = d.Store.CountTasks(ctx, f); err != nil {
			return counts, err
		}
	}
	if counts.Copied, err = d.UnreadCopies(ctx, who); err != nil {
		return counts, err
	}
	counts.Sent, err = d.Store.OwnDocuments(ctx, who.Person.ID, CountMost)
	return counts, err
}
