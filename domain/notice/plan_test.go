package notice_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/notice"
)

var (
	noon = time.Date(2026, 3, 31, 12, 0, 0, 0, time.UTC)
	both = []notice.Channel{notice.App, notice.Mail}
)

// TestWhatBecomesOfWhatIsDue holds each rule by an example.
func TestWhatBecomesOfWhatIsDue(t *testing.T) {
	rules := notice.Manners{Budget: 4, Gather: 2 * time.Minute, Working: true}
	at := func(spent ...time.Duration) notice.Situation {
		s := notice.Situation{Now: noon, Zone: time.UTC, Working: true, Reach: both}
		for _, ago := range spent {
			s.Spent = append(s.Spent, noon.Add(-ago))
		}
		return s
	}
	task := func(n int) (due []notice.Waiting) {
		for i := range n {
			due = append(due, notice.Waiting{ID: strconv.Itoa(i), Kind: "task.opened"})
		}
		return due
	}
	off, mailOnly := at(), at()
	off.Working, mailOnly.Reach = false, []notice.Channel{notice.Mail}
	nobody := at()
	nobody.Reach = nil
	urgent := []notice.Waiting{{ID: "u", Kind: "task.opened", Urgent: true}, {ID: "k", Kind: notice.PasskeyAdded}}
	night := notice.Wishes{QuietFrom: 11 * 60, QuietUntil: 13 * 60}
	for _, tt := range []struct {
		name  string
		due   []notice.Waiting
		w     notice.Wishes
		s     notice.Situation
		told  [][]string
		first notice.Channel
		held  notice.Why
		until time.Duration // from now
	}{
		{"the first comes at once, by app", task(1), notice.Wishes{}, at(), [][]string{{"0"}}, notice.App, "", 0},
		{"several come as one", task(3), notice.Wishes{}, at(), [][]string{{"0", "1", "2"}}, notice.App, "", 0},
		{"the next gather", task(2), notice.Wishes{}, at(time.Minute), nil, "", "", time.Minute},
		{"the longer, the more came", task(2), notice.Wishes{}, at(10*time.Minute, time.Minute), nil, "", "", 3 * time.Minute},
		{"and then go together", task(2), notice.Wishes{}, at(2 * time.Minute), [][]string{{"0", "1"}}, notice.App, "", 0},
		{"the last of a budget is the digest's", task(2), notice.Wishes{}, at(50*time.Minute, 40*time.Minute, 30*time.Minute), nil, "", notice.OverBudget, 0},
		{"quiet hours", task(1), night, at(), nil, "", notice.InQuiet, 0},
		{"a holiday", task(1), notice.Wishes{}, off, nil, "", notice.OffHours, 0},
		{"a holiday of somebody who wants to know all the same", task(1), notice.Wishes{AnyTime: true}, off, [][]string{{"0"}}, notice.App, "", 0},
		{"urgent: at night, on a holiday, over the budget", urgent, night, func() notice.Situation {
			s := at(3*time.Minute, 2*time.Minute, time.Minute, time.Second)
			s.Working = false
			return s
		}(), [][]string{{"u"}, {"k"}}, notice.App, "", 0},
		{"as they wish", task(1), notice.Wishes{Ways: map[notice.Urgency]notice.Way{notice.Ordinary: notice.ByMail}}, at(), [][]string{{"0"}}, notice.Mail, "", 0},
		{"in the digest, as they wish", task(1), notice.Wishes{Ways: map[notice.Urgency]notice.Way{notice.Ordinary: notice.InDigest}}, at(), nil, "", notice.AsWished, 0},
		{"no app: by mail", task(1), notice.Wishes{}, mailOnly, [][]string{{"0"}}, notice.Mail, "", 0},
		{"no way to them", task(1), notice.Wishes{}, nobody, nil, "", notice.Unreachable, 0},
		{"news come by mail", []notice.Waiting{{ID: "0", Kind: "document.approved"}}, notice.Wishes{}, at(), [][]string{{"0"}}, notice.Mail, "", 0},
		{"not wished for", []notice.Waiting{{ID: "0", Kind: notice.Mentioned}}, notice.Wishes{Muted: []notice.Topic{notice.Talk}}, at(), nil, "", notice.Unwanted, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := rules.Plan(tt.due, tt.w, tt.s)
			var told [][]string
			for _, one := range p.Tell {
				told = append(told, one.Notices)
				require.Equal(t, tt.first, one.Channels[0])
			}
			require.Equal(t, tt.told, told)
			for _, held := range p.Hold {
				require.Equal(t, tt.held, held.Why)
			}
			require.Equal(t, tt.held != "", len(p.Hold) == len(tt.due))
			if tt.until > 0 {
				require.Len(t, p.Wait, len(tt.due))
				require.Equal(t, noon.Add(tt.until), p.Until)
			}
		})
	}
}

