package server_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
)

func with(form map[string]any, name string, value any) map[string]any {
	form[name] = value
	return form
}

func withLine(name string, value any) map[string]any {
	form := expense("10.00")
	line := form["lines"].([]any)[0].(map[string]any)
	line[name] = value
	return form
}

func yuan(amount string) map[string]any { return map[string]any{"amount": amount, "currency": "CNY"} }

// TestWrongDocumentsAreExplained proves that every mistake is told with its code,
// its field, and words in the caller's language.
func TestWrongDocumentsAreExplained(t *testing.T) {
	h := newHouse(t)
	for _, tt := range []struct {
		name   string
		body   any
		status int
		code   string
		field  string
	}{
		{"three decimals of CNY", withLine("amount", yuan("1.001")), 422, "money.too_many_decimals", "lines[0].amount.amount"},
		{"no amount at all", withLine("amount", yuan("ten")), 422, "money.bad_amount", "lines[0].amount.amount"},
		{"a currency nobody knows", withLine("amount", map[string]any{"amount": "1.00", "currency": "XXZ"}), 422, "money.unknown_currency", "lines[0].amount.currency"},
		{"a currency of another line", withLine("amount", map[string]any{"amount": "1.00", "currency": "USD"}), 422, "line.wrong_currency", ""},
		{"a currency the type refuses", with(expense("1.00"), "currency", "KWD"), 422, "", ""},
		{"a category nobody knows", withLine("category", "yacht"), 422, "line.unknown_category", "lines[0].category"},
		{"a negative line", withLine("amount", yuan("-5.00")), 422, "line.not_positive", ""},
		{"a tax above the amount", withLine("tax", yuan("11.00")), 422, "line.tax_too_high", ""},
		{"no lines", with(expense("1.00"), "lines", []any{}), 422, "document.no_lines", "lines"},
		{"no title", with(expense("1.00"), "title", ""), 422, "document.missing", "title"},
		{"a type nobody knows", with(expense("1.00"), "type", "yacht"), 422, "document.type_unknown", "type"},
		{"an unknown property", with(expense("1.00"), "approver", "lin"), 422, "request.unknown_property", "approver"},
		{"an unknown property of a line", withLine("sanctioned", true), 422, "request.unknown_property", "lines[0].sanctioned"},
		{"a wrong type", with(expense("1.00"), "title", 7), 422, "request.wrong_type", "title"},
		{"a number for an amount", withLine("amount", 820.0), 422, "request.wrong_type", "lines[0].amount"},
		{"half an amount", withLine("amount", map[string]any{"amount": "1.00"}), 422, "request.missing", "lines[0].amount.currency"},
		{"a choice that is none", with(expense("1.00"), "urgency", "whenever"), 422, "request.not_in_list", "urgency"},
		{"a text beyond measure", with(expense("1.00"), "title", strings.Repeat("长", 201)), 422, "request.too_long", "title"},
		{"an attachment nobody uploaded", with(expense("1.00"), "attachments", []any{"018f0000-0000-7000-8000-000000000000"}), 422, "attachment.not_found", "attachments"},
		{"no JSON", `{"type":`, 400, "request.malformed", ""},
		{"nothing", `null`, 422, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, locale := range []string{"en", "zh-CN"} {
				got := h.refusalOf(tt.body, locale)
				require.Equal(t, tt.status, got.status, string(got.body))
				if tt.code != "" {
					require.Equal(t, tt.code, got.text("code"), string(got.body))
				}
				if tt.field != "" {
					require.Equal(t, tt.field, got.text("field"), string(got.body))
				}
				require.NotContains(t, got.text("detail"), "fault.")
				require.NotContains(t, got.text("detail"), "…", "every argument was given")
				require.Equal(t, locale == "zh-CN", strings.ContainsFunc(got.text("detail"), han), got.text("detail"))
			}
		})
	}
}

func han(r rune) bool { return unicode.Is(unicode.Han, r) }

// refusalOf asks for a route, which judges a content as submitting does.
func (h *house) refusalOf(body any, locale string) answer {
	return h.do(call{as: "lin", method: "POST", path: "/route", body: body, accept: locale, wrong: true})
}

