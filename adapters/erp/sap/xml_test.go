package sap

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/voucher"
)

// TestReadXML proves that XML from outside has no entities, no instructions and an end.
func TestReadXML(t *testing.T) {
	var into struct {
		B string `xml:"b"`
	}
	require.NoError(t, readXML([]byte(`<?xml version="1.0"?><a><b>x &amp; y</b></a>`), &into))
	require.Equal(t, "x & y", into.B)
	for name, text := range map[string]string{
		"an external entity":  `<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a><b>&x;</b></a>`,
		"a billion laughs":    `<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;">]><a><b>&y;</b></a>`,
		"an unknown entity":   `<a><b>&x;</b></a>`,
		"an instruction":      `<?xml-stylesheet href="http://x"?><a/>`,
		"a deep tree":         strings.Repeat("<a>", 40) + strings.Repeat("</a>", 40),
		"too many parts":      "<a>" + strings.Repeat("<b/>", answers.Parts) + "</a>",
		"too many bytes":      "<a>" + strings.Repeat(" ", answers.Bytes) + "</a>",
		"no end":              `<a><b>`,
		"something else":      `{"a":1}`,
		"another declaration": `<!ELEMENT a ANY><a/>`,
	} {
		require.Error(t, readXML([]byte(text), &into), name)
	}
}

// TestErrorTable proves what SAP's words ask the caller to do next.
func TestErrorTable(t *testing.T) {
	p := &Port{client: &client{password: "hidden-secret"}}
	for note, code := range map[string]string{
		"Posting period 001 2025 is not open":                       "erp.closed_period",
		"帐户类型 S 的记账期间 001 2025 未打开":                                 "erp.closed_period",
		"Balance in transaction currency":                           "erp.unbalanced",
		"G/L account 9999 is not defined in chart of accounts YCOA": "erp.unknown_account",
		"科目 9999 未在科目表中定义":                                          "erp.unknown_account",
		"Supplier 4711 is not defined in company code 1310":         "erp.unknown_party",
		"You are not authorized to post in company code 1310":       "erp.not_allowed",
		"Account 6602 is currently locked by user BAUER":            "erp.unavailable",
		"Cost center 1000/X does not exist on 2026-03-31":           "erp.unknown_dimension",
		"it holds hidden-secret":                                    "erp.refused",
		"":                                                          "erp.unknown",
	} {
		var got confirmation
		items := ""
		if note != "" {
			items = `<Item><TypeID>609(RW)</TypeID><SeverityCode>3</SeverityCode><Note>Error in document</Note></Item>` +
				`<Item><TypeID>1(F5)</TypeID><SeverityCode>3</SeverityCode><Note>` + note + `</Note></Item>`
		}
		require.NoError(t,
			readXML([]byte(`<e:Envelope xmlns:e="x"><e:Body><n:JournalEntryBulkCreateConfirmation xmlns:n="y">`+
				`<JournalEntryCreateConfirmation><JournalEntryCreateConfirmation><AccountingDocument>0000000000</AccountingDocument>`+
				`</JournalEntryCreateConfirmation><Log>`+items+`</Log></JournalEntryCreateConfirmation>`+
				`</n:JournalEntryBulkCreateConfirmation></e:Body></e:Envelope>`), &got))
		_, _, err := p.became("R", got)
		require.Equal(t, code, fault.CodeOf(err), note)
		require.NotContains(t, err.Error(), "hidden-secret")
		require.NotContains(t, err.Error(), "Error in document", "what only says that there are others")
	}
}

func TestForms(t *testing.T) {
	credit := money.Amount{Minor: 12850, Currency: "CNY"}
	require.Equal(t, amount{"CNY", "-128.50"}, signed(credit, voucher.Credit))
	require.Equal(t, amount{"CNY", "128.50"}, signed(credit, voucher.Debit))
	require.Equal(t, "0061003000", zeros("61003000", 10))
	require.Equal(t, "SUP001", zeros("SUP001", 10))
	require.Equal(t, "", zeros("", 10))
	require.Equal(t, "61003000", bare("0061003000"))
	require.Equal(t, "0A1", bare("0A1"))
	require.Equal(t, "2026-03-31", day("/Date(1774915200000)/"))
	require.Equal(t, "2026-03-31", day("2026-03-31T00:00:00"))
	require.Equal(t, "", number(" "))
	require.Equal(t, "0100000008", number("0100000008"))
	require.Equal(t, "'it''s'", quoted("it's"))
}
