package booking

import (
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/voucher"
)

// settlement books the payment: what was owed to the payee against the bank. What
// the bank took more or less in the currency of the books than was booked when it was
// owed is a difference of exchange, an entry of its own: nothing in the document's
// currency. 结算
func (b *builder) settlement() ([]reasoned, error) {
	c := b.in.Content
	if b.rules.Settlement.Bank == "" {
		return nil, b.mapping.text.Fault("booking.no_settlement", "settlement", fault.Arg("type", c.Type))
	}
	owed, err := c.Payable()
	if err != nil {
		return nil, err
	}
	if owed.Sign() <= 0 {
		return nil, fault.New(fault.Invalid, "booking.nothing_to_settle", fault.Arg("number", b.in.Number))
	}
	booked := owed
	if c.Offset == nil {
		booked = c.BaseTotal
	}
	paid := booked
	if b.in.Paid != nil {
		paid = *b.in.Paid
	}
	settled, err := b.owing(voucher.Debit, ruleSettled, owed, booked)
	if err != nil {
		return nil, err
	}
	bank, err := b.balancing(voucher.Credit, ruleBank, "settlement.bank", b.rules.Settlement.Bank, owed, paid)
	if err != nil {
		return nil, err
	}
	difference, err := paid.Sub(booked)
	if err != nil || difference.IsZero() {
		return []reasoned{settled, bank}, err
	}
	exchange, err := b.exchange(difference)
	return []reasoned{settled, exchange, bank}, err
}

// exchange books what a rate made of the same debt between approval and payment.
func (b *builder) exchange(difference money.Amount) (reasoned, error) {
	side, rule, account := voucher.Debit, ruleLoss, b.rules.Settlement.Loss
	if difference.Sign() < 0 {
		side, rule, account = voucher.Credit, ruleGain, b.rules.Settlement.Gain
		difference.Minor = -difference.Minor
	}
	if account == "" || b.in.Content.Currency == b.in.EntityCurrency {
		return reasoned{}, b.mapping.text.Fault("booking.no_difference", "settlement."+rule,
			fault.Arg("amount", difference.Text()), fault.Arg("currency", string(difference.Currency)))
	}
	return b.balancing(side, rule, "settlement."+rule, account, money.Zero(b.in.Content.Currency), difference)
}

// balancing is an entry without a party.
func (b *builder) balancing(side voucher.Side, rule, path, value string, amount, base money.Amount) (reasoned, error) {
	account, err := b.required(path, value)
	if err != nil {
		return reasoned{}, err
	}
	dimensions, err := b.dimensions(rule, nil)
	return reasoned{voucher.Entry{
		Side: side, Account: account, Amount: amount, Base: base, Text: b.text, Dimensions: dimensions,
	}, b.because(rule, "")}, err
}
