package pages_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestStraightBackFromTheApplicant: whoever returns a document may have it straight back;
// its form says so while it is mended, and says why not where too much changed.
func TestStraightBackFromTheApplicant(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		at := h.submitted("k1", "2000.00")
		h.get("chen", at).saysNot(`name="to_step"`) // nobody decided before
		h.decide("wang", at, "approve", "").to()
		form := h.get("zhao", at).says(`<option value="">`, h.word("page.handle.straight_hint", nil)).
			form(at + "/decide")
		form.Set("act", "return")
		form.Set("back", "straight")
		form = h.post("zhao", at+"/decide", form).is(422).says(h.word("fault.act.opinion_required", nil), `<details open`).
			form(at + "/decide")
		form.Set("act", "return")
		form.Set("back", "straight")
		form.Set("opinion", "the receipt cannot be read")
		require.Equal(t, at, h.post("zhao", at+"/decide", form).to())
		h.get("lin", at).says(h.word("page.returned.straight", map[string]string{"who": "赵敏"}))

		checked := func(amount string) page {
			values := expense("k2", amount)
			values.Set("do", "preview")
			return h.post("lin", at+"/edit", values).is(200)
		}
		checked("2000.00").says("赵敏").saysNot(h.word("page.back.anew", map[string]string{"who": "赵敏"}))
		checked("2500.00").says(h.word("page.back.anew", map[string]string{"who": "赵敏"}), h.word("material.amount", nil))
		checked("1999.00").says(h.word("material.lines", nil)).saysNot(h.word("material.amount", nil))

		values := expense("k3", "2000.00")
		values.Set("do", "resubmit")
		require.Equal(t, at, h.post("lin", at+"/edit", values).to())
		h.get("zhao", at).is(200).says(at+"/decide", h.word("page.stands.done", nil))
		h.get("chen", at).is(200).saysNot(at + "/decide")
		h.decide("zhao", at, "approve", "").to()
	})
}

// TestAnOldRoundKnowsNoWayStraightBack: what was planned before keeps its rules, and says so.
func TestAnOldRoundKnowsNoWayStraightBack(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		h.engine.rules = 1
		at := h.submitted("k1", "2000.00")
		h.decide("wang", at, "approve", "").to()
		form := h.get("zhao", at).saysNot(`<option value="">`).form(at + "/decide")
		form.Set("act", "return")
		form.Set("to_step", "")
		form.Set("opinion", "wrong trip")
		form.Set("back", "straight")
		h.post("zhao", at+"/decide", form).is(422).says(h.word("fault.act.back_without_step", nil))
		form.Set("back", "sideways")
		h.post("zhao", at+"/decide", form).is(422).says(h.word("fault.act.bad_back", map[string]string{"back": "sideways"}))
	})
}

// TestWhatCameBackSaysWhoAndWhy: on its page, and on the form that mends it.
func TestWhatCameBackSaysWhoAndWhy(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		at := h.submitted("k1", "2000.00")
		h.decide("wang", at, "return", "the receipt <b>cannot</b> be read").to()
		who := ">" + h.word("page.returned.by", map[string]string{"who": "王芳"}) + "</p>"
		const words = "<blockquote>the receipt &lt;b&gt;cannot&lt;/b&gt; be read</blockquote>"
		h.get("lin", at).is(200).says(who, words)
		h.get("lin", at+"/edit").is(200).says(who, words)
		h.get("chen", at).is(200).saysNot(who)
	})
}

// TestWhatOthersEnteredForMeIsMine: it stands in one's lists, its draft does not.
func TestWhatOthersEnteredForMeIsMine(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		form := expense("k1", "2000.00")
		form.Set("requester", "lin")
		form.Set("do", "save")
		draft := h.post("chen", "/new/expense", form).to()
		h.get("lin", "/documents").is(200).saysNot("Visit to Hangzhou")
		h.get("lin", "/tasks/sent").is(200).saysNot("Visit to Hangzhou")
		form.Set("do", "submit")
		at := h.post("chen", draft, form).to()
		for _, list := range []string{"/documents", "/tasks/sent"} {
			h.get("lin", list).is(200).says(at, "Visit to Hangzhou")
			h.get("chen", list).is(200).says(at)
			h.get("emma", list).is(200).saysNot(at)
		}
		h.decide("wang", at, "return", "no receipt").to()
		h.get("lin", "/").is(200).says(h.word("page.home.returned", nil), at)
	})
}
