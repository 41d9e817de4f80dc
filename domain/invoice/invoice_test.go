package invoice_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/invoice"
	"github.com/countersign/countersign/domain/money"
)

func yuan(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "CNY"} }

// TestReadQR proves that an invoice's code is read for what it means, and that no
// other code is taken for one.
func TestReadQR(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       invoice.Invoice
		ok         bool
	}{
		{"fully digital, tax included", "01,32,,24312000000136634917,0.01,20240514,,1DD6",
			invoice.Invoice{Kind: "32", Number: "24312000000136634917", Date: "2024-05-14", Gross: yuan(1)}, true},
		{"a railway ticket with its trailing comma", "01,51,,26339132621000219582,56.00,20260423,,219a,",
			invoice.Invoice{Kind: "51", Number: "26339132621000219582", Date: "2026-04-23", Gross: yuan(5600)}, true},
		{"with a code: without tax", "01,10,144031900111,12345678,100.00,20200102,12345678901234567890,ABCD,",
			invoice.Invoice{Kind: "10", Code: "144031900111", Number: "12345678", Date: "2020-01-02", Net: yuan(10000)}, true},
		{"full-width digits", "０１，３１，，２４３１２００００００１３６６３４９１７，1.5，20240514，，1DD6",
			invoice.Invoice{Kind: "31", Number: "24312000000136634917", Date: "2024-05-14", Gross: yuan(150)}, true},
		{"an amount nobody can read is not known", "01,32,,24312000000136634917,1e3,20240514,,1DD6",
			invoice.Invoice{Kind: "32", Number: "24312000000136634917", Date: "2024-05-14"}, true},
		{"a shop's address", "https://example.com/?a=01,32,,24312000000136634917,0.01,20240514,", invoice.Invoice{}, false},
		{"no such day", "01,32,,24312000000136634917,0.01,20240231,,1DD6", invoice.Invoice{}, false},
		{"a number of another length", "01,32,,2431200000013663491,0.01,20240514,,1DD6", invoice.Invoice{}, false},
		{"a digital number behind a code", "01,32,144031900111,24312000000136634917,0.01,20240514,,", invoice.Invoice{}, false},
		{"too few fields", "01,32,,24312000000136634917", invoice.Invoice{}, false},
		{"too long", "01,32,,24312000000136634917,0.01,20240514,," + strings.Repeat("A", 512), invoice.Invoice{}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := invoice.ReadQR(tt.text)
			require.Equal(t, tt.ok, ok)
			require.Equal(t, tt.want, got)
		})
	}
}

const original = `<?xml version="1.0" encoding="UTF-8"?><e:EInvoice xmlns:e="urn:x"><e:Header><e:EIid>24312000000136634917</e:EIid>
<InherentLabel><EInvoiceType><LabelName>数电</LabelName></EInvoiceType></InherentLabel></e:Header><EInvoiceData>
<SellerInformation><SellerName>杭州某酒店有限公司</SellerName></SellerInformation>
<BasicInformation><TotalAmWithoutTax>100.00</TotalAmWithoutTax><TotalTaxAm>6.00</TotalTaxAm>
<TotalTax-includedAmount>106.00</TotalTax-includedAmount><RequestTime>2024-05-13 09:00:00</RequestTime></BasicInformation>
</EInvoiceData><TaxSupervisionInfo><InvoiceNumber>24312000000136634917</InvoiceNumber><IssueTime>2024-05-14</IssueTime></TaxSupervisionInfo></e:EInvoice>`

func TestReadXML(t *testing.T) {
	got, ok := invoice.ReadXML(strings.NewReader(original))
	require.True(t, ok)
	require.Equal(t, invoice.Invoice{Number: "24312000000136634917", Date: "2024-05-14", Seller: "杭州某酒店有限公司",
		Gross: yuan(10600), Net: yuan(10000), Tax: yuan(600)}, got)
	for name, text := range map[string]string{
		"other XML":       `<note>hello</note>`,
		"not well-formed": original[:200],
		"no XML":          "%PDF-1.7",
		"too deep":        strings.Repeat("<a>", 40) + strings.Repeat("</a>", 40),
		"an entity":       `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x><EIid>&e;</EIid></x>`,
		"a short number":  `<EInvoice><EIid>2431200000013663491</EIid></EInvoice>`,
	} {
		_, ok := invoice.ReadXML(strings.NewReader(text))
		require.False(t, ok, name)
	}
}

func TestReferenceAndPlain(t *testing.T) {
	require.Equal(t, "144031900111-12345678", invoice.Invoice{Code: "144031900111", Number: "12345678"}.Reference())
	require.Equal(t, "2431", invoice.Invoice{Number: "2431"}.Reference())
	require.Equal(t, "2431200A", invoice.Plain(" ２４３1 200\u200bＡ\t"))
}

// FuzzReadQR holds that nothing a code may say breaks the reader, and that what is
// read again by its reference is the same.
func FuzzReadQR(f *testing.F) {
	f.Add("01,32,,24312000000136634917,0.01,20240514,,1DD6")
	f.Fuzz(func(t *testing.T, text string) {
		if read, ok := invoice.ReadQR(text); ok {
			require.Equal(t, read.Reference(), invoice.Plain(read.Reference()))
			require.Len(t, read.Date, 10)
		}
	})
}