// someone is a day of somebody: what they were told when, and what became of each notice.
type someone struct {
	rules   notice.Manners
	wishes  notice.Wishes
	spent   []time.Time // within the last window
	urgents map[time.Time]int
	waiting []notice.Waiting
	held    map[string]notice.Why
	since   map[string]time.Time // since when, for the digest
	told    map[string]bool
}

func (o *someone) within(now time.Time) (lately []time.Time) {
	o.spent = slices.DeleteFunc(o.spent, func(at time.Time) bool { return now.Sub(at) >= notice.Window })
	return slices.Clone(o.spent)
}

// look plans what is due, as the relay does, and keeps what came of it.
func (o *someone) look(t *rapid.T, now time.Time, working bool) {
	p := o.rules.Plan(o.waiting, o.wishes, notice.Situation{Now: now, Zone: time.UTC, Working: working,
		Spent: o.within(now), Reach: both})
	seen := 0
	for _, one := range p.Tell {
		o.spent = append(o.spent, now)
		if one.Urgency == notice.Urgent {
			o.urgents[now]++
		}
		for _, id := range one.Notices {
			if o.told[id] {
				t.Fatalf("%s is told twice", id)
			}
			o.told[id] = true
			seen++
		}
	}
	for _, h := range p.Hold {
		o.held[h.ID] = h.Why
		if h.Why.ForDigest() {
			o.since[h.ID] = now
		}
		seen++
	}
	if seen+len(p.Wait) != len(o.waiting) {
		t.Fatalf("%d of %d are neither told, nor held, nor wait", len(o.waiting)-seen-len(p.Wait), len(o.waiting))
	}
	for _, n := range o.waiting {
		if notice.UrgencyOf(n.Kind, n.Urgent) == notice.Urgent && !o.told[n.ID] {
			t.Fatalf("%s is urgent and not told", n.ID)
		}
	}
	if len(p.Wait) > 0 && !p.Until.After(now) {
		t.Fatalf("what waits does not wait")
	}
	o.waiting = slices.DeleteFunc(o.waiting, func(n notice.Waiting) bool { return !slices.Contains(p.Wait, n.ID) })
}

// digest tells what was held, where the hour has come.
func (o *someone) digest(now, last time.Time) time.Time {
	works := func(d calendar.Date) bool { return d != "2026-03-31" }
	oldest := time.Time{}
	for _, since := range o.since {
		if oldest.IsZero() || since.Before(oldest) {
			oldest = since
		}
	}
	d := notice.Digest{Now: now, Oldest: oldest, Last: last, Zone: time.UTC, Works: works}
	if len(o.since) == 0 || !o.rules.DigestDue(o.wishes, d) || !o.rules.MayDigest(len(o.within(now))) {
		return last
	}
	before := len(o.told)
	for id, why := range o.held {
		if why.ForDigest() {
			o.told[id] = true
			delete(o.held, id)
			delete(o.since, id)
		}
	}
	if len(o.told) > before {
		o.spent = append(o.spent, now)
	}
	return now
}

// TestNobodyIsDrownedAndNothingIsLost plays days of notices: whatever comes, nobody is told
// more often than the budget but for what is urgent, what is urgent is told at once, and
// everything else is told in time, or in the digest, or was not wished for.
func TestNobodyIsDrownedAndNothingIsLost(t *testing.T) {
	kinds := []string{"task.opened", "task.overdue", "document.approved", notice.Mentioned, notice.PasskeyAdded, notice.Urged}
	rapid.Check(t, func(t *rapid.T) {
		o := &someone{held: map[string]notice.Why{}, since: map[string]time.Time{}, told: map[string]bool{}, urgents: map[time.Time]int{},
			rules: notice.Manners{Budget: rapid.IntRange(1, 12).Draw(t, "budget"), DigestHour: 9,
				Gather:  time.Duration(rapid.IntRange(0, 10).Draw(t, "gather")) * time.Minute,
				Working: rapid.Bool().Draw(t, "working")},
			wishes: notice.Wishes{QuietFrom: rapid.IntRange(0, 1439).Draw(t, "from"),
				AnyTime: rapid.Bool().Draw(t, "any"), DigestHour: rapid.IntRange(0, 23).Draw(t, "hour")}}
		o.wishes.QuietUntil = (o.wishes.QuietFrom + rapid.IntRange(0, 22*60).Draw(t, "quiet")) % (24 * 60)
		if rapid.Bool().Draw(t, "muted") {
			o.wishes.Muted = []notice.Topic{notice.Talk}
		}
		burst := rapid.SliceOfN(rapid.IntRange(0, 9), 24, 24).Draw(t, "burst")
		begin := time.Date(2026, 3, 30, 0, 0, 0, 0, time.UTC)
		var last time.Time
		all := 0
		for look := range 5 * 24 * 60 / 5 {
			minute := 5 * look
			now := begin.Add(time.Duration(minute) * time.Minute)
			workday := now.Day() != 31
			if minute < 2*24*60 && minute%10 == 0 {
				for range burst[(minute/10)%24] {
					all++
					o.waiting = append(o.waiting, notice.Waiting{ID: strconv.Itoa(all), Kind: kinds[all%len(kinds)], Urgent: all%50 == 0})
				}
			}
			if len(o.waiting) > 0 {
				o.look(t, now, workday && now.Hour() >= 9 && now.Hour() < 18)
			}
			if minute%15 == 0 {
				last = o.digest(now, last)
			}
			ordinary := len(o.within(now))
			for at, n := range o.urgents {
				if now.Sub(at) >= notice.Window {
					delete(o.urgents, at)
					continue
				}
				ordinary -= n
			}
			if ordinary > o.rules.Budget {
				t.Fatalf("%s: told %d times within an hour, the budget is %d", now, ordinary, o.rules.Budget)
			}
		}
		for n := range all {
			id := strconv.Itoa(n + 1)
			if !o.told[id] && o.held[id] != notice.Unwanted {
				t.Fatalf("%s was never told (%q)", id, o.held[id])
			}
		}
	})
}

