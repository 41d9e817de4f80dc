package pages

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/activities"
	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/proposal"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/gateway/server/problem"
	"github.com/countersign/countersign/policy/calendarfile"
	"github.com/countersign/countersign/store"
)

// calendarRoutes are the working calendars: to read, and to propose.
func calendarRoutes() []route {
	get, post := http.MethodGet, http.MethodPost
	return []route{
		{method: get, path: calendarsAt, needs: access.CalendarRead, template: "calendars", handle: calendars},
		{method: get, path: calendarsAt + "/:id", needs: access.CalendarRead, template: "calendar", handle: showCalendar},
		{method: get, path: calendarsAt + "/:id/file", needs: access.CalendarRead, handle: downloadCalendar},
		{method: get, path: calendarsAt + "/:id/propose", needs: access.PolicyPropose, template: "calendarpropose",
			handle: proposeCalendarForm},
		{method: post, path: calendarsAt + "/:id/propose", needs: access.PolicyPropose, template: "calendarpropose",
			handle: proposeCalendarSent},
	}
}

// newCalendar stands for the id of a calendar that its file tells.
const newCalendar = "new"

// saidMax is how long the years and texts that go with a file may be, in characters.
const saidMax = 200

func calendarAt(id string) string { return calendarsAt + "/" + url.PathEscape(id) }

