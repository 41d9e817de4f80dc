package expr

import (
	"fmt"
	"reflect"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/money"
)

const lineTypeName = "line"

var lineType = types.NewObjectType(lineTypeName)

// lineValue is one line of the document inside an expression.
type lineValue struct {
	line document.Line
	base money.Amount // the line's amount in the policy's base currency
}

var lineFields = map[string]struct {
	kind *types.Type
	read func(lineValue) ref.Val
}{
	"category":    {types.StringType, func(l lineValue) ref.Val { return types.String(l.line.Category) }},
	"description": {types.StringType, func(l lineValue) ref.Val { return types.String(l.line.Description) }},
	"cost_center": {types.StringType, func(l lineValue) ref.Val { return types.String(l.line.CostCenter) }},
	"invoice":     {types.StringType, func(l lineValue) ref.Val { return types.String(l.line.Invoice) }},
	"date":        {types.StringType, func(l lineValue) ref.Val { return types.String(l.line.Date) }},
	"amount":      {moneyType, func(l lineValue) ref.Val { return moneyValue{l.line.Amount} }},
	"tax":         {moneyType, func(l lineValue) ref.Val { return moneyValue{l.line.Tax} }},
	"base":        {moneyType, func(l lineValue) ref.Val { return moneyValue{l.base} }},
	"city":        {types.StringType, func(l lineValue) ref.Val { return types.String(l.line.City) }},
	"units":       {types.IntType, func(l lineValue) ref.Val { return types.Int(l.line.Units) }},
	"over_standard": {types.BoolType, func(l lineValue) ref.Val {
		return types.Bool(l.line.Standard != nil && l.line.Standard.Over.Minor > 0)
	}},
}

// ConvertToNative implements ref.Val.
func (l lineValue) ConvertToNative(to reflect.Type) (any, error) {
	return nil, fmt.Errorf("a line is not a %s", to)
}

// ConvertToType implements ref.Val.
func (l lineValue) ConvertToType(to ref.Type) ref.Val {
	switch to {
	case lineType:
		return l
	case types.TypeType:
		return lineType
	}
	return types.NewErr("a line is not a %s", to.TypeName())
}

// Equal implements ref.Val; whole lines are not compared.
func (l lineValue) Equal(ref.Val) ref.Val { return types.NewErr("lines are not compared") }

// Type implements ref.Val.
func (l lineValue) Type() ref.Type { return lineType }

// Value implements ref.Val.
func (l lineValue) Value() any { return l }

// provider tells the checker what a line holds, and leaves the rest to CEL.
type provider struct{ *types.Registry }

// FindStructType implements types.Provider.
func (p provider) FindStructType(name string) (*types.Type, bool) {
	if name == lineTypeName {
		return types.NewTypeTypeWithParam(lineType), true
	}
	return p.Registry.FindStructType(name)
}

// FindStructFieldType implements types.Provider.
func (p provider) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	if name != lineTypeName {
		return p.Registry.FindStructFieldType(name, field)
	}
	f, ok := lineFields[field]
	if !ok {
		return nil, false
	}
	return &types.FieldType{
		Type:  f.kind,
		IsSet: func(any) bool { return true },
		GetFrom: func(target any) (any, error) {
			l, ok := target.(lineValue)
			if !ok {
				return nil, fmt.Errorf("no line: %T", target)
			}
			return f.read(l), nil
		},
	}, true
}
