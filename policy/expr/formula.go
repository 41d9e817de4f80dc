package expr

import (
	"fmt"
	"maps"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/money"
)

// Place is where a formula stands in a mapping: what it may speak of depends on it.
type Place int

// The places of formulas.
const (
	OfDocument Place = iota // what balances a voucher: no line is at hand
	OfLine                  // what books one line
)

// Formula is a checked expression of a mapping, ready to be worked out again and again.
type Formula struct{ checked *Condition }

var texts = cel.MapType(cel.StringType, cel.StringType)

// speakable is what every formula may speak of. docs/mapping.md explains them.
var speakable = map[string]*cel.Type{
	"number": cel.StringType, "title": cel.StringType, "type": cel.StringType, "kind": cel.StringType,
	"date": cel.StringType, "entity": cel.StringType, "department": cel.StringType, "cost_center": cel.StringType,
	"department_cost_center": cel.StringType, "requester": cel.StringType, "submitter": cel.StringType,
	"payee": cel.StringType, "payee_name": cel.StringType, "payee_kind": cel.StringType,
	"currency": cel.StringType, "base_currency": cel.StringType, "urgency": cel.StringType,
	"total": moneyType, "base_total": moneyType, "fields": texts,
	"tables": cel.MapType(cel.StringType, texts), "master": cel.MapType(cel.StringType, texts),
}

// ofLines is what a formula of a line may speak of beside.
var ofLines = map[string]*cel.Type{"line": lineType, "tax_permille": cel.IntType}

var environments = sync.OnceValues(func() ([2]*cel.Env, error) {
	var made [2]*cel.Env
	for place := range made {
		known := maps.Clone(speakable)
		if Place(place) == OfLine {
			maps.Copy(known, ofLines)
		}
		options := append(functions(""), cel.Function("get",
			cel.MemberOverload("texts_get", []*cel.Type{texts, cel.StringType, cel.StringType}, cel.StringType,
				cel.FunctionBinding(getOr))))
		for name, kind := range known {
			options = append(options, cel.Variable(name, kind))
		}
		env, err := bounded(options)
		if err != nil {
			return made, err
		}
		made[place] = env
	}
	return made, nil
})

// getOr looks a key up in a table, and takes the default where it is not there.
func getOr(args ...ref.Val) ref.Val {
	table, ok := args[0].(traits.Mapper)
	if !ok {
		return types.MaybeNoSuchOverloadErr(args[0])
	}
	if value, found := table.Find(args[1]); found {
		return value
	}
	return args[2]
}

// CompileText checks a formula that comes to a text. Amounts in it name their
// currency: a mapping serves entities with different books.
//
// Errors: *Error, with the place in the text.
func CompileText(place Place, text string) (*Formula, error) {
	return compileFormula(place, cel.StringType, text)
}

// CompileTest checks a formula that is true or false.
//
// Errors: *Error, with the place in the text.
func CompileTest(place Place, text string) (*Formula, error) {
	return compileFormula(place, cel.BoolType, text)
}

func compileFormula(place Place, want *cel.Type, text string) (*Formula, error) {
	known, err := environments()
	if err != nil {
		return nil, &Error{Line: 1, Column: 1, Words: err.Error()}
	}
	checked, err := compileAs(known[place], text, "", want)
	if err != nil {
		return nil, err
	}
	return &Formula{checked}, nil
}

// Facts are what a formula is worked out on.
type Facts struct {
	Content              document.Content
	Number, Kind, Date   string
	DepartmentCostCenter string
	BaseCurrency         money.Currency
	Tables, Master       map[string]map[string]string
	Line                 *document.Line // nil at OfDocument
	LineBase             money.Amount   // Line.Amount in the base currency
}

// Text works a formula of CompileText out.
//
// Errors: *Error for any error met on the way.
func (f *Formula) Text(in Facts) (string, error) {
	value, _, err := f.checked.eval(in.bound())
	if err != nil {
		return "", err
	}
	text, ok := value.(types.String)
	if !ok {
		return "", &Error{Words: fmt.Sprintf("the formula came to a %s", value.Type().TypeName())}
	}
	return string(text), nil
}

// Holds works a formula of CompileTest out.
//
// Errors: those of Text.
func (f *Formula) Holds(in Facts) (bool, error) {
	value, _, err := f.checked.eval(in.bound())
	if err != nil {
		return false, err
	}
	return value == types.True, nil
}

// Fields lists the document's own fields that the formula speaks of.
func (f *Formula) Fields() []FieldUse { return f.checked.Fields() }

// SpeaksOf says whether a formula mentions one of what it may speak of.
func (f *Formula) SpeaksOf(name string) bool { return f.checked.speaksOf(name) }

// Tables lists the tables of the mapping that the formula names, each with its
// place: those of tables.<name> and tables["<name>"].
func (f *Formula) Tables() []FieldUse { return f.named("tables") }

// MasterTables lists what it names of the ERP's master data, likewise.
func (f *Formula) MasterTables() []FieldUse { return f.named("master") }

func (f *Formula) named(operand string) []FieldUse {
	var uses []FieldUse
	ast.PreOrderVisit(f.checked.tree.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if name, ok := memberOf(e, operand); ok {
			at := f.checked.errorAt(e.ID(), "")
			uses = append(uses, FieldUse{Name: name, Line: at.Line, Column: at.Column})
		}
	}))
	return uses
}

func (in Facts) bound() map[string]any {
	c := in.Content
	vars := map[string]any{
		"number": in.Number, "title": c.Title, "type": c.Type, "kind": in.Kind, "date": in.Date, "entity": c.Entity,
		"department": c.Department, "cost_center": c.CostCenter, "department_cost_center": in.DepartmentCostCenter,
		"requester": c.Requester, "submitter": c.Submitter, "payee": c.Payee.ID, "payee_name": c.Payee.Name,
		"payee_kind": string(c.Payee.Kind), "currency": string(c.Currency), "base_currency": string(in.BaseCurrency),
		"urgency": string(c.Urgency), "total": moneyValue{c.Total}, "base_total": moneyValue{c.BaseTotal},
		"fields": orEmpty(c.Fields), "tables": tablesOf(in.Tables), "master": tablesOf(in.Master),
	}
	if in.Line != nil {
		vars["line"] = lineValue{line: *in.Line, base: in.LineBase}
		vars["tax_permille"] = taxPermille(*in.Line)
	}
	return vars
}

func tablesOf(tables map[string]map[string]string) map[string]map[string]string {
	if tables == nil {
		return map[string]map[string]string{}
	}
	return tables
}

// taxPermille is the rate of the tax inside a line, in tenths of a per cent, to the
// nearest: 130 is 13 %.
func taxPermille(l document.Line) int64 {
	net := l.Amount.Minor - l.Tax.Minor
	if net <= 0 || l.Tax.Minor <= 0 {
		return 0
	}
	const limit = 1 << 50 // beyond it the product would overflow
	if l.Tax.Minor > limit {
		return l.Tax.Minor / (net/1000 + 1)
	}
	return (l.Tax.Minor*1000 + net/2) / net
}
