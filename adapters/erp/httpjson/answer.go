package httpjson

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/voucher"
)

// at follows a dotted path into decoded JSON: a number picks from a list, and
// "" is the whole; nil where the path leads nowhere.
func at(tree any, path string) any {
	if path == "" {
		return tree
	}
	for _, name := range strings.Split(path, ".") {
		switch node := tree.(type) {
		case map[string]any:
			tree = node[name]
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(node) {
				return nil
			}
			tree = node[i]
		default:
			return nil
		}
	}
	return tree
}

// text is a value as text; "" for none.
func text(tree any, path string) string {
	if path == "" {
		return ""
	}
	switch value := at(tree, path).(type) {
	case string:
		return value
	case json.Number:
		return value.String()
	case bool:
		return strconv.FormatBool(value)
	}
	return ""
}

// found reads a voucher out of an answer.
func (s Shape) found(tree any, c money.Currency) (port.Found, error) {
	f := port.Found{ID: text(tree, s.ID), Reference: text(tree, s.Reference), Number: text(tree, s.Number),
		Date: text(tree, s.Date)}
	if len(f.Date) > len("2006-01-02") {
		f.Date = f.Date[:len("2006-01-02")]
	}
	word := text(tree, s.State)
	state, known := s.States[word]
	if f.ID == "" || !known {
		return f, fmt.Errorf("a voucher without an id, or in the unknown state %q", word)
	}
	f.State = port.State(state)
	lines, _ := at(tree, s.Lines).([]any)
	for _, item := range lines {
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
func (s Shape) dimensions(tree any) voucher.Splits {
	read := map[string]string{}
	switch paths := s.Dimensions.(type) {
	case string:
		all, _ := at(tree, paths).(map[string]any)
		for name := range all {
			read[name] = text(all, name)
		}
	case map[string]any:
		for name, path := range paths {
			read[name] = text(tree, path.(string)) //nolint:forcetypeassert // the mapping was checked
		}
	}
	return voucher.SplitsOf(read)
}

// line reads one line, with a side and an amount or with two amounts.
func (s Shape) line(tree any, c money.Currency) (port.Line, error) {
	l := port.Line{Account: text(tree, s.Account), Party: text(tree, s.Party),
		Debit: money.Amount{Currency: c}, Credit: money.Amount{Currency: c}, Dimensions: s.dimensions(tree)}
	var err error
	if s.Amount != "" {
		amount, err := port.ParseAmount(text(tree, s.Amount), c)
		switch side := s.Sides[text(tree, s.Side)]; side {
		case "debit":
			l.Debit = amount
		case "credit":
			l.Credit = amount
		default:
			return l, fmt.Errorf("unknown side %q", text(tree, s.Side))
		}
		return l, err
	}
	if debit := text(tree, s.Debit); debit != "" {
		if l.Debit, err = port.ParseAmount(debit, c); err != nil {
			return l, err
		}
	}
	if credit := text(tree, s.Credit); credit != "" {
		l.Credit, err = port.ParseAmount(credit, c)
	}
	return l, err
}
