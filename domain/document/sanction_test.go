package document_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
)

func approved(lines ...int64) []document.Approved {
	var all []document.Approved
	for i := 0; i < len(lines); i += 2 {
		all = append(all, document.Approved{Line: int(lines[i]), Amount: yuan(lines[i+1])})
	}
	return all
}

// TestWhatMayBeSanctioned: a line's amount goes down to nothing and up to its
// claim; the total stays above nothing.
func TestWhatMayBeSanctioned(t *testing.T) {
	for _, tt := range []struct {
		name  string
		asked []document.Approved
		want  string // field and code
	}{
		{"less", approved(1, 150), ""},
		{"a line not at all", approved(1, 0), ""},
		{"both", approved(1, 150, 2, 1), ""},
		{"nothing changes", approved(1, 200, 2, 100), "lines sanction.no_change"},
		{"no line", nil, "lines sanction.no_change"},
		{"more than claimed", approved(1, 201), "lines[0].amount sanction.above_claimed"},
		{"less than nothing", approved(2, -1), "lines[1].amount sanction.negative"},
		{"nothing at all", approved(1, 0, 2, 0), "lines sanction.zero_total"},
		{"an unknown line", approved(3, 1), "lines[2].amount sanction.bad_line"},
		{"line nought", approved(0, 1), "lines[-1].amount sanction.bad_line"},
		{"a line twice", approved(1, 10, 1, 20), "lines[0].amount sanction.bad_line"},
		{"out of order", approved(2, 10, 1, 20), "lines[0].amount sanction.bad_line"},
		{"another currency", []document.Approved{{Line: 1, Amount: money.Amount{Minor: 1, Currency: "EUR"}}},
			"lines[0].amount sanction.wrong_currency"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := content()
			next, patch, err := before.Sanctioned(tt.asked)
			require.Equal(t, content(), before, "what is given stays as it is")
			if tt.want == "" {
				require.NoError(t, err)
				require.NotEqual(t, before.Total, next.Total)
				require.NoError(t, patch.Check())
				return
			}
			f, ok := fault.As(err)
			require.True(t, ok)
			require.Equal(t, tt.want, f.Field+" "+f.Code)
		})
	}
}

// TestASanctionLosesNothing: whatever is sanctioned how often, the totals add up,
// no line exceeds its claim, what was claimed can be had back, and the content
// depends on the last amounts alone.
func TestASanctionLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		claimed := drawn(t)
		now := claimed
		last := map[int]int64{}
		for range rapid.IntRange(1, 4).Draw(t, "sanctions") {
			var asked []document.Approved
			for i, l := range claimed.Lines {
				if rapid.Bool().Draw(t, "touched") {
					minor := rapid.Int64Range(0, l.Amount.Minor).Draw(t, "approved")
					asked = append(asked, document.Approved{Line: i + 1, Amount: money.Amount{Minor: minor, Currency: "EUR"}})
				}
			}
			next, patch, err := now.Sanctioned(asked)
			if err != nil {
				require.Contains(t, []string{"sanction.no_change", "sanction.zero_total"}, fault.CodeOf(err))
				continue
			}
			require.True(t, now.Sanctions(patch, next))
			lie := patch
			lie.Was.Minor++
			require.False(t, now.Sanctions(lie, next))
			other := next
			other.Title += "!"
			require.False(t, now.Sanctions(patch, other), "nothing but the patch")
			now = next
			for _, a := range asked {
				last[a.Line] = a.Amount.Minor
			}
			sound(t, claimed, now)
		}
		var asked []document.Approved
		for i := range claimed.Lines {
			if minor, ok := last[i+1]; ok {
				asked = append(asked, document.Approved{Line: i + 1, Amount: money.Amount{Minor: minor, Currency: "EUR"}})
			}
		}
		if direct, _, err := claimed.Sanctioned(asked); err == nil {
			require.Equal(t, hashed(t, direct), hashed(t, now), "in however many steps")
		}
		back, err := now.AsClaimed()
		require.NoError(t, err)
		require.Equal(t, hashed(t, claimed), hashed(t, back))
	})
}

// drawn is a content in euro with a frozen rate, taxes, a standard and an offset.
func drawn(t *rapid.T) document.Content {
	euro := func(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "EUR"} }
	c := content()
	c.Currency, c.Lines = "EUR", nil
	c.Rate = &document.Rate{Currency: "EUR", Base: "CNY", Value: "7.8125"}
	total := int64(0)
	for i := range rapid.IntRange(1, 4).Draw(t, "lines") {
		minor := rapid.Int64Range(1, 1e9).Draw(t, "amount")
		line := document.Line{No: i + 1, Amount: euro(minor), Tax: euro(rapid.Int64Range(0, minor-1).Draw(t, "tax"))}
		if i == 0 {
			base, err := line.Amount.At(c.Rate.Value, "CNY")
			require.NoError(t, err)
			limit := yuan(rapid.Int64Range(0, 1e10).Draw(t, "limit"))
			line.Standard = &document.Standard{Limit: limit, Over: yuan(max(0, base.Minor-limit.Minor))}
		}
		c.Lines, total = append(c.Lines, line), total+minor
	}
	c.Total = euro(total)
	var err error
	c.BaseTotal, err = c.Total.At(c.Rate.Value, "CNY")
	require.NoError(t, err)
	if rapid.Bool().Draw(t, "settles") {
		c.Offset = &document.Offset{Document: "a", Amount: euro(rapid.Int64Range(1, 2*total).Draw(t, "offset"))}
	}
	return c
}

