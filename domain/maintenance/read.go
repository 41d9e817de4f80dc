package maintenance

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// The faults of a line.
var (
	errForm  = errors.New("is no window: write daily 01:00-03:00, sat 22:00-04:00 or 2026-12-31 20:00 - 2027-01-02 08:00")
	errDay   = errors.New("names no day: write daily, a day from mon to sun, a list sat,sun or a range mon-fri")
	errTime  = errors.New("has no time of day such as 22:00; the last is 24:00")
	errEmpty = errors.New("begins when it ends")
	errOrder = errors.New("ends before it begins")
)

const dateForm = "2006-01-02 15:04"

func read(line string) (window, error) {
	if from, until, ok := strings.Cut(line, " - "); ok {
		return readDated(strings.TrimSpace(from), strings.TrimSpace(until))
	}
	days, times, ok := strings.Cut(line, " ")
	if !ok {
		return window{}, errForm
	}
	from, until, ok := strings.Cut(strings.TrimSpace(times), "-")
	if !ok {
		return window{}, errForm
	}
	var w window
	var err error
	if w.days, err = readDays(strings.ToLower(days)); err != nil {
		return window{}, err
	}
	if w.from, err = readTime(from); err != nil || w.from == dayMinutes {
		return window{}, errTime
	}
	if w.until, err = readTime(until); err != nil {
		return window{}, errTime
	}
	if w.from == w.until {
		return window{}, errEmpty
	}
	return w, nil
}

func readDated(from, until string) (window, error) {
	begins, err := time.Parse(dateForm, from)
	if err != nil {
		return window{}, errForm
	}
	ends, err := time.Parse(dateForm, until)
	if err != nil {
		return window{}, errForm
	}
	if !begins.Before(ends) {
		return window{}, errOrder
	}
	return window{dated: true, begins: wallOf(begins), ends: wallOf(ends)}, nil
}

// readTime reads HH:MM as minutes of the day, 24:00 included.
func readTime(text string) (int, error) {
	hour, minute, ok := strings.Cut(strings.TrimSpace(text), ":")
	h, err := strconv.Atoi(hour)
	if !ok || err != nil || len(hour) != 2 || h < 0 {
		return 0, errTime
	}
	m, err := strconv.Atoi(minute)
	if err != nil || len(minute) != 2 || m < 0 || m > 59 || h*60+m > dayMinutes {
		return 0, errTime
	}
	return h*60 + m, nil
}

func readDays(text string) (days [7]bool, err error) {
	if text == "daily" {
		return [7]bool{true, true, true, true, true, true, true}, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		from, known := weekday(first)
		until, alsoKnown := weekday(last)
		if !known || !alsoKnown {
			return days, errDay
		}
		for day := from; ; day = (day + 1) % 7 {
			days[day] = true
			if day == until {
				break
			}
		}
	}
	return days, nil
}

func weekday(text string) (time.Weekday, bool) {
	for day := time.Sunday; day <= time.Saturday; day++ {
		if strings.ToLower(day.String()[:3]) == text {
			return day, true
		}
	}
	return 0, false
}
