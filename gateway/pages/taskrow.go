package pages

import (
	"strconv"
	"time"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/store"
)

// taskRow is one task in a list.
type taskRow struct {
	Document, Number, Title, Type, Applicant, Step, Queue, For string

	Task, Hash string
	Round      int
	Open       bool // it may be ticked
	Picked     bool

	Total   money.Amount
	Claimed money.Amount // where less was sanctioned
	Left    timeLeft
	Marks   []riskMark
	State   approval.TaskState
	Decided stamp
	By      string // who decided it, where that was not the reader
}

// timeLeft is what is left of a deadline, in words.
type timeLeft struct {
	Due  stamp
	Text string // "" where there is no deadline, or it is over
	Why  string // by which calendar
	Tone string // soon, late or ""
}

// riskMark is one thing to look at before deciding, and what it means.
type riskMark struct{ Name, Word, Why, Tone string }

// taskRow shows one task; its time left and its marks come from taskRows.
func (v *visit) taskRow(t store.Task) taskRow {
	row := taskRow{
		Document: t.Document, Number: t.Number, Title: t.Title, Type: v.typeTitle(t.Type), Applicant: v.name(t.Requester),
		Step: i18n.Pick(t.StepTitle, v.locale), Total: t.Total, Claimed: t.Claimed,
		Task: t.ID, Round: t.Round, Hash: t.ContentHash, Open: pickable(t),
		Left: timeLeft{Due: v.stamp(t.DueAt, t.Entity)}, State: t.State, Decided: v.stamp(t.DecidedAt, t.Entity),
	}
	if t.Assignee == approval.AdminQueue {
		row.Queue = v.name(t.Assignee)
	} else if t.Assignee != v.who.Person.ID {
		row.For = v.name(t.Assignee)
	}
	if t.DecidedBy != v.who.Person.ID {
		row.By = v.name(t.DecidedBy)
	}
	return row
}

// taskRows shows a page of tasks: with what is left of each, and what to look at.
func (v *visit) taskRows(tasks []store.Task) ([]taskRow, error) {
	clocks, err := v.desk().Clocks(v.r.Context())
	if err != nil {
		return nil, err
	}
	marks, err := v.desk().Marked(v.r.Context(), tasks)
	if err != nil {
		return nil, err
	}
	rows := make([]taskRow, 0, len(tasks))
	for _, t := range tasks {
		row := v.taskRow(t)
		if left, running := clocks.Left(t, marks[t.ID]); running {
			v.tellLeft(&row.Left, left)
		} else if desk.Stopped(marks[t.ID]) {
			row.Left, row.Open = timeLeft{Text: v.t("page.inbox.stands_still")}, false // nobody decides
		}
		for _, m := range marks[t.ID] {
			row.Marks = append(row.Marks, v.riskMark(m, t))
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// soonWithin is how much time makes a task one to do soon.
const soonWithin = 2 * time.Hour

// tellLeft says how long a task may still take.
func (v *visit) tellLeft(to *timeLeft, left desk.TimeLeft) {
	key := "page.inbox.left"
	switch {
	case left.Late:
		key, to.Tone = "page.inbox.late", "late"
	case left.Time < soonWithin:
		to.Tone = "soon"
	}
	to.Text = v.t(key, "time", v.span(left.Time))
	to.Why = v.t("page.inbox.plain_time")
	if left.Calendar != "" {
		to.Why = v.t("page.inbox.working_time", "calendar", left.Calendar)
	}
}

// span is a length of time in words: minutes count only where hours are few.
func (v *visit) span(d time.Duration) string {
	hours, minutes := int64(d/time.Hour), int64(d%time.Hour/time.Minute)
	switch {
	case hours == 0 && minutes == 0:
		return v.t("page.inbox.span.moments")
	case hours == 0:
		return v.t("page.inbox.span.minutes", "m", strconv.FormatInt(minutes, 10))
	case hours >= 10 || minutes == 0:
		return v.t("page.inbox.span.hours", "h", strconv.FormatInt(hours, 10))
	}
	return v.t("page.inbox.span.both", "h", strconv.FormatInt(hours, 10), "m", strconv.FormatInt(minutes, 10))
}

// markTones say how loud a mark is; the others are quiet.
var markTones = map[string]string{
	desk.MarkOverdue: "bad", desk.MarkUrgent: "bad",
	desk.MarkStopped: "warn", desk.MarkCounted: "warn", desk.MarkReused: "warn", desk.MarkOverclaimed: "warn",
	desk.MarkStandard: "warn", desk.MarkIntervened: "warn", desk.MarkSanctioned: "warn",
}

// riskMark explains a mark by its figures.
func (v *visit) riskMark(m desk.Mark, t store.Task) riskMark {
	key := "page.mark." + m.Name
	why := key + ".why"
	if m.N == 1 {
		why = key + ".why.one"
	}
	args := []string{
		"n", strconv.Itoa(m.N), "amount", shownMoney(m.Amount), "total", shownMoney(t.Total), "who", v.name(m.Person),
		"for", v.name(t.Requester), "due", v.stamp(t.DueAt, t.Entity).Text,
	}
	return riskMark{Name: m.Name, Word: v.t(key), Why: v.t(why, args...), Tone: markTones[m.Name]}
}
