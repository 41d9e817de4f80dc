package document_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/invoice"
	"github.com/countersign/countersign/domain/money"
)

// TestALineIsHeldAgainstItsInvoices: those in its files, once each, and the one it names.
func TestALineIsHeldAgainstItsInvoices(t *testing.T) {
	yuan := func(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "CNY"} }
	file := func(ids ...string) (files []document.Attachment) {
		for _, id := range ids {
			files = append(files, document.Attachment{ID: id})
		}
		return files
	}
	facts := map[string]invoice.Fact{"a": {Number: "1", Gross: yuan(10000)}, "again": {Number: "1", Gross: yuan(10000)},
		"b": {Number: "2", Gross: yuan(5000)}, "red": {Number: "3", Gross: yuan(-5000)}}
	for name, tt := range map[string]struct {
		line        document.Line
		over, under int64
	}{
		"the same":            {document.Line{Amount: yuan(10000), Attachments: file("a")}, 0, 0},
		"more":                {document.Line{Amount: yuan(10001), Attachments: file("a")}, 1, 0},
		"less":                {document.Line{Amount: yuan(9000), Attachments: file("a")}, 0, 1000},
		"two invoices":        {document.Line{Amount: yuan(15000), Attachments: file("a", "b")}, 0, 0},
		"one shown twice":     {document.Line{Amount: yuan(20000), Attachments: file("a", "again")}, 10000, 0},
		"named only":          {document.Line{Amount: yuan(6000), Invoice: "２"}, 1000, 0},
		"named and shown":     {document.Line{Amount: yuan(10000), Invoice: "1", Attachments: file("a")}, 0, 0},
		"nothing was read":    {document.Line{Amount: yuan(6000), Invoice: "9", Attachments: file("pdf")}, 0, 0},
		"another currency":    {document.Line{Amount: money.Amount{Minor: 6000, Currency: "EUR"}, Attachments: file("b")}, 0, 0},
		"a credit by itself":  {document.Line{Amount: yuan(6000), Attachments: file("red")}, 0, 0},
		"no amount typed yet": {document.Line{Attachments: file("a")}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			c := document.Content{Lines: []document.Line{{}, tt.line}, Attachments: file("b")}
			held := c.Invoiced(facts)
			if tt.over == 0 && tt.under == 0 {
				require.Empty(t, held)
				return
			}
			require.Len(t, held, 1)
			require.Equal(t, []int64{1, tt.over, tt.under}, []int64{int64(held[0].Line), held[0].Over.Minor, held[0].Under.Minor})
		})
	}
}
