package soapxml

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/erp/mapped"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/voucher"
)

// TestMappingIsChecked proves that a mistake is told with its line and column.
func TestMappingIsChecked(t *testing.T) {
	good, err := os.ReadFile("ledger.yaml")
	require.NoError(t, err)
	_, err = ParseMapping(good)
	require.NoError(t, err)
	for _, tt := range []struct{ old, new, words string }{
		{"name: ledger", "nonsense: 1", "unknown field"},
		{"path: /services", "path: services", "begins with /"},
		{`soap: "1.1"`, `soap: "1.3"`, `is "1.3"`},
		{"auth: wss-digest", "auth: magic", "magic"},
		{"auth: wss-digest", "auth: none\nauth: none", "already defined"},
		{"  l: http", "  cs: http", "is taken"},
		{"  create:\n    action", "  made:\n    action", "calls.create is missing"},
		{"<l:id>$.id</l:id></l:ReadVoucher>", "<l:id>$.nosuch</l:id></l:ReadVoucher>", "no field is called nosuch"},
		{"<l:date>$.date</l:date>\n        <l:text", "<l:date>$.date</l:day>\n        <l:text", "line 4"},
		{"<l:reference>$.reference</l:reference>\n        <l:currency>", "<k:reference/>\n        <l:currency>", "prefix of <k:reference>"},
		{`<l:line cs:each="entries">`, `<l:line cs:each="lines">`, "no list is called lines"},
		{`<l:line cs:each="entries">`, `<l:line cs:every="entries">`, "cs:every is not known"},
		{"<l:FindVouchers>", `<!DOCTYPE x><l:FindVouchers>`, "a document type is not taken"},
		{"<l:FindVouchers>", `<l:FindVouchers cs:if="$.reference">`, "is always there"},
		{"<l:FindVouchers>", `<l:FindVouchers>words`, "both text and elements"},
		{"<l:project cs:if=\"$.dimension.project\">$.dimension.project<", "<l:project>$.dimensions<", "are several"},
		{"answer: l:PostVoucherResponse/l:voucher", "answer: k:PostVoucherResponse", "prefix k"},
		{"    answer: l:PostVoucherResponse/l:voucher\n", "", "is missing"},
		{"    item: l:voucher\n  list:", "  list:", "belongs to find"},
		{`id: "@id"`, `id: "@id/l:x"`, "is no path"},
		{"reference: l:reference\n  number", "number", "needs id, reference"},
		{"posted: posted", "posted: done", "is not a state"},
		{"dimensions: { project: l:project, order: l:order }", "dimensions: l:dims", "a path for each dimension"},
		{"locked: erp.unavailable", "locked: erp.sleepy", "is not one of our codes"},
		{"429: erp.rate_limited", "429: nothing", "is not one of our codes"},
		{"  parties:", "  people:", "is no list"},
		{"action: http://example.com/ledger/1/FindVouchers", "action: 'a\"b'", "quotation mark"},
	} {
		text := strings.Replace(string(good), tt.old, tt.new, 1)
		require.NotEqual(t, string(good), text, tt.old)
		_, err := ParseMapping([]byte(text))
		require.Error(t, err, tt.new)
		said, _ := fault.As(err)
		require.Contains(t, said.Args["words"], tt.words)
		require.Regexp(t, `\[\d+:\d+\]`, said.Args["words"], "%s: its place is told", tt.new)
	}
}

// TestTheLineOfABodyIsTold proves that a mistake inside a body is told at its line of the file.
func TestTheLineOfABodyIsTold(t *testing.T) {
	good, err := os.ReadFile("ledger.yaml")
	require.NoError(t, err)
	text := strings.Replace(string(good), "<l:date>$.date</l:date>\n        <l:text", "<l:date>$.day</l:date>\n        <l:text", 1)
	_, err = ParseMapping([]byte(text))
	said, _ := fault.As(err)
	before, _, _ := strings.Cut(text, "$.day")
	require.Contains(t, said.Args["words"], "["+itoa(1+strings.Count(before, "\n"))+":1]")
}

func itoa(n int) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoa(n/10) + string(rune('0'+n%10))
}

