package outside

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"github.com/countersign/countersign/adapters/directory"
	"github.com/countersign/countersign/adapters/directory/scim"
	"github.com/countersign/countersign/adapters/directory/table"
	"github.com/countersign/countersign/adapters/drop/rows"
	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/adapters/erp/httpjson"
	"github.com/countersign/countersign/adapters/erp/soapxml"
	"github.com/countersign/countersign/adapters/im"
	callback "github.com/countersign/countersign/adapters/im/port"
	"github.com/countersign/countersign/domain/invoice"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/domain/voucher"
	"github.com/countersign/countersign/platform/archive"
	"github.com/countersign/countersign/platform/jsonread"
	"github.com/countersign/countersign/policy/inbound"
	"github.com/countersign/countersign/policy/source"
)

// answering is the address of a server that says one thing.
func answering(t *testing.T, media string, text []byte) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", media)
		_, _ = w.Write(text)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// finds has an adapter look for a voucher, and be answered with a text.
func finds(c erp.Config, media string) func(*testing.T, []byte) error {
	return func(t *testing.T, text []byte) error {
		t.Helper()
		c.URL, c.Currency, c.Timeout = answering(t, media, text), "CNY", 20*time.Second
		p, err := erp.Open(c)
		require.NoError(t, err)
		_, err = p.Find(t.Context(), "v:1:accrual:1")
		return err
	}
}

func xmls(t *testing.T) []parser {
	t.Helper()
	const number = "26112000000012345678"
	bill := `<?xml version="1.0" encoding="UTF-8"?><EInvoice><EIid>` + number + `</EIid><TotalTaxAm>6.00</TotalTaxAm></EInvoice>`
	const soap = `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>` +
		`<l:FindVouchersResponse xmlns:l="http://example.com/ledger/1"><l:vouchers></l:vouchers></l:FindVouchersResponse></e:Body></e:Envelope>`
	const list = "<l:vouchers></l:vouchers>"
	const posted = `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><n:JournalEntryBulkCreateConfirmation xmlns:n="http://sap.com/xi/SAPSCORE/SFIN">` +
		`<JournalEntryCreateConfirmation><MessageHeader><ReferenceID>%s</ReferenceID></MessageHeader><JournalEntryCreateConfirmation>` +
		`<AccountingDocument>0000100001</AccountingDocument><CompanyCode>1310</CompanyCode><FiscalYear>2026</FiscalYear></JournalEntryCreateConfirmation>` +
		`<Log><Item><SeverityCode>1</SeverityCode></Item></Log></JournalEntryCreateConfirmation></n:JournalEntryBulkCreateConfirmation></e:Body></e:Envelope>`
	const pressed = `<xml><Encrypt>sealed</Encrypt></xml>`
	plain := map[string]string{ratio: notPacked, path: namesNone}
	return []parser{
		{"the XML of an invoice", bill, also(spoiled(bill, "<EInvoice>"), twice, strings.Replace(bill, "</EInvoice>",
			"<TotalTaxAm>9.00</TotalTaxAm></EInvoice>", 1)), plain, func(_ *testing.T, text []byte) error {
			if _, ok := invoice.ReadXML(bytes.NewReader(text)); !ok {
				return errors.New("no invoice")
			}
			return nil
		}},
		{"an answer in SOAP by a mapping", soap, also(spoiled(soap, "<l:vouchers>"), twice, strings.Replace(soap, list, list+list, 1)), plain,
			finds(erp.Config{Provider: "soap", Mapping: "ledger", User: "u", Secret: "secret"}, "text/xml")},
		{"an attribute twice in SOAP", soap, also(spoiled(soap, "<l:vouchers>"), twice,
			strings.Replace(soap, "<l:vouchers>", `<l:vouchers a="1" a="2">`, 1)), plain,
			finds(erp.Config{Provider: "soap", Mapping: "ledger", User: "u", Secret: "secret"}, "text/xml")},
		{"an answer of SAP in SOAP", posted, spoiled(posted, "<Log>"), map[string]string{ratio: notPacked, path: namesNone,
			twice: "Post reads the entry back by its reference; no value of the answer is kept"}, confirmed},
		{"a callback of WeCom", pressed, also(spoiled(pressed, "<xml>"), twice, strings.Replace(pressed, "</xml>", "<Encrypt>other</Encrypt></xml>", 1)),
			plain, func(t *testing.T, text []byte) error {
				t.Helper()
				app, err := im.Open(im.Config{Provider: "wecom", Name: "wecom", Tenant: "corp", App: "1", Secret: "secret", Token: "token",
					Key: callback.Secret(strings.Repeat("A", 43))})
				require.NoError(t, err)
				_, err = app.Hear(t.Context(), callback.Request{Method: http.MethodPost, Body: text, At: time.Now(),
					Query: url.Values{"timestamp": {strconv.FormatInt(time.Now().Unix(), 10)}, "nonce": {"n"}, "msg_signature": {"x"}}})
				require.Error(t, err, "it is not signed")
				if strings.Contains(err.Error(), "signature") {
					return nil // it was read
				}
				return err
			}},
	}
}

