package pages_test

import (
	"maps"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/domain/approval"
)

func day(ahead int) string { return time.Now().AddDate(0, 0, ahead).Format(time.DateOnly) }

// journey is a well-formed travel request without an estimate.
func journey(key string) url.Values {
	return url.Values{
		"do": {"submit"}, "key": {key}, "title": {"Trade fair"}, "currency": {"CNY"}, "urgency": {"normal"},
		"entity": {"acme-cn"}, "department": {"sales"}, "line": {"0"}, "fields.destination": {"Chengdu 成都"},
		"fields.start_date": {"2026-12-01"}, "fields.end_date": {"2026-12-04"}, "fields.transport": {"train"},
		"fields.abroad": {"domestic"},
	}
}

// TestATypeOfItsOwnFields proves that a type is its file: the form asks for its
// fields, says what is wrong with each, and shows them afterwards.
func TestATypeOfItsOwnFields(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		h.get("lin", "/new").is(200).says("/new/travel_request", h.word("page.choose.payee_none", nil))
		h.get("lin", "/new/travel_request").is(200).saysNot(`name="payee"`, `name="lines.0.city"`).
			says(`name="fields.destination"`, `name="fields.start_date" type="date" max="9999-12-31"`, `<option value="flight"`)

		wrong := journey("k1")
		wrong.Set("fields.destination", "")
		wrong.Set("fields.end_date", "2026-11-30")
		wrong.Set("fields.transport", "yacht")
		p := h.post("lin", "/new/travel_request", wrong).is(422)
		for _, field := range []string{"destination", "end_date", "transport"} {
			p.says(`id="f-fields-`+field+`-error"`, `href="#f-fields-`+field+`"`)
		}
		p.says("2026-11-30").saysNot("f-fields-start_date-error", "f-lines-error")

		at := h.post("lin", "/new/travel_request", journey("k2")).to()
		h.get("lin", at).is(200).says("Chengdu 成都", "TRV-").saysNot(h.word("page.edit.payee", nil) + "</dt>")
		h.get("lin", "/documents").is(200).says("Chengdu 成都")
		h.get("emma", at).is(404)
		h.decide("zhao", at, "approve", "").to()
		document := at[len("/documents/"):]
		require.Equal(t, approval.Closed, h.state(document).Status, "nothing is booked, so it is closed")
	})
}

// state folds a document's events.
func (h *house) state(document string) approval.State {
	h.t.Helper()
	events, err := h.store.Events(h.t.Context(), document, 0, 0)
	require.NoError(h.t, err)
	state, err := approval.FoldAll(events)
	require.NoError(h.t, err)
	return state
}

// advanced is the number of an advance of lin's over 1,000.00 that is in the books.
func (h *house) advanced() string {
	h.t.Helper()
	values := expense("a1", "1000.00")
	values.Set("lines.0.category", "travel_advance")
	values.Set("lines.0.date", "")
	values.Set("fields.needed_on", day(2))
	values.Set("fields.settle_by", day(30))
	at := h.post("lin", "/new/advance", values).to()
	for _, person := range []string{"zhao", "wang"} {
		h.decide(person, at, "approve", "").to()
	}
	document := at[len("/documents/"):]
	state := h.state(document)
	_, err := h.engine.apply(h.t.Context(), document,
		approval.Settled{Reference: state.Effect.Reference, Posted: true, Number: "JV/7", ID: "7"})
	require.NoError(h.t, err)
	return state.Number
}

