package mapped

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/token"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/policy/source"
)

// mappingMax bounds a mapping file.
const mappingMax = 1 << 20

// Mapping is what a mapping file says whatever its wire.
type Mapping struct {
	Capabilities Capabilities
	Voucher      Shape
	Lists        map[string]Columns // accounts, parties … rates: see kinds
}

// Capabilities mirrors port.Capabilities.
type Capabilities struct {
	UniqueReference bool `yaml:"unique_reference"`
	ChecksBalance   bool `yaml:"checks_balance"`
	ClosedPeriods   bool `yaml:"closed_periods"`
	Reverse         bool `yaml:"reverse"`
	ForeignCurrency bool `yaml:"foreign_currency"`
	CostCenters     bool `yaml:"cost_centers"`

	Dimensions       []string `yaml:"dimensions"`
	ChecksDimensions bool     `yaml:"checks_dimensions"` // it refuses a value that it does not know
	ReferenceMax     int      `yaml:"reference_max"`     // longer references are sent in their short form
}

// Check holds that a mapping with these calls can work.
//
// Errors: a *Misplaced.
func (m Mapping) Check(has func(call string) bool) error {
	for _, name := range []string{CallFind, CallRead, CallCreate, CallPost} {
		if !has(name) {
			return At("calls", errors.New("calls."+name+" is missing"))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.Lists)) {
		if _, ok := kinds[name]; !ok {
			return At("sync."+name, errors.New("is no list; there are "+strings.Join(slices.Sorted(maps.Keys(kinds)), ", ")))
		}
	}
	return m.Voucher.check()
}

// CheckCodes holds that what a table makes of an ERP's words are codes of ours.
func CheckCodes[K comparable](at string, table map[K]string) error {
	for word, code := range table {
		if _, ok := port.Faults[code]; !ok {
			return At(fmt.Sprintf("%s.%v", at, word), fmt.Errorf("%q is not one of our codes", code))
		}
	}
	return nil
}

// Misplaced is what is wrong with a mapping, and at which key.
type Misplaced struct {
	Key  string
	Line int // within the text of the key; 0 = at its beginning
	Err  error
}

// Error names the key.
func (m *Misplaced) Error() string { return m.Key + ": " + m.Err.Error() }

// Unwrap is what is wrong.
func (m *Misplaced) Unwrap() error { return m.Err }

// At says at which key of a mapping something is wrong.
func At(key string, err error) error { return &Misplaced{Key: key, Err: err} }

// Load reads a built-in mapping by its name, or a file by its path.
func Load(builtin fs.FS, name string, into any) error {
	text, err := fs.ReadFile(builtin, name+".yaml")
	if err != nil {
		text, err = readFile(name)
	}
	if err != nil {
		return Bad(err)
	}
	return Parse(text, into)
}

func readFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(io.LimitReader(file, mappingMax+1))
	if err == nil && len(text) > mappingMax {
		err = errors.New(path + " is too large")
	}
	return text, err
}

// checked is a mapping that can look itself over.
type checked interface{ Check() error }

// Parse reads a mapping and checks that it can work.
//
// Errors: Invalid erp.bad_config, with line and column in the file.
func Parse(text []byte, into any) error {
	if err := plain(text); err != nil {
		return Bad(err)
	}
	if err := yaml.UnmarshalWithOptions(text, into, yaml.Strict()); err != nil {
		return Bad(err)
	}
	m, ok := into.(checked)
	if !ok {
		return nil
	}
	err := m.Check()
	var wrong *Misplaced
	if errors.As(err, &wrong) {
		return Bad(fmt.Errorf("%s %w", wrong.place(text), err))
	}
	if err != nil {
		return Bad(err)
	}
	return nil
}

// plain refuses what makes a text mean more than it shows, or much more than it is, before
// a recursive parser sees it.
func plain(text []byte) error {
	if len(text) > mappingMax {
		return errors.New("the mapping is too large")
	}
	if !utf8.Valid(text) {
		return errors.New("the mapping is not UTF-8")
	}
	if line, deep := source.NestedTooDeep(text); deep {
		return fmt.Errorf("[%d:1] nested too deep", line)
	}
	for _, t := range lexer.Tokenize(string(text)) {
		if t.Type == token.AnchorType || t.Type == token.AliasType || t.Type == token.MergeKeyType {
			return fmt.Errorf("[%d:%d] anchors, aliases and merge keys are not taken: write it out", t.Position.Line,
				t.Position.Column)
		}
	}
	return nil
}

// place is where a key stands in a file, as [line:column]: that of the nearest key
// above it that is there.
func (m *Misplaced) place(text []byte) string {
	for key := m.Key; key != ""; {
		if path, err := yaml.PathString("$." + key); err == nil {
			if node, err := path.ReadNode(strings.NewReader(string(text))); err == nil && node != nil {
				at := node.GetToken().Position
				line := at.Line
				if _, block := node.(*ast.LiteralNode); block && m.Line > 0 && key == m.Key {
					return fmt.Sprintf("[%d:1]", line+m.Line)
				}
				return fmt.Sprintf("[%d:%d]", line, at.Column)
			}
		}
		dot := strings.LastIndex(key, ".")
		key = key[:max(dot, 0)]
	}
	return "[1:1]"
}

// Bad is a fault of a mapping.
func Bad(err error) error {
	return port.Fault(port.CodeBadConfig, err.Error(), fault.Arg("what", "mapping"))
}
