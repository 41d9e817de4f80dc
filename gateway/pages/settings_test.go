package pages_test

import (
	"net/url"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/notice"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/store"
)

// TestPeopleSettleThingsForThemselves proves that a token is shown once and revoked,
// that what is mailed and when is kept, with what cannot be turned off, and that an
// absence names who decides meanwhile.
func TestPeopleSettleThingsForThemselves(t *testing.T) {
	h := newHouse(t)
	at := "/settings"
	h.get("wang", at).is(200).says(h.word("page.settings.title", nil), h.word("page.passkeys.none", nil),
		h.word("page.wishes.must", nil), `value="duties" checked disabled`)

	form := url.Values{"key": {"k1"}, "name": {"Night <job>"}, "days": {"30"}, "scope": {"document:*"}}
	made := h.post("wang", at+"/tokens", form).is(200).says("Night &lt;job&gt;", h.word("page.tokens.once", nil))
	secret := regexp.MustCompile(`cs_[A-Za-z0-9_-]{20,}`).FindString(made.body)
	require.NotEmpty(t, secret)
	require.Equal(t, "no-store", made.header.Get("Cache-Control"))
	h.post("wang", at+"/tokens", form).is(409).saysNot(secret)
	h.get("wang", at).saysNot(secret).says("document:*")
	h.post("wang", at+"/tokens", url.Values{"key": {"k2"}, "name": {"x"}, "days": {"9999"}, "scope": {"document:*"}}).is(422)
	tokens, err := h.store.Tokens(t.Context(), "wang")
	require.NoError(t, err)
	require.Len(t, tokens, 1)
	require.Equal(t, at, h.post("wang", at+"/tokens/"+tokens[0].ID+"/revoke", url.Values{}).to())
	h.get("wang", at).says(h.word("page.tokens.revoked", nil))

	wishes := url.Values{"lang": {"en"}, "mail": {"requests", "rules"}, "quiet_from": {"22:00"}, "quiet_until": {"07:30"}, "zone": {"Asia/Tokyo"}}
	require.Equal(t, at, h.post("wang", at+"/notices", wishes).to())
	kept, err := h.store.Wishes(t.Context(), "wang")
	require.NoError(t, err)
	require.Equal(t, notice.Wishes{Locale: "en", Muted: []notice.Topic{notice.StandIn, notice.Talk}, QuietFrom: 22 * 60,
		QuietUntil: 7*60 + 30, Zone: "Asia/Tokyo"}, kept)
	wishes.Set("way_news", "digest")
	wishes.Set("digest_hour", "16")
	wishes.Set("any_time", "yes")
	require.Equal(t, at, h.post("wang", at+"/notices", wishes).to())
	h.get("wang", at).is(200).says(`<option value="digest" selected>`, `<option value="16" selected>16:00`, `name="any_time" value="yes" checked`)
	wishes.Set("way_urgent", "digest")
	h.post("wang", at+"/notices", wishes).is(422).says(h.word("fault.wishes.bad_way", map[string]string{"urgency": "urgent"}))
	wishes.Del("way_urgent")
	wishes.Set("quiet_until", "21:00")
	h.post("wang", at+"/notices", wishes).is(422).says(h.word("fault.wishes.too_quiet", nil))
	wishes.Set("zone", "Mars/Base")
	wishes.Set("quiet_until", "07:30")
	h.post("wang", at+"/notices", wishes).is(422).says(h.word("fault.wishes.bad_zone", nil))
	wishes.Set("zone", "")
	wishes.Set("quiet_until", "22:00")
	h.post("wang", at+"/notices", wishes).is(422).says(h.word("fault.wishes.bad_quiet", nil))
	wishes.Set("zone", "Mars/Base")
	h.post("wang", at+"/notices", wishes).is(422).says(h.word("fault.wishes.bad_quiet", nil), h.word("fault.wishes.bad_zone", nil),
		`value="Mars/Base"`, `name="quiet_until" type="time" value="22:00"`)

	shanghai, err := time.LoadLocation("Asia/Shanghai")
	require.NoError(t, err)
	from := time.Now().In(shanghai).Add(48 * time.Hour).Truncate(time.Minute)
	away := url.Values{"key": {"a1"}, "from": {from.Format("2006-01-02T15:04")}, "delegate": {"nobody <b>"},
		"until": {from.Add(72 * time.Hour).Format("2006-01-02T15:04")}}
	h.post("wang", at+"/absence", away).is(422).says("nobody &lt;b&gt;")
	away.Set("delegate", "chen")
	require.Equal(t, at, h.post("wang", at+"/absence", away).to())
	h.get("wang", at).says(h.word("page.absence.soon", nil)).saysNot(h.word("page.absence.away", nil))
	h.get("wang", "/delegations").says(h.word("page.absence.reason", nil))
	away.Set("delegate", "")
	away.Set("until", away.Get("from"))
	h.post("wang", at+"/absence", away).is(422).says(h.word("fault.wishes.bad_absence", nil))
	require.Equal(t, at, h.post("wang", at+"/absence", url.Values{"key": {"a2"}}).to())
	h.get("wang", at).saysNot(h.word("page.absence.soon", nil))
}

// TestSomebodyLeavesAMessagingApp: what they are linked with is shown, unlinked and
// linked again by the next matching; of an app that is not there nobody knows.
func TestSomebodyLeavesAMessagingApp(t *testing.T) {
	h := newHouse(t)
	at := "/settings"
	h.get("wang", at).is(200).saysNot(`id="apps"`)
	h.desk.Messengers = []desk.Messenger{{ID: "wecom", Title: "WeCom <b>", SignsIn: true}}
	h.get("wang", at).is(200).says("WeCom &lt;b&gt;", h.word("page.apps.unknown", nil)).saysNot("/unlink")
	link := []store.IMLink{{Person: "wang", Platform: "wx-wang", How: store.IMByEmail}}
	require.NoError(t, h.store.FollowIMPeople(t.Context(), "wecom", link))
	h.get("wang", at).says(h.word("page.apps.linked", nil), h.word("page.apps.how.email", nil))
	require.Equal(t, at+"#apps", h.post("wang", at+"/apps/wecom/unlink", url.Values{}).to())
	require.NoError(t, h.store.FollowIMPeople(t.Context(), "wecom", link))
	h.get("wang", at).says(h.word("page.apps.apart", nil)).saysNot("/unlink")
	require.Equal(t, at+"#apps", h.post("wang", at+"/apps/wecom/link", url.Values{}).to())
	require.NoError(t, h.store.FollowIMPeople(t.Context(), "wecom", link))
	h.get("wang", at).says(h.word("page.apps.linked", nil))
	h.post("wang", at+"/apps/other/unlink", url.Values{}).is(404)
	h.post("wang", at+"/apps/wecom/delete", url.Values{}).is(404)
}