// TestAStandardAndAnAdvance proves that a line above a hard standard is refused
// with what is allowed, one above a soft one is shown as such, and that an advance
// is settled only as far as it is open.
func TestAStandardAndAnAdvance(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		h.get("lin", "/new/expense").is(200).saysNot(`name="offset.advance"`)
		number := h.advanced()
		h.get("lin", "/new/expense").is(200).says(`name="offset.advance"`, number, "1,000.00")
		h.get("zhao", "/new/expense").is(200).saysNot(number)

		values := expense("k1", "1200.01")
		values.Set("lines.0.category", "lodging")
		h.post("lin", "/new/expense", values).is(422).says(`id="f-lines-0-city-error"`, `id="f-lines-0-units-error"`)
		values.Set("lines.0.city", "beijing")
		values.Set("lines.0.units", "two")
		h.post("lin", "/new/expense", values).is(422).says(`id="f-lines-0-units-error"`)
		values.Set("lines.0.units", "2")
		h.post("lin", "/new/expense", values).is(422).says(`id="f-lines-0-amount-error"`, "1200.00", "0.01")
		values.Set("lines.0.amount", "700.00")
		values["line"] = []string{"0", "1"}
		for name, value := range map[string]string{
			"category": "allowance", "date": "2026-03-02", "amount": "250.00", "units": "2", "city": "beijing"} {
			values.Set("lines.1."+name, value)
		}
		values.Set("offset.advance", number)
		values.Set("offset.amount", "1000.01")
		values.Set("key", "k2")
		h.post("lin", "/new/expense", values).is(422).says(`id="f-offset-amount-error"`, "1000.00", number)
		values.Set("offset.amount", "990.00")
		at := h.post("lin", "/new/expense", values).to()
		h.get("lin", at).is(200).says(number, h.word("page.owes", nil), "40.00", h.word("page.edit.offset", nil),
			h.word("page.over_standard", map[string]string{"limit": "CNY\u00a0200.00", "over": "CNY\u00a050.00"}))
		h.get("chen", at+"/review").is(200).says(h.word("page.offset", map[string]string{"number": number}), h.word("page.owes", nil), "40.00")
		h.get("lin", "/new/expense").is(200).says("10.00")
		advance := regexp.MustCompile(`href="(/documents/[^"]+)">[^<]*</a>[^/]*` + number).FindStringSubmatch(
			h.get("lin", "/documents?q="+number).is(200).body)
		require.NotNil(t, advance)
		h.get("lin", advance[1]).is(200).says(h.word("page.advance.open", nil) + "</dt><dd>CNY\u00a010.00<")
		h.get("lin", at).is(200).saysNot(h.word("page.advance.open", nil))
		values.Set("key", "k3")
		h.post("lin", "/new/expense", values).is(422).says("f-offset-amount-error")
	})
}

const proposeType = "/policies/type/travel_request/propose"

// TestATypeIsChangedOnThePages carries a new version of a type from the form into force:
// the form is shown as it will be filled in, what changes is told in words, the second
// person sees both, old versions stay, and what runs keeps the version it was asked for with.
func TestATypeIsChangedOnThePages(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		running := h.post("lin", "/new/travel_request", journey("running")).to()
		text, err := config.Shipped.ReadFile("types/travel_request.yaml")
		require.NoError(t, err)
		const was = "title: { en: Destination, zh-CN: 目的地 }"
		require.Contains(t, string(text), was)
		yaml := strings.Replace(string(text), was, "title: { en: Goal city, zh-CN: 目标城市 }\n    hint: { en: City <b>, zh-CN: 城市 <b> }", 1)
		title := map[string]string{"en": "Goal city", "zh-CN": "目标城市"}[h.locale]
		old := map[string]string{"en": "Destination", "zh-CN": "目的地"}[h.locale]
		word := func(key string) string { return h.word("page.typechange."+key, map[string]string{"id": "destination"}) }

		form := h.get("liu", proposeType).is(200).says(`id="sheet"`, `name="fields.destination"`, old).form(proposeType)
		form.Set("yaml", yaml)
		form.Set("days", "3")
		form.Set("do", "check")
		h.post("liu", proposeType, form).is(200).says(h.word("page.check.fit", nil), title, "&lt;b&gt;", word("field"),
			word("key.hint"), `class="add"`).saysNot("City <b>", "城市 <b>")
		unknown := maps.Clone(form)
		unknown.Set("yaml", strings.Replace(yaml, "policy: travel_request", "policy: travels", 1))
		h.post("liu", proposeType, unknown).is(200).says(h.word("page.check.unfit", nil), "travels", `<pre class="quote">policy: travels`)
		broken := maps.Clone(form)
		broken.Set("yaml", strings.Replace(yaml, "kind: date", "kind: dates", 1))
		h.post("liu", proposeType, broken).is(200).says(h.word("page.check.unfit", nil)).saysNot(`id="sheet"`)
		form.Set("do", "propose")
		form.Del("note")
		h.post("liu", proposeType, form).is(422).says(h.word("page.propose.no_reason", nil), title)
		form.Set("note", "because 因为")
		at := h.post("liu", proposeType, form).to()

		decided := h.get("admin", at).is(200).says(`id="sheet"`, title, word("key.title")).form(at + "/decide")
		decided.Set("verdict", "approve")
		h.post("admin", at+"/decide", decided).to()
		h.get("lin", "/new/travel_request").is(200).says(title)
		h.get("lin", running).is(200).says("<dt>" + old + "</dt>").saysNot("<dt>" + title + "</dt>")
		later := h.post("lin", "/new/travel_request", journey("later")).to()
		h.get("lin", later).is(200).says("<dt>" + title + "</dt>")

		const page = "/policies/type/travel_request"
		h.get("lin", page+"?version=1").is(200).says(old, h.word("page.policies.older", nil)).saysNot(title)
		h.get("lin", page+"?version=2&against=1").is(200).says(word("key.title"), `class="del"`, `class="add"`)
		h.get("lin", page+"?version=2&against=9").is(404)
	})
}
