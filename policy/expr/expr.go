// Package expr owns the conditions of policies: it is the only user of CEL.
//
// Conditions are typed and bounded. They see a document and nothing else: no
// clock, no network, no state. Money compares only with money of the same
// currency; a condition that meets any error has no value at all, even where
// logic could have done without the part that failed.
package expr

import (
	"fmt"
	"slices"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"

	"github.com/countersign/countersign/domain/money"
)

// The limits of a condition.
const (
	RunesMax = 2000  // of its text
	CostMax  = 20000 // CEL's units of work in one evaluation

	nestingMax = 2  // loops inside loops
	depthMax   = 60 // of the syntax tree
	shownMax   = 80 // characters of a text in a reason
	cachedMax  = 1000
	envsMax    = 50
)

// Error says what is wrong with a condition, and where in its text; line and
// column count from 1, and are 0 where an evaluation failed.
type Error struct {
	Line   int
	Column int
	Words  string // CEL's own, in English
}

// Error implements error.
func (e *Error) Error() string {
	if e.Line == 0 {
		return e.Words
	}
	return fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.Words)
}

// Env compiles the conditions of all policies with one base currency. It is safe
// for use by many goroutines.
type Env struct {
	base     money.Currency
	cel      *cel.Env
	mu       sync.Mutex
	compiled map[string]*Condition // by text: with the base it decides the program
}

var (
	envsMu sync.Mutex
	envs   = map[money.Currency]*Env{}
)

// For returns the environment of a base currency, made once.
func For(base money.Currency) (*Env, error) {
	envsMu.Lock()
	defer envsMu.Unlock()
	if e, ok := envs[base]; ok {
		return e, nil
	}
	e, err := newEnv(base)
	if err != nil {
		return nil, err
	}
	if len(envs) >= envsMax {
		clear(envs)
	}
	envs[base] = e
	return e, nil
}

func newEnv(base money.Currency) (*Env, error) {
	env, err := bounded(declarations(base))
	if err != nil {
		return nil, err
	}
	return &Env{base: base, cel: env, compiled: map[string]*Condition{}}, nil
}

// bounded is an environment of what is declared, within the limits.
func bounded(options []cel.EnvOption) (*cel.Env, error) {
	registry, err := types.NewRegistry()
	if err != nil {
		return nil, fmt.Errorf("expr: %w", err)
	}
	options = append(options,
		cel.CustomTypeProvider(provider{registry}), cel.CustomTypeAdapter(registry),
		cel.ParserExpressionSizeLimit(RunesMax), cel.ParserRecursionLimit(depthMax),
		cel.ASTValidators(cel.ValidateComprehensionNestingLimit(nestingMax), cel.ValidateRegexLiterals()))
	env, err := cel.NewEnv(options...)
	if err != nil {
		return nil, fmt.Errorf("expr: %w", err)
	}
	return env, nil
}

// Condition is a checked condition, ready to be judged again and again.
type Condition struct {
	text    string
	base    money.Currency
	program cel.Program
	tree    *ast.AST
}

// Compile checks a condition: it must be bool, within the limits, and mix
// neither floats nor equality across currencies with money.
//
// Errors: *Error, with the place in the text.
func (e *Env) Compile(text string) (*Condition, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if c, ok := e.compiled[text]; ok {
		return c, nil
	}
	c, err := e.compile(text)
	if err != nil {
		return nil, err
	}
	if len(e.compiled) >= cachedMax {
		clear(e.compiled)
	}
	e.compiled[text] = c
	return c, nil
}

func (e *Env) compile(text string) (*Condition, error) {
	return compileAs(e.cel, text, e.base, cel.BoolType)
}

// compileAs checks an expression that must come to one of some types, the first above all.
func compileAs(env *cel.Env, text string, base money.Currency, wanted ...*cel.Type) (*Condition, error) {
	checked, issues := env.Compile(text)
	if issues != nil && len(issues.Errors()) > 0 {
		first := issues.Errors()[0]
		line, column := first.Location.Line(), first.Location.Column()
		return nil, &Error{Line: max(1, line), Column: max(0, column) + 1, Words: first.Message}
	}
	if issues.Err() != nil {
		return nil, &Error{Line: 1, Column: 1, Words: issues.Err().Error()}
	}
	if got := checked.OutputType(); !slices.Contains(wanted, got) {
		words := fmt.Sprintf("a condition is true or false, this is a %s", got)
		if wanted[0] == cel.StringType {
			words = fmt.Sprintf("a text is wanted, this is a %s", got)
		}
		return nil, &Error{Line: 1, Column: 1, Words: words}
	}
	c := &Condition{text: text, base: base, tree: checked.NativeRep()}
	if err := c.audit(); err != nil {
		return nil, err
	}
	program, err := env.Program(checked, cel.EvalOptions(cel.OptTrackState), cel.CostLimit(CostMax))
	if err != nil {
		return nil, &Error{Line: 1, Column: 1, Words: err.Error()}
	}
	c.program = program
	return c, nil
}
