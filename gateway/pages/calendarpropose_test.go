package pages_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/calendar"
)

const proposeOffice = "/calendars/cn-office/propose"

// spring has a day off and a make-up day of 2027, invented.
const spring = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20270205\r\nSUMMARY:春节 <放假>\r\nEND:VEVENT\r\n" +
	"BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20270131\r\nSUMMARY:春节 补班\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"

// sends uploads one file on the form that changes the office's calendar.
func (h *house) sends(as, at, name, text string, said map[string]string) page {
	h.t.Helper()
	form := h.get(as, at).is(http.StatusOK).form(at)
	form.Set("do", "read")
	for field, value := range said {
		form.Set(field, value)
	}
	return h.upload(as, at, form, map[string][]byte{"file=" + name: []byte(text)})
}

// TestTwoPeopleChangeACalendarOnThePages brings in an .ics: what would change is shown,
// nothing changes before a second person approved it, and then it has.
func TestTwoPeopleChangeACalendarOnThePages(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		shipped, err := calendar.Shipped()
		require.NoError(t, err)
		for _, c := range shipped {
			require.NoError(t, h.store.ShipCalendar(t.Context(), c))
		}
		h.get("wang", "/calendars").saysNot(proposeOffice)
		h.get("wang", proposeOffice).is(http.StatusForbidden)
		h.get("liu", "/calendars").says(proposeOffice, "/calendars/new/propose")
		h.sends("liu", proposeOffice, "2027.ics", "BEGIN:VEVENT", nil).is(http.StatusUnprocessableEntity).says("2027.ics")
		h.sends("liu", proposeOffice, "2027.ics", spring, map[string]string{"kind": "holidays", "only": "放假", "years": "next"}).
			is(http.StatusUnprocessableEntity).says("next", `id="years-error"`)

		said := map[string]string{"kind": "holidays", "only": "放假", "years": "2027", "source": "国办发明电"}
		seen := h.sends("liu", proposeOffice, "2027.ics", spring, said).is(http.StatusOK).
			says("2027-02-05", "春节 &lt;放假&gt;", "260", "国办发明电", h.word("page.calendars.changed_days", map[string]string{"n": "1"})).
			saysNot("2027-01-31")
		h.get("liu", "/calendars").says(h.word("page.calendars.cause.shipped", nil)).saysNot("国办发明电")
		_, seen.body, _ = strings.Cut(seen.body, `id="h-propose"`) // the form before it is the file's
		form := seen.form(proposeOffice)
		form.Set("do", "propose")
		form.Set("note", "2027 年放假安排")
		form.Set("days", "none")
		h.post("liu", proposeOffice, form).is(http.StatusUnprocessableEntity).says(`id="days-error"`, "2027-02-05")
		form.Set("days", "3")
		at := h.post("liu", proposeOffice, form).to()
		require.Regexp(t, `^/policies/proposals/`, at)
		require.Equal(t, at, h.post("liu", proposeOffice, form).to(), "a double click proposes once")
		h.get("liu", at).is(http.StatusOK).says("2027-02-05", "2027 年放假安排").saysNot(at + "/decide")
		h.sends("liu", proposeOffice, "2027.csv", "date,name\n2027-01-01,x\n", said).is(http.StatusUnprocessableEntity).
			says(h.word("fault.calendar.file_kind", map[string]string{"file": "2027.csv"}))
		h.get("admin", "/policies/proposals").says(h.word("what.calendar", nil), at)
		h.get("admin", "/notices").says(at)

		verdict := h.get("admin", at).says("2027-02-05", "春节 &lt;放假&gt;", h.word("page.calendars.decide_hint", nil)).
			saysNot(h.word("page.proposal.hint", nil)).form(at + "/decide")
		verdict.Set("verdict", "approve")
		require.Equal(t, at, h.post("admin", at+"/decide", verdict).to())
		h.get("lin", "/calendars/cn-office?year=2027").says("2027-02-05", "春节").saysNot(h.word("page.calendars.provisional", nil))
		h.get("lin", "/calendars").says(h.word("page.calendars.cause.proposal", nil)).saysNot(at)
		h.post("liu", proposeOffice, form).to() // the same click again, long after
		form.Set("key", "another")
		h.post("liu", proposeOffice, form).is(http.StatusConflict)
		h.sends("liu", proposeOffice, "2027.ics", spring, said).is(http.StatusConflict).says("cn-office")
	})
}

// TestACalendarIsDownloadedChangedAndBroughtBack takes a day away, which only a whole
// calendar can, and makes a new calendar of it.
func TestACalendarIsDownloadedChangedAndBroughtBack(t *testing.T) {
	h := newHouse(t)
	shipped, err := calendar.Shipped()
	require.NoError(t, err)
	for _, c := range shipped {
		require.NoError(t, h.store.ShipCalendar(t.Context(), c))
	}
	file := h.get("liu", "/calendars/cn-office/file").is(http.StatusOK).body
	require.Contains(t, file, "2026-02-17: \"春节\"")
	h.sends("liu", proposeOffice, "cn-office.yaml", file, nil).is(http.StatusConflict)
	changed := strings.ReplaceAll(file, "2026-02-17: \"春节\"", "2026-02-17: \"除夕\"")
	h.sends("liu", proposeOffice, "cn-office.yaml", changed, nil).is(http.StatusOK).says("2026-02-17", "除夕")
	h.sends("liu", proposeOffice, "cn-office.yaml", strings.Replace(file, "Asia/Shanghai", "Asia/Peking", 1), nil).
		is(http.StatusUnprocessableEntity).says("cn-office.yaml:2:", "Asia/Peking")
	h.sends("liu", proposeOffice, "other.yaml", strings.Replace(file, "cn-office", "hk-office", 1), nil).
		is(http.StatusUnprocessableEntity).says("hk-office")
	const anew = "/calendars/new/propose"
	h.sends("liu", anew, "hk.yaml", strings.Replace(file, "cn-office", "hk-office", 1), nil).is(http.StatusOK).
		says(h.word("page.calendars.is_new", nil))
	h.sends("liu", anew, "hk.yaml", strings.Replace(file, `"cn-office"`, `"a/b"`, 1), nil).is(http.StatusUnprocessableEntity)
	h.sends("liu", anew, "2027.ics", spring, map[string]string{"kind": "holidays"}).is(http.StatusUnprocessableEntity)
	h.sends("liu", anew, "big.yaml", strings.Repeat("#", 300<<10), nil).is(http.StatusUnprocessableEntity).says("256")
	h.get("wang", "/calendars/nowhere/file").is(http.StatusNotFound)
}
