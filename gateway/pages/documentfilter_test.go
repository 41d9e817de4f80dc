package pages_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/gateway/i18n"
)

// TestDocumentsAreNarrowedFromTheAddress proves that the list of documents is narrowed by
// each filter, that the next page keeps them, and that what cannot be read is told.
func TestDocumentsAreNarrowedFromTheAddress(t *testing.T) {
	h := newHouse(t)
	for key, amount := range map[string]string{"small": "120.00", "large": "9800.00"} {
		values := expense(key, amount)
		values.Set("title", "Trip "+key)
		if key == "large" {
			values.Set("urgency", "urgent")
		}
		h.post("lin", "/new/expense", values).to()
	}
	now := time.Now().UTC()
	since, until := now.AddDate(0, 0, -1).Format(time.DateOnly), now.AddDate(0, 0, 2).Format(time.DateOnly)
	for query, finds := range map[string]string{
		"from=1000&currency=CNY": "large", "to=1,000&currency=CNY": "small", "urgent=1": "large",
		"applicant=%E6%9E%97&from=5000": "large", "entity=acme-cn&to=500": "small", "type=expense&q=small": "small",
		"since=" + since + "&until=" + until + "&to=500": "small",
	} {
		other := map[string]string{"large": "small", "small": "large"}[finds]
		h.get("liu", "/documents?of=all&"+query).is(http.StatusOK).says("Trip "+finds, "Clear filters").saysNot("Trip " + other)
		h.get("lin", "/documents?"+query).is(http.StatusOK).says("Trip " + finds).saysNot("Trip " + other)
	}
	for _, query := range []string{"entity=acme-de", "applicant=nobody+here", "until=2001-01-01", "type=advance"} {
		h.get("liu", "/documents?of=all&"+query).is(http.StatusOK).saysNot("Trip ")
	}
	h.get("emma", "/documents?of=all&applicant=lin").is(http.StatusOK).saysNot("Trip ")
	h.get("liu", "/documents?of=all&from=lots").is(http.StatusOK).says(`aria-invalid="true"`, "Trip small", "Trip large")
	h.locale = i18n.Chinese
	h.get("liu", "/documents?of=all&urgent=1").is(http.StatusOK).says("清除筛选", "提交日期自")
}

// TestTheNextPageKeepsTheFilters proves that paging goes on in what was asked for.
func TestTheNextPageKeepsTheFilters(t *testing.T) {
	h := newHouse(t)
	for n := range 22 {
		values := expense("k"+string(rune('a'+n)), "700.00")
		values.Set("urgency", "urgent")
		h.post("lin", "/new/expense", values).to()
	}
	asked := "urgent=1&from=500&currency=CNY&entity=acme-cn&applicant=lin&since=2020-01-01"
	first := h.get("lin", "/documents?"+asked).is(http.StatusOK)
	next := regexp.MustCompile(`href="(/documents\?[^"]*cursor=[^"]*)"`).FindStringSubmatch(first.body)
	require.NotNil(t, next)
	address := strings.ReplaceAll(next[1], "&amp;", "&")
	at, err := url.Parse(address)
	require.NoError(t, err)
	want, err := url.ParseQuery(asked)
	require.NoError(t, err)
	for name := range want {
		require.Equal(t, want.Get(name), at.Query().Get(name), name)
	}
	rest := h.get("lin", address).is(http.StatusOK)
	require.Equal(t, 2, strings.Count(rest.body, `class="title"`))
}
