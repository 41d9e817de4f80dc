package expr

import (
	"fmt"
	"reflect"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"github.com/countersign/countersign/domain/money"
)

var moneyType = types.NewObjectType("money", traits.AdderType, traits.SubtractorType, traits.ComparerType)

// moneyValue is an amount inside an expression. It adds to, and compares with,
// money of the same currency only: everything else is an error.
type moneyValue struct{ amount money.Amount }

// Add implements traits.Adder.
func (m moneyValue) Add(other ref.Val) ref.Val { return m.with(other, money.Amount.Add) }

// Subtract implements traits.Subtractor.
func (m moneyValue) Subtract(other ref.Val) ref.Val { return m.with(other, money.Amount.Sub) }

func (m moneyValue) with(other ref.Val, do func(a, b money.Amount) (money.Amount, error)) ref.Val {
	o, ok := other.(moneyValue)
	if !ok {
		return types.MaybeNoSuchOverloadErr(other)
	}
	sum, err := do(m.amount, o.amount)
	if err != nil {
		return types.WrapErr(err)
	}
	return moneyValue{sum}
}

// Compare implements traits.Comparer.
func (m moneyValue) Compare(other ref.Val) ref.Val {
	o, ok := other.(moneyValue)
	if !ok {
		return types.MaybeNoSuchOverloadErr(other)
	}
	order, err := m.amount.Cmp(o.amount)
	if err != nil {
		return types.WrapErr(err)
	}
	return types.Int(order)
}

// Equal implements ref.Val; another currency is an error, not "different".
func (m moneyValue) Equal(other ref.Val) ref.Val {
	order := m.Compare(other)
	if types.IsError(order) {
		return order
	}
	return types.Bool(order == types.Int(0))
}

// ConvertToNative implements ref.Val; money leaves an expression only as itself.
func (m moneyValue) ConvertToNative(to reflect.Type) (any, error) {
	if to == reflect.TypeFor[money.Amount]() {
		return m.amount, nil
	}
	return nil, fmt.Errorf("money is not a %s", to)
}

// ConvertToType implements ref.Val.
func (m moneyValue) ConvertToType(to ref.Type) ref.Val {
	switch to {
	case moneyType:
		return m
	case types.TypeType:
		return moneyType
	}
	return types.NewErr("money is not a %s", to.TypeName())
}

// Type implements ref.Val.
func (m moneyValue) Type() ref.Type { return moneyType }

// Value implements ref.Val.
func (m moneyValue) Value() any { return m.amount }

func moneyText(a money.Amount) string { return a.Text() + " " + string(a.Currency) }