// TestSeveralMistakesAreToldAtOnce proves that nobody mends one field at a time.
func TestSeveralMistakesAreToldAtOnce(t *testing.T) {
	h := newHouse(t)
	form := expense("1.001")
	form["lines"] = append(form["lines"].([]any), map[string]any{"category": "meals", "amount": yuan("x")})
	errors := h.refusalOf(form, "en").refused(422, "money.too_many_decimals").json()["errors"].([]any)
	require.Len(t, errors, 2)
	require.Equal(t, "lines[1].amount.amount", errors[1].(map[string]any)["field"])
}

func form(t *testing.T, name, content string) (io.Reader, string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, err := w.CreateFormFile("file", name)
	require.NoError(t, err)
	_, err = io.WriteString(part, content)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return &b, w.FormDataContentType()
}

const pdf = "%PDF-1.7\n%\xe2\xe3\xcf\xd3\nthe invoice\n"

func (h *house) upload(as, name, content, key string) answer {
	body, media := form(h.t.(*testing.T), name, content)
	return h.do(call{as: as, method: "POST", path: "/attachments", body: body, media: media, key: key})
}

// TestAttachments proves that a file is what it is, belongs to who sent it, and
// is given out so that no browser runs it.
func TestAttachments(t *testing.T) {
	h := newHouse(t)
	h.upload("lin", "invoice.pdf", "MZ\x90\x00program", "").refused(415, "attachment.disguised")
	h.upload("lin", "all.zip", "PK\x03\x04", "").refused(415, "attachment.not_allowed")
	h.upload("lin", "empty.pdf", "", "").refused(422, "attachment.empty")
	h.upload("lin", "large.txt", strings.Repeat("a", 64<<10+1), "").refused(413, "attachment.too_large")
	h.upload("lin", "huge.txt", strings.Repeat("a", 1<<20), "").refused(413, "request.too_large")
	kept := h.upload("lin", "../发票.pdf", pdf, "f1").is(201).json()
	require.Equal(t, "发票.pdf", kept["name"])
	require.Equal(t, "application/pdf", kept["type"])
	require.Equal(t, kept["id"], h.upload("lin", "发票.pdf", pdf, "f1").is(201).text("id"))
	h.upload("lin", "发票.pdf", pdf+"other", "f1").refused(422, "idempotency.reused")

	id := kept["id"].(string)
	read := h.do(call{as: "lin", method: "GET", path: "/attachments/" + id}).is(200)
	require.Equal(t, pdf, string(read.body))
	require.Contains(t, read.header.Get("Content-Disposition"), "attachment")
	require.Equal(t, "nosniff", read.header.Get("X-Content-Type-Options"))
	shown := h.do(call{as: "lin", method: "GET", path: "/attachments/" + id + "?inline=true"}).is(200)
	require.Equal(t, "application/pdf", shown.header.Get("Content-Type"))
	require.Contains(t, shown.header.Get("Content-Security-Policy"), "default-src 'none'")
	require.NotContains(t, shown.header.Get("Content-Security-Policy"), "sandbox") // or no viewer shows it
	picture := "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00"
	seal := h.upload("lin", "seal.png", picture, "f2").is(201).json()
	shown = h.do(call{as: "lin", method: "GET", path: "/attachments/" + seal["id"].(string) + "?inline=true"}).is(200)
	require.Equal(t, "image/png", shown.header.Get("Content-Type"))
	require.Contains(t, shown.header.Get("Content-Security-Policy"), "sandbox")
	h.do(call{as: "wang", method: "GET", path: "/attachments/" + id}).refused(404, "attachment.not_found")
	h.do(call{as: "wang", method: "POST", path: "/route", body: with(expense("1.00"), "attachments", []any{id})}).refused(422, "attachment.not_found")

	doc := h.do(call{as: "lin", method: "POST", path: "/documents", body: with(expense("2000.00"), "attachments", []any{id})}).is(201)
	h.do(call{as: "lin", method: "POST", path: "/documents/" + doc.text("id") + "/submit"}).is(201)
	h.do(call{as: "wang", method: "GET", path: "/attachments/" + id}).is(200)
}
