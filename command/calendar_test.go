package command

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/store"
	"github.com/countersign/countersign/store/storetest"
)

// run is what a command line prints.
func run(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	root := New()
	root.SetOut(&out)
	root.SetArgs(args)
	err := root.ExecuteContext(t.Context())
	return out.String(), err
}

func TestDueSaysWhyInBothLanguages(t *testing.T) {
	for _, tt := range []struct {
		name string
		args []string
		want string
	}{
		{"over a weekend", []string{"--from", "2026-03-06T17:30:00+08:00", "--for", "4 workhours", "--entity", "acme-cn", "--lang", "en"},
			`2026-03-09T14:00:00+08:00
2026-03-09 Mon 14:00 is 4 working hours after 2026-03-06 Fri 17:30, by the calendar cn-office (Asia/Shanghai).
  2026-03-06 Fri  gives 30 min: working day
  2026-03-07 Sat  passed over: weekly day off
  2026-03-08 Sun  passed over: weekly day off
  2026-03-09 Mon  gives 3 h 30 min: working day
`},
		{"over a make-up Saturday and into a holiday, in Chinese",
			[]string{"--from", "2026-02-12T19:00:00+08:00", "--for", "2 workdays", "--locale", "zh-CN"},
			`2026-02-24T09:00:00+08:00
从 2026-02-12 周四 19:00 起算 2 个工作日，到期为 2026-02-24 周二 09:00，依日历 cn-office（Asia/Shanghai）。
  2026-02-12 周四  跳过：工作日，但工作时间已过
  2026-02-13 周五  由此起算：工作日
  2026-02-14 周六  第 1 天（共 2 天）：调休工作日（调休上班）
  2026-02-15 周日  跳过：放假（春节）
  2026-02-16 周一  跳过：放假（春节）
  2026-02-17 周二  跳过：放假（春节）
  2026-02-18 周三  跳过：放假（春节）
  2026-02-19 周四  跳过：放假（春节）
  2026-02-20 周五  跳过：放假（春节）
  2026-02-21 周六  跳过：放假（春节）
  2026-02-22 周日  跳过：放假（春节）
  2026-02-23 周一  跳过：放假（春节）
  2026-02-24 周二  第 2 天（共 2 天）：工作日
`},
		{"into a year that is not published", []string{"--from", "2026-12-31T15:00:00+08:00", "--locale", "en"},
			`2027-01-04T15:00:00+08:00
2027-01-04 Mon 15:00 is 1 working day after 2026-12-31 Thu 15:00, by the calendar cn-office (Asia/Shanghai).
  2026-12-31 Thu  counted from here: working day
  2027-01-01 Fri  passed over: 1 January, taken to be off; 2027 is not published
  2027-01-02 Sat  passed over: weekly day off; 2027 is not published
  2027-01-03 Sun  passed over: weekly day off; 2027 is not published
  2027-01-04 Mon  day 1 of 1: working day; 2027 is not published
Provisional: the days off of 2027 are not published. The deadline may still move.
`},
		{"seconds", []string{"--from", "2026-12-31T15:00:00Z", "--for", "30 s", "--calendar", "always", "--lang", "en"},
			"2026-12-31T15:00:30Z\n2026-12-31 Thu 15:00:30 is 30 seconds after 2026-12-31 Thu 15:00, by the calendar always (UTC).\n"},
	} {
		got, err := run(t, append([]string{"calendar", "due"}, tt.args...)...)
		require.NoError(t, err, tt.name)
		assert.Equal(t, tt.want, got, tt.name)
	}
	_, err := run(t, "calendar", "due", "--calendar", "nowhere")
	assert.Equal(t, "calendar.not_stored", fault.CodeOf(err))
	_, err = run(t, "calendar", "due", "--entity", "nobody")
	assert.ErrorContains(t, err, "acme-cn, acme-de")
}

func TestDueAnswersPrograms(t *testing.T) {
	text, err := run(t, "calendar", "due", "--from", "2026-12-31T15:00:00+08:00", "--json")
	require.NoError(t, err)
	var got courseAnswer
	require.NoError(t, json.Unmarshal([]byte(text), &got))
	assert.Equal(t, "2027-01-04T07:00:00Z", got.At.Format("2006-01-02T15:04:05Z07:00"))
	assert.True(t, got.Provisional)
	assert.Len(t, got.Days, 5)
}

