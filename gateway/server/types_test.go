package server_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
)

// journey is a well-formed travel request with one field as told; nil leaves it out.
func journey(field string, value any) map[string]any {
	fields := map[string]any{"destination": "成都", "start_date": "2026-12-01", "end_date": "2026-12-04",
		"transport": "train", "abroad": "domestic"}
	fields[field] = value
	if value == nil {
		delete(fields, field)
	}
	return map[string]any{"type": "travel_request", "title": "Trade fair", "currency": "CNY", "fields": fields}
}

// advance is a well-formed advance, with a field more where one is told.
func advance(amount, field, value string) map[string]any {
	day := func(ahead int) string { return time.Now().AddDate(0, 0, ahead).Format(time.DateOnly) }
	fields := map[string]any{"needed_on": day(2), "settle_by": day(30)}
	if field != "" {
		fields[field] = value
	}
	return map[string]any{"type": "advance", "title": "Trade fair", "currency": "CNY", "fields": fields,
		"lines": []any{map[string]any{"category": "travel_advance", "amount": yuan(amount)}}}
}

// settling is a report over an amount that settles so much of an advance.
func settling(amount, number, settle string) map[string]any {
	return with(expense(amount), "offset", map[string]any{"advance": number, "amount": yuan(settle)})
}

// TestWrongFieldsAreExplained proves that a type's own fields are refused one by
// one, with code, field and words in the caller's language.
func TestWrongFieldsAreExplained(t *testing.T) {
	h := newHouse(t)
	h.do(call{as: "lin", method: "POST", path: "/route", body: journey("destination", "成都")}).is(200)
	for _, tt := range []struct {
		name  string
		body  any
		code  string
		field string
	}{
		{"a missing field", journey("destination", nil), "document.missing", "fields.destination"},
		{"no day", journey("start_date", "tomorrow"), "document.bad_date", "fields.start_date"},
		{"back before it begins", journey("end_date", "2026-11-30"), "document.below_min", "fields.end_date"},
		{"no choice", journey("transport", "yacht"), "document.bad_choice", "fields.transport"},
		{"a field of elsewhere", journey("supplier", "SUP001"), "document.unknown_field", "fields.supplier"},
		{"a payee of nobody's", with(journey("destination", "x"), "payee", map[string]any{"kind": "supplier", "id": "SUP001"}), "document.wrong_payee", "payee"},
		{"a document that is not there", advance("1.00", "travel_request", "TRV-2026-999999"), "document.unknown_document", "fields.travel_request"},
		{"no advance", settling("1.00", "ADV-2026-999999", "1.00"), "offset.unknown_advance", "offset.advance"},
		{"an advance of a type that has none", with(journey("destination", "x"), "offset", map[string]any{"advance": "ADV-2026-000001", "amount": yuan("1.00")}), "offset.not_for_type", "offset"},
		{"half a fen", settling("1.00", "ADV-2026-000001", "0.005"), "money.too_many_decimals", "offset.amount.amount"},
		{"a city nobody knows", withLine("city", "atlantis"), "line.unknown_city", "lines[0].city"},
		{"nights of a train", withLine("units", 2), "line.no_units", "lines[0].units"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, locale := range []string{"en", "zh-CN"} {
				got := h.refusalOf(tt.body, locale)
				require.Equal(t, []string{tt.code, tt.field}, []string{got.text("code"), got.text("field")}, string(got.body))
				require.NotContains(t, got.text("detail"), "{")
				require.Equal(t, locale == "zh-CN", strings.ContainsFunc(got.text("detail"), han), got.text("detail"))
			}
		})
	}
}

func (h *house) state(document string) approval.State {
	h.t.Helper()
	events, err := h.store.Events(h.t.Context(), document, 0, 0)
	require.NoError(h.t, err)
	state, err := approval.FoldAll(events)
	require.NoError(h.t, err)
	return state
}

// submittedAs is a document of any type as its submission answered.
func (h *house) submittedAs(as string, form map[string]any) map[string]any {
	h.t.Helper()
	id := h.do(call{as: as, method: "POST", path: "/documents", body: form}).is(201).text("id")
	return h.do(call{as: as, method: "POST", path: "/documents/" + id + "/submit"}).is(201).json()
}

