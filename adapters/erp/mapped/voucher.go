package mapped

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/voucher"
)

// Shape says where things are in a voucher of an answer.
type Shape struct {
	ID        string            `yaml:"id"`
	Reference string            `yaml:"reference"`
	Number    string            `yaml:"number"`
	Date      string            `yaml:"date"` // its first ten characters are YYYY-MM-DD
	State     string            `yaml:"state"`
	States    map[string]string `yaml:"states"` // the ERP's word → draft, posted or cancelled
	Lines     string            `yaml:"lines"`
	Account   string            `yaml:"account"`
	Party     string            `yaml:"party"`
	Side      string            `yaml:"side"`
	Sides     map[string]string `yaml:"sides"` // the ERP's word → debit or credit
	Amount    string            `yaml:"amount"`
	Debit     string            `yaml:"debit"`
	Credit    string            `yaml:"credit"`

	Dimensions any `yaml:"dimensions"` // of a line: the path to what holds them, or a path for each by name
}

// Paths are all that it names, by what they are of.
func (s Shape) Paths() map[string]string {
	paths := map[string]string{"id": s.ID, "reference": s.Reference, "number": s.Number, "date": s.Date, "state": s.State,
		"lines": s.Lines, "account": s.Account, "party": s.Party, "side": s.Side, "amount": s.Amount, "debit": s.Debit,
		"credit": s.Credit}
	switch dimensions := s.Dimensions.(type) {
	case string:
		paths["dimensions"] = dimensions
	case map[string]any:
		for name, path := range dimensions {
			paths["dimensions."+name], _ = path.(string)
		}
	}
	return paths
}

// Found reads a voucher out of an answer.
//
// Errors: one that is no fault where it is no voucher; Conflict where it is one that we
// cannot compare.
func (s Shape) Found(node Node, c money.Currency) (port.Found, error) {
	f := port.Found{ID: node.Text(s.ID), Reference: node.Text(s.Reference), Number: node.Text(s.Number),
		Date: node.Text(s.Date)}
	if len(f.Date) > len("2006-01-02") {
		f.Date = f.Date[:len("2006-01-02")]
	}
	word := node.Text(s.State)
	state, known := s.States[word]
	if f.ID == "" || !known {
		return f, fmt.Errorf("a voucher without an id, or in the unknown state %q", word)
	}
	f.State = port.State(state)
	for _, item := range node.Items(s.Lines) {
		l, err := s.line(item, c)
		if err != nil {
			return f, port.Fault(port.CodeConflict, err.Error(), fault.Arg("what", f.ID))
		}
		f.Lines = append(f.Lines, l)
	}
	f.Totals = port.Sum(f.Lines)
	return f, nil
}

// dimensions reads those of a line.
func (s Shape) dimensions(node Node) voucher.Splits {
	read := map[string]string{}
	switch paths := s.Dimensions.(type) {
	case string:
		for _, name := range node.Names(paths) {
			read[name] = node.Text(paths + "." + name)
		}
	case map[string]any:
		for name, path := range paths {
			read[name] = node.Text(path.(string)) //nolint:forcetypeassert // the mapping was checked
		}
	}
	return voucher.SplitsOf(read)
}

// line reads one line, with a side and an amount or with two amounts.
func (s Shape) line(node Node, c money.Currency) (port.Line, error) {
	l := port.Line{Account: node.Text(s.Account), Party: node.Text(s.Party),
		Debit: money.Amount{Currency: c}, Credit: money.Amount{Currency: c}, Dimensions: s.dimensions(node)}
	var err error
	if s.Amount != "" {
		amount, err := port.ParseAmount(node.Text(s.Amount), c)
		switch side := s.Sides[node.Text(s.Side)]; side {
		case "debit":
			l.Debit = amount
		case "credit":
			l.Credit = amount
		default:
			return l, fmt.Errorf("unknown side %q", node.Text(s.Side))
		}
		return l, err
	}
	if debit := node.Text(s.Debit); debit != "" {
		if l.Debit, err = port.ParseAmount(debit, c); err != nil {
			return l, err
		}
	}
	if credit := node.Text(s.Credit); credit != "" {
		l.Credit, err = port.ParseAmount(credit, c)
	}
	return l, err
}

// check holds that a voucher can be read.
func (s Shape) check() error {
	for word, state := range s.States {
		if !slices.Contains([]port.State{port.Draft, port.Posted, port.Cancelled}, port.State(state)) {
			return At("voucher.states."+word, fmt.Errorf("%q is not a state", state))
		}
	}
	if s.ID == "" || s.Reference == "" || s.State == "" || s.Lines == "" || s.Date == "" {
		return At("voucher", errors.New("needs id, reference, state, date and lines"))
	}
	switch paths := s.Dimensions.(type) {
	case nil, string:
		return nil
	case map[string]any:
		for name, path := range paths {
			if text, ok := path.(string); !ok || text == "" {
				return At("voucher.dimensions."+name, errors.New("write the path to its value"))
			}
		}
		return nil
	}
	return At("voucher.dimensions", errors.New("write the path to an object, or a path for each dimension by name"))
}

// told are the dimensions that a voucher of an answer has.
func (s Shape) told() []string {
	switch paths := s.Dimensions.(type) {
	case string:
		return []string{port.AnyDimension}
	case map[string]any:
		return slices.Sorted(maps.Keys(paths))
	}
	return nil
}