// TestEveryCalendarWordIsThere: what the domain calls days has a text in both languages.
func TestEveryCalendarWordIsThere(t *testing.T) {
	var keys []string
	for _, kind := range []calendar.DayKind{calendar.Worked, calendar.Short, calendar.MakeUp, calendar.DayOff, calendar.Rest,
		calendar.NewYear} {
		keys = append(keys, "calendar.kind."+string(kind))
	}
	for _, role := range []calendar.Role{calendar.PassedOver, calendar.Begins, calendar.Counts, calendar.Lands, "over", "used"} {
		keys = append(keys, "calendar.role."+string(role))
	}
	for _, unit := range []calendar.Unit{calendar.Second, calendar.WorkHour, calendar.WorkDay} {
		keys = append(keys, "calendar.span."+string(unit))
	}
	for _, locale := range i18n.Locales {
		for _, key := range keys {
			assert.True(t, i18n.Shipped().Has(locale, key), "%s: %s", locale, key)
		}
	}
}

func TestTheListSaysWhichYearIsMissing(t *testing.T) {
	shipped, err := calendar.Shipped()
	require.NoError(t, err)
	v := store.CalendarVersion{Calendar: shipped[1], Version: 3, Cause: "import:2026.ics"}
	w := i18n.CalendarWords{Locale: i18n.English}
	at := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	assert.Contains(t, listedCalendar(w, v, at), "cn-office (Asia/Shanghai), version 3: import:2026.ics\n")
	assert.Contains(t, listedCalendar(w, v, at), "  2026: 248 working days.")
	assert.Contains(t, listedCalendar(w, v, at), "  2027 is not published")
	assert.NotContains(t, listedCalendar(w, v, at), "  2028 is not published")
}

// springOf2027 is invented, with a day off and a make-up day in one file, as many publish it.
const springOf2027 = `BEGIN:VCALENDAR
BEGIN:VEVENT
DTSTART;VALUE=DATE:20270205
DTEND;VALUE=DATE:20270207
SUMMARY:春节 放假
END:VEVENT
BEGIN:VEVENT
DTSTART;VALUE=DATE:20270131
SUMMARY:春节 补班
END:VEVENT
END:VCALENDAR
`

// TestAnImportShowsWhatChangesBeforeItApplies, step by step.
func TestAnImportShowsWhatChangesBeforeItApplies(t *testing.T) {
	s := storetest.New(t)
	require.NoError(t, publishShipped(t.Context(), s))
	version := func(id string) store.CalendarVersion {
		versions, err := s.CalendarVersions(t.Context())
		require.NoError(t, err)
		found, err := findCalendar(versions, id)
		require.NoError(t, err)
		return found
	}
	w := i18n.CalendarWords{Locale: i18n.English}
	in := calendarImport{id: "cn-office", file: "dir/2027.ics", kind: "holidays", only: "放假", dryRun: true}

	printed, err := in.apply(t.Context(), s, []byte(springOf2027), w)
	require.NoError(t, err)
	assert.Equal(t, `  2027-02-05 Fri  working day → day off (春节 放假)
  2027-02-06 Sat  weekly day off → day off (春节 放假)
2027 stays unpublished: deadlines in it are provisional. If the file is the whole list of that year, import it with --year 2027.
Dry run: nothing was written.
`, printed)
	assert.Equal(t, 1, version("cn-office").Version)

	in.dryRun, in.years = false, []int{2027}
	printed, err = in.apply(t.Context(), s, []byte(springOf2027), w)
	require.NoError(t, err)
	assert.Contains(t, printed, "2027 becomes published, with 260 working days. Source: 2027.ics\n",
		"2027 has 52 weeks and a Friday: 261 weekdays, less the Friday 02-05")
	assert.Contains(t, printed, "Saved: cn-office, version 2.")
	assert.True(t, version("cn-office").Calendar.Published(2027))
	assert.Equal(t, "import:2027.ics", version("cn-office").Cause)

	printed, err = in.apply(t.Context(), s, []byte(springOf2027), w)
	require.NoError(t, err)
	assert.Equal(t, "Nothing changes.\n", printed)

	makeUp := calendarImport{id: "cn-office", file: "2027.ics", kind: "workdays", only: "补班"}
	printed, err = makeUp.apply(t.Context(), s, []byte(springOf2027), i18n.CalendarWords{Locale: i18n.Chinese})
	require.NoError(t, err)
	assert.Equal(t, "  2027-01-31 周日  每周休息日 → 调休工作日（春节 补班）\n"+
		"已保存：cn-office 第 3 版。此后开启的任务按新日历计算；未完成任务的期限将在一两分钟内调整。\n", printed)

	require.NoError(t, publishShipped(t.Context(), s), "the next release")
	assert.Equal(t, 3, version("cn-office").Version)
}

