package document

import (
	"maps"
	"slices"

	"github.com/countersign/countersign/domain/invoice"
	"github.com/countersign/countersign/domain/money"
)

// Invoiced holds a line against the invoices that were read from files. 票面金额核对
type Invoiced struct {
	Line  int          // from 0
	Sum   money.Amount // of the invoices, tax included
	Over  money.Amount // claimed beyond them; or
	Under money.Amount // left of them
}

// Invoiced lists the lines whose amount is not that of their invoices: those in the line's
// own files, and the one it names by number, wherever its file is. facts are by the ids of
// attachments. A line in another currency is not compared.
func (c Content) Invoiced(facts map[string]invoice.Fact) []Invoiced {
	named := map[string]money.Amount{}
	for _, file := range c.Files() {
		if f, read := facts[file.ID]; read {
			named[f.Number] = f.Gross
		}
	}
	var list []Invoiced
	for i, l := range c.Lines {
		shown := map[string]money.Amount{}
		for _, file := range l.Attachments {
			if f, read := facts[file.ID]; read {
				shown[f.Number] = f.Gross
			}
		}
		if gross, read := named[invoice.Plain(l.Invoice)]; read {
			shown[invoice.Plain(l.Invoice)] = gross
		}
		sum, err := money.Sum(l.Amount.Currency, slices.Collect(maps.Values(shown))...)
		if err != nil || sum.Sign() <= 0 || l.Amount.Sign() <= 0 {
			continue
		}
		held := Invoiced{Line: i, Sum: sum}
		held.Over, _ = l.Amount.Sub(sum) // both are of one currency, and neither is below zero
		held.Under, _ = sum.Sub(l.Amount)
		if held.Over.Sign() != 0 {
			held.Over.Minor, held.Under.Minor = max(held.Over.Minor, 0), max(held.Under.Minor, 0)
			list = append(list, held)
		}
	}
	return list
}
