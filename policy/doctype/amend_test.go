package doctype_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/policy/doctype"
)

// TestWhatAnAmendmentMakesWrong: an approver answers for what they changed, not for
// what time made wrong of the rest; and a category is not changed where another
// standard would measure it.
func TestWhatAnAmendmentMakesWrong(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change document.Change
		want   []string
	}{
		{"the title", document.Change{Field: "title", Now: "Chengdu"}, nil},
		{"no title", document.Change{Field: "title", Now: " "}, []string{"title document.missing"}},
		{"another category without a standard", document.Change{Field: "lines[0].category", Now: "office"}, nil},
		{"a category that nobody knows", document.Change{Field: "lines[0].category", Now: "yacht"},
			[]string{"lines[0].category line.unknown_category"}},
		{"a category with a standard", document.Change{Field: "lines[0].category", Now: "lodging"}, []string{
			"lines[0].category amend.standard_changes", "lines[0].city line.missing_city", "lines[0].units line.missing_nights"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			typ, people := shipped(t, "expense"), company()
			before, err := doctype.Complete(typ, nights("travel", "", 0, 10000), people, nil)
			require.NoError(t, err)
			// Of another line nothing is approved, and who asked for it has left since.
			before.Lines = append(before.Lines, document.Line{No: 2, Category: "travel", Date: "2026-11-20", Amount: yuan(0), Tax: yuan(0)})
			lin := people.People["lin"]
			lin.Active = false
			people.People["lin"] = lin
			require.NotEmpty(t, doctype.Validate(typ, before, people, "2026-11-21"))
			after, _, err := before.Amended([]document.Change{tt.change})
			require.NoError(t, err)
			var got []string
			for _, f := range doctype.ValidateAmended(typ, before, after, people, "2026-11-21") {
				got = append(got, f.Field+" "+f.Code)
			}
			require.Equal(t, tt.want, got)
		})
	}
	typ := shipped(t, "expense")
	require.Equal(t, "x", typ.CanonicalField("nothing", "x", "CNY"), "what is no field stays as it is")
}
