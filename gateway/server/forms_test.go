package server_test

import (
	"bytes"
	"image"
	"image/png"
	"testing"
	"time"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/notice"
)

// invoicePicture is a picture with the code of an invoice.
func invoicePicture(t *testing.T, text string) string {
	t.Helper()
	code, err := qrcode.NewQRCodeWriter().Encode(text, gozxing.BarcodeFormat_QR_CODE, 200, 200, nil)
	require.NoError(t, err)
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, image.Image(code)))
	return b.String()
}

// TestWritingIsHelped walks the API that helps to write a document: what a submission
// would say, what the lines may cost, what was used before, what an invoice says.
func TestWritingIsHelped(t *testing.T) {
	h := newHouse(t)
	const number = "24312000000136634917"
	file := h.upload("lin", "hotel.png", invoicePicture(t, "01,32,,"+number+",500.00,20260302,,1DD6"), "").is(201).text("id")
	read := h.do(call{as: "lin", method: "GET", path: "/attachments/" + file + "/invoice"}).is(200)
	require.Equal(t, []string{"read", number, "2026-03-02"}, []string{read.text("reading"), read.text("reference"), read.text("date")})
	require.Equal(t, yuan("500.00"), read.json()["gross"])
	h.do(call{as: "wang", method: "GET", path: "/attachments/" + file + "/invoice"}).refused(404, "attachment.not_found")

	hotel := func(amount, invoice string) map[string]any {
		body := expense(amount)
		line := body["lines"].([]any)[0].(map[string]any)
		line["category"], line["city"], line["units"] = "lodging", "beijing", 1
		line["invoice"], line["attachments"] = invoice, []any{file}
		return body
	}
	check := func(as string, body any) map[string]any {
		return h.do(call{as: as, method: "POST", path: "/check", body: body}).is(200).json()
	}
	found := check("lin", with(hotel("700.00", number), "title", ""))
	require.Len(t, found["faults"], 1)
	require.Equal(t, "title", found["faults"].([]any)[0].(map[string]any)["field"])
	require.Equal(t, []any{map[string]any{"line": 1.0, "limit": yuan("600.00"), "over": yuan("100.00")}}, found["limits"])
	require.Empty(t, found["reused"])

	submitted := h.do(call{as: "lin", method: "POST", path: "/documents?submit=true", body: hotel("500.00", number)}).is(201)
	again := check("lin", hotel("500.00", " ２4312000000136634917"))["reused"].([]any)
	require.Len(t, again, 2, "the number, however it is typed, and the file")
	require.Equal(t, submitted.text("number"), again[0].(map[string]any)["number"])
	stranger := h.do(call{as: "zhao", method: "GET", path: "/reuse?invoice=" + number}).is(200).json()["items"].([]any)
	other := h.do(call{as: "emma", method: "GET", path: "/reuse?invoice=" + number}).is(200).json()["items"].([]any)
	require.Equal(t, []any{map[string]any{"invoice": number}}, other, "another document, and not which")
	require.Len(t, stranger, 1)

	twice := hotel("300.00", "24312000000136634918")
	twice["lines"] = append(twice["lines"].([]any), hotel("300.00", "24312000000136634918")["lines"].([]any)[0])
	twins := check("emma", with(twice, "lines", without(twice["lines"].([]any), "attachments")))["reused"].([]any)
	require.Equal(t, []any{map[string]any{"field": "lines[1].invoice", "invoice": "24312000000136634918", "twin": "lines[0].invoice"}}, twins)

	calendars, err := calendar.Shipped()
	require.NoError(t, err)
	for _, c := range calendars {
		require.NoError(t, h.store.ShipCalendar(t.Context(), c))
	}
	route := h.do(call{as: "lin", method: "POST", path: "/route", body: expense("5000.00")}).is(200).json()["steps"].([]any)
	first, last := route[0].(map[string]any), route[len(route)-1].(map[string]any)
	begun, err := time.Parse(time.RFC3339, first["latest_at"].(string))
	require.NoError(t, err)
	over, err := time.Parse(time.RFC3339, last["latest_at"].(string))
	require.NoError(t, err)
	require.True(t, begun.After(time.Now()) && over.After(begun), "%s, %s", begun, over)
}

// without leaves a property out of every line.
func without(lines []any, name string) []any {
	for _, line := range lines {
		delete(line.(map[string]any), name)
	}
	return lines
}

// TestOnBehalf: who may not enter documents for a colleague is refused by every way in.
func TestOnBehalf(t *testing.T) {
	h := newHouse(t)
	for _, tt := range []struct{ as, requester, code string }{
		{"lin", "zhao", "document.not_on_behalf"},
		{"zhao", "lin", ""}, // heads lin's department
		{"wang", "lin", ""}, // finance of lin's entity
		{"lin", "lin", ""},
	} {
		asked := call{as: tt.as, method: "POST", path: "/documents?submit=true", body: with(expense("10.00"), "requester", tt.requester)}
		if got := h.do(asked); tt.code == "" {
			got.is(201)
			require.Equal(t, []string{tt.requester, tt.as}, []string{got.text("requester"), got.text("submitter")})
			require.Equal(t, tt.requester != tt.as, h.toldEntered(tt.requester, got.text("id")), "%v", tt)
		} else {
			require.Equal(t, tt.code, got.text("code"), tt)
			require.Equal(t, "requester", got.text("field"))
		}
	}
	h.do(call{as: "lin", method: "POST", path: "/documents", body: with(expense("10.00"), "requester", "zhao")}).refused(403, "document.not_on_behalf")
	h.auditClean()
}

// toldEntered says whether somebody was told that a colleague submitted a document for them.
func (h *house) toldEntered(person, document string) bool {
	for _, item := range h.items(person, "/notices") {
		n := item.(map[string]any)
		if n["kind"] == notice.EnteredFor && n["document"] == document {
			return true
		}
	}
	return false
}

// TestTemplatesAndDrafts: a template keeps what is said again and again, and a draft that
// was saved elsewhere is not written over.
func TestTemplatesAndDrafts(t *testing.T) {
	h := newHouse(t)
	kept := h.do(call{as: "lin", method: "POST", path: "/templates",
		body: map[string]any{"name": " Monthly  trip ", "content": expense("10.00")}}).is(201)
	require.Equal(t, "Monthly trip", kept.text("name"))
	lines := kept.json()["content"].(map[string]any)["lines"].([]any)[0].(map[string]any)
	require.Nil(t, lines["date"], "a date is of one occasion")
	require.Equal(t, yuan("10.00"), lines["amount"])
	h.do(call{as: "lin", method: "POST", path: "/templates", body: map[string]any{"name": " ", "content": expense("1.00")}}).refused(422, "template.bad_name")
	require.Empty(t, h.items("wang", "/templates"))
	h.do(call{as: "wang", method: "DELETE", path: "/templates/" + kept.text("id")}).refused(404, "template.not_found")
	h.do(call{as: "lin", method: "DELETE", path: "/templates/" + kept.text("id")}).is(204)
	require.Empty(t, h.items("lin", "/templates"))

	draft := h.do(call{as: "lin", method: "POST", path: "/documents", body: expense("1.00")}).is(201)
	at := "/documents/" + draft.text("id") + "?seen=" + draft.text("updated_at")
	h.do(call{as: "lin", method: "PUT", path: at, body: expense("2.00")}).is(200)
	h.do(call{as: "lin", method: "PUT", path: at, body: expense("3.00")}).refused(409, "draft.saved_elsewhere")
	h.do(call{as: "lin", method: "PUT", path: at, body: expense("2.00")}).is(200)
}