func TestWhenADigestIsDue(t *testing.T) {
	rules := notice.Manners{DigestHour: 9, Working: true}
	shanghai := time.FixedZone("CST", 8*60*60)
	at := func(clock string) time.Time {
		when, err := time.ParseInLocation("2006-01-02 15:04", clock, shanghai)
		require.NoError(t, err)
		return when
	}
	workday := func(d calendar.Date) bool { return d != "2026-04-04" }
	last := at("2026-03-30 09:00")
	for _, tt := range []struct {
		name, now, oldest string
		w                 notice.Wishes
		due               bool
	}{
		{"before its hour", "2026-04-01 08:59", "2026-03-31 20:00", notice.Wishes{}, false},
		{"at its hour", "2026-04-01 09:00", "2026-03-31 20:00", notice.Wishes{}, true},
		{"late, after an outage", "2026-04-01 15:30", "2026-03-31 20:00", notice.Wishes{}, true},
		{"the day before was missed", "2026-04-02 08:00", "2026-03-31 20:00", notice.Wishes{}, true},
		{"what came after it waits for the next", "2026-04-01 09:15", "2026-04-01 09:10", notice.Wishes{}, false},
		{"on a holiday", "2026-04-04 09:00", "2026-04-03 20:00", notice.Wishes{}, false},
		{"at midnight after a holiday", "2026-04-05 00:00", "2026-04-03 20:00", notice.Wishes{}, false},
		{"on a holiday, as wished", "2026-04-04 09:00", "2026-04-03 20:00", notice.Wishes{AnyTime: true}, true},
		{"at an hour of one's own", "2026-04-01 16:00", "2026-03-31 20:00", notice.Wishes{DigestHour: 16}, true},
		{"not yet at an hour of one's own", "2026-04-01 09:00", "2026-03-31 20:00", notice.Wishes{DigestHour: 16}, false},
		{"in quiet hours", "2026-04-01 09:15", "2026-03-31 20:00", notice.Wishes{QuietFrom: 22 * 60, QuietUntil: 10 * 60, Zone: "Asia/Shanghai"}, false},
		{"after them", "2026-04-01 10:00", "2026-03-31 20:00", notice.Wishes{QuietFrom: 22 * 60, QuietUntil: 10 * 60, Zone: "Asia/Shanghai"}, true},
	} {
		d := notice.Digest{Now: at(tt.now).UTC(), Oldest: at(tt.oldest), Last: last, Zone: shanghai, Works: workday}
		require.Equal(t, tt.due, rules.DigestDue(tt.w, d), tt.name)
		d.Last = at(tt.now)
		require.False(t, rules.DigestDue(tt.w, d), "once a day: %s", tt.name)
	}
}

func TestWhatAFailedTellingMayStill(t *testing.T) {
	rules := notice.Manners{Budget: 3}
	require.True(t, rules.MayRepeat(notice.Ordinary, 1))
	require.False(t, rules.MayRepeat(notice.Ordinary, 2))
	require.True(t, rules.MayRepeat(notice.Urgent, 9))
	require.True(t, rules.MayDigest(2))
	require.False(t, rules.MayDigest(3))
	require.True(t, notice.Manners{}.MayRepeat(notice.News, 99) && notice.Manners{}.MayDigest(99))
}
