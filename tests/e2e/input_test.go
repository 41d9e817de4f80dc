package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"mime/multipart"
	"net/http"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/walk"
)

// wrong is one way to fill a form in badly, and what is answered.
type wrong struct {
	what   string
	spoil  func(*walk.Form)
	code   string
	field  string
	status int
}

func line(change func(*walk.Line)) func(*walk.Form) {
	return func(f *walk.Form) { change(&f.Lines[0]) }
}

var wrongs = []wrong{
	{"a currency the type does not take", func(f *walk.Form) {
		f.Currency, f.Lines[0].Amount.Currency = "KWD", "KWD"
		f.Lines[0].Amount.Amount = "12.000"
	}, "document.bad_currency", "currency", 422},
	{"a line in another currency", line(func(l *walk.Line) { l.Amount.Currency = "EUR" }),
		"line.wrong_currency", "lines[0].amount", 422},
	{"a currency that is none", line(func(l *walk.Line) { l.Amount.Currency = "ZZZ" }),
		"money.unknown_currency", "lines[0].amount.currency", 422},
	{"three decimals", line(func(l *walk.Line) { l.Amount.Amount = "1000.005" }),
		"money.too_many_decimals", "lines[0].amount.amount", 422},
	{"no number", line(func(l *walk.Line) { l.Amount.Amount = "lots" }),
		"money.bad_amount", "lines[0].amount.amount", 422},
	{"too large to be counted", line(func(l *walk.Line) { l.Amount.Amount = "99999999999999999999" }),
		"money.too_large", "lines[0].amount.amount", 422},
	{"more than the type allows", line(func(l *walk.Line) { l.Amount.Amount = "10000000.01" }),
		"document.too_much", "lines", 422},
	{"an unknown category", line(func(l *walk.Line) { l.Category = "yacht" }),
		"line.unknown_category", "lines[0].category", 422},
	{"a negative line", line(func(l *walk.Line) { l.Amount.Amount = "-5.00" }),
		"line.not_positive", "lines[0].amount", 422},
	{"nothing", line(func(l *walk.Line) { l.Amount.Amount = "0.00" }), "line.not_positive", "lines[0].amount", 422},
	{"more tax than money", line(func(l *walk.Line) { l.Tax = &walk.Money{Amount: "1200.01", Currency: "CNY"} }),
		"line.tax_too_high", "lines[0].tax", 422},
	{"negative tax", line(func(l *walk.Line) { l.Tax = &walk.Money{Amount: "-1.00", Currency: "CNY"} }),
		"line.negative_tax", "lines[0].tax", 422},
	{"a date that is none", line(func(l *walk.Line) { l.Date = "2026-02-30" }), "line.bad_date", "lines[0].date", 422},
	{"tomorrow's dinner", line(func(l *walk.Line) { l.Date = "2999-01-01" }), "line.future_date", "lines[0].date", 422},
	{"no date", line(func(l *walk.Line) { l.Date = "" }), "line.missing_date", "lines[0].date", 422},
	{"no lines", func(f *walk.Form) { f.Lines = []walk.Line{} }, "document.no_lines", "lines", 422},
	{"a type that is none", func(f *walk.Form) { f.Type = "gift" }, "document.type_unknown", "type", 422},
	{"a field of another type", func(f *walk.Form) { f.Fields = map[string]string{"yacht": "yes"} },
		"document.unknown_field", "fields.yacht", 422},
	{"somebody else is paid", func(f *walk.Form) { f.Payee = map[string]string{"kind": "supplier", "id": "SUP001"} },
		"document.wrong_payee", "payee", 422},
	{"an urgency that is none", func(f *walk.Form) { f.Urgency = "yesterday" }, "request.not_in_list", "urgency", 422},
	{"a file that is none", func(f *walk.Form) { f.Attachments = []string{"00000000-0000-0000-0000-000000000000"} },
		"attachment.not_found", "attachments", 422},
	{"a text that hides something", func(f *walk.Form) { f.Lines[0].Description = "a\u202eb" },
		"document.bad_text", "lines[0].description", 422},
}

func (s *scene) badInput() {
	for i, w := range wrongs {
		var texts []string
		for _, locale := range []string{"zh-CN", "en"} {
			f := expense("坏数据 "+w.what+" "+locale, "1200.00")
			w.spoil(&f)
			lin := s.as("lin")
			lin.Locale = locale
			_, err := lin.Submit(s.ctx, f, s.key())
			var problem *walk.Problem
			require.True(s, errors.As(err, &problem), "%s was not refused: %v", w.what, err)
			require.Equal(s, w.status, problem.Status, "%s: %v", w.what, problem)
			require.Equal(s, w.code, problem.Code, "%s: %v", w.what, problem)
			require.Equal(s, w.field, problem.Field, "%s: %v", w.what, problem)
			require.NotContains(s, problem.Detail, "{", w.what)
			texts = append(texts, problem.Detail)
			s.leavesNothing(f.Title)
		}
		require.NotEqual(s, texts[0], texts[1], "case %d, %s: each language has words of its own", i, w.what)
		require.True(s, strings.ContainsFunc(texts[0], func(r rune) bool { return r >= '一' }), texts[0])
	}
	s.unknownField()
}