// confirmed has SAP's adapter post, and be answered with a text in which %s is the message.
func confirmed(t *testing.T, text []byte) error {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var sent bytes.Buffer
		_, _ = sent.ReadFrom(r.Body)
		_, after, _ := strings.Cut(sent.String(), "<JournalEntryCreateRequest>")
		_, after, _ = strings.Cut(after, "<ID>")
		id, _, _ := strings.Cut(after, "</ID>")
		w.Header().Set("Content-Type", "text/xml")
		_, _ = w.Write(bytes.Replace(text, []byte("%s"), []byte(id), 1))
	}))
	t.Cleanup(server.Close)
	p, err := erp.Open(erp.Config{Provider: "sap", URL: server.URL, Company: "1310", User: "u", Secret: "secret", Currency: "CNY",
		Options: map[string]string{"created_by": "CS"}, Timeout: 20 * time.Second})
	require.NoError(t, err)
	amount := money.Amount{Minor: 100, Currency: "CNY"}
	_, err = p.Create(t.Context(), voucher.Voucher{Reference: "v:1:accrual:1", Date: "2026-03-31", Entries: []voucher.Entry{
		{Side: voucher.Debit, Account: "6602", Amount: amount, Base: amount},
		{Side: voucher.Credit, Account: "1002", Amount: amount, Base: amount}}})
	return err
}

func jsons(t *testing.T) []parser {
	t.Helper()
	nested := strings.Repeat(`{"a":`, 200) + "1" + strings.Repeat("}", 200)
	much := strings.Repeat("x", 20<<20)
	tried := func(good, name string) map[string]string {
		with := func(inside string) string { return "{" + inside + "," + good[1:] }
		return map[string]string{deep: with(`"deep":` + nested), large: with(`"much":"` + much + `"`),
			twice: with(name), malformed: with("\"broken\":\"\xff\"")}
	}
	none := map[string]string{external: noEntities, laughs: noEntities, ratio: notPacked, path: namesNone}
	bounded := map[string]string{large: "who reads it bounds it: desk.ImportLineMax, the gateway's limit of a body"}
	for trick, reason := range none {
		bounded[trick] = reason
	}
	behind := tried(`{"rows":1}`, `"rows":2`)
	delete(behind, large)
	return []parser{
		{"a message of another system", `{"id":1}`, tried(`{"id":1}`, `"id":2`), none, func(_ *testing.T, text []byte) error {
			_, err := inbound.Read(text)
			return err
		}},
		{"a callback in JSON", `{"id":1}`, tried(`{"id":1}`, `"ID":2`), none, func(_ *testing.T, text []byte) error {
			return callback.ReadStrict(text, &struct{}{})
		}},
		{"an answer in JSON by a mapping", `{"vouchers":[]}`, tried(`{"vouchers":[]}`, `"vouchers":[1]`), none,
			finds(erp.Config{Provider: "httpjson", Mapping: "sandbox"}, "application/json")},
		{"an answer of SAP in JSON", `{"d":{"results":[]}}`, tried(`{"d":{"results":[]}}`, `"d":{"results":[1]}`), none,
			finds(erp.Config{Provider: "sap", Company: "1310", User: "u", Secret: "secret", Options: map[string]string{"created_by": "CS"}},
				"application/json")},
		{"a list of a directory", `{"totalResults":0,"Resources":[]}`, tried(`{"totalResults":0,"Resources":[]}`, `"totalresults":1`), none,
			func(t *testing.T, text []byte) error {
				t.Helper()
				_, err := scim.Open(directory.Config{ID: "d", URL: answering(t, "application/scim+json", text), Private: true}).List(t.Context())
				return err
			}},
		{"a row of an import, and what a directory sends", `{"rows":1}`, behind, bounded, func(_ *testing.T, text []byte) error {
			return jsonread.Check(text, jsonread.Limits{Depth: 20, Folded: true})
		}},
	}
}

