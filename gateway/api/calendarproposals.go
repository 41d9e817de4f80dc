package api

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/policy/calendarfile"
)

func (a *API) calendarProposals() {
	const tag = "Calendars"
	add(a, operation{
		"check-calendar", http.MethodPost, "/calendars/{id}/check", tag,
		"Say what a file would make of a calendar, and which open deadlines would move; nothing is kept", 0,
	}, a.checkCalendar)
	add(a, operation{
		"propose-calendar", http.MethodPost, "/calendars/{id}/proposals", tag,
		"Propose a calendar by a file; another person publishes it", 201,
	}, a.proposeCalendar)
}

// CalendarFile is a file with days, and what its sender says of it.
type CalendarFile struct {
	Name   string `json:"name" maxLength:"200" example:"2027.ics" doc:"Ends in .ics, .yaml or .json"`
	Text   string `json:"text" minLength:"1" maxLength:"262144"`
	Kind   string `json:"kind,omitempty" enum:"holidays,workdays" doc:"Of an .ics: what its days are"`
	Only   string `json:"only,omitempty" maxLength:"60" doc:"Of an .ics: only events whose summary has it"`
	Years  []int  `json:"years,omitempty" maxItems:"10" doc:"Of an .ics: years that it is the whole list of"`
	Source string `json:"source,omitempty" maxLength:"200" doc:"Of an .ics: where those years were published"`
}

func (f CalendarFile) days() calendarfile.Days {
	return calendarfile.Days{Name: f.Name, Text: []byte(f.Text), Kind: calendar.ImportKind(f.Kind), Only: f.Only,
		Years: f.Years, Source: f.Source}
}

// CheckCalendarInput is a file for a calendar.
type CheckCalendarInput struct {
	Asked
	ID   string `path:"id" maxLength:"64"`
	Body CalendarFile
}

// CheckCalendarOutput is what would become of the calendar.
type CheckCalendarOutput struct {
	Body struct {
		Base    int             `json:"base" doc:"The version in force; 0 for none"`
		Changes CalendarChanges `json:"changes"`
		Open    int             `json:"open" doc:"Open deadlines by the calendar that were looked at"`
		More    bool            `json:"more,omitempty" doc:"There are more than were looked at"`
		Moving  int             `json:"moving" doc:"How many of them would move if it came into force now"`
		Moves   []CalendarMove  `json:"moves" nullable:"false" doc:"The first of those"`
	}
}

// CalendarChanges are what makes two calendars differ.
type CalendarChanges struct {
	Days      []CalendarDay  `json:"days" nullable:"false"`
	Week      []time.Weekday `json:"week" nullable:"false" doc:"Weekdays with other hours; 0 is Sunday"`
	Zone      bool           `json:"zone"`
	Published []int          `json:"published" nullable:"false" doc:"Years that become known"`
	Withdrawn []int          `json:"withdrawn" nullable:"false" doc:"Years that are known no more"`
}

// CalendarDay is a date on which they differ.
type CalendarDay struct {
	Date   calendar.Date    `json:"date"`
	Before calendar.DayRule `json:"before"`
	After  calendar.DayRule `json:"after"`
}

func calendarChangesOf(d calendar.Changes) CalendarChanges {
	out := CalendarChanges{
		Days: []CalendarDay{}, Week: append([]time.Weekday{}, d.Week...), Zone: d.Zone,
		Published: append([]int{}, d.Published...), Withdrawn: append([]int{}, d.Withdrawn...),
	}
	for _, day := range d.Days {
		out.Days = append(out.Days, CalendarDay(day))
	}
	return out
}

// CalendarMove is an open deadline that would move.
type CalendarMove struct {
	Document string    `json:"document"`
	Number   string    `json:"number"`
	Task     string    `json:"task"`
	Assignee string    `json:"assignee"`
	Due      time.Time `json:"due"`
	DueAfter time.Time `json:"due_after"`
}

// checkCalendar handles POST /calendars/{id}/check.
func (a *API) checkCalendar(ctx context.Context, in *CheckCalendarInput) (*CheckCalendarOutput, error) {
	who, _ := auth.Of(ctx)
	change, err := a.desk.ReadCalendar(ctx, who, in.ID, in.Body.days())
	if err != nil {
		return nil, err
	}
	out := &CheckCalendarOutput{}
	b := &out.Body
	b.Base, b.Changes = change.Before.Version, calendarChangesOf(change.Changes)
	b.Open, b.More = change.Moves.Open, change.Moves.More
	b.Moving, b.Moves = change.Moves.Count, []CalendarMove{}
	for _, m := range change.Moves.First {
		b.Moves = append(b.Moves, CalendarMove{m.Task.Document, m.Task.Number, m.Task.ID, m.Task.Assignee, m.Task.DueAt.UTC(),
			m.After.UTC()})
	}
	return out, nil
}

// ProposeCalendarInput is a file to be proposed.
type ProposeCalendarInput struct {
	Keyed
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		CalendarFile
		Base      *int      `json:"base,omitempty" doc:"That it was checked against; another one in force is refused"`
		Note      string    `json:"note,omitempty" maxLength:"2000" doc:"Why, for the one who decides"`
		ExpiresAt time.Time `json:"expires_at,omitempty" doc:"14 days from now where left out, 90 at most"`
	}
}

// proposeCalendar handles POST /calendars/{id}/proposals.
func (a *API) proposeCalendar(ctx context.Context, in *ProposeCalendarInput) (*ProposalOutput, error) {
	who, _ := auth.Of(ctx)
	change, err := a.desk.ReadCalendar(ctx, who, in.ID, in.Body.days())
	if err != nil {
		return nil, err
	}
	if in.Body.Base != nil && *in.Body.Base != change.Before.Version {
		return nil, fault.New(fault.Conflict, "calendar.moved_on", fault.Arg("id", in.ID))
	}
	return proposalAnswer(a.desk.ProposeCalendar(ctx, who, desk.CalendarInput{
		Calendar: change.After, Base: change.Before.Version, Note: in.Body.Note, Expires: in.Body.ExpiresAt,
	}, keyOf("propose-calendar", in.IdempotencyKey, in.ID, in.Body)))
}

// calendarChangesIn tells what a proposed calendar changes, in the caller's language.
func calendarChangesIn(ctx context.Context, c desk.CalendarChange) []PolicyChange {
	words := i18n.CalendarWords{Locale: i18n.Locale(ctx)}
	var told []PolicyChange
	for _, line := range words.General(c.After, c.Changes) {
		told = append(told, PolicyChange{What: "general", Text: line})
	}
	for _, day := range c.Changes.Days {
		before, after := words.Rule(day.Before), words.Rule(day.After)
		told = append(told, PolicyChange{
			What: string(day.Date), Old: before, New: after, Text: words.Date(day.Date) + " " + before + " → " + after,
		})
	}
	if c.Moves.Open > 0 {
		text := words.Word("moves.count", map[string]string{"n": strconv.Itoa(c.Moves.Open),
			"moved": strconv.Itoa(c.Moves.Count)})
		told = append(told, PolicyChange{What: "deadlines", Text: text})
	}
	return told
}
