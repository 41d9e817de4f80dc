package activities

import (
	"context"
	"time"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/store"
)

// RecountInput asks how the calendar in force counts the deadlines of open tasks.
type RecountInput struct {
	Calendar string          `json:"calendar"`
	Tasks    []approval.Task `json:"tasks"`
}

// Recounts are the tasks whose working time the calendar changed; the others stand
// as they are.
type Recounts struct {
	Tasks []approval.Recounted `json:"tasks,omitempty"`
}

// Recount counts deadlines anew by the calendar in force, from when its version was
// saved: time that was counted stays counted. A deadline that comes earlier leaves
// four working hours, or what was left anyway.
//
// Safe to repeat; the recount that counts is the one recorded. Errors: Busy.
func (r *Records) Recount(ctx context.Context, in RecountInput) (Recounts, error) {
	got, err := r.Calendars.recount(ctx, in)
	return got, answer(ctx, err)
}

func (c *Calendars) recount(ctx context.Context, in RecountInput) (Recounts, error) {
	byID, err := c.fresh(ctx)
	days, found := byID[in.Calendar]
	if err != nil || !found {
		return Recounts{}, err // who said that it changed is not believed
	}
	var got Recounts
	for _, t := range in.Tasks {
		if t.CalendarVersion >= days.Version {
			continue
		}
		old, err := c.Book.CalendarAt(ctx, in.Calendar, t.CalendarVersion, t.OpenedAt)
		if err != nil {
			return Recounts{}, err
		}
		moved, changed, err := RecountTask(days, old, t, c.now())
		if err != nil {
			return Recounts{}, err
		}
		if changed {
			got.Tasks = append(got.Tasks, moved)
		}
	}
	return got, nil
}

// RecountTask counts one task by the version in force in place of the old one. It
// is pure; changed is false where both have the same working time until the deadline.
func RecountTask(days, old store.CalendarVersion, t approval.Task, now time.Time) (
	moved approval.Recounted, changed bool, err error) {
	from := days.SavedAt
	for _, began := range []time.Time{t.OpenedAt, t.CountedAt} {
		if began.After(from) {
			from = began
		}
	}
	clock := calendar.Ticking{Due: t.DueAt, Remind: t.RemindAt[min(t.Reminded, len(t.RemindAt)):]}
	next, provisional, changed, err := days.Calendar.Recount(old.Calendar, from, now, clock)
	return approval.Recounted{
		Task: t.ID, Calendar: days.Calendar.ID, Version: days.Version, Was: t.DueAt, Reminded: t.Reminded,
		DueAt: next.Due, RemindAt: next.Remind, Provisional: provisional,
	}, changed, err
}
