package expr

import (
	"fmt"
	"strconv"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/ext"
)

// MessageFormula is a checked expression over something that another system sent: its
// shape is theirs, so that only the values tell what is there.
type MessageFormula struct{ checked *Condition }

// MessageFacts are what such an expression is worked out on: JSON as maps, lists, texts,
// whole numbers, truth and nil.
type MessageFacts struct {
	Message any
	Line    any // of the list that makes the lines; nil outside it
	Tables  map[string]map[string]string
}

// messageEnvironments are those of a whole message, and of one line of it.
var messageEnvironments = sync.OnceValues(func() ([2]*cel.Env, error) {
	var made [2]*cel.Env
	for place := range made {
		options := append(functions(""), ext.Strings(ext.StringsVersion(0)),
			cel.Variable("message", cel.DynType), cel.Variable("tables", cel.MapType(cel.StringType, texts)),
			cel.Function("get", cel.MemberOverload("texts_get", []*cel.Type{texts, cel.StringType, cel.StringType},
				cel.StringType, cel.FunctionBinding(getOr))))
		if Place(place) == OfLine {
			options = append(options, cel.Variable("line", cel.DynType))
		}
		env, err := bounded(options)
		if err != nil {
			return made, err
		}
		made[place] = env
	}
	return made, nil
})

// CompileMessageText checks an expression over a message that comes to a text, to a
// whole number or to a value of the message.
//
// Errors: *Error, with the place in the text.
func CompileMessageText(place Place, text string) (*MessageFormula, error) {
	return compileMessage(place, text, cel.StringType, cel.IntType, cel.DynType)
}

// CompileMessageTest checks an expression over a message that is true or false.
//
// Errors: *Error, with the place in the text.
func CompileMessageTest(text string) (*MessageFormula, error) {
	return compileMessage(OfDocument, text, cel.BoolType, cel.DynType)
}

func compileMessage(place Place, text string, wanted ...*cel.Type) (*MessageFormula, error) {
	known, err := messageEnvironments()
	if err != nil {
		return nil, &Error{Line: 1, Column: 1, Words: err.Error()}
	}
	checked, err := compileAs(known[place], text, "", wanted...)
	if err != nil {
		return nil, err
	}
	return &MessageFormula{checked}, nil
}

func (f *MessageFormula) worth(in MessageFacts) (ref.Val, error) {
	value, _, err := f.checked.eval(map[string]any{
		"message": in.Message, "line": in.Line, "tables": tablesOf(in.Tables),
	})
	return value, err
}

// Text works the expression out. What is not there at all is an error; null is no text.
//
// Errors: *Error for any error met on the way.
func (f *MessageFormula) Text(in MessageFacts) (string, error) {
	value, err := f.worth(in)
	if err != nil {
		return "", err
	}
	switch v := value.(type) {
	case types.String:
		return string(v), nil
	case types.Int:
		return strconv.FormatInt(int64(v), 10), nil
	case types.Null:
		return "", nil
	}
	return "", &Error{Words: fmt.Sprintf("the expression came to a %s, a text is wanted", value.Type().TypeName())}
}

// Holds works an expression of CompileMessageTest out.
//
// Errors: those of Text.
func (f *MessageFormula) Holds(in MessageFacts) (bool, error) {
	value, err := f.worth(in)
	if err != nil {
		return false, err
	}
	truth, ok := value.(types.Bool)
	if !ok {
		return false, &Error{Words: fmt.Sprintf("the condition came to a %s", value.Type().TypeName())}
	}
	return bool(truth), nil
}

// Tables lists the tables of the mapping that the expression names, with their places.
func (f *MessageFormula) Tables() []FieldUse { return (&Formula{f.checked}).Tables() }
