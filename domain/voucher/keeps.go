package voucher

import (
	"maps"
	"slices"
	"strings"
)

// AnyDimension says that a ledger keeps whatever dimension an entry has.
const AnyDimension = "*"

// Keeps says what a ledger keeps of the vouchers that it is sent, as data. Whoever
// publishes a mapping asks it, so that nobody learns of it from a parked voucher.
type Keeps struct {
	Connection string // where its options are set
	Adapter    string

	Foreign    bool     // the document's currency beside the base currency
	Reverses   bool     // it can book the opposite of a posted voucher
	Dimensions []string // by name, on every account; AnyDimension = all
	Accounts   []Kept   // by name, on some accounts only
}

// Kept is a dimension that a ledger keeps on the accounts whose code begins so.
type Kept struct {
	Accounts string // a prefix; "" = every account
	Name     string
	Not      bool // it keeps it on all that begin so but these; the longest beginning decides
}

// Dimension says whether the ledger keeps a dimension on an account.
func (k Keeps) Dimension(account, name string) bool {
	if slices.Contains(k.Dimensions, AnyDimension) || slices.Contains(k.Dimensions, name) {
		return true
	}
	kept, longest := false, -1
	for _, one := range k.Accounts {
		if one.Name == name && strings.HasPrefix(account, one.Accounts) && len(one.Accounts) > longest {
			kept, longest = !one.Not, len(one.Accounts)
		}
	}
	return kept
}

// Names are all dimensions that the ledger keeps on some account.
func (k Keeps) Names() []string {
	names := slices.Clone(k.Dimensions)
	for _, one := range k.Accounts {
		if !one.Not {
			names = append(names, one.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Loss is a dimension of an entry that a ledger would leave out.
type Loss struct {
	Entry         int // of the voucher, from 0
	Account, Name string
}

// Lost lists the dimensions that the ledger would leave out: its books would say less
// than the voucher, and nobody would know.
func (k Keeps) Lost(v Voucher) []Loss {
	var lost []Loss
	for i, e := range v.Entries {
		for _, name := range slices.Sorted(maps.Keys(e.Dimensions)) {
			if !k.Dimension(e.Account, name) {
				lost = append(lost, Loss{i, e.Account, name})
			}
		}
	}
	return lost
}
