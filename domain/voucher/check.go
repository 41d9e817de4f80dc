package voucher

import (
	"fmt"
	"strconv"
	"time"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
)

// EntriesMax is how many entries one voucher may have.
const EntriesMax = 1000

// Check holds what every voucher must keep: its own reference, a date, positive
// entries of one currency and one base currency, balanced in both.
//
// Errors: Invalid voucher.*.
func (v Voucher) Check() error {
	if v.Document == "" || v.Reference != v.ownReference() || v.Short != Short(v.Reference) {
		return v.fault("voucher.bad_reference")
	}
	if _, err := time.Parse(time.DateOnly, v.Date); err != nil {
		return v.fault("voucher.bad_date", fault.Arg("date", v.Date))
	}
	if n := len(v.Entries); n < 2 || n > EntriesMax {
		return v.fault("voucher.entries", fault.Arg("count", strconv.Itoa(n)), fault.Arg("max", strconv.Itoa(EntriesMax)))
	}
	for i, e := range v.Entries {
		if err := v.checkEntry(i, e); err != nil {
			return err
		}
	}
	if err := v.balanced(func(e Entry) money.Amount { return e.Amount }); err != nil {
		return err
	}
	return v.balanced(func(e Entry) money.Amount { return e.Base })
}

func (v Voucher) checkEntry(i int, e Entry) error {
	path := fault.Field(fmt.Sprintf("entries[%d]", i))
	first := v.Entries[0]
	switch {
	case e.Side != Debit && e.Side != Credit:
		return v.fault("voucher.bad_entry", path, fault.Arg("why", "side"))
	case e.Account == "":
		return v.fault("voucher.bad_entry", path, fault.Arg("why", "account"))
	case e.Amount.Currency == "" || e.Base.Currency == "":
		return v.fault("voucher.bad_entry", path, fault.Arg("why", "currency"))
	case e.Amount.Currency != first.Amount.Currency:
		return v.mixed(path, e.Amount, first.Amount)
	case e.Base.Currency != first.Base.Currency:
		return v.mixed(path, e.Base, first.Base)
	case e.Amount.Minor < 0 || e.Base.Minor < 0, e.Amount.IsZero() && !e.differs():
		return v.fault("voucher.bad_entry", path, fault.Arg("why", "amount"))
	case e.Amount.Currency == e.Base.Currency && e.Amount != e.Base:
		return v.fault("voucher.bad_entry", path, fault.Arg("why", "base"))
	}
	return nil
}

// differs says whether the entry is a difference of exchange: nothing in the
// document's currency, something in the books'. 汇兑差额
func (e Entry) differs() bool {
	return e.Amount.IsZero() && e.Base.Minor > 0 && e.Amount.Currency != e.Base.Currency
}

func (v Voucher) mixed(path fault.Detail, got, want money.Amount) error {
	return v.fault("voucher.mixed_currency", path,
		fault.Arg("currency", string(want.Currency)), fault.Arg("other", string(got.Currency)))
}

func (v Voucher) balanced(of func(Entry) money.Amount) error {
	currency := of(v.Entries[0]).Currency
	debit, credit := money.Zero(currency), money.Zero(currency)
	for _, e := range v.Entries {
		side := &debit
		if e.Side == Credit {
			side = &credit
		}
		sum, err := side.Add(of(e))
		if err != nil {
			return err
		}
		*side = sum
	}
	if debit != credit || debit.IsZero() && currency == v.Entries[0].Amount.Currency {
		return v.fault("voucher.unbalanced", fault.Arg("debit", debit.Text()), fault.Arg("credit", credit.Text()),
			fault.Arg("currency", string(currency)))
	}
	return nil
}

func (v Voucher) fault(code string, details ...fault.Detail) error {
	return fault.New(fault.Invalid, code, append(details, fault.Arg("reference", v.Reference))...)
}
