package booking

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/domain/voucher"
	"github.com/countersign/countersign/policy/doctype"
)

// Lost says which dimensions of a voucher its books would leave out, each at its place in
// the mapping that made it: posting would refuse the voucher.
func Lost(m *Mapping, keeps voucher.Keeps, v voucher.Voucher, whys []Why) []*fault.Fault {
	var faults []*fault.Fault
	seen := map[string]bool{}
	for _, l := range keeps.Lost(v) {
		path := "dimensions." + ofEntries(whys[l.Entry].Rule) + "." + l.Name
		own := "entities." + v.Entity + "." + path
		if _, written := m.text.At[own]; written {
			path = own
		}
		if key := path + "|" + l.Account; !seen[key] {
			seen[key] = true
			faults = append(faults, m.text.Fault("booking.dimension_lost", path, fault.Arg("dimension", l.Name),
				fault.Arg("account", l.Account), fault.Arg("entity", v.Entity), fault.Arg("connection", keeps.Connection),
				fault.Arg("adapter", keeps.Adapter), fault.Arg("known", cmp.Or(strings.Join(keeps.Names(), ", "), "–"))))
		}
	}
	return faults
}

// ofEntries is the name under which the dimensions of a rule's entries stand.
func ofEntries(rule string) string {
	switch rule {
	case ruleDefault:
		return ruleDebit
	case ruleSettled:
		return ruleCredit
	}
	return rule
}

// Cautions are what books cannot do of what documents of a type may want. It keeps
// nobody from publishing: the vouchers are posted all the same.
func Cautions(t *doctype.Type, company *org.Snapshot, keeps map[string]voucher.Keeps) []*fault.Fault {
	var cautions []*fault.Fault
	for _, entity := range slices.Sorted(maps.Keys(company.Entities)) {
		books, known := keeps[entity]
		if !known {
			continue
		}
		details := []fault.Detail{fault.Arg("entity", entity), fault.Arg("connection", books.Connection),
			fault.Arg("adapter", books.Adapter)}
		base := money.Currency(company.Entities[entity].Currency)
		foreign := slices.DeleteFunc(slices.Clone(t.Currencies), func(c money.Currency) bool { return c == base })
		if !books.Foreign && !t.OwnCurrency && len(foreign) > 0 {
			cautions = append(cautions, fault.New(fault.Invalid, "booking.foreign_lost",
				append(details, fault.Arg("currency", string(base)))...))
		}
		if !books.Reverses {
			cautions = append(cautions, fault.New(fault.Invalid, "booking.no_reversal", details...))
		}
	}
	return cautions
}
