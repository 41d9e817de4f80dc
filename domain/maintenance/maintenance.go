// Package maintenance knows when a system outside is looked after by its owner and must
// be left alone: by day, by week, or on given dates, on the clock of its own wall. 维护时段
package maintenance

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// longest is how far ahead the end of a window is looked for. Windows that leave no
// minute free for so long are refused when they are read.
const longest = 15 * 24 * time.Hour

// dayMinutes is a day on the wall: 24:00.
const dayMinutes = 24 * 60

// Windows are all the times in which a system is left alone. The zero value has none.
type Windows struct {
	zone *time.Location
	list []window
}

// window is one of them: recurring by weekday, or between two dates.
type window struct {
	days        [7]bool // by time.Weekday, of the day it begins on
	from, until int     // minutes of the wall; until at or before from ends on the next day
	dated       bool
	begins      wall // of a dated one
	ends        wall
}

// wall is what a clock on the wall shows, to the minute: year, month, day, hour and
// minute as one number that grows with them.
type wall int64

func wallOf(t time.Time) wall {
	year, month, day := t.Date()
	return wall(((int64(year)*16+int64(month))*32+int64(day))*dayMinutes*2 + int64(t.Hour()*60+t.Minute()))
}

// Read reads windows: "daily 01:00-03:00", "sat 22:00-04:00" (until Sunday morning),
// "mon-fri 12:00-12:30", "sat,sun 00:00-24:00", "2026-12-31 20:00 - 2027-01-02 08:00".
//
// Errors: what is wrong with which of them, in words.
func Read(lines []string, zone *time.Location) (Windows, error) {
	all := Windows{zone: zone}
	for _, line := range lines {
		one, err := read(strings.TrimSpace(line))
		if err != nil {
			return Windows{}, fmt.Errorf("%q %w", line, err)
		}
		all.list = append(all.list, one)
	}
	weekly := Windows{zone: time.UTC}
	for _, w := range all.list {
		if !w.dated {
			weekly.list = append(weekly.list, w)
		}
	}
	// Any two weeks tell of all: recurring windows are the same in each.
	begin := time.Date(2026, time.January, 5, 0, 0, 0, 0, time.UTC)
	if until, closed := weekly.Closed(begin); closed && !until.Before(begin.Add(longest)) {
		return Windows{}, errors.New("together they leave no time at all")
	}
	return all, nil
}

// Closed says whether now lies in a window, and when it ends, together with those that
// follow without a gap.
//
// Where the clock is put back, an hour that the wall shows twice is closed twice; where
// it is put forward, an hour that the wall never shows is never closed.
func (w Windows) Closed(now time.Time) (until time.Time, closed bool) {
	if !w.has(now) {
		return time.Time{}, false
	}
	until = now.Truncate(time.Minute).Add(time.Minute)
	for last := now.Add(longest); until.Before(last) && w.has(until); {
		until = until.Add(time.Minute)
	}
	return until, true
}

// has says whether a moment lies in a window.
func (w Windows) has(t time.Time) bool {
	if len(w.list) == 0 {
		return false
	}
	t = t.In(w.zone)
	for _, one := range w.list {
		if one.has(t) {
			return true
		}
	}
	return false
}

func (w window) has(t time.Time) bool {
	if w.dated {
		now := wallOf(t)
		return w.begins <= now && now < w.ends
	}
	minute, today := t.Hour()*60+t.Minute(), t.Weekday()
	if w.from < w.until {
		return w.days[today] && w.from <= minute && minute < w.until
	}
	yesterday := (today + 6) % 7
	return w.days[today] && minute >= w.from || w.days[yesterday] && minute < w.until
}
