package erp

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/voucher"
)

// difference says in words how a found voucher differs from ours, "" if it does not.
func difference(v voucher.Voucher, f Found, can Capabilities) string {
	if f.State == Cancelled {
		return "it was cancelled in the ERP"
	}
	if f.Date != v.Date {
		return fmt.Sprintf("its date is %s, ours %s", f.Date, v.Date)
	}
	want, have := Lines(v, can), slices.Clone(f.Lines)
	ours, theirs := port.Sum(want), port.Sum(f.Lines)
	if theirs != ours {
		return fmt.Sprintf("its totals are %d/%d, ours %d/%d",
			theirs.Debit.Minor, theirs.Credit.Minor, ours.Debit.Minor, ours.Credit.Minor)
	}
	dropUnkeptParties(want, have)
	dropTheirDimensions(want, have)
	if slices.Equal(sorted(want), sorted(have)) {
		return ""
	}
	if slices.Equal(sorted(bare(want)), sorted(bare(have))) {
		return "its dimensions differ line by line"
	}
	return "its accounts, parties or amounts differ line by line"
}

// dropUnkeptParties forgets our parties on accounts where the ERP keeps none:
// Tryton refuses a party on an account that does not ask for one.
func dropUnkeptParties(ours, theirs []Line) {
	kept := map[string]bool{}
	for _, l := range theirs {
		kept[l.Account] = kept[l.Account] || l.Party != ""
	}
	for i := range ours {
		if !kept[ours[i].Account] {
			ours[i].Party = ""
		}
	}
}

// dropTheirDimensions forgets of their lines which dimensions ours do not have on the
// account: an ERP, or an accountant, may add some.
func dropTheirDimensions(ours, theirs []Line) {
	named := map[string]map[string]bool{}
	for _, l := range ours {
		for _, name := range l.Dimensions.Names() {
			if named[l.Account] == nil {
				named[l.Account] = map[string]bool{}
			}
			named[l.Account][name] = true
		}
	}
	for i, l := range theirs {
		theirs[i].Dimensions = l.Dimensions.Only(named[l.Account])
	}
}

// bare is lines without their dimensions.
func bare(lines []Line) []Line {
	lines = slices.Clone(lines)
	for i := range lines {
		lines[i].Dimensions = ""
	}
	return lines
}

func sorted(lines []Line) []Line {
	return slices.SortedFunc(slices.Values(lines), func(a, b Line) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Party, b.Party),
			cmp.Compare(a.Debit.Minor, b.Debit.Minor), cmp.Compare(a.Credit.Minor, b.Credit.Minor),
			cmp.Compare(a.Dimensions, b.Dimensions))
	})
}
