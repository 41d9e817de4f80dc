package expr

import (
	"slices"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"github.com/countersign/countersign/domain/money"
)

// Cuts are the constants that a condition compares with. Between two neighbours
// its value does not change, so one document of each interval stands for all.
type Cuts struct {
	Amounts []int64             // of amount, in minor units of the base currency
	Totals  map[string][]int64  // of lines.total(category)
	Texts   map[string][]string // by variable: urgency, entity, …, categories, fields.name
	Grades  []int64
	// Complete says that the condition asks nothing else: and, or, not, and
	// comparisons of one variable with one constant. Otherwise the constants are
	// only the places worth trying.
	Complete bool
}

// Cuts takes a condition apart.
func (c *Condition) Cuts() Cuts {
	cuts := Cuts{Totals: map[string][]int64{}, Texts: map[string][]string{}, Complete: true}
	c.cut(c.tree.Expr(), &cuts)
	return cuts
}

func (c *Condition) cut(e ast.Expr, cuts *Cuts) {
	if e.Kind() == ast.LiteralKind {
		return
	}
	if e.Kind() == ast.CallKind {
		call := e.AsCall()
		switch call.FunctionName() {
		case operators.LogicalAnd, operators.LogicalOr, operators.LogicalNot:
			for _, arg := range call.Args() {
				c.cut(arg, cuts)
			}
			return
		case operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals:
			if len(call.Args()) == 2 && c.cutOrder(call.Args()[0], call.Args()[1], cuts) {
				return
			}
		case operators.Equals, operators.NotEquals:
			if c.cutOrder(call.Args()[0], call.Args()[1], cuts) || cutText(call.Args()[0], call.Args()[1], cuts) {
				return
			}
		case operators.In, operators.OldIn:
			if cutIn(call.Args()[0], call.Args()[1], cuts) {
				return
			}
		}
	}
	cuts.Complete = false
	c.harvest(e, cuts)
}

// cutOrder takes amount, lines.total and grade, on either side of a constant.
func (c *Condition) cutOrder(a, b ast.Expr, cuts *Cuts) bool {
	if minor, ok := c.amountOf(a); ok {
		a, b = b, a
		return c.cutAt(a, minor, cuts)
	}
	if minor, ok := c.amountOf(b); ok {
		return c.cutAt(a, minor, cuts)
	}
	if isIdent(b, "grade") {
		a, b = b, a
	}
	grade, ok := b.AsLiteral().(types.Int)
	if !isIdent(a, "grade") || b.Kind() != ast.LiteralKind || !ok {
		return false
	}
	cuts.Grades = append(cuts.Grades, int64(grade))
	return true
}

func (c *Condition) cutAt(e ast.Expr, minor int64, cuts *Cuts) bool {
	if isIdent(e, "amount") {
		cuts.Amounts = append(cuts.Amounts, minor)
		return true
	}
	if e.Kind() != ast.CallKind || !e.AsCall().IsMemberFunction() || e.AsCall().FunctionName() != "total" {
		return false
	}
	call := e.AsCall()
	if category, ok := textOf(call.Args()[0]); ok && isIdent(call.Target(), "lines") {
		cuts.Totals[category] = append(cuts.Totals[category], minor)
		return true
	}
	return false
}

// amountOf reads money("…") in the base currency.
func (c *Condition) amountOf(e ast.Expr) (int64, bool) {
	if e.Kind() != ast.CallKind || e.AsCall().FunctionName() != "money" {
		return 0, false
	}
	args := e.AsCall().Args()
	text, ok := textOf(args[0])
	if !ok {
		return 0, false
	}
	if len(args) == 2 {
		if currency, ok := textOf(args[1]); !ok || currency != string(c.base) {
			return 0, false
		}
	}
	amount, err := money.Parse(text, c.base)
	return amount.Minor, err == nil
}

func textOf(e ast.Expr) (string, bool) {
	if e.Kind() != ast.LiteralKind {
		return "", false
	}
	text, ok := e.AsLiteral().(types.String)
	return string(text), ok
}

var textVariables = []string{"currency", "urgency", "department", "entity", "payee_kind", "supplier_kind"}

func textVariable(e ast.Expr) (string, bool) {
	if e.Kind() == ast.SelectKind && e.AsSelect().IsTestOnly() {
		return "", false
	}
	if name, ok := fieldOf(e); ok {
		return "fields." + name, true
	}
	if e.Kind() == ast.IdentKind && slices.Contains(textVariables, e.AsIdent()) {
		return e.AsIdent(), true
	}
	return "", false
}

func cutText(a, b ast.Expr, cuts *Cuts) bool {
	if _, ok := textOf(a); ok {
		a, b = b, a
	}
	name, known := textVariable(a)
	text, ok := textOf(b)
	if !known || !ok {
		return false
	}
	cuts.Texts[name] = append(cuts.Texts[name], text)
	return true
}

// cutIn takes `"x" in categories` and `urgency in ["a", "b"]`.
func cutIn(a, b ast.Expr, cuts *Cuts) bool {
	if text, ok := textOf(a); ok && isIdent(b, "categories") {
		cuts.Texts["categories"] = append(cuts.Texts["categories"], text)
		return true
	}
	name, known := textVariable(a)
	if !known || b.Kind() != ast.ListKind {
		return false
	}
	var texts []string
	for _, e := range b.AsList().Elements() {
		text, ok := textOf(e)
		if !ok {
			return false
		}
		texts = append(texts, text)
	}
	cuts.Texts[name] = append(cuts.Texts[name], texts...)
	return true
}

// harvest keeps the constants of what cannot be cut, as places worth trying.
func (c *Condition) harvest(e ast.Expr, cuts *Cuts) {
	amounts := map[int64]bool{} // texts that are amounts
	ast.PreOrderVisit(e, ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() == ast.CallKind && e.AsCall().FunctionName() == "money" {
			for _, arg := range e.AsCall().Args() {
				amounts[arg.ID()] = true
			}
		}
		if minor, ok := c.amountOf(e); ok {
			cuts.Amounts = append(cuts.Amounts, minor)
		}
		text, ok := textOf(e)
		if !ok || amounts[e.ID()] {
			return
		}
		for _, name := range append([]string{"categories"}, textVariables...) {
			if name == "categories" || c.speaksOf(name) {
				cuts.Texts[name] = append(cuts.Texts[name], text)
			}
		}
	}))
}
