package document

import (
	"slices"
	"strconv"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
)

// Claim is what a line asked for before an approver sanctioned another amount. 申报金额
type Claim struct {
	Amount money.Amount `json:"amount"`
	Tax    money.Amount `json:"tax"`
}

// Claimed is what a document asked for before its lines were sanctioned.
type Claimed struct {
	Total     money.Amount  `json:"total"`
	BaseTotal money.Amount  `json:"base_total"`
	Offset    *money.Amount `json:"offset,omitempty"` // where less of the advance is settled now
}

// Approved is how much of a line an approver sanctions. 核定金额
type Approved struct {
	Line   int // from 1
	Amount money.Amount
}

// SanctionedLine is what became of one line.
type SanctionedLine struct {
	Line    int          `json:"line"` // from 1
	Claimed money.Amount `json:"claimed"`
	Was     money.Amount `json:"was"`
	Now     money.Amount `json:"now"`
}

// Sanction is the audited patch of one sanction: the lines that changed, in
// order, and the total. Content.Sanctioned makes it, and makes it again to prove it.
type Sanction struct {
	Lines   []SanctionedLine `json:"lines"`
	Claimed money.Amount     `json:"claimed"` // the total claimed
	Was     money.Amount     `json:"was"`     // the total before
	Now     money.Amount     `json:"now"`
}

// PatchFaults are what may be wrong with a sanction or an amendment.
var PatchFaults = fault.Register(map[string]fault.Entry{
	"sanction.no_change":      {Kind: fault.Invalid},
	"sanction.bad_line":       {Kind: fault.Invalid, Args: []string{"line"}},
	"sanction.wrong_currency": {Kind: fault.Invalid, Args: []string{"line", "currency", "want"}},
	"sanction.negative":       {Kind: fault.Invalid, Args: []string{"line"}},
	"sanction.above_claimed":  {Kind: fault.Invalid, Args: []string{"line", "max", "currency"}},
	"sanction.zero_total":     {Kind: fault.Invalid},
	"sanction.bad_total":      {Kind: fault.Invalid},
	"amend.no_change":         {Kind: fault.Invalid},
	"amend.bad_field":         {Kind: fault.Invalid, Args: []string{"field"}},
	"amend.not_allowed":       {Kind: fault.Forbidden, Args: []string{"field"}},
	"amend.too_many":          {Kind: fault.Invalid, Args: []string{"max"}},
	"amend.standard_changes":  {Kind: fault.Invalid, Args: []string{"line"}},
})

// Sanctioned is the content with other amounts approved for some of its lines, in
// their order, and the patch that leads to it. Nothing else changes, and what was
// claimed stays beside what is approved: the same amounts give the same content,
// in however many sanctions they were set.
//
// The tax inside a line keeps its share of the claimed amount, by the largest
// remainder. Totals are added up anew, at the frozen rate. An advance is settled
// by less where the requester would otherwise owe more than the document claimed.
//
// Errors: Invalid sanction.*, each with its line.
func (c Content) Sanctioned(approved []Approved) (Content, Sanction, error) {
	patch := Sanction{Lines: []SanctionedLine{}, Claimed: c.claimedTotal(), Was: c.Total}
	c.Lines = slices.Clone(c.Lines)
	for i, a := range approved {
		if a.Line < 1 || a.Line > len(c.Lines) || i > 0 && a.Line <= approved[i-1].Line {
			return Content{}, Sanction{}, badLine("sanction.bad_line", a.Line)
		}
		line := &c.Lines[a.Line-1]
		changed := SanctionedLine{Line: a.Line, Claimed: line.claim().Amount, Was: line.Amount, Now: a.Amount}
		if changed.Was == changed.Now {
			continue
		}
		if err := changed.check(); err != nil {
			return Content{}, Sanction{}, err
		}
		patch.Lines = append(patch.Lines, changed)
		if err := line.approve(a.Amount, c.Rate); err != nil {
			return Content{}, Sanction{}, err
		}
	}
	next, err := c.added()
	if err != nil {
		return Content{}, Sanction{}, err
	}
	patch.Now = next.Total
	return next, patch, patch.Check()
}

// Sanctions says whether a patch, and nothing else, leads from the content to the
// next one; it believes neither.
func (c Content) Sanctions(patch Sanction, next Content) bool {
	approved := make([]Approved, 0, len(patch.Lines))
	for _, l := range patch.Lines {
		approved = append(approved, Approved{l.Line, l.Now})
	}
	derived, again, err := c.Sanctioned(approved)
	return err == nil && again.same(patch) && sameContent(derived, next)
}

// Check says what is wrong with a patch in itself, for who does not have the content.
//
// Errors: Invalid sanction.*.
func (s Sanction) Check() error {
	if len(s.Lines) == 0 {
		return fault.New(fault.Invalid, "sanction.no_change", fault.Field("lines"))
	}
	left := s.Was
	for i, l := range s.Lines {
		if l.Line < 1 || i > 0 && l.Line <= s.Lines[i-1].Line {
			return badLine("sanction.bad_line", l.Line)
		}
		if err := l.check(); err != nil {
			return err
		}
		left.Minor += l.Now.Minor - l.Was.Minor
	}
	first := s.Lines[0].Now.Currency
	switch {
	case left != s.Now || s.Now.Minor > s.Claimed.Minor || s.Was.Minor > s.Claimed.Minor,
		s.Now.Currency != first || s.Claimed.Currency != first:
		return fault.New(fault.Invalid, "sanction.bad_total", fault.Field("lines"))
	case s.Now.Minor <= 0:
		return fault.New(fault.Invalid, "sanction.zero_total", fault.Field("lines"))
	}
	return nil
}

func (l SanctionedLine) check() error {
	line := fault.Arg("line", strconv.Itoa(l.Line))
	switch {
	case l.Now.Currency != l.Claimed.Currency || l.Was.Currency != l.Claimed.Currency:
		return fault.New(fault.Invalid, "sanction.wrong_currency", lineField(l.Line), line,
			fault.Arg("currency", string(l.Now.Currency)), fault.Arg("want", string(l.Claimed.Currency)))
	case l.Now.Minor < 0:
		return fault.New(fault.Invalid, "sanction.negative", lineField(l.Line), line)
	case l.Now.Minor > l.Claimed.Minor || l.Was.Minor > l.Claimed.Minor:
		return fault.New(fault.Invalid, "sanction.above_claimed", lineField(l.Line), line,
			fault.Arg("max", l.Claimed.Text()), fault.Arg("currency", string(l.Claimed.Currency)))
	case l.Now == l.Was:
		return fault.New(fault.Invalid, "sanction.no_change", lineField(l.Line))
	}
	return nil
}

func (s Sanction) same(o Sanction) bool {
	return slices.Equal(s.Lines, o.Lines) && s.Claimed == o.Claimed && s.Was == o.Was && s.Now == o.Now
}

func badLine(code string, line int) error {
	return fault.New(fault.Invalid, code, lineField(line), fault.Arg("line", strconv.Itoa(line)))
}

// lineField is the path of a line's amount, as validation names it.
func lineField(line int) fault.Detail {
	return fault.Field("lines[" + strconv.Itoa(line-1) + "].amount")
}

// sameContent compares by what is hashed.
func sameContent(a, b Content) bool {
	x, errX := a.Hash()
	y, errY := b.Hash()
	return errX == nil && errY == nil && x == y
}
