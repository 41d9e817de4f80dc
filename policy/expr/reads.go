package expr

import (
	"slices"

	"cel.dev/cel-go/common/ast"
)

// Reads lists what of the document decides the condition, sorted: variables as
// they are called, a part of any line as lines.category, a field of the type's own
// as fields.name, and fields.* where it looks them up by a name it works out. It
// lists rather too much than too little.
func (c *Condition) Reads() []string {
	var all []string
	known := map[int64]bool{} // the ident of fields.name
	add := func(names ...string) { all = append(all, names...) }
	ast.PreOrderVisit(c.tree.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if name, ok := fieldOf(e); ok {
			add("fields." + name)
			known[operandOf(e)] = true
			return
		}
		switch {
		case e.Kind() == ast.SelectKind:
			add(partOfLine(e.AsSelect().FieldName())...)
		case e.Kind() == ast.CallKind && e.AsCall().FunctionName() == "total":
			add("lines.category", "lines.base")
		case isIdent(e, "fields") && !known[e.ID()]:
			add("fields.*")
		case isIdent(e, "categories"):
			add("categories", "lines.category")
		case e.Kind() == ast.IdentKind && variables[e.AsIdent()] != nil && !isIdent(e, "fields"):
			add(e.AsIdent())
		}
	}))
	slices.Sort(all)
	return slices.Compact(all)
}

// partOfLine is what a part of a line hangs on: whether it is above its standard,
// on its category as well.
func partOfLine(name string) []string {
	if name == "over_standard" {
		return []string{"lines." + name, "lines.category"}
	}
	return []string{"lines." + name}
}

// operandOf is the id of the map in fields.name and fields["name"].
func operandOf(e ast.Expr) int64 {
	if e.Kind() == ast.SelectKind {
		return e.AsSelect().Operand().ID()
	}
	return e.AsCall().Args()[0].ID()
}
