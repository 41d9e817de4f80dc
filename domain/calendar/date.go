package calendar

import "time"

// Date is a civil date as text, YYYY-MM-DD: a day on the wall, in no zone.
// Dates compare as text. 日期
type Date string

// DateOf is the date that the clocks of a zone show at an instant.
func DateOf(at time.Time, zone *time.Location) Date {
	return Date(at.In(zone).Format(time.DateOnly))
}

// ParseDate reads YYYY-MM-DD and refuses days that do not exist.
//
// Errors: Invalid calendar.bad_date.
func ParseDate(text string) (Date, error) {
	at, err := time.Parse(time.DateOnly, text)
	if err != nil || at.Year() < 1 {
		return "", badText(codeBadDate, text)
	}
	return Date(text), nil
}

// AddDays is the date so many days later, or earlier; "" for a bad date.
func (d Date) AddDays(days int) Date {
	at, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return ""
	}
	return civilDay(at.AddDate(0, 0, days)).Date()
}

// year is the year of a good date.
func (d Date) year() int {
	at, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return 0
	}
	return at.Year()
}

// civilDay is a date while we count: its midnight in UTC, never an instant.
type civilDay time.Time

func dayOf(at time.Time, zone *time.Location) civilDay {
	local := at.In(zone)
	return civilDay(time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, time.UTC))
}

func (d civilDay) Date() Date            { return Date(time.Time(d).Format(time.DateOnly)) }
func (d civilDay) Next() civilDay        { return civilDay(time.Time(d).AddDate(0, 0, 1)) }
func (d civilDay) Year() int             { return time.Time(d).Year() }
func (d civilDay) Weekday() time.Weekday { return time.Time(d).Weekday() }
func (d civilDay) newYear() bool         { return time.Time(d).YearDay() == 1 }

// at is the instant when the zone's clocks show that much time since midnight of
// the day. A time that the clocks skip is the instant of the skip; one that they
// show twice is the first.
func (d civilDay) at(sinceMidnight time.Duration, zone *time.Location) time.Time {
	civil := time.Time(d).Add(sinceMidnight)
	early := civil.Add(-offset(civil.Add(-24*time.Hour), zone))
	late := civil.Add(-offset(civil.Add(24*time.Hour), zone))
	if late.Before(early) {
		early, late = late, early
	}
	for _, at := range []time.Time{early, late} {
		if civil.Add(-offset(at, zone)).Equal(at) {
			return at.UTC()
		}
	}
	skip, _ := late.In(zone).ZoneBounds()
	return skip.UTC()
}

// offset is how far the zone's clocks are ahead of UTC.
func offset(at time.Time, zone *time.Location) time.Duration {
	_, seconds := at.In(zone).Zone()
	return time.Duration(seconds) * time.Second
}
