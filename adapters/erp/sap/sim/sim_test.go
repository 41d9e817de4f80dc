package sim_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/erp/sap/sim"
)

func ask(system http.Handler, method, target, body string, change func(*http.Request)) string {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.SetBasicAuth(sim.User, sim.Password)
	r.Header.Set("Content-Type", "text/xml; charset=utf-8")
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	system.ServeHTTP(w, r)
	return fmt.Sprint(w.Code, " ", w.Body.String())
}

// TestRefuses proves that login, form, order of elements, signs and codes are checked.
func TestRefuses(t *testing.T) {
	system, date := sim.New(), fmt.Sprintf("%d-03-31", time.Now().Year())
	good := `<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>
		<sfin:JournalEntryBulkCreateRequest xmlns:sfin="http://sap.com/xi/SAPSCORE/SFIN">
		<MessageHeader><ID>B1</ID><CreationDateTime>2026-11-21T09:00:00Z</CreationDateTime></MessageHeader>
		<JournalEntryCreateRequest><MessageHeader><ID>B1</ID><CreationDateTime>2026-11-21T09:00:00Z</CreationDateTime></MessageHeader>
		<JournalEntry><OriginalReferenceDocumentType>BKPFF</OriginalReferenceDocumentType><BusinessTransactionType>RFBU</BusinessTransactionType>
		<AccountingDocumentType>SA</AccountingDocumentType><DocumentReferenceID>R1</DocumentReferenceID><DocumentHeaderText>t</DocumentHeaderText>
		<CreatedByUser>CC1</CreatedByUser><CompanyCode>1310</CompanyCode><DocumentDate>` + date + `</DocumentDate><PostingDate>` + date + `</PostingDate>
		<Item><ReferenceDocumentItem>1</ReferenceDocumentItem><GLAccount>0000006602</GLAccount>
		<AmountInTransactionCurrency currencyCode="CNY">128.50</AmountInTransactionCurrency><DebitCreditCode>S</DebitCreditCode>
		<AccountAssignment><CostCenter>CC-SALES</CostCenter></AccountAssignment></Item>
		<CreditorItem><ReferenceDocumentItem>2</ReferenceDocumentItem><Creditor>SUP001</Creditor>
		<AmountInTransactionCurrency currencyCode="CNY">-128.50</AmountInTransactionCurrency><DebitCreditCode>H</DebitCreditCode></CreditorItem>
		</JournalEntry></JournalEntryCreateRequest></sfin:JournalEntryBulkCreateRequest></soapenv:Body></soapenv:Envelope>`
	for _, change := range [][2]string{
		{"http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope"}, {"SAPSCORE/SFIN", "OTHER"},
		{"BKPFF", "X"}, {"RFBU", "X"}, {"CC1", ""}, {"<MessageHeader><ID>B1</ID>", "<MessageHeader>"}, {"1310", "9999"},
		{"0000006602", "6602"},
		{"0000006602", "0000009999"}, {"CC-SALES", "nobody"}, {"SUP001", "nobody"}, {">-128.50", ">128.50"}, {">128.50",
			">128.51"},
		{">128.50", ">1.285e2"}, {"<DebitCreditCode>H", "<DebitCreditCode>S"}, {`currencyCode="CNY">128.50`,
			`currencyCode="EUR">128.50`},
		{"<PostingDate>" + date, "<PostingDate>1999-01-01"}, {">R1<", ">12345678901234567<"}, {">t<",
			">12345678901234567890123456<"},
		{"<DocumentReferenceID>R1</DocumentReferenceID><DocumentHeaderText>t</DocumentHeaderText>",
			"<DocumentHeaderText>t</DocumentHeaderText><DocumentReferenceID>R1</DocumentReferenceID>"},
		{"<ReferenceDocumentItem>1</ReferenceDocumentItem><GLAccount>0000006602</GLAccount>",
			"<GLAccount>0000006602</GLAccount><ReferenceDocumentItem>1</ReferenceDocumentItem>"},
		{"<CostCenter>CC-SALES</CostCenter>", "<CostCenter>CC-SALES</CostCenter><ProfitCenter>nobody</ProfitCenter>"},
		{"<CostCenter>CC-SALES</CostCenter>", "<CostCenter>CC-SALES</CostCenter><WBSElement>nobody</WBSElement>"},
		{"<CostCenter>CC-SALES</CostCenter>", "<CostCenter>CC-SALES</CostCenter><OrderID>nobody</OrderID>"},
		{"<CostCenter>CC-SALES</CostCenter>", "<WBSElement>P-001</WBSElement><CostCenter>CC-SALES</CostCenter>"},
		{"<CostCenter>CC-SALES</CostCenter>", "<CostCenter>CC-SALES</CostCenter><Colour>red</Colour>"},
		{"0000006602", "0000001002"},
		{"<DebitCreditCode>H</DebitCreditCode>",
			"<DebitCreditCode>H</DebitCreditCode><AccountAssignment><CostCenter>CC-SALES</CostCenter></AccountAssignment>"},
		{"<Item>", "<Other/><Item>"}, {"</JournalEntry>", ""},
	} {
		changed := strings.Replace(good, change[0], change[1], 1)
		require.NotEqual(t, good, changed, change[0])
		got := ask(system, "POST", sim.Posting, changed, nil)
		require.True(t, strings.HasPrefix(got, "500 ") && strings.Contains(got, "Client") ||
			strings.HasPrefix(got, "200 ") && strings.Contains(got, "<AccountingDocument> <"), "%s: %s", change[1], got)
	}
	require.Contains(t, ask(system, "POST", sim.Posting, good, func(r *http.Request) { r.SetBasicAuth(sim.User, "x") }),
		"401")
	require.Contains(t, ask(system, "POST", sim.Posting, good, func(r *http.Request) { r.Header.Del("Authorization") }),
		"401")
	require.Contains(t, ask(system, "POST", sim.Posting, good, func(r *http.Request) {
		r.Header.Set("Content-Type",
			"text/plain")
	}), "415")
	require.Contains(t, ask(system, "GET", sim.Posting, "", nil), "404")
	require.Contains(t, ask(system, "POST", sim.Posting, good, nil), "<AccountingDocument>0000100001<")

	const cube = sim.Services + "API_OPLACCTGDOCITEMCUBE_SRV/A_OperationalAcctgDocItemCube?"
	query := url.Values{"$format": {"json"}, "$top": {"10"}, "$skip": {"0"},
		"$filter": {"CompanyCode eq '1310' and DocumentReferenceID eq 'R1'"}}
	require.Contains(t, ask(system, "GET", cube+query.Encode(), "", nil), `"AmountInCompanyCodeCurrency":"-128.50"`)
	query.Set("$filter", "PostingDate ge datetime'"+date+"T00:00:00' and PostingDate le datetime'"+date+"T00:00:00'"+
		" and AccountingDocument gt '0000100000'")
	require.Contains(t, ask(system, "GET", cube+query.Encode(), "", nil), `"DocumentReferenceID":"R1"`)
	for _, none := range []string{"PostingDate ge datetime'2999-01-01T00:00:00'", "PostingDate le datetime'1999-01-01T00:00:00'",
		"AccountingDocument gt '0000100001'"} {
		query.Set("$filter", none)
		require.Contains(t, ask(system, "GET", cube+query.Encode(), "", nil), `"results":[]`, none)
	}
	query.Set("$filter", "PostingDate ge '"+date+"'")
	require.Contains(t, ask(system, "GET", cube+query.Encode(), "", nil), "400", "a day is no text")
	query.Set("$filter", "CompanyCode eq '1310' and DocumentReferenceID eq 'R1'")
	for name, value := range map[string]string{"$filter": "Nothing eq 'R1'", "$top": "many", "$skip": "-1",
		"$select": "CompanyCode,Nothing"} {
		wrong := url.Values{}
		for k, v := range query {
			wrong[k] = v
		}
		wrong.Set(name, value)
		require.Contains(t, ask(system, "GET", cube+wrong.Encode(), "", nil), "400", value)
	}
	query.Set("$filter", "DocumentReferenceID eq 'R2'")
	require.Contains(t, ask(system, "GET", cube+query.Encode(), "", nil), `"results":[]`)
	query.Del("$format")
	require.Contains(t, ask(system, "GET", cube+query.Encode(), "", nil), "<feed/>")
	require.Contains(t, ask(system, "GET", sim.Services+"API_NOTHING/A", "", nil), "404")

	query = url.Values{"$format": {"json"}, "$top": {"10"}, "$skip": {"0"}, "$select": {"SourceCurrency,ExchangeRate"},
		"$filter": {"ExchangeRateType eq 'P' and TargetCurrency eq 'CNY'"}}
	require.Contains(t, ask(system, "GET", sim.Services+sim.RatesPath+"?"+query.Encode(), "", nil),
		`"results":[{"ExchangeRate":"7.90000","SourceCurrency":"EUR"}]`, "what is asked for, and no more")
	query.Set("$filter", "ValidityStartDate ge '"+date+"'")
	require.Contains(t, ask(system, "GET", sim.Services+sim.RatesPath+"?"+query.Encode(), "", nil), "400", "a day is no text")
	query.Set("$filter", "ExchangeRateType eq 'M'")
	query.Set("$select", "NumberOfSourceCurrencyUnits")
	require.Contains(t, ask(system, "GET", sim.Services+sim.FactorsPath+"?"+query.Encode(), "", nil), `"10000"`)
}
