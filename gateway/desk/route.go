package desk

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/policy"
)

// Preview is the route that a content would take if it were submitted now; the
// same code makes it as makes the real one. id is the document whose content it would
// become, which counts beside no content of its own; "" for a new one.
//
// A route tells what the requester has claimed beside it, so it is told to whom may
// enter a document for them.
//
// Errors: as Submit, and policy's own.
func (d *Desk) Preview(ctx context.Context, who auth.Who, c document.Content, id string) (approval.Plan, error) {
	c, err := d.fill(ctx, who, c)
	if err != nil {
		return approval.Plan{}, err
	}
	if err := d.entered(ctx, who, c); err != nil && !d.alreadyFor(ctx, who, id, c.Requester) {
		return approval.Plan{}, err
	}
	return d.route(ctx, c, id, 1)
}

// alreadyFor says whether a document was submitted for somebody: it goes on, though who
// entered it could not begin another.
func (d *Desk) alreadyFor(ctx context.Context, who auth.Who, id, requester string) bool {
	if id == "" {
		return false
	}
	detail, err := d.Document(ctx, who, id)
	return err == nil && detail.Status != approval.Draft && detail.Content.Requester == requester
}

// Latest is by when each step of a route is decided at the latest, were it begun now: a
// step whose calendar or deadline nobody knows has no time, nor has what follows.
func (d *Desk) Latest(ctx context.Context, plan approval.Plan) (map[string]calendar.Deadline, error) {
	calendars, err := d.Store.Calendars(ctx)
	if err != nil {
		return nil, err
	}
	due := func(id string, from time.Time, count calendar.Duration) (calendar.Deadline, error) {
		for _, c := range calendars {
			if c.ID == id {
				return c.Due(from, count)
			}
		}
		return calendar.Deadline{}, fault.New(fault.NotFound, "calendar.not_stored", fault.Arg("id", id))
	}
	latest, err := plan.Latest(d.now(), due)
	if err != nil {
		slog.WarnContext(ctx, "a preview tells no times", "error", err.Error())
		return nil, nil
	}
	return latest, nil
}

// Route is the route of a document: the one in force where it has been
// submitted, else the one it would take.
func (d *Desk) Route(ctx context.Context, who auth.Who, id string) (approval.Plan, error) {
	detail, err := d.Document(ctx, who, id)
	if err != nil {
		return approval.Plan{}, err
	}
	if detail.Status == approval.Draft {
		return d.route(ctx, detail.Content, id, 1)
	}
	state, err := d.State(ctx, id)
	if err != nil {
		return approval.Plan{}, err
	}
	if state.Plan != nil {
		return *state.Plan, nil
	}
	return d.route(ctx, detail.Content, id, max(detail.Round, 1))
}

func (d *Desk) route(ctx context.Context, c document.Content, id string, round int) (approval.Plan, error) {
	c, err := d.Complete(ctx, c)
	if err != nil {
		return approval.Plan{}, err
	}
	return d.routeAsIs(ctx, c, id, round)
}

// routeAsIs routes a content that is complete, by what is claimed in it.
func (d *Desk) routeAsIs(ctx context.Context, c document.Content, id string, round int) (approval.Plan, error) {
	c, err := c.AsClaimed()
	if err != nil {
		return approval.Plan{}, err
	}
	t, err := d.Type(ctx, c.Type)
	if err != nil {
		return approval.Plan{}, err
	}
	p, version, err := d.policyInForce(ctx, t.Policy)
	if err != nil {
		return approval.Plan{}, err
	}
	snapshot, err := d.Snapshot(ctx)
	if err != nil {
		return approval.Plan{}, err
	}
	claimed := sync.OnceValues(func() (time.Time, error) {
		if id == "" || c.Rate != nil {
			return time.Time{}, nil
		}
		return d.Store.ClaimedAt(ctx, id, round)
	})
	var busy error
	plan, err := policy.Route(policy.RouteInput{
		Policy: p, Version: version, Content: c, Org: snapshot, Round: round, Document: id,
		Rates: func(from, to money.Currency) (string, bool) {
			at, err := claimed()
			if err != nil {
				busy = err
				return "", false
			}
			rate, known := d.rates(ctx, d.rateDay(snapshot, c, at))(from, to)
			return rate.Value, known
		},
		Beside: d.beside(ctx, id),
	})
	if busy != nil {
		return approval.Plan{}, busy
	}
	return plan, err
}