// TestAnAdvanceIsAskedForPaidAndSettled tells the story of a journey: allowed,
// advanced, and reported twice, the second time for more than is left.
func TestAnAdvanceIsAskedForPaidAndSettled(t *testing.T) {
	h := newHouse(t)
	trip := h.submittedAs("lin", journey("destination", "成都"))
	number := trip["number"].(string)
	h.do(call{as: "lin", method: "POST", path: "/route", body: advance("1.00", "travel_request", number), wrong: true}).
		refused(422, "document.unknown_document") // not approved yet
	h.decide("zhao", trip["id"].(string), "approve", "").is(200)
	require.Equal(t, approval.Closed, h.state(trip["id"].(string)).Status)
	h.do(call{as: "max", method: "POST", path: "/route", body: advance("1.00", "travel_request", number), wrong: true}).is(422)

	loan := h.submittedAs("lin", advance("1000.00", "travel_request", number))
	id, loanNumber := loan["id"].(string), loan["number"].(string)
	h.do(call{as: "lin", method: "POST", path: "/route", body: settling("1.00", loanNumber, "1.00"), wrong: true}).
		refused(422, "offset.not_posted")
	for _, person := range []string{"zhao", "wang"} {
		h.decide(person, id, "approve", "").is(200)
	}
	_, err := h.engine.apply(t.Context(), id, approval.Settled{
		Reference: h.state(id).Effect.Reference, Posted: true, Number: "JV/7", ID: "7"})
	require.NoError(t, err)

	h.do(call{as: "zhao", method: "POST", path: "/route", body: settling("1.00", loanNumber, "1.00"), wrong: true}).
		refused(422, "offset.unknown_advance") // somebody else's is as good as none
	report := h.submittedAs("lin", settling("820.00", loanNumber, "820.00"))
	offset := report["content"].(map[string]any)["offset"].(map[string]any)
	require.Equal(t, map[string]any{"document": id, "advance": loanNumber, "amount": yuan("820.00")}, offset)
	open := h.do(call{as: "lin", method: "GET", path: "/advances"}).is(200).json()["items"].([]any)
	require.Equal(t, []any{map[string]any{"document": id, "number": loanNumber, "total": yuan("1000.00"), "open": yuan("180.00")}}, open)
	require.Empty(t, h.do(call{as: "wang", method: "GET", path: "/advances"}).is(200).json()["items"])

	second := h.do(call{as: "lin", method: "POST", path: "/documents", body: settling("500.00", loanNumber, "180.01")}).is(201).text("id")
	refused := h.do(call{as: "lin", method: "POST", path: "/documents/" + second + "/submit", accept: "zh-CN"}).
		refused(422, "offset.exceeds_open")
	require.Contains(t, refused.text("detail"), "180.00")
	h.do(call{as: "lin", method: "PUT", path: "/documents/" + second, body: settling("500.00", loanNumber, "180.00")}).is(200)
	h.do(call{as: "lin", method: "POST", path: "/documents/" + second + "/submit"}).is(201)
	require.Empty(t, h.do(call{as: "lin", method: "GET", path: "/advances"}).is(200).json()["items"])
}

// TestATableTellsNightsAndCities proves that a table submits what its standard
// allows and refuses the row above it, or with nights that are no number.
func TestATableTellsNightsAndCities(t *testing.T) {
	h := newHouse(t)
	table := "key,type,title,requester,currency,category,date,amount,city,units\r\n" +
		"a,expense,within,lin,CNY,lodging,2026-03-02,1200.00,beijing,2\r\n" +
		"b,expense,above,lin,CNY,lodging,2026-03-02,1200.01,beijing,2\r\n" +
		"c,expense,unclear,lin,CNY,lodging,2026-03-02,1.00,beijing,two\r\n"
	id := h.do(call{as: "wang", method: "POST", path: "/imports", body: table, media: "text/csv"}).is(202).text("id")
	h.drain()
	state := h.do(call{as: "wang", method: "GET", path: "/imports/" + id}).is(200)
	require.InDelta(t, 3, state.json()["total"], 0)
	require.InDelta(t, 1, state.json()["done"], 0)
	for _, code := range []string{"line.over_standard", "line.missing_nights"} {
		require.Contains(t, string(state.body), code)
	}
	docs := h.do(call{as: "wang", method: "GET", path: "/documents?submitter=wang"}).is(200).json()["items"].([]any)
	require.Len(t, docs, 1)
	read := h.do(call{as: "wang", method: "GET", path: "/documents/" + docs[0].(map[string]any)["id"].(string)}).is(200).json()
	line := read["content"].(map[string]any)["lines"].([]any)[0].(map[string]any)
	require.Equal(t, map[string]any{"limit": yuan("1200.00"), "over": yuan("0.00")}, line["standard"])
}
