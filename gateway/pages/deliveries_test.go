package pages_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/notice"
	"github.com/countersign/countersign/store"
)

// TestWhomNoMessageReaches is found by who runs the house, in plain words and with what
// mends it; it is kept who has them tried again.
func TestWhomNoMessageReaches(t *testing.T) {
	h := newHouse(t)
	at := h.submitted("deliveries", "2000.00")
	due, err := h.store.ClaimNotices(t.Context(), 100)
	require.NoError(t, err)
	begun, err := h.store.PlanNotices(t.Context(), due, func(time.Time, map[string][]time.Time) map[string]notice.Plan {
		plans := map[string]notice.Plan{}
		for _, n := range due {
			p := plans[n.Person]
			p.Tell = append(p.Tell, notice.Telling{Notices: []string{n.ID}, Urgency: notice.Ordinary, Channels: []notice.Channel{notice.Mail}})
			plans[n.Person] = p
		}
		return plans
	})
	require.NoError(t, err)
	require.NotEmpty(t, begun)
	number := ""
	for _, d := range begun {
		end := store.DeliveryEnd{ID: d.ID, Channel: notice.Mail, State: store.DeliveryDelivered}
		if d.Person == "wang" {
			end.State, end.Failure = store.DeliveryFailed, `mail.gone (invalid) status="5.1.1" words="550 no such user \"wang\""`
			number = d.All[0].Data["number"]
		}
		require.NoError(t, h.store.DeliveriesEnded(t.Context(), []store.DeliveryEnd{end}))
	}
	require.NotEmpty(t, number)

	const log = "/deliveries"
	all := h.get("admin", log).is(http.StatusOK)
	all.says(`There is no such address: 550 no such user &#34;wang&#34;`, h.word("page.deliveries.mend.mail", nil),
		`action="/deliveries/wang"`, number, at, h.word("page.notices.state.failed", nil))
	h.get("admin", log+"?since=yesterday").is(http.StatusUnprocessableEntity).says(h.word("fault.delivery.bad_since", nil)).
		saysNot(number)
	h.get("audit", log).is(http.StatusOK).says("no such user").saysNot(`action="/deliveries/wang"`)
	h.post("audit", log+"/wang", url.Values{}).is(http.StatusNotFound)
	for _, other := range []string{"lin", "wang", "liu"} {
		h.get(other, log).is(http.StatusNotFound)
		h.post(other, log+"/wang", url.Values{}).is(http.StatusNotFound)
		h.get(other, "/notices").is(http.StatusOK).saysNot(`href="/deliveries"`)
	}
	h.get("admin", "/notices").says(`href="/deliveries"`)

	for filter, found := range map[string]bool{
		"person=wang": true, "person=zhao": false, "state=failed": true, "state=held": false, "channel=mail": true, "channel=app": false,
		"document=" + number: true, "document=" + strings.TrimPrefix(at, "/documents/"): true, "document=EXP-0": false,
		"since=2020-01-01": true, "since=2999-01-01": false,
	} {
		page := h.get("admin", log+"?"+filter).is(http.StatusOK)
		require.Equal(t, found, strings.Contains(page.body, `href="`+at+`"`), filter)
	}
	h.get("admin", log+"?person=nobody").is(http.StatusUnprocessableEntity).says("Nobody active is called nobody")

	h.post("admin", log+"/zhao", url.Values{}).is(http.StatusConflict)
	require.Equal(t, log, h.post("admin", log+"/wang", url.Values{}).to())
	h.get("audit", log).says(h.word("page.deliveries.all_reached", nil), h.word("page.deliveries.said", nil)).
		saysNot(h.word("page.deliveries.mend.mail", nil))
	again, err := h.store.ReachesAgain(t.Context(), nil)
	require.NoError(t, err)
	require.Len(t, again, 1)
	require.Equal(t, []string{"wang", "admin"}, []string{again[0].Person, again[0].By})

	// Letters that come back later are reported too, of the address they have now.
	address, err := h.store.MailAddress(t.Context(), "wang@example.com", "wang")
	require.NoError(t, err)
	require.NoError(t, h.store.MailReported(t.Context(), "", address.Token, "5.1.1"))
	h.get("admin", log).says("Letters to wang@example.com came back")
	require.Equal(t, log, h.post("admin", log+"/wang", url.Values{}).to())
	stands, err := h.store.MailStanding(t.Context(), "wang@example.com")
	require.NoError(t, err)
	require.Equal(t, "ok", string(stands.State))
}