func yamls(t *testing.T) []parser {
	t.Helper()
	aliases := "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for n := 1; n < 10; n++ {
		aliases += fmt.Sprintf("a%d: &a%d [%s]\n", n, n, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", n-1), 10), ", "))
	}
	none := map[string]string{external: noEntities + ", and a tag makes nothing", ratio: notPacked, path: namesNone}
	shipped := func(name string) string {
		text, err := os.ReadFile(filepath.Join("..", "..", "adapters", "erp", filepath.FromSlash(name)))
		require.NoError(t, err)
		return string(text)
	}
	tried := func(good string) map[string]string {
		return map[string]string{laughs: aliases + good, deep: "deep: " + strings.Repeat("[", 100_000) + "\n" + good,
			large: good + strings.Repeat("# much\n", 400_000), twice: good + "\nname: again\n", malformed: good + "# \xff\n"}
	}
	soap, http := shipped("soapxml/ledger.yaml"), shipped("httpjson/sandbox.yaml")
	return []parser{
		{"a mapping for SOAP", soap, tried(soap), none, func(_ *testing.T, text []byte) error {
			_, err := soapxml.ParseMapping(text)
			return err
		}},
		{"a mapping for HTTP", http, tried(http), none, func(_ *testing.T, text []byte) error {
			_, err := httpjson.ParseMapping(text)
			return err
		}},
		{"a policy, a type, a mapping of ours", "name: one\n", tried("name: one\n"), none, func(_ *testing.T, text []byte) error {
			_, err := source.Read("x.yaml", text, &struct {
				Name string `yaml:"name"`
			}{})
			return err
		}},
	}
}

func tables(t *testing.T) []parser {
	t.Helper()
	none := map[string]string{external: noEntities, laughs: noEntities, deep: flat, ratio: notPacked, path: namesNone}
	long := func(columns string, n int) string {
		var all strings.Builder
		all.WriteString(columns + "\n")
		for i := range n {
			fmt.Fprintf(&all, "p%d\n", i)
		}
		return all.String()
	}
	masters := func(t *testing.T, text []byte) error {
		t.Helper()
		folder, master := t.TempDir(), t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(master, "accounts.csv"), text, 0o600))
		p, err := erp.Open(erp.Config{Provider: "filedrop", Currency: "CNY", Options: map[string]string{"folder": folder, "master": master}})
		require.NoError(t, err)
		_, err = p.Sync(t.Context(), time.Time{})
		return err
	}
	return []parser{
		{"a table of a drop", "a,b\n1,2\n", map[string]string{large: long("a", 30_000), twice: "a,A,a\n1,2,3\n", malformed: "a\n\xff\xff\n"}, none,
			func(_ *testing.T, text []byte) error {
				_, err := rows.Read("x.csv", text, rows.Options{})
				return err
			}},
		{"a table of a directory", "id\nlin\n", map[string]string{large: "id\n" + strings.Repeat("x", 17<<20), twice: "id,name,ID\n1,2,3\n",
			malformed: "id,name\n1,\xff\n"}, none, func(t *testing.T, text []byte) error {
			t.Helper()
			file := filepath.Join(t.TempDir(), "people.csv")
			require.NoError(t, os.WriteFile(file, text, 0o600))
			_, err := table.Open(directory.Config{ID: "d", Path: file}).List(t.Context())
			return err
		}},
		{"a table of people", "id,left\nlin,yes\n", map[string]string{large: long("id", 100_002), twice: "id,name,ID\n1,2,3\n",
			malformed: "id,name\n1,\xff\n"}, none, func(_ *testing.T, text []byte) error {
			return org.ReadTable(text, &org.Snapshot{People: map[string]org.Person{"lin": {ID: "lin", Name: "Lin"}}}).Err()
		}},
		{"master data beside dropped files", "code,name,party\n6602,Costs,\n", map[string]string{large: long("code,name", 3_000_000),
			twice: "code,name\n6602,a\n6602,b\n", malformed: "code,name\n6602,\xff\n"}, none, masters},
	}
}

