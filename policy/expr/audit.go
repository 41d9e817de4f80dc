package expr

import (
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"github.com/countersign/countersign/domain/money"
)

// audit refuses what CEL's checker lets pass and money cannot bear: operators
// that would turn an error of comparison into "different", and amounts written
// wrongly, which would otherwise be found only by the first document.
func (c *Condition) audit() error {
	var found *Error
	ast.PreOrderVisit(c.tree.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if found != nil || e.Kind() != ast.CallKind {
			return
		}
		if words := c.wrongCall(e.AsCall()); words != "" {
			found = c.errorAt(e.ID(), words)
		}
	}))
	if found != nil {
		return found
	}
	return nil
}

func (c *Condition) wrongCall(call ast.CallExpr) string {
	switch call.FunctionName() {
	case operators.NotEquals:
		if c.speaksOfMoney(call.Args()...) {
			return `money has no "!=": write !(a == b)`
		}
	case operators.In, operators.OldIn:
		if c.speaksOfMoney(call.Args()...) {
			return `money has no "in": write a == b || a == c`
		}
	case operators.Equals:
		for _, arg := range call.Args() {
			if t := c.tree.GetType(arg.ID()); holdsMoney(t) && !t.IsExactType(moneyType) {
				return "amounts are compared one by one, not inside lists, maps or lines"
			}
		}
	case "money":
		return wrongAmount(call.Args(), c.base)
	}
	return ""
}

func (c *Condition) speaksOfMoney(args ...ast.Expr) bool {
	for _, arg := range args {
		if holdsMoney(c.tree.GetType(arg.ID())) {
			return true
		}
	}
	return false
}

func holdsMoney(t *types.Type) bool {
	if t == nil {
		return false
	}
	if t.IsExactType(moneyType) || t.IsExactType(lineType) {
		return true
	}
	for _, p := range t.Parameters() {
		if holdsMoney(p) {
			return true
		}
	}
	return false
}

func wrongAmount(args []ast.Expr, base money.Currency) string {
	written := make([]string, 0, 2)
	for _, arg := range args {
		text, ok := arg.AsLiteral().(types.String)
		if arg.Kind() != ast.LiteralKind || !ok {
			return ""
		}
		written = append(written, string(text))
	}
	if len(written) == 0 {
		return ""
	}
	if len(written) > 1 {
		base = money.Currency(written[1])
	}
	if _, err := money.Parse(written[0], base); err != nil {
		return err.Error()
	}
	return ""
}

func (c *Condition) errorAt(id int64, words string) *Error {
	at := c.tree.SourceInfo().GetStartLocation(id)
	return &Error{Line: max(1, at.Line()), Column: max(0, at.Column()) + 1, Words: words}
}

// Fields lists the document's own fields that the condition speaks of, each with
// its place, so that a checker can compare them with the document types.
func (c *Condition) Fields() []FieldUse {
	var uses []FieldUse
	ast.PreOrderVisit(c.tree.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if name, ok := fieldOf(e); ok {
			at := c.errorAt(e.ID(), "")
			uses = append(uses, FieldUse{Name: name, Line: at.Line, Column: at.Column})
		}
	}))
	return uses
}

// FieldUse is one mention of a document's own field.
type FieldUse struct {
	Name   string
	Line   int
	Column int
}

// fieldOf recognises fields.name and fields["name"].
func fieldOf(e ast.Expr) (string, bool) { return memberOf(e, "fields") }

// memberOf recognises operand.name and operand["name"].
func memberOf(e ast.Expr, operand string) (string, bool) {
	switch e.Kind() {
	case ast.SelectKind:
		s := e.AsSelect()
		return s.FieldName(), isIdent(s.Operand(), operand)
	case ast.CallKind:
		call := e.AsCall()
		if call.FunctionName() != operators.Index || !isIdent(call.Args()[0], operand) {
			return "", false
		}
		name, ok := call.Args()[1].AsLiteral().(types.String)
		return string(name), ok && call.Args()[1].Kind() == ast.LiteralKind
	}
	return "", false
}

func isIdent(e ast.Expr, name string) bool {
	return e.Kind() == ast.IdentKind && e.AsIdent() == name
}
