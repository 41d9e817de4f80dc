package pages

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/store"
)

const calendarsAt = "/calendars"

type calendarRow struct {
	ID, Path, Zone, Cause string

	Proposal string // that it became by; "" for what was imported or ships

	Version  int
	Saved    stamp
	Entities []string   // that work by it
	Years    []yearLink // that are published, and those that people will ask for
}

type yearLink struct {
	Year      int
	Days      int // working days
	Published bool
	Source    string
	Current   bool
}

type calendarsView struct {
	Rows       []calendarRow
	MayPropose bool
}

// calendars handles GET /calendars: by which each entity works, and what is not published yet.
func calendars(v *visit) error {
	versions, err := v.desk().CalendarVersions(v.r.Context(), v.who)
	if err != nil {
		return err
	}
	view := calendarsView{MayPropose: v.may(access.PolicyPropose, access.Object{})}
	for _, version := range versions {
		view.Rows = append(view.Rows, v.calendarRow(version, v.now.Year()))
	}
	return v.show(http.StatusOK, v.t("page.calendars.title"), view)
}

func (v *visit) calendarRow(version store.CalendarVersion, current int) calendarRow {
	c := version.Calendar
	row := calendarRow{
		ID: c.ID, Path: calendarsAt + "/" + url.PathEscape(c.ID), Zone: c.Zone, Version: version.Version,
		Saved: v.stamp(version.SavedAt, v.who.Person.Entity),
	}
	how, what, _ := strings.Cut(version.Cause, ":")
	row.Cause = v.optional("page.calendars.cause."+how, version.Cause)
	switch how {
	case "proposal":
		if v.may(access.PolicyPropose, access.Object{}) {
			row.Proposal = proposalAt(what)
		}
	case "import":
		row.Cause += v.t("page.colon.space") + what
	}
	for id, entity := range v.org.Entities {
		if entity.Calendar == c.ID {
			row.Entities = append(row.Entities, v.entity(id))
		}
	}
	slices.Sort(row.Entities)
	years := append([]int{v.now.Year(), v.now.Year() + 1, current}, c.Years...)
	slices.Sort(years)
	for _, year := range slices.Compact(years) {
		row.Years = append(row.Years, yearLink{
			Year: year, Days: c.WorkingDays(year), Published: c.Published(year), Source: c.Sources[year],
			Current: year == current,
		})
	}
	return row
}

type calendarView struct {
	calendarRow
	Year     int
	Known    bool
	Weekdays []string // from Monday
	Months   []monthView
	Named    []string // dates that are no ordinary ones, in words
	Asked    dueAsked

	MayPropose bool
}

type monthView struct {
	Title string
	Weeks [][7]dayCell // from Monday; a cell without a number belongs to another month
}

type dayCell struct {
	Number int
	Kind   calendar.DayKind
	Title  string
}

// dueAsked is a question for a deadline, and its answer.
type dueAsked struct {
	From, Count, Unit string
	Wrong             string
	Answer            []string // lines
}

// Years that a calendar is shown for.
const (
	firstYear = 2000
	lastYear  = 2100
)

// showCalendar handles GET /calendars/:id: a year, day by day, and when something
// would be due.
func showCalendar(v *visit) error {
	version, err := v.desk().CalendarVersion(v.r.Context(), v.who, v.param("id"))
	if err != nil {
		return err
	}
	year, err := strconv.Atoi(v.asked("year"))
	if err != nil || year < firstYear || year > lastYear {
		year = v.now.Year()
	}
	zone, err := time.LoadLocation(version.Calendar.Zone)
	if err != nil {
		return err
	}
	words := i18n.CalendarWords{Locale: v.locale, Zone: zone}
	view := calendarView{
		calendarRow: v.calendarRow(version, year), Year: year, Known: version.Calendar.Published(year),
		Asked: v.dueBy(version.Calendar, words), MayPropose: v.may(access.PolicyPropose, access.Object{}),
	}
	for weekday := range 7 {
		view.Weekdays = append(view.Weekdays, words.Word("weekday."+strconv.Itoa((weekday+1)%7), nil))
	}
	view.fill(version.Calendar.Year(year), words)
	return v.show(http.StatusOK, v.t("page.calendars.of", "id", version.Calendar.ID), view)
}

// fill lays the days of a year out in months and weeks.
func (view *calendarView) fill(days []calendar.YearDay, words i18n.CalendarWords) {
	for _, day := range days {
		at, err := time.Parse(time.DateOnly, string(day.Date))
		if err != nil {
			continue // dates that the calendar made itself
		}
		if at.Day() == 1 {
			view.Months = append(view.Months, monthView{Title: at.Format("2006-01")})
		}
		month := &view.Months[len(view.Months)-1]
		column := (int(at.Weekday()) + 6) % 7
		if at.Day() == 1 || column == 0 {
			month.Weeks = append(month.Weeks, [7]dayCell{})
		}
		month.Weeks[len(month.Weeks)-1][column] = dayCell{at.Day(), day.Kind, words.Rule(day.DayRule)}
	}
	view.Named = named(days, words)
}

// named tells the days that are not as their weekday; those of one rule in a row as one.
func named(days []calendar.YearDay, words i18n.CalendarWords) []string {
	var said []string
	for i := 0; i < len(days); i++ {
		first := days[i]
		if first.Kind == calendar.Worked || first.Kind == calendar.Rest {
			continue
		}
		for i+1 < len(days) && days[i+1].DayRule == first.DayRule {
			i++
		}
		span := words.Date(first.Date)
		if days[i].Date != first.Date {
			span += " – " + words.Date(days[i].Date)
		}
		said = append(said, span+" · "+words.Rule(first.DayRule))
	}
	return said
}

// localInstant is how a browser's field says an instant: on the wall, without a zone.
const localInstant = "2006-01-02T15:04"

// dueBy answers when something would be due that begins at an instant of the calendar's zone.
func (v *visit) dueBy(c *calendar.Calendar, words i18n.CalendarWords) dueAsked {
	asked := dueAsked{From: v.asked("from"), Count: v.asked("for")}
	asked.Unit = cmp.Or(v.asked("unit"), string(calendar.WorkDay))
	if asked.Count == "" {
		asked.From, asked.Count = v.now.In(words.Zone).Format(localInstant), "1"
		return asked
	}
	from, err := time.ParseInLocation(localInstant, asked.From, words.Zone)
	if err != nil {
		asked.Wrong = v.t("page.calendars.bad_from")
		return asked
	}
	span, err := calendar.ParseDuration(asked.Count + " " + asked.Unit)
	if err != nil {
		asked.Wrong = v.t("page.calendars.bad_for", "text", asked.Count)
		return asked
	}
	deadline, days, err := c.Course(from, span)
	if f, ok := fault.As(err); ok {
		asked.Wrong = v.faultText(f)
		return asked
	} else if err != nil {
		asked.Wrong = err.Error()
		return asked
	}
	lines := strings.Split(strings.TrimSpace(words.Course(c, from, span, deadline, days)), "\n")
	asked.Answer = lines[1:] // the first is for programs
	return asked
}