// downloadCalendar handles GET /calendars/:id/file: to be changed, and brought back as
// a proposal.
func downloadCalendar(v *visit) error {
	text, err := v.desk().CalendarFile(v.r.Context(), v.who, v.param("id"))
	if err != nil {
		return err
	}
	h := v.w.Header()
	h.Set("Content-Type", "application/yaml; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="`+url.PathEscape(v.param("id"))+`.yaml"`)
	h.Set("X-Content-Type-Options", "nosniff")
	_, _ = v.w.Write(text) // the reader went away
	return nil
}

type proposeCalendarView struct {
	ID, Path, Back string // of the calendar; the id is "" for a new one
	Own            bool   // there is a calendar to put days into

	Kind, Only, Years, Source string // what the reader says of an .ics

	File    string // that was read
	Preview *calendarChange
	Payload string
	Base    int

	Note, Days, Key string
	Errors          map[string][]string
}

// Err lists what is wrong with a field.
func (p proposeCalendarView) Err(field string) []string { return p.Errors[field] }

// proposeCalendarForm handles GET /calendars/:id/propose.
func proposeCalendarForm(v *visit) error {
	view, err := v.proposingCalendar()
	if err != nil {
		return err
	}
	return v.proposeCalendarShown(http.StatusOK, view)
}

func (v *visit) proposingCalendar() (proposeCalendarView, error) {
	view := proposeCalendarView{
		ID: v.param("id"), Path: calendarAt(v.param("id")) + "/propose", Back: calendarAt(v.param("id")),
		Kind: string(calendar.Holidays), Key: random(), Errors: map[string][]string{},
		Days: strconv.Itoa(int(proposal.LifeDefault / dayLong)),
	}
	if err := v.desk().MayPropose(v.who); err != nil {
		return view, err
	}
	if view.ID == newCalendar {
		view.ID, view.Back = "", calendarsAt
		return view, nil
	}
	version, err := v.desk().CalendarVersion(v.r.Context(), v.who, view.ID)
	view.Own, view.Base = err == nil, version.Version
	return view, err
}

func (v *visit) proposeCalendarShown(status int, view proposeCalendarView) error {
	title := v.t("page.calendars.propose_new")
	if view.ID != "" {
		title = v.t("page.calendars.propose_for", "id", view.ID)
	}
	return v.show(status, title, view)
}

// proposeCalendarSent handles POST /calendars/:id/propose: a file is read and shown, and
// what was shown is proposed.
func proposeCalendarSent(v *visit) error {
	view, err := v.proposingCalendar()
	if err != nil {
		return err
	}
	if v.asked("do") == "propose" {
		return v.proposeCalendar(view)
	}
	for name, into := range map[string]*string{"kind": &view.Kind, "only": &view.Only, "years": &view.Years,
		"source": &view.Source} {
		if *into = v.asked(name); len(*into) > saidMax {
			return fault.New(fault.Invalid, "request.malformed")
		}
	}
	days, field, err := v.calendarSent(&view)
	if err == nil {
		var change desk.CalendarChange
		field = "file"
		if change, err = v.desk().ReadCalendar(v.r.Context(), v.who, view.ID, days); err == nil {
			return v.previewCalendar(http.StatusOK, view, change)
		}
	}
	f, ok := fault.As(err)
	if !ok || f.Kind != fault.Invalid && f.Kind != fault.Conflict {
		return err
	}
	view.Errors[field] = v.faultTexts(f)
	return v.proposeCalendarShown(problem.Status(f), view)
}

// calendarSent reads what a form brought: the file, and what its sender says of it. The
// field is that of a fault.
func (v *visit) calendarSent(view *proposeCalendarView) (days calendarfile.Days, field string, err error) {
	for text := range strings.FieldsFuncSeq(view.Years, func(r rune) bool { return strings.ContainsRune(" ,，、;", r) }) {
		year, err := strconv.Atoi(text)
		if err != nil || year < firstYear || year > lastYear {
			return days, "years", fault.New(fault.Invalid, "calendar.bad_years", fault.Arg("text", text))
		}
		days.Years = append(days.Years, year)
	}
	file, header, err := v.r.FormFile("file")
	if err != nil {
		return days, "file", fault.New(fault.Invalid, "calendar.no_file")
	}
	defer file.Close() //nolint:errcheck // only read
	days.Name, days.Kind, days.Only, days.Source = header.Filename, calendar.ImportKind(view.Kind), view.Only, view.Source
	view.File = header.Filename
	if !calendarfile.Known(header.Filename) {
		return days, "file", fault.New(fault.Invalid, "calendar.file_kind", fault.Arg("file", header.Filename))
	}
	days.Text, err = io.ReadAll(io.LimitReader(file, desk.CalendarBytesMax+1))
	return days, "file", err
}

// previewCalendar shows what would change by now, with the form that proposes it.
func (v *visit) previewCalendar(status int, view proposeCalendarView, change desk.CalendarChange) error {
	body, err := json.Marshal(change.After)
	if err != nil {
		return err
	}
	view.Payload, view.Base = string(body), change.Before.Version
	if view.Preview, err = v.calendarChange(change); err != nil {
		return err
	}
	return v.proposeCalendarShown(status, view)
}

// proposeCalendar keeps what was shown: the form carries it.
func (v *visit) proposeCalendar(view proposeCalendarView) error {
	view.Payload, view.Note, view.Days = v.asked("calendar"), v.asked("note"), v.asked("days")
	after, err := desk.ProposedCalendar(view.Payload)
	if err != nil {
		return err
	}
	if view.ID != "" && after.ID != view.ID {
		return fault.New(fault.Invalid, "request.malformed")
	}
	in := desk.CalendarInput{Calendar: after, Note: view.Note}
	if in.Base, err = strconv.Atoi(v.asked("base")); err != nil {
		return fault.New(fault.Invalid, "request.malformed")
	}
	var wrong *fault.Fault
	if in.Expires, wrong = v.expiry(view.Days); wrong != nil {
		view.Errors["days"] = v.faultTexts(wrong)
	} else {
		key := v.key("propose", string(proposal.Calendar), view.Payload, in.Base, view.Note, view.Days)
		p, err := again(func() (store.ProposalRow, error) { return v.desk().ProposeCalendar(v.r.Context(), v.who, in, key) })
		if err == nil {
			return v.leave(proposalAt(p.ID), "policy_proposed")
		}
		f, ok := fault.As(err)
		if !ok || f.Kind != fault.Invalid && f.Kind != fault.Conflict {
			return err
		}
		wrong = f
		view.Errors[""] = append([]string{v.t("page.propose.not_yet")}, v.faultTexts(f)...)
	}
	change, err := v.desk().CalendarChange(v.r.Context(), v.who, after)
	if err != nil {
		return err
	}
	return v.previewCalendar(problem.Status(wrong), view, change)
}

// calendarChange tells what would become of a calendar.
type calendarChange struct {
	New       bool
	Lines     []string // zone, weekdays, years
	Open      []string // years that stay unpublished
	Days      []changedDay
	Years     []yearLink // as they would be
	Deadlines int        // open ones
	AtLeast   bool       // there are more than were looked at
	Moving    int
	Moves     []movedDeadline
	Unnamed   int // that move and are not listed
}

type changedDay struct{ Date, Before, After string }

type movedDeadline struct{ Number, Path, Title, Assignee, Before, After string }

func (v *visit) calendarChange(c desk.CalendarChange) (*calendarChange, error) {
	zone, err := time.LoadLocation(c.After.Zone)
	if err != nil {
		return nil, err
	}
	words := i18n.CalendarWords{Locale: v.locale, Zone: zone}
	view := &calendarChange{
		New: c.Before.Calendar == nil, Lines: words.General(c.After, c.Changes),
		Deadlines: c.Moves.Open, AtLeast: c.Moves.More, Moving: c.Moves.Count, Unnamed: c.Moves.Count - len(c.Moves.First),
	}
	for _, year := range c.Changes.Open(c.After) {
		view.Open = append(view.Open, v.t("page.calendars.stays_open", "year", strconv.Itoa(year)))
	}
	for _, day := range c.Changes.Days {
		view.Days = append(view.Days, changedDay{words.Date(day.Date), words.Rule(day.Before), words.Rule(day.After)})
	}
	for _, year := range c.After.Years {
		view.Years = append(view.Years, yearLink{Year: year, Days: c.After.WorkingDays(year), Published: true,
			Source: c.After.Sources[year]})
	}
	slices.Reverse(view.Years)
	for _, m := range c.Moves.First {
		view.Moves = append(view.Moves, v.movedDeadline(m, words))
	}
	return view, nil
}

func (v *visit) movedDeadline(m activities.Move, words i18n.CalendarWords) movedDeadline {
	return movedDeadline{
		Number: m.Task.Number, Path: documentAt(m.Task.Document), Title: m.Task.Title, Assignee: v.name(m.Task.Assignee),
		Before: words.Instant(m.Task.DueAt), After: words.Instant(m.After),
	}
}
