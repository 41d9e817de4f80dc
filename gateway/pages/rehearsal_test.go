package pages_test

import (
	"database/sql"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/store/storetest"
)

// press sends the form of a rehearsal in which somebody's part stands, and follows.
func (h *house) press(as, at string, p page, part int, act string) (string, page) {
	h.t.Helper()
	forms := regexp.MustCompile(`(?s)<form class="part".*?</form>`).FindAllString(p.body, -1)
	require.Greater(h.t, len(forms), part, at)
	query := url.Values{"act": {act}}
	for _, m := range hidden.FindAllStringSubmatch(forms[part], -1) {
		query.Add(m[1], html.UnescapeString(m[2]))
	}
	next, _, _ := strings.Cut(h.get(as, "/rehearsal?"+query.Encode()).to(), "#")
	return next, h.get(as, next).is(http.StatusOK)
}

// TestARehearsalGoesTheWholeRouteAndKeepsNothing plays a report as everybody concerned, to
// the voucher, by the rules in force: and there is nothing in the house afterwards.
func TestARehearsalGoesTheWholeRouteAndKeepsNothing(t *testing.T) {
	h := newHouse(t)
	before := h.rows()
	at := "/rehearsal?type=expense&amount=6,500&currency=CNY"
	p := h.get("lin", at).is(http.StatusOK).says("You are now 陈磊", "You are now 王芳", "Next: 赵敏 (Supervisor)", "Rehearse another")
	at, p = h.press("lin", at, p, 0, "approve")
	p.says("You are now 赵敏")
	at, p = h.press("lin", at, p, 0, "return")
	p.says("You are now 林晓")
	at, p = h.press("lin", at, p, 0, "resubmit")
	for range 6 {
		if !regexp.MustCompile(`You are now`).MatchString(p.body) {
			break
		}
		at, p = h.press("lin", at, p, 0, "approve")
	}
	p.says("Everybody agreed", "Voucher preview", "6602", "6,500.00")
	h.locale = i18n.Chinese
	h.get("lin", at).is(http.StatusOK).says("审批全部通过", "演练时间")

	require.Equal(t, before, h.rows())
}

// rows is how many rows every table has.
func (h *house) rows() map[string]int {
	h.t.Helper()
	db, err := sql.Open("postgres", storetest.URL(h.t)) //nolint:forbidigo // a look inside, past the store
	require.NoError(h.t, err)
	defer db.Close() //nolint:errcheck // only read
	const query = `
		SELECT table_name, (xpath('/row/n/text()', query_to_xml(format('SELECT count(*) AS n FROM %I.%I',
			table_schema, table_name), false, true, '')))[1]::text::int
		FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`
	found, err := db.QueryContext(h.t.Context(), query)
	require.NoError(h.t, err)
	defer found.Close() //nolint:errcheck // only read
	rows := map[string]int{}
	for found.Next() {
		var table string
		var n int
		require.NoError(h.t, found.Scan(&table, &n))
		rows[table] = n
	}
	require.NoError(h.t, found.Err())
	require.Greater(h.t, rows["policies"], 0)
	return rows
}