func sound(t *rapid.T, claimed, now document.Content) {
	sum := int64(0)
	for i, l := range now.Lines {
		claim := claimed.Lines[i]
		require.True(t, l.Amount.Minor >= 0 && l.Amount.Minor <= claim.Amount.Minor)
		require.True(t, l.Tax.Minor >= 0 && l.Tax.Minor <= claim.Tax.Minor)
		// |tax / amount − claimed tax / claimed amount| is less than a minor unit of the tax.
		exact := float64(claim.Tax.Minor) * float64(l.Amount.Minor) / float64(claim.Amount.Minor)
		require.InDelta(t, exact, float64(l.Tax.Minor), 1)
		require.Equal(t, l.Amount != claim.Amount, l.Claimed != nil)
		sum += l.Amount.Minor
	}
	require.Equal(t, sum, now.Total.Minor)
	base, err := now.Total.At(now.Rate.Value, "CNY")
	require.NoError(t, err)
	require.Equal(t, base, now.BaseTotal)
	require.Equal(t, claimed.BaseTotal, now.BaseClaimed())
	if now.Offset == nil {
		return
	}
	before, err := claimed.Payable()
	require.NoError(t, err)
	after, err := now.Payable()
	require.NoError(t, err)
	require.GreaterOrEqual(t, after.Minor, min(0, before.Minor), "nobody owes more by a sanction")
	require.True(t, now.Offset.Amount.Minor > 0 && now.Offset.Amount.Minor <= claimed.Offset.Amount.Minor)
	require.Equal(t, now.Offset.Amount != claimed.Offset.Amount, now.Claimed != nil && now.Claimed.Offset != nil)
}

func hashed(t *rapid.T, c document.Content) string {
	hash, err := c.Hash()
	require.NoError(t, err)
	return hash
}

// TestTheNextRoundClaimsWhatWasApproved: no claim of an earlier round is left.
func TestTheNextRoundClaimsWhatWasApproved(t *testing.T) {
	next, _, err := content().Sanctioned(approved(1, 50))
	require.NoError(t, err)
	require.Equal(t, yuan(300), next.Claimed.Total)
	fresh := next.Unclaimed()
	require.Nil(t, fresh.Claimed)
	require.Nil(t, fresh.Lines[0].Claimed)
	require.NotNil(t, next.Lines[0].Claimed)
	_, _, err = fresh.Sanctioned(approved(1, 51))
	require.Equal(t, "sanction.above_claimed", fault.CodeOf(err))
}

func TestWhatMayBeAmended(t *testing.T) {
	change := func(field, now string) document.Change { return document.Change{Field: field, Was: "a lie", Now: now} }
	for _, tt := range []struct {
		name  string
		asked []document.Change
		want  string
	}{
		{"the title", []document.Change{change("title", "上海出差")}, ""},
		{"a line and a field", []document.Change{change("lines[1].category", "travel"), change("fields.trip", "T-2")}, ""},
		{"nothing", []document.Change{change("title", "北京出差")}, "changes amend.no_change"},
		{"the payee", []document.Change{change("payee", "wu")}, "payee amend.bad_field"},
		{"an amount", []document.Change{change("lines[0].amount", "1")}, "lines[0].amount amend.bad_field"},
		{"a line that is not there", []document.Change{change("lines[2].category", "x")}, "lines[2].category amend.bad_field"},
		{"a field that is not there", []document.Change{change("fields.x", "x")}, "fields.x amend.bad_field"},
		{"a field twice", []document.Change{change("title", "x"), change("title", "y")}, "title amend.bad_field"},
		{"far too much", make([]document.Change, document.ChangesMost+1), "changes amend.too_many"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := content()
			next, patch, err := before.Amended(tt.asked)
			require.Equal(t, content(), before)
			if tt.want != "" {
				f, ok := fault.As(err)
				require.True(t, ok)
				require.Equal(t, tt.want, f.Field+" "+f.Code)
				return
			}
			require.NoError(t, err)
			require.Len(t, patch, len(tt.asked))
			require.True(t, before.Amendment(patch, next))
			require.False(t, before.Amendment(tt.asked, next), "what it was is proved too")
			next.Total = yuan(1)
			require.False(t, before.Amendment(patch, next), "nothing but the patch")
		})
	}
	require.Equal(t, "lines.category", document.Amends("lines[7].category"))
	require.Empty(t, document.Amends("lines[07].category"))
	require.Empty(t, document.Amends("payee"))
}