// TestRender proves what goes into a body, and that values are escaped in text and attributes.
func TestRender(t *testing.T) {
	cny, eur := money.Amount{Minor: 78125, Currency: "CNY"}, money.Amount{Minor: 10000, Currency: "EUR"}
	v := voucher.Voucher{Reference: "v:1:accrual:1", Date: "2026-03-31", Entries: []voucher.Entry{
		{Side: voucher.Debit, Account: "6602", Amount: eur, Base: cny, Text: `<a> & "b" ]]>`, Dimensions: map[string]string{"project": "P1"}},
		{Side: voucher.Credit, Account: "2202", Amount: eur, Base: cny}}}
	body, err := parseTemplate(`<m:v a="$.month" b="plain">
		<!-- a remark --><e cs:each="entries" t="$.text"><n>$.no</n><p cs:if="$.dimension.project">$.dimension.project</p>
		<x:own xmlns:x="urn:x">fixed &amp; safe</x:own></e></m:v>`, map[string]string{"m": "urn:m"})
	require.NoError(t, err)
	text, err := body.render(mapped.Of(v, v.Reference))
	require.NoError(t, err)
	const own = `<x:own xmlns:x="urn:x">fixed &amp; safe</x:own>`
	require.Equal(t, `<m:v a="03" b="plain" xmlns:m="urn:m"><e t="&lt;a&gt; &amp; &#34;b&#34; ]]&gt;"><n>1</n><p>P1</p>`+own+
		`</e><e t=""><n>2</n>`+own+`</e></m:v>`, string(text))
}

// TestDigest is computed as the profile says; by an independent computation.
func TestDigest(t *testing.T) {
	require.Equal(t, "mABKwY6Tk3IOk0bXYwilGlzlE1E=", digest([]byte("WScqanjCEAC4mQoBE07sAQ=="), "2003-07-16T01:24:32Z", "taadtaadpstcsm"))
}

// TestWithoutAFault proves that a no in the body of an answer is read, and that a code which
// nobody knows leaves it open.
func TestWithoutAFault(t *testing.T) {
	m := &Mapping{SOAP: version11, Errors: Errors{Code: "r/code", Words: "r/text", Success: []string{"0"},
		Codes: map[string]string{"17": "erp.closed_period", "18": "erp.unknown"}}}
	p := &wire{mapping: m}
	for code, want := range map[string]string{"0": "", "": "", "17": "erp.closed_period", "18": "erp.unknown", "99": "erp.unknown"} {
		body, _, err := payload([]byte(`<e:Envelope xmlns:e="`+envelopes[version11]+`"><e:Body><r><code>`+code+
			`</code><text>no</text></r></e:Body></e:Envelope>`), version11)
		require.NoError(t, err)
		require.Equal(t, want, fault.CodeOf(p.refusal(node{body, m}, true)), code)
	}
	require.Equal(t, "erp.unavailable", fault.CodeOf(Errors{}.status(503, false)))
	require.Equal(t, "erp.unknown", fault.CodeOf(Errors{}.status(503, true)))
	require.Equal(t, "erp.unavailable", fault.CodeOf(Errors{Statuses: map[int]string{503: "erp.unavailable"}}.status(503, true)))
}

// TestEnvelopesAreRead proves what is no answer.
func TestEnvelopesAreRead(t *testing.T) {
	one, two := envelopes[version11], envelopes[version12]
	for text, words := range map[string]string{
		``:                                "not the XML",
		`<html/>`:                         "not a SOAP envelope",
		`<Envelope/>`:                     "not a SOAP envelope",
		`<Envelope xmlns="` + one + `"/>`: "without a body",
		`<Envelope xmlns="` + two + `"><Body/></Envelope>`:        "another version",
		`<Envelope xmlns="` + one + `"><Body/><Body/></Envelope>`: "two bodies",
	} {
		_, _, err := payload([]byte(text), version11)
		require.ErrorContains(t, err, words)
	}
	_, f, err := payload([]byte(`<Envelope xmlns="`+one+`"><Body><Fault><faultcode>VersionMismatch</faultcode></Fault></Body></Envelope>`),
		version12)
	require.NoError(t, err)
	m := &Mapping{SOAP: version12}
	require.Equal(t, "erp.refused", fault.CodeOf((&wire{mapping: m}).fault(f, true)))
}
