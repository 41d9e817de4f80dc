package api

import (
	"context"
	"net/http"
	"time"

	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/store"
)

func (a *API) calendars() {
	const tag = "Calendars"
	add(a, operation{
		"list-calendars", http.MethodGet, "/calendars", tag, "List the working calendars in force", 0,
	}, a.listCalendars)
	add(a, operation{
		"read-calendar", http.MethodGet, "/calendars/{id}/years/{year}", tag, "Read every day of a year", 0,
	}, a.readCalendar)
	add(a, operation{
		"ask-due", http.MethodGet, "/calendars/{id}/due", tag, "Say when so much working time is over, and why", 0,
	}, a.askDue)
}

// Calendar is a working calendar in force.
type Calendar struct {
	ID      string         `json:"id"`
	Zone    string         `json:"zone" doc:"IANA name"`
	Version int            `json:"version"`
	Cause   string         `json:"cause" doc:"Where this version came from"`
	SavedAt time.Time      `json:"saved_at"`
	Years   []CalendarYear `json:"years" nullable:"false" doc:"Whose days off are published"`
}

// CalendarYear is a year whose days off are published.
type CalendarYear struct {
	Year        int    `json:"year"`
	WorkingDays int    `json:"working_days"`
	Source      string `json:"source,omitempty"`
}

func calendarOf(v store.CalendarVersion) Calendar {
	c := Calendar{
		ID: v.Calendar.ID, Zone: v.Calendar.Zone, Version: v.Version, Cause: v.Cause, SavedAt: v.SavedAt,
		Years: []CalendarYear{},
	}
	for _, year := range v.Calendar.Years {
		c.Years = append(c.Years, CalendarYear{year, v.Calendar.WorkingDays(year), v.Calendar.Sources[year]})
	}
	return c
}

// CalendarsOutput lists calendars.
type CalendarsOutput struct {
	Body struct {
		Items []Calendar `json:"items" nullable:"false"`
	}
}

// listCalendars handles GET /calendars.
func (a *API) listCalendars(ctx context.Context, _ *Asked) (*CalendarsOutput, error) {
	who, _ := auth.Of(ctx)
	versions, err := a.desk.CalendarVersions(ctx, who)
	if err != nil {
		return nil, err
	}
	out := &CalendarsOutput{}
	out.Body.Items = []Calendar{}
	for _, v := range versions {
		out.Body.Items = append(out.Body.Items, calendarOf(v))
	}
	return out, nil
}

// CalendarYearInput names a year of a calendar.
type CalendarYearInput struct {
	Asked
	ID   string `path:"id" maxLength:"64"`
	Year int    `path:"year" minimum:"2000" maximum:"2100"`
}

// CalendarYearOutput is every day of a year.
type CalendarYearOutput struct {
	Body struct {
		Calendar  Calendar           `json:"calendar"`
		Published bool               `json:"published" doc:"Its days off are known; else deadlines in it are provisional"`
		Days      []calendar.YearDay `json:"days" nullable:"false"`
	}
}

// readCalendar handles GET /calendars/{id}/years/{year}.
func (a *API) readCalendar(ctx context.Context, in *CalendarYearInput) (*CalendarYearOutput, error) {
	who, _ := auth.Of(ctx)
	version, err := a.desk.CalendarVersion(ctx, who, in.ID)
	if err != nil {
		return nil, err
	}
	out := &CalendarYearOutput{}
	out.Body.Calendar, out.Body.Published = calendarOf(version), version.Calendar.Published(in.Year)
	out.Body.Days = version.Calendar.Year(in.Year)
	return out, nil
}

// DueInput asks for a deadline.
type DueInput struct {
	Asked
	ID   string    `path:"id" maxLength:"64"`
	From time.Time `query:"from" required:"true" doc:"RFC 3339"`
	For  string    `query:"for" required:"true" maxLength:"40" example:"1 workday" doc:"Such as 4 workhours, 30 s"`
}

// DueOutput is a deadline with the days that gave it.
type DueOutput struct {
	Body struct {
		calendar.Deadline
		Days []calendar.Day `json:"days" nullable:"false"`
	}
}

// askDue handles GET /calendars/{id}/due.
func (a *API) askDue(ctx context.Context, in *DueInput) (*DueOutput, error) {
	who, _ := auth.Of(ctx)
	version, err := a.desk.CalendarVersion(ctx, who, in.ID)
	if err != nil {
		return nil, err
	}
	span, err := calendar.ParseDuration(in.For)
	if err != nil {
		return nil, err
	}
	out := &DueOutput{}
	deadline, days, err := version.Calendar.Course(in.From, span)
	if err != nil {
		return nil, err
	}
	out.Body.Deadline, out.Body.Days = deadline, append([]calendar.Day{}, days...)
	return out, nil
}