func TestAnImportIsRefusedWithoutATrace(t *testing.T) {
	s := storetest.New(t)
	require.NoError(t, publishShipped(t.Context(), s))
	for _, tt := range []struct {
		in         calendarImport
		text, code string
	}{
		{calendarImport{id: "mars", file: "x.ics", kind: "holidays"}, springOf2027, "calendar.ics_needs_calendar"},
		{calendarImport{id: "cn-office", file: "x.ics", kind: "workdays"}, springOf2027, "calendar.worked_anyway"},
		{calendarImport{id: "cn-office", file: "x.ics"}, springOf2027, "calendar.bad_import_kind"},
		{calendarImport{id: "cn-office", file: "x.ics", kind: "holidays", only: "Easter"}, springOf2027, "calendar.ics_no_events"},
		{calendarImport{id: "cn-office", file: "x.ics", kind: "holidays"}, "calendar: x", "calendar.ics_nesting"},
		{calendarImport{id: "cn-office", file: "x.yaml"}, "calendar: cn-office\nzone: UTC\n", "yaml.missing_key"},
	} {
		_, err := tt.in.apply(t.Context(), s, []byte(tt.text), i18n.CalendarWords{Locale: i18n.English})
		assert.Equal(t, tt.code, fault.CodeOf(err), tt.text)
	}
	good := "calendar: hk-office\nzone: Asia/Hong_Kong\nhours: { mon: 09:00-18:00 }\n"
	_, err := calendarImport{id: "cn-office", file: "x.yaml"}.apply(t.Context(), s, []byte(good), i18n.CalendarWords{Locale: "en"})
	require.ErrorContains(t, err, "the file is the calendar hk-office")
	versions, err := s.CalendarVersions(t.Context())
	require.NoError(t, err)
	for _, v := range versions {
		assert.Equal(t, 1, v.Version, v.Calendar.ID)
	}
}

// TestAWholeCalendarIsImportedFromTheCommandLine, new and then changed, and asked.
func TestAWholeCalendarIsImportedFromTheCommandLine(t *testing.T) {
	t.Setenv("COUNTERSIGN_MODE", "dev")
	t.Setenv("COUNTERSIGN_DATABASE_URL", storetest.URL(t))
	file := filepath.Join(t.TempDir(), "hk.yaml")
	const hours = "calendar: hk-office\nzone: Asia/Hong_Kong\nhours: { mon: 09:00-18:00, tue: 09:00-18:00 }\n"
	require.NoError(t, os.WriteFile(file, []byte(hours), 0o600))
	got, err := run(t, "calendar", "import", "--id", "hk-office", "--file", file, "--lang", "en")
	require.NoError(t, err)
	assert.Contains(t, got, "Saved: hk-office, version 1.")

	const years = "years: [{ year: 2026, source: a gazette, off: { 2026-03-02: founders' day } }]\n"
	require.NoError(t, os.WriteFile(file, []byte(hours+years), 0o600))
	got, err = run(t, "calendar", "import", "--id", "hk-office", "--file", file, "--lang", "en")
	require.NoError(t, err)
	assert.Contains(t, got, "  2026-03-02 Mon  working day → day off (founders' day)\n2026 becomes published")
	assert.Contains(t, got, "Saved: hk-office, version 2.")

	got, err = run(t, "calendar", "due", "--stored", "--calendar", "hk-office", "--from", "2026-02-24T10:00:00+08:00", "--lang", "en")
	require.NoError(t, err)
	assert.Contains(t, got, "2026-03-03T10:00:00+08:00\n", "a Tuesday; the Monday between is off")
	_, err = run(t, "calendar", "due", "--stored", "--entity", "acme-cn")
	assert.Equal(t, "organisation.none", fault.CodeOf(err), "the database's organisation is asked, not the demo company")
	got, err = run(t, "calendar", "list", "--stored", "--lang", "en")
	require.NoError(t, err)
	assert.Contains(t, got, "hk-office (Asia/Hong_Kong), version 2: import:hk.yaml\n")
}
