package document

import (
	"slices"

	"github.com/countersign/countersign/domain/money"
)

// AsClaimed is the content as it was submitted in its round, whatever was
// sanctioned since. Its amounts decide the route and whose authority reaches. 按申报金额
//
// Errors: Invalid money.too_large, which no submitted content has.
func (c Content) AsClaimed() (Content, error) {
	if c.Claimed == nil {
		return c, nil
	}
	c.Lines = slices.Clone(c.Lines)
	for i := range c.Lines {
		line := &c.Lines[i]
		if err := line.approve(line.claim().Amount, c.Rate); err != nil {
			return Content{}, err
		}
	}
	return c.added()
}

// BaseClaimed is the base total as it was claimed.
func (c Content) BaseClaimed() money.Amount {
	if c.Claimed != nil {
		return c.Claimed.BaseTotal
	}
	return c.BaseTotal
}

// ClaimedIn adds up what the lines of some categories claim, in the document's own
// currency and, at its frozen rate, in its entity's; false where it has no such line.
//
// Errors: Invalid money.too_large, which no submitted content has.
func (c Content) ClaimedIn(categories []string) (amount, base money.Amount, found bool, err error) {
	amount = money.Zero(c.Currency)
	for _, l := range c.Lines {
		if !slices.Contains(categories, l.Category) {
			continue
		}
		found = true
		if amount, err = amount.Add(l.claim().Amount); err != nil {
			return amount, base, found, err
		}
	}
	base = amount
	if c.Rate != nil {
		base, err = amount.At(c.Rate.Value, c.Rate.Base)
	}
	return amount, base, found, err
}

func (c Content) claimedTotal() money.Amount {
	if c.Claimed != nil {
		return c.Claimed.Total
	}
	return c.Total
}

// Unclaimed is the content without what was claimed for more: what is approved
// becomes the claim of the next round.
func (c Content) Unclaimed() Content {
	c.Claimed = nil
	c.Lines = slices.Clone(c.Lines)
	for i := range c.Lines {
		c.Lines[i].Claimed = nil
	}
	return c
}

// claim is what a line asked for.
func (l Line) claim() Claim {
	if l.Claimed != nil {
		return *l.Claimed
	}
	return Claim{l.Amount, l.Tax}
}

// approve sets a line's amount, the tax inside it, and what it exceeds its
// standard by. They follow from the claim alone.
func (l *Line) approve(amount money.Amount, rate *Rate) error {
	claim := l.claim()
	l.Amount, l.Tax, l.Claimed = claim.Amount, claim.Tax, nil
	if amount != claim.Amount {
		parts, err := amount.Allocate([]int64{claim.Amount.Minor - claim.Tax.Minor, claim.Tax.Minor})
		if err != nil {
			return err
		}
		l.Amount, l.Tax, l.Claimed = amount, parts[1], &claim
	}
	if l.Standard == nil {
		return nil
	}
	spent := l.Amount
	if limit := l.Standard.Limit.Currency; limit != spent.Currency && rate != nil {
		var err error
		if spent, err = spent.At(rate.Value, limit); err != nil {
			return err
		}
	}
	measured := *l.Standard
	measured.Over.Minor = max(0, spent.Minor-measured.Limit.Minor)
	l.Standard = &measured
	return nil
}

// added adds the lines up anew.
func (c Content) added() (Content, error) {
	claimed := Claimed{Total: c.claimedTotal(), BaseTotal: c.BaseClaimed()}
	settles := c.claimedOffset()
	amounts := make([]money.Amount, 0, len(c.Lines))
	lowered := false
	for _, l := range c.Lines {
		amounts = append(amounts, l.Amount)
		lowered = lowered || l.Claimed != nil
	}
	var err error
	if c.Total, err = money.Sum(c.Currency, amounts...); err != nil {
		return Content{}, err
	}
	c.BaseTotal = c.Total
	if c.Rate != nil {
		if c.BaseTotal, err = c.Total.At(c.Rate.Value, c.Rate.Base); err != nil {
			return Content{}, err
		}
	}
	if c.Offset != nil {
		offset := *c.Offset
		offset.Amount = settles
		// What the requester owes beyond the claim would be new: that much of the advance stays open.
		owes := max(0, settles.Minor-claimed.Total.Minor)
		if settled := c.Total.Minor + owes; settled < settles.Minor {
			offset.Amount.Minor = settled
			claimed.Offset = &settles
		}
		c.Offset = &offset
	}
	c.Claimed = nil
	if lowered {
		c.Claimed = &claimed
	}
	return c, nil
}

func (c Content) claimedOffset() money.Amount {
	switch {
	case c.Claimed != nil && c.Claimed.Offset != nil:
		return *c.Claimed.Offset
	case c.Offset != nil:
		return c.Offset.Amount
	}
	return money.Amount{}
}
