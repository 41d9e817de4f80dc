package document_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
)

// TestOldContentsHashAsBefore proves that what a content gained since changes no
// hash that was ever decided on.
func TestOldContentsHashAsBefore(t *testing.T) {
	hash, err := content().Hash()
	require.NoError(t, err)
	require.Equal(t, "a845ebe8695963e26ddb09a15dff3550aab3958cb1c0f4c11b86f4ee24b46652", hash)
	for _, change := range []func(*document.Content){
		func(c *document.Content) { c.Offset = &document.Offset{Document: "a"} },
		func(c *document.Content) { c.Lines[0].City = "beijing" },
		func(c *document.Content) { c.Lines[0].Units = 2 },
		func(c *document.Content) { c.Lines[0].Standard = &document.Standard{Limit: yuan(1)} },
	} {
		c := content()
		change(&c)
		other, err := c.Hash()
		require.NoError(t, err)
		require.NotEqual(t, hash, other)
	}
}

func TestWhatAnAdvanceBears(t *testing.T) {
	advance := document.Advance{Document: "a", Number: "ADV-2026-000001", Entity: "cn", Requester: "li", Posted: true,
		Total: yuan(1000), Open: yuan(300)}
	for _, tt := range []struct {
		name   string
		change func(*document.Advance, *document.Content)
		want   string
	}{
		{"all that is open", func(*document.Advance, *document.Content) {}, ""},
		{"a fen more", func(_ *document.Advance, c *document.Content) { c.Offset.Amount.Minor = 301 }, "offset.amount offset.exceeds_open"},
		{"nothing is open", func(a *document.Advance, _ *document.Content) { a.Open.Minor = 0 }, "offset.amount offset.exceeds_open"},
		{"somebody else's", func(a *document.Advance, _ *document.Content) { a.Requester = "wu" }, "offset.advance offset.unknown_advance"},
		{"another entity's", func(a *document.Advance, _ *document.Content) { a.Entity = "de" }, "offset.advance offset.unknown_advance"},
		{"another advance", func(_ *document.Advance, c *document.Content) { c.Offset.Document = "b" }, "offset.advance offset.unknown_advance"},
		{"not in the books", func(a *document.Advance, _ *document.Content) { a.Posted = false }, "offset.advance offset.not_posted"},
		{"another currency", func(_ *document.Advance, c *document.Content) { c.Offset.Amount.Currency = "EUR" }, "offset.amount offset.wrong_currency"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, c := advance, content()
			c.Offset = &document.Offset{Document: "a", Number: a.Number, Amount: yuan(300)}
			tt.change(&a, &c)
			err := a.Allows(c)
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			f, ok := fault.As(err)
			require.True(t, ok)
			require.Equal(t, tt.want, f.Field+" "+f.Code)
		})
	}
}

// TestPayable holds paid = approved − offset, also where the requester owes.
func TestPayable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := content()
		c.Total = yuan(rapid.Int64Range(0, 1e12).Draw(t, "total"))
		settled := rapid.Int64Range(1, 1e12).Draw(t, "settled")
		left, err := c.Payable()
		require.NoError(t, err)
		require.Equal(t, c.Total, left)
		c.Offset = &document.Offset{Amount: yuan(settled)}
		left, err = c.Payable()
		require.NoError(t, err)
		require.Equal(t, c.Total.Minor, left.Minor+settled)
		c.Offset.Amount.Currency = "EUR"
		_, err = c.Payable()
		require.Equal(t, "money.currency_mismatch", fault.CodeOf(err))
	})
}
