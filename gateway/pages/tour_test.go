package pages_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/notice"
	"github.com/countersign/countersign/gateway/i18n"
)

var (
	tourBegins = regexp.MustCompile(`class="button primary" href="([^"]*tour=[^"]*)"`)
	tourHead   = `aria-labelledby="tour-title"`
)

// TestEachTourLeadsThroughRealPages proves that everybody is offered the tours for what
// they may do, that each goes from page to page to its end, in both languages, and that no
// page shows a stop that is not its own.
func TestEachTourLeadsThroughRealPages(t *testing.T) {
	h := newHouse(t)
	for _, h.locale = range i18n.Locales {
		for person, offered := range map[string]int{"lin": 2, "chen": 3, "liu": 4, "admin": 4, "audit": 3} {
			begins := tourBegins.FindAllStringSubmatch(h.get(person, "/tour").is(http.StatusOK).body, -1)
			require.Len(t, begins, offered, person)
			for _, begin := range begins {
				stops := 0
				for next := begin[1]; next != ""; stops++ {
					p := h.get(person, strings.ReplaceAll(next, "&amp;", "&")).is(http.StatusOK).says(tourHead)
					next = ""
					if more := tourBegins.FindStringSubmatch(p.body); more != nil {
						next = more[1]
					}
				}
				require.GreaterOrEqual(t, stops, 4, "%s from %s", person, begin[1])
			}
		}
	}
	for _, at := range []string{"/documents?tour=employee.1", "/documents?tour=employee.9", "/documents?tour=auditor.1", "/new?tour=x"} {
		h.get("lin", at).is(http.StatusOK).saysNot(tourHead)
	}
}

// TestTheTourIsOfferedOnce proves that the first page offers it until somebody took it or
// wants none, in any browser of theirs and to nobody else's, and that its end leads to no
// other house.
func TestTheTourIsOfferedOnce(t *testing.T) {
	h := newHouse(t)
	const invitation = `aria-labelledby="tour-invitation"`
	form := h.get("lin", "/").is(http.StatusOK).says(invitation).form("/tour/done")
	require.Equal(t, "/", h.post("lin", "/tour/done", form).to())
	h.get("lin", "/").is(http.StatusOK).saysNot(invitation)
	require.NoError(t, h.store.SaveWishes(t.Context(), "lin", notice.Wishes{Locale: i18n.Chinese}))
	h.get("lin", "/").is(http.StatusOK).saysNot(invitation)
	h.get("zhao", "/").is(http.StatusOK).says(invitation)
	form.Set("back", "https://evil.example/")
	require.Equal(t, "/", h.post("lin", "/tour/done", form).to())
}