// leavesNothing holds that a refused form is nothing but a draft.
func (s *scene) leavesNothing(title string) {
	s.Helper()
	require.Zero(s, s.count(`
		SELECT count(*) FROM documents d WHERE d.title = $1 AND (d.status <> 'draft' OR d.number IS NOT NULL
		   OR EXISTS (SELECT 1 FROM events e WHERE e.stream = d.id)
		   OR EXISTS (SELECT 1 FROM starts o WHERE o.document = d.id)
		   OR EXISTS (SELECT 1 FROM notices n WHERE n.document = d.id))`, title), title)
}

// unknownField sends what no form has: who approves is not for the author to say.
func (s *scene) unknownField() {
	for _, name := range []string{"approver", "status", "total"} {
		text, err := json.Marshal(expense("坏数据 "+name, "1200.00"))
		require.NoError(s, err)
		var body map[string]any
		require.NoError(s, json.Unmarshal(text, &body))
		body[name] = "lin"
		_, err = s.as("lin").Call(s.ctx, http.MethodPost, "/documents", s.key(), body, nil)
		problem := s.refused(err, http.StatusUnprocessableEntity, "request.unknown_property")
		require.Equal(s, name, problem.Field)
		require.Zero(s, s.count(`SELECT count(*) FROM documents WHERE title = $1`, "坏数据 "+name))
	}
}

func (s *scene) badFiles() {
	before := s.count(`SELECT count(*) FROM attachments`)
	for _, tt := range []struct {
		name, code string
		content    []byte
		status     int
	}{
		{"发票.pdf", "attachment.disguised", []byte("MZ\x90\x00 this program cannot be run"), 415},
		{"photo.png", "attachment.disguised", []byte("<html><script>alert(1)</script></html>"), 415},
		{"run.exe", "attachment.not_allowed", []byte("MZ"), 415},
		{"page.svg", "attachment.not_allowed", []byte("<svg/>"), 415},
		{"empty.pdf", "attachment.empty", nil, 422},
		{"large.pdf", "attachment.too_large", append([]byte("%PDF-1.7\n"), make([]byte, 20<<20)...), 413},
		{"huge.pdf", "request.too_large", append([]byte("%PDF-1.7\n"), make([]byte, 21<<20)...), 413},
	} {
		for _, locale := range []string{"zh-CN", "en"} {
			_, err := s.upload("lin", locale, tt.name, tt.content)
			problem := s.refused(err, tt.status, tt.code)
			require.NotContains(s, problem.Detail, "{")
		}
	}
	require.Equal(s, before, s.count(`SELECT count(*) FROM attachments`), "nothing was kept")
	kept, err := s.upload("lin", "zh-CN", "票据.pdf", []byte("%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"))
	require.NoError(s, err)
	f := expense("带附件", "1200.00")
	f.Attachments = []string{kept}
	d := s.submit("lin", f)
	_, err = s.as("emma").Call(s.ctx, http.MethodGet, "/attachments/"+kept, "", nil, nil)
	s.refused(err, http.StatusNotFound, "attachment.not_found")
	s.task("wang", d.ID)
	require.Equal(s, 1, s.count(`SELECT count(*) FROM attached WHERE document = $1`, d.ID))
}

// upload sends one file as a browser or program would; the id comes back.
func (s *scene) upload(person, locale, name string, content []byte) (string, error) {
	var form bytes.Buffer
	parts := multipart.NewWriter(&form)
	part, err := parts.CreateFormFile("file", name)
	require.NoError(s, err)
	_, err = part.Write(content)
	require.NoError(s, err)
	require.NoError(s, parts.Close())
	request, err := http.NewRequestWithContext(s.ctx, http.MethodPost, s.house.URL+"/api/v1/attachments", &form)
	require.NoError(s, err)
	request.Header.Set("Authorization", "Bearer "+s.house.Tokens[person])
	request.Header.Set("Content-Type", parts.FormDataContentType())
	request.Header.Set("Accept-Language", locale)
	request.Header.Set("Idempotency-Key", s.key())
	response, err := http.DefaultClient.Do(request)
	require.NoError(s, err, name)
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusCreated {
		problem := &walk.Problem{Status: response.StatusCode}
		require.NoError(s, json.NewDecoder(response.Body).Decode(problem))
		return "", problem
	}
	var kept struct {
		ID string `json:"id"`
	}
	return kept.ID, json.NewDecoder(response.Body).Decode(&kept)
}
