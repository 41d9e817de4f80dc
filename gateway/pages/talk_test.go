package pages_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestManyDecisionsOnThePages: what is ticked is decided by what its row showed;
// one that moved on meanwhile says so, and a second click decides nothing more.
func TestManyDecisionsOnThePages(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		first, second := h.submitted("k1", "2000.00"), h.submitted("k2", "3000.00")
		list := h.get("wang", "/").is(200)
		form := list.form("/tasks/decide")
		form["pick"] = list.picks()
		require.Len(t, form["pick"], 2)
		form.Set("act", "reject")
		refused := h.post("wang", "/tasks/decide", form).is(http.StatusUnprocessableEntity)
		require.Equal(t, 2, strings.Count(refused.body, " checked"), "ticks stay")
		h.decide("wang", second, "return", "no invoice")

		form.Set("act", "approve")
		form.Set("opinion", "fine")
		done := h.word("page.bulk.sum", map[string]string{"applied": "1", "refused": "1"})
		for range 2 {
			h.post("wang", "/tasks/decide", form).is(200).says(done, h.word("page.bulk.refused", nil), first, second, "王芳")
		}
		h.get("lin", first).says("fine")
		require.Equal(t, 2, strings.Count(h.get("lin", first).body, ">fine<"), "once on the route, once on the timeline")
		form.Set("opinion", "another")
		h.post("wang", "/tasks/decide", form).is(422).says(h.word("fault.idempotency.reused", nil))
		form["pick"] = []string{"nonsense"}
		h.post("wang", "/tasks/decide", form).is(http.StatusUnprocessableEntity)
		delete(form, "pick")
		h.post("wang", "/tasks/decide", form).says(h.word("fault.bulk.nothing", nil))
	})
}

// picks are the values of the ticks on a page.
func (p page) picks() []string {
	var values []string
	for _, part := range strings.Split(p.body, `name="pick" value="`)[1:] {
		value, _, _ := strings.Cut(part, `"`)
		values = append(values, value)
	}
	return values
}

// TestADraftCopiesNobodyInAndForgetsNobody: who is to be copied in stays in the
// form while it is a draft, and may read once it is submitted.
func TestADraftCopiesNobodyInAndForgetsNobody(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		form := expense("k1", "2000.00")
		form.Set("cc", "Emma Brown")
		form.Set("cc_remark", "知悉 <b>")
		form.Set("do", "save")
		at := h.post("lin", "/new/expense", form).to()
		h.get("lin", at).says(`value="Emma Brown"`, "知悉 &lt;b&gt;")
		path, query, _ := strings.Cut(at, "?")
		require.NotEmpty(t, query)
		h.get("emma", strings.TrimSuffix(path, "/edit")).is(404)
		form.Set("do", "submit")
		document := h.post("lin", path, form).to()
		h.get("emma", document).is(200).says("知悉 &lt;b&gt;").saysNot(`id="decide"`)
		h.post("emma", document+"/copy", url.Values{"people": {"Gone"}}).is(422).says(`value="Gone"`)
		h.get("lin", document).says(h.word("page.copies.read", nil))
	})
}
