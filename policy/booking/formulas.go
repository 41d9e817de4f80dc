package booking

import (
	"strings"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/policy/expr"
)

// formulas are the expressions of a mapping, by the path of the value in its text.
type formulas map[string]*expr.Formula

// expressionOf is the expression that a value is, "" where it is written as it is.
func expressionOf(value string) string {
	rest, is := strings.CutPrefix(strings.TrimLeft(value, " "), "=")
	if !is {
		return ""
	}
	return strings.TrimSpace(rest)
}

// facts is what an expression sees: the document, and the line where there is one.
func (b *builder) facts(line *document.Line) (expr.Facts, error) {
	f := expr.Facts{
		Content: b.in.Content, Number: b.in.Number, Kind: string(b.in.Kind), Date: b.in.Date,
		DepartmentCostCenter: b.departmentCostCenter(), BaseCurrency: b.in.EntityCurrency,
		Tables: b.rules.Tables, Master: b.in.Master, Line: line,
	}
	if line == nil {
		return f, nil
	}
	var err error
	f.LineBase, err = b.inBase(line.Amount)
	return f, err
}

// inBase is an amount of the document in the currency of the books, by itself.
func (b *builder) inBase(a money.Amount) (money.Amount, error) {
	if rate := b.in.Content.Rate; rate != nil && a.Currency != b.in.EntityCurrency {
		return a.At(rate.Value, b.in.EntityCurrency)
	}
	return a, nil
}

// worth is what a value of the mapping comes to for a line, or for the document
// where line is nil: itself, or what its expression comes to.
//
// Errors: Invalid booking.no_value.
func (b *builder) worth(path, value string, line *document.Line) (string, error) {
	expression := expressionOf(value)
	if expression == "" {
		return value, nil
	}
	facts, err := b.facts(line)
	if err != nil {
		return "", err
	}
	at, formula := b.formula(path)
	result, err := formula.Text(facts)
	if err != nil {
		return "", b.mapping.text.Fault("booking.no_value", at,
			fault.Arg("expression", expression), fault.Arg("words", err.Error()))
	}
	return strings.TrimSpace(result), nil
}

// formula finds the expression of a path: the entity's own, else the mapping's.
func (b *builder) formula(path string) (string, *expr.Formula) {
	own := "entities." + b.in.Content.Entity + "." + path
	if f, ok := b.mapping.formulas[own]; ok {
		return own, f
	}
	return path, b.mapping.formulas[path]
}

// account is worth, held against what an account's code may look like. "" where the
// expression names none.
func (b *builder) account(path, value string, line *document.Line) (string, error) {
	code, err := b.worth(path, value, line)
	if err != nil || code == "" || accountText.MatchString(code) {
		return code, err
	}
	at, _ := b.formula(path)
	return "", b.mapping.text.Fault("booking.bad_result", at,
		fault.Arg("expression", expressionOf(value)), fault.Arg("value", shown(code)))
}

// required is account, where there must be one.
func (b *builder) required(path, value string) (string, error) {
	code, err := b.account(path, value, nil)
	if err == nil && code == "" {
		at, _ := b.formula(path)
		return "", b.mapping.text.Fault("booking.bad_result", at,
			fault.Arg("expression", expressionOf(value)), fault.Arg("value", ""))
	}
	return code, err
}

func shown(text string) string {
	const most = 60
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}
