package expr

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/money"
)

// Input is what a condition is judged on.
type Input struct {
	Content      document.Content
	Amount       money.Amount // by which bands are chosen, in the policy's base currency
	Own          money.Amount // Content.BaseTotal, likewise: Amount without what is counted beside it
	Grade        int          // of the requester
	SupplierKind string       // "" for an employee
	// Base puts an amount of the document's currency into the policy's base
	// currency; it is asked only where the condition speaks of lines.
	Base func(money.Amount) (money.Amount, error)
}

// Verdict is what a condition came to.
type Verdict struct {
	True   bool
	Reason string // the condition as written, its value, and the values it saw
}

// Judge evaluates the condition.
//
// Errors: *Error for any error met on the way, even one that logic could have
// done without: an error is never a decision.
func (c *Condition) Judge(in Input) (Verdict, error) {
	vars, err := c.bind(in)
	if err != nil {
		return Verdict{}, &Error{Words: err.Error()}
	}
	value, details, err := c.eval(vars)
	if err != nil {
		return Verdict{}, err
	}
	truth, ok := value.(types.Bool)
	if !ok {
		return Verdict{}, &Error{Words: fmt.Sprintf("the condition came to a %s", value.Type().TypeName())}
	}
	reason := fmt.Sprintf("%s is %t", flat(c.text), bool(truth))
	if seen := c.seen(vars, details); len(seen) > 0 {
		reason += ": " + strings.Join(seen, ", ")
	}
	return Verdict{True: bool(truth), Reason: reason}, nil
}

func (c *Condition) eval(vars map[string]any) (ref.Val, *cel.EvalDetails, error) {
	value, details, err := c.program.Eval(vars)
	if err != nil {
		return nil, nil, &Error{Words: err.Error()}
	}
	if err := hidden(details); err != nil {
		return nil, nil, &Error{Words: err.Error()}
	}
	return value, details, nil
}

// hidden finds an error that && or || swallowed.
func hidden(details *cel.EvalDetails) error {
	if details == nil || details.State() == nil {
		return errors.New("the evaluation left no trace")
	}
	state := details.State()
	ids := state.IDs()
	slices.Sort(ids)
	for _, id := range ids {
		if v, _ := state.Value(id); types.IsError(v) {
			return v.(*types.Err)
		}
	}
	return nil
}

func (c *Condition) bind(in Input) (map[string]any, error) {
	d := in.Content
	vars := map[string]any{
		"amount": moneyValue{in.Amount}, "own_amount": moneyValue{in.Own}, "total": moneyValue{d.Total},
		"currency": string(d.Currency), "urgency": string(d.Urgency),
		"department": d.Department, "entity": d.Entity, "grade": int64(in.Grade),
		"payee_kind": string(d.Payee.Kind), "supplier_kind": in.SupplierKind,
		"fields": orEmpty(d.Fields), "categories": categories(d.Lines),
	}
	if !c.speaksOf("lines") {
		return vars, nil
	}
	lines := make([]ref.Val, 0, len(d.Lines))
	for _, l := range d.Lines {
		base, err := in.Base(l.Amount)
		if err != nil {
			return nil, err
		}
		lines = append(lines, lineValue{line: l, base: base})
	}
	vars["lines"] = types.NewRefValList(types.DefaultTypeAdapter, lines)
	return vars, nil
}

func (c *Condition) speaksOf(name string) bool {
	found := false
	ast.PreOrderVisit(c.tree.Expr(), ast.NewExprVisitor(func(e ast.Expr) { found = found || isIdent(e, name) }))
	return found
}

// seen lists the values that the condition saw, in the order it speaks of them.
func (c *Condition) seen(vars map[string]any, details *cel.EvalDetails) []string {
	var texts []string
	add := func(name, value string) {
		if text := name + " = " + value; !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	ast.PreOrderVisit(c.tree.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if name, ok := fieldOf(e); ok {
			if value, known := vars["fields"].(map[string]string)[name]; known {
				add("fields."+name, quoted(value))
			}
			return
		}
		switch {
		case e.Kind() == ast.IdentKind && variables[e.AsIdent()] != nil && e.AsIdent() != "fields":
			add(e.AsIdent(), show(vars[e.AsIdent()]))
		case e.Kind() == ast.CallKind && e.AsCall().FunctionName() == "total" && e.AsCall().IsMemberFunction():
			if v, ok := details.State().Value(e.ID()); ok {
				add("lines.total("+literal(e.AsCall().Args())+")", show(v))
			}
		}
	}))
	return texts
}

func literal(args []ast.Expr) string {
	if len(args) == 1 && args[0].Kind() == ast.LiteralKind {
		if text, ok := args[0].AsLiteral().(types.String); ok {
			return strconv.Quote(string(text))
		}
	}
	return "…"
}

func show(value any) string {
	switch v := value.(type) {
	case moneyValue:
		return moneyText(v.amount)
	case string:
		return quoted(v)
	case []string:
		return fmt.Sprintf("%q", v)
	case int64:
		return strconv.FormatInt(v, 10)
	case interface{ Size() ref.Val }:
		return fmt.Sprintf("%v of them", v.Size().Value())
	}
	return fmt.Sprint(value)
}

// quoted cuts what the submitter wrote: a reason is stored for years, and read.
func quoted(text string) string {
	if runes := []rune(text); len(runes) > shownMax {
		text = string(runes[:shownMax]) + "…"
	}
	return strconv.Quote(text)
}

func orEmpty(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

func categories(lines []document.Line) []string {
	names := make([]string, 0, len(lines))
	for _, l := range lines {
		if !slices.Contains(names, l.Category) {
			names = append(names, l.Category)
		}
	}
	return names
}

// flat puts a condition of several lines on one.
func flat(text string) string {
	rows := strings.Split(strings.TrimSpace(text), "\n")
	for i := range rows {
		rows[i] = strings.TrimSpace(rows[i])
	}
	return strings.Join(rows, " ")
}
