package booking

import (
	"fmt"
	"math/big"
	"regexp"
	"strconv"
	"strings"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
)

var shareText = regexp.MustCompile(`^[0-9]{1,3}(\.[0-9]{1,2})?%$`)

// wholeShare is 100 %, in hundredths of a per cent.
const wholeShare = 10_000

// share is what a part says, in hundredths of a per cent.
func (p TaxPart) share() int64 {
	if p.Share == "" {
		return wholeShare
	}
	value, ok := new(big.Rat).SetString(strings.TrimSuffix(p.Share, "%"))
	if !ok {
		return 0
	}
	value.Mul(value, big.NewRat(wholeShare/100, 1))
	return value.Num().Int64() / value.Denom().Int64()
}

// taxed is a part of a line's tax that is deducted.
type taxed struct {
	account, code string
	amount        money.Amount
	why           Why
}

// taxes splits the tax inside a line by the first rule that fits. What the parts do
// not take stays in the cost. Cents that do not divide go to the largest remainders,
// the first part first among equals.
func (b *builder) taxes(i int, l document.Line) ([]taxed, error) {
	if l.Tax.IsZero() {
		return nil, nil
	}
	n, fits, err := b.taxRule(l)
	if err != nil {
		return nil, err
	}
	if !fits {
		return b.plainTax(i, l)
	}
	parts := b.rules.Taxes[n].Parts
	weights, left := make([]int64, 0, len(parts)+1), int64(wholeShare)
	for _, p := range parts {
		weights, left = append(weights, p.share()), left-p.share()
	}
	amounts, err := l.Tax.Allocate(append(weights, left))
	if err != nil {
		return nil, err
	}
	all := make([]taxed, 0, len(parts))
	for j, p := range parts {
		path := fmt.Sprintf("taxes[%d].parts[%d].account", n, j)
		account, err := b.account(path, p.Account, &l)
		if err != nil {
			return nil, err
		}
		if account == "" || amounts[j].IsZero() {
			continue
		}
		why := b.because(ruleTax, "")
		why.Line, why.Expression = i+1, expressionOf(p.Account)
		all = append(all, taxed{account, p.Code, amounts[j], why})
	}
	return all, nil
}

// taxRule finds the first rule that fits a line.
func (b *builder) taxRule(l document.Line) (int, bool, error) {
	for n, rule := range b.rules.Taxes {
		if rule.When == "" {
			return n, true, nil
		}
		facts, err := b.facts(&l)
		if err != nil {
			return 0, false, err
		}
		at, formula := b.formula("taxes[" + strconv.Itoa(n) + "].when")
		holds, err := formula.Holds(facts)
		if err != nil {
			return 0, false, b.mapping.text.Fault("booking.no_value", at,
				fault.Arg("expression", rule.When), fault.Arg("words", err.Error()))
		}
		if holds {
			return n, true, nil
		}
	}
	return 0, false, nil
}

// plainTax is the tax of a mapping without rules for it.
func (b *builder) plainTax(i int, l document.Line) ([]taxed, error) {
	account, err := b.account("tax", b.rules.Tax, &l)
	if err != nil || account == "" {
		return nil, err
	}
	why := b.because(ruleTax, "")
	why.Line = i + 1
	return []taxed{{account, b.rules.TaxCode, l.Tax, why}}, nil
}
