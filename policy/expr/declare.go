package expr

import (
	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"github.com/countersign/countersign/domain/money"
)

// variables are what a condition may speak of. docs/policy.md explains them.
var variables = map[string]*cel.Type{
	"amount":        moneyType,      // what bands go by, in the policy's base currency
	"own_amount":    moneyType,      // the whole document, likewise: amount without what is counted beside it
	"total":         moneyType,      // the whole document, in its own currency
	"currency":      cel.StringType, // of the document
	"urgency":       cel.StringType, // normal, urgent
	"department":    cel.StringType,
	"entity":        cel.StringType,
	"grade":         cel.IntType,    // of the requester
	"payee_kind":    cel.StringType, // employee, supplier
	"supplier_kind": cel.StringType, // "" for an employee
	"categories":    cel.ListType(cel.StringType),
	"lines":         cel.ListType(lineType),
	"fields":        cel.MapType(cel.StringType, cel.StringType), // the document type's own
}

func declarations(base money.Currency) []cel.EnvOption {
	options := functions(base)
	for name, kind := range variables {
		options = append(options, cel.Variable(name, kind))
	}
	return options
}

// functions are what conditions and formulas may call.
func functions(base money.Currency) []cel.EnvOption {
	return []cel.EnvOption{
		cel.Function("money",
			cel.Overload("money_text", []*cel.Type{cel.StringType}, moneyType,
				cel.UnaryBinding(func(text ref.Val) ref.Val { return parseMoney(text, types.String(base)) })),
			cel.Overload("money_text_currency", []*cel.Type{cel.StringType, cel.StringType}, moneyType,
				cel.BinaryBinding(parseMoney))),
		cel.Function("total",
			cel.MemberOverload("lines_total_category", []*cel.Type{cel.ListType(lineType), cel.StringType}, moneyType,
				cel.BinaryBinding(func(lines, category ref.Val) ref.Val { return totalOf(lines, category, base) }))),
		signature(operators.Add, "add_money", moneyType),
		signature(operators.Subtract, "subtract_money", moneyType),
		signature(operators.Less, "less_money", cel.BoolType),
		signature(operators.LessEquals, "less_equals_money", cel.BoolType),
		signature(operators.Greater, "greater_money", cel.BoolType),
		signature(operators.GreaterEquals, "greater_equals_money", cel.BoolType),
	}
}

// signature lets an operator take two amounts; CEL's own implementation finds
// the method by the value's traits.
func signature(operator, id string, result *cel.Type) cel.EnvOption {
	return cel.Function(operator, cel.Overload(id, []*cel.Type{moneyType, moneyType}, result))
}

func parseMoney(text, currency ref.Val) ref.Val {
	t, ok := text.(types.String)
	if !ok {
		return types.MaybeNoSuchOverloadErr(text)
	}
	c, ok := currency.(types.String)
	if !ok {
		return types.MaybeNoSuchOverloadErr(currency)
	}
	amount, err := money.Parse(string(t), money.Currency(c))
	if err != nil {
		return types.WrapErr(err)
	}
	return moneyValue{amount}
}

// totalOf adds up the lines of one category, in the policy's base currency.
func totalOf(lines, category ref.Val, base money.Currency) ref.Val {
	list, ok := lines.(traits.Lister)
	if !ok {
		return types.MaybeNoSuchOverloadErr(lines)
	}
	var sum ref.Val = moneyValue{money.Amount{Currency: base}}
	for it := list.Iterator(); it.HasNext() == types.True; {
		line, ok := it.Next().(lineValue)
		if !ok {
			return types.NewErr("no line")
		}
		if types.String(line.line.Category) != category {
			continue
		}
		if sum = (sum.(moneyValue)).Add(moneyValue{line.base}); types.IsError(sum) {
			return sum
		}
	}
	return sum
}