// zipped is an archive of entries: name, content, name, content …
func zipped(t *testing.T, entries ...string) string {
	t.Helper()
	var text bytes.Buffer
	z := zip.NewWriter(&text)
	for i := 0; i < len(entries); i += 2 {
		w, err := z.Create(entries[i])
		require.NoError(t, err)
		_, err = w.Write([]byte(entries[i+1]))
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	return text.String()
}

// workbookWith is a workbook in whose sheet something stands in the place of a text.
func workbookWith(t *testing.T, change func(sheet string) string, more ...string) string {
	t.Helper()
	book := excelize.NewFile()
	require.NoError(t, book.SetCellStr("Sheet1", "A1", "title"))
	require.NoError(t, book.SetCellStr("Sheet1", "A2", "value"))
	var text bytes.Buffer
	require.NoError(t, book.Write(&text))
	packed, err := zip.NewReader(bytes.NewReader(text.Bytes()), int64(text.Len()))
	require.NoError(t, err)
	var entries []string
	for _, f := range packed.File {
		r, err := f.Open()
		require.NoError(t, err)
		var content bytes.Buffer
		_, err = content.ReadFrom(r)
		require.NoError(t, err)
		inside := content.String()
		if f.Name == "xl/worksheets/sheet1.xml" {
			inside = change(inside)
		}
		entries = append(entries, f.Name, inside)
	}
	return zipped(t, append(entries, more...)...)
}

func archives(t *testing.T) []parser {
	t.Helper()
	same := func(sheet string) string { return sheet }
	// A row of our own, whose cell says what it is, is put before the others.
	cell := func(before, inside string) func(string) string {
		return func(sheet string) string {
			at := strings.Index(sheet, "<worksheet")
			return sheet[:at] + before + strings.Replace(sheet[at:], "<sheetData>", `<sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>`+inside+
				`</t></is></c></row>`, 1)
		}
	}
	zeros := strings.Repeat("0", 4<<20)
	outOf := zipped(t, "../../etc/cron.d/x", "x")
	var huge []string
	noise := strings.Repeat("0123456789", 13<<20/10)
	for n := range 11 {
		huge = append(huge, fmt.Sprintf("%d.xml", n), noise)
	}
	return []parser{
		{"a workbook", workbookWith(t, same), map[string]string{
			external: workbookWith(t, cell(doctype(`<!ENTITY x SYSTEM "file:///etc/passwd">`), "&x;")),
			laughs:   workbookWith(t, cell(bomb(), "&b11;")),
			large:    zipped(t, huge...), ratio: workbookWith(t, same, "xl/media/a.bin", zeros),
			twice: workbookWith(t, same, "XL/worksheets/sheet1.xml", "<worksheet/>"), path: workbookWith(t, same, "../x", "x"),
			malformed: workbookWith(t, cell("", "\xff\xfe"))},
			map[string]string{deep: "the sheet is a stream of cells, and what is in none is passed over; encoding/xml refuses the rest below 10,000"},
			func(_ *testing.T, text []byte) error {
				_, err := rows.Read("x.xlsx", text, rows.Options{})
				return err
			}},
		{"an archive: OFD, proof, template", zipped(t, "a", "b"), map[string]string{large: zipped(t, huge...), ratio: zipped(t, "a", zeros),
			twice: zipped(t, "a", "b", "A", "c"), path: outOf, malformed: strings.Replace(zipped(t, "name", "b"), "name", "n\xff\xfee", 2)},
			map[string]string{external: "its XML is read by the invoice's reader", laughs: "its XML is read by the invoice's reader",
				deep: "an archive inside is not opened"},
			func(_ *testing.T, text []byte) error {
				return archive.Check(bytes.NewReader(text), int64(len(text)), archive.Invoice())
			}},
	}
}
