package reconciliation_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/reconciliation"
	"github.com/countersign/countersign/domain/voucher"
)

func cny(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "CNY"} }

// lines are an expense against what is owed to a party.
func lines(expense, payable, party string, minor int64) []reconciliation.Line {
	return []reconciliation.Line{
		{Account: expense, Debit: cny(minor), Credit: cny(0)},
		{Account: payable, Party: party, Debit: cny(0), Credit: cny(minor)},
	}
}

func back(of []reconciliation.Line) []reconciliation.Line {
	var swapped []reconciliation.Line
	for _, l := range of {
		l.Debit, l.Credit = l.Credit, l.Debit
		swapped = append(swapped, l)
	}
	return swapped
}

func TestEveryDifferenceIsTold(t *testing.T) {
	const ref = "v:d1:accrual:1"
	same := lines("6602", "2241", "lin", 12850)
	ours := reconciliation.Ours{Reference: ref, Document: "d1", Entity: "acme-cn", State: "posted", Date: "2026-11-20",
		Lines: same}
	pending := ours
	pending.State = "pending"
	there := func(id, state, date string, of []reconciliation.Line) reconciliation.Theirs {
		return reconciliation.Theirs{Reference: ref, ID: id, Number: "N" + id, State: state, Date: date, Lines: of}
	}
	posted := there("7", "posted", "2026-11-20", same)
	for _, tt := range []struct {
		name        string
		ours        *reconciliation.Ours
		theirs      []reconciliation.Theirs
		kinds       []reconciliation.Kind
		here, other string // of the first
	}{
		{"the same", &ours, []reconciliation.Theirs{posted}, nil, "", ""},
		{"lines in parts that come to the same", &ours, []reconciliation.Theirs{there("7", "posted", "2026-11-20",
			append(lines("6602", "2241", "lin", 12800), lines("6602", "2241", "lin", 50)...))}, nil, "", ""},
		{"an ERP that keeps no party there", &ours, []reconciliation.Theirs{there("7", "posted", "2026-11-20",
			lines("6602", "2241", "", 12850))}, nil, "", ""},
		{"nothing there", &ours, nil, []reconciliation.Kind{"missing_there"}, "2026-11-20 128.50 CNY", ""},
		{"nothing here", nil, []reconciliation.Theirs{posted}, []reconciliation.Kind{"missing_here"}, "",
			"2026-11-20 128.50 CNY"},
		{"neither here nor there", nil, nil, nil, "", ""},
		{"two there", &ours, []reconciliation.Theirs{posted, there("8", "posted", "2026-11-20", same)},
			[]reconciliation.Kind{"duplicate"}, "128.50 CNY", "128.50 CNY + 128.50 CNY"},
		{"still a draft", &ours, []reconciliation.Theirs{there("7", "draft", "2026-11-20", same)},
			[]reconciliation.Kind{"draft"}, "posted", "draft"},
		{"cancelled", &ours, []reconciliation.Theirs{there("7", "cancelled", "2026-11-20", same)},
			[]reconciliation.Kind{"cancelled"}, "128.50 CNY", ""},
		{"booked back under the same reference", &ours,
			[]reconciliation.Theirs{posted, there("8", "posted", "2026-11-21", back(same))},
			[]reconciliation.Kind{"cancelled"}, "128.50 CNY", ""},
		{"booked back and booked again", &ours, []reconciliation.Theirs{posted,
			there("8", "posted", "2026-11-21", back(same)), there("9", "posted", "2026-11-20", same)}, nil, "", ""},
		{"another date", &ours, []reconciliation.Theirs{there("7", "posted", "2026-11-30", same)},
			[]reconciliation.Kind{"date"}, "2026-11-20", "2026-11-30"},
		{"another amount", &ours, []reconciliation.Theirs{there("7", "posted", "2026-11-20",
			lines("6602", "2241", "lin", 12851))}, []reconciliation.Kind{"amount"}, "128.50 CNY", "128.51 CNY"},
		{"another account", &ours, []reconciliation.Theirs{there("7", "posted", "2026-11-20",
			lines("6601", "2241", "lin", 12850))}, []reconciliation.Kind{"account"}, "6602 +128.50", "6601 +128.50"},
		{"another party", &ours, []reconciliation.Theirs{there("7", "posted", "2026-11-20",
			lines("6602", "2241", "emma", 12850))}, []reconciliation.Kind{"party"}, "2241 lin -128.50", "2241 emma -128.50"},
		{"another amount, account and date", &ours, []reconciliation.Theirs{there("7", "posted", "2026-11-21",
			lines("6601", "2241", "lin", 1))}, []reconciliation.Kind{"date", "amount", "account"}, "2026-11-20", "2026-11-21"},
		{"posted there, not recorded here", &pending, []reconciliation.Theirs{posted},
			[]reconciliation.Kind{"not_recorded"}, "pending", "128.50 CNY"},
		{"being posted", &pending, []reconciliation.Theirs{there("7", "draft", "2026-11-20", same)}, nil, "", ""},
		{"not sent yet", &pending, nil, nil, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			found := reconciliation.Judge(tt.ours, tt.theirs)
			var kinds []reconciliation.Kind
			for _, d := range found {
				kinds = append(kinds, d.Kind)
				require.Contains(t, reconciliation.Kinds(), d.Kind)
				require.Equal(t, ref, d.Reference)
			}
			require.Equal(t, tt.kinds, kinds)
			if len(found) > 0 {
				require.Equal(t, tt.here, found[0].Ours)
				require.Equal(t, tt.other, found[0].Theirs)
			}
		})
	}
}

// TestDimensionsAreCompared proves that what our lines name must be there, account by
// account, and that what somebody added is none of our business.
func TestDimensionsAreCompared(t *testing.T) {
	split := func(of ...voucher.Splits) []reconciliation.Line {
		all := lines("6602", "2241", "lin", 12850)
		for i := range of {
			all[i].Dimensions = of[i]
		}
		return all
	}
	ours := reconciliation.Ours{Reference: "v:d1:accrual:1", State: "posted", Date: "2026-11-20",
		Lines: split("cost_center=C\nproject=P")}
	judge := func(of []reconciliation.Line) []reconciliation.Difference {
		return reconciliation.Judge(&ours, []reconciliation.Theirs{{Reference: ours.Reference, ID: "1", State: "posted",
			Date: ours.Date, Lines: of}})
	}
	require.Empty(t, judge(split("cost_center=C\nproject=P", "")))
	require.Empty(t, judge(split("cost_center=C\nproject=P\nregion=R", "project=X")), "others may be added")
	for name, other := range map[string]voucher.Splits{"another": "cost_center=C\nproject=Q", "gone": "cost_center=C"} {
		found := judge(split(other))
		require.Len(t, found, 1, name)
		require.Equal(t, reconciliation.OtherDimension, found[0].Kind)
		require.Equal(t, "6602 cost_center=C, project=P +128.50", found[0].Ours)
	}
}
