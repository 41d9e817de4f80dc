package pages_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/calendar"
)

// TestTheRouteIsDrawnAndSaid proves that a document says for whom it waits, since when
// and how long they have, draws its route, tells the same in words, and keeps what is
// asked of its reader at hand.
func TestTheRouteIsDrawnAndSaid(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		shipped, err := calendar.Shipped()
		require.NoError(t, err)
		for _, c := range shipped {
			require.NoError(t, h.store.ShipCalendar(t.Context(), c))
		}
		at := h.submitted("k1", "2000.00")
		seen := h.get("wang", at).is(200)
		seen.says(h.word("page.waiting.for", map[string]string{"who": "王芳"}), h.word("page.waiting.for", map[string]string{"who": "陈磊"}))
		left := regexp.QuoteMeta(h.word("page.waiting.left.hours", map[string]string{"n": "#"}))
		require.Regexp(t, strings.Replace(left, "#", `\d+`, 1), seen.body)

		drawing, _, ended := strings.Cut(seen.body[strings.Index(seen.body, `<svg class="diagram"`):], "</svg>")
		require.True(t, ended)
		for _, name := range []string{"陈磊", "王芳", "赵敏", "刘强", h.word("page.stands.now", nil), h.word("page.stands.next", nil)} {
			require.Contains(t, drawing, name)
		}
		require.Contains(t, drawing, `role="img"`)
		require.Equal(t, 1, strings.Count(drawing, `class="sign now"`))
		seen.says(`<ol class="route">`, `form="decide-form" name="act" value="approve"`)

		h.decide("wang", at, "approve", "").to()
		h.get("wang", at).is(200).saysNot("act-bar")
		h.post("lin", at+"/withdraw", url.Values{"key": {"w"}, "opinion": {"twice"}}).to()
		h.get("lin", at).is(200).says(`class="sign done"`, `class="sign never"`).saysNot(`class="waiting"`)

		small := h.submitted("k2", "10.00")
		h.get("lin", small).is(200).says(`class="sign auto"`, `class="stop skipped"`, `class="why"`)
	})
}
