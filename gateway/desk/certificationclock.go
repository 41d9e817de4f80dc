package desk

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/store"
)

// How the clock of campaigns is looked at.
const (
	reviewsEvery = 15 * time.Second
	reviewsBatch = 20
)

// ReviewRunner does what the clock asks of campaigns, in the background. Any number of
// them may run beside each other: each step happens once.
type ReviewRunner struct {
	Desk     *Desk
	Schedule ReviewSchedule
}

// Run works until the context ends.
func (r ReviewRunner) Run(ctx context.Context) {
	for ctx.Err() == nil {
		if err := r.Step(ctx); err != nil && ctx.Err() == nil {
			slog.ErrorContext(ctx, "reviews of rights", "error", err.Error())
		}
		select {
		case <-ctx.Done():
		case <-time.After(reviewsEvery):
		}
	}
}

// Step looks once: a schedule that opens nothing holds up no campaign that is open.
func (r ReviewRunner) Step(ctx context.Context) error {
	opened := r.Schedule.open(ctx, r.Desk)
	_, err := r.Desk.Store.AdvanceCertifications(ctx, reviewsBatch)
	return errors.Join(opened, err)
}

// ReviewSchedule opens a campaign in every so many months, from their first day on; 0
// opens none. Whatever gateway looks first opens it, and a period in which none was up is
// opened late, not left out while it lasts. 定期复核
type ReviewSchedule struct {
	Months int            // 1, 2, 3, 4, 6 or 12
	Zone   *time.Location // of that day; nil: UTC
	AskedReview
}

// open opens the campaign of the period that has begun, once: its key is the period.
func (s ReviewSchedule) open(ctx context.Context, d *Desk) error {
	if s.Months == 0 {
		return nil
	}
	now := d.now().In(cmp.Or(s.Zone, time.UTC))
	first := time.Month((int(now.Month())-1)/s.Months*s.Months + 1)
	period := strconv.Itoa(now.Year()) + "-" + time.Date(now.Year(), first, 1, 0, 0, 0, 0, time.UTC).Format("01")
	idem := store.Idempotency{Actor: store.SystemReview, Route: "review-schedule", Key: period, Fingerprint: period}
	if done, err := d.Store.Answered(ctx, idem); err != nil || done {
		return err
	}
	asked := s.AskedReview
	asked.Title = strings.TrimSpace(asked.Title + " " + period)
	_, err := d.OpenReviewAs(ctx, store.SystemReview, asked, idem)
	return err
}
