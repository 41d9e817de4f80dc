package document_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/money"
)

func yuan(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "CNY"} }

func content() document.Content {
	return document.Content{
		Type: "expense", Title: "北京出差", Entity: "cn", Department: "sales", Submitter: "li", Requester: "li",
		Payee:    document.Payee{Kind: document.PayeeEmployee, ID: "li", Name: "李", Account: "6222"},
		Currency: "CNY", Urgency: document.Normal, Total: yuan(300), BaseTotal: yuan(300),
		Lines: []document.Line{
			{No: 1, Category: "travel", Amount: yuan(200), Tax: yuan(0), Invoice: "1"},
			{No: 2, Category: "meals", Amount: yuan(100), Tax: yuan(0), Attachments: []document.Attachment{{ID: "a", SHA256: "x"}}},
		},
		Fields: map[string]string{"trip": "T-1"},
	}
}

func TestTheHashFollowsTheContent(t *testing.T) {
	a, err := content().Hash()
	require.NoError(t, err)
	require.Len(t, a, 64)
	again, err := content().Hash()
	require.NoError(t, err)
	require.Equal(t, a, again)
	changed := content()
	changed.Lines[1].Description = "午餐"
	b, err := changed.Hash()
	require.NoError(t, err)
	require.NotEqual(t, a, b)
}

func TestWhatChangedMaterially(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*document.Content)
		want   []string
	}{
		{"nothing", func(*document.Content) {}, nil},
		{"words", func(c *document.Content) { c.Title, c.Reason, c.Urgency = "x", "y", document.Urgent }, nil},
		{"a file's name", func(c *document.Content) { c.Lines[1].Attachments[0].Name = "new" }, nil},
		{"the payee", func(c *document.Content) { c.Payee.ID = "wu" }, []string{"payee"}},
		{"the account", func(c *document.Content) { c.Payee.Account = "1" }, []string{"account"}},
		{"more money", func(c *document.Content) { c.Lines[0].Amount, c.Total, c.BaseTotal = yuan(201), yuan(301), yuan(301) }, []string{"amount", "lines"}},
		{"less money", func(c *document.Content) { c.Lines[0].Amount, c.Total, c.BaseTotal = yuan(199), yuan(299), yuan(299) }, []string{"lines"}},
		{"one line less", func(c *document.Content) { c.Lines = c.Lines[:1] }, []string{"lines", "invoices", "attachments"}},
		{"an invoice", func(c *document.Content) { c.Lines[0].Invoice = "2" }, []string{"invoices"}},
		{"a file", func(c *document.Content) { c.Lines[1].Attachments[0].SHA256 = "y" }, []string{"attachments"}},
		{"a field", func(c *document.Content) { c.Fields["trip"] = "T-2" }, []string{"fields"}},
		{"the department", func(c *document.Content) { c.Department = "it" }, []string{"parties"}},
		{"an advance", func(c *document.Content) { c.Offset = &document.Offset{Document: "a", Amount: yuan(1)} }, []string{"offset"}},
		{"a city", func(c *document.Content) { c.Lines[0].City = "beijing" }, []string{"lines"}},
		{"a night more", func(c *document.Content) { c.Lines[0].Units = 2 }, []string{"lines"}},
		{"a rate", func(c *document.Content) { c.Rate = &document.Rate{Value: "7"} }, []string{"currency"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := content()
			tt.change(&b)
			require.Equal(t, tt.want, document.Material(content(), b))
		})
	}
}
