package httpjson

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
)

//go:embed sandbox.yaml
var builtin embed.FS

// mappingMax bounds a mapping file.
const mappingMax = 1 << 20

// Mapping describes an ERP's HTTP/JSON interface; sandbox.yaml shows every key.
type Mapping struct {
	Name              string            `yaml:"name"`
	Capabilities      Capabilities      `yaml:"capabilities"`
	Auth              string            `yaml:"auth"` // bearer, basic or none
	Headers           map[string]string `yaml:"headers"`
	IdempotencyHeader string            `yaml:"idempotency_header"`
	Calls             map[string]Call   `yaml:"calls"` // find, read, create, post; reverse, discard and list if there are
	Voucher           Shape             `yaml:"voucher"`
	Errors            Errors            `yaml:"errors"`
	Sync              map[string]List   `yaml:"sync"` // accounts, parties … rates: see kinds
}

// Capabilities mirrors port.Capabilities.
type Capabilities struct {
	UniqueReference bool `yaml:"unique_reference"`
	ChecksBalance   bool `yaml:"checks_balance"`
	ClosedPeriods   bool `yaml:"closed_periods"`
	Reverse         bool `yaml:"reverse"`
	ForeignCurrency bool `yaml:"foreign_currency"`
	CostCenters     bool `yaml:"cost_centers"`

	Dimensions   []string `yaml:"dimensions"`
	ReferenceMax int      `yaml:"reference_max"` // longer references are sent in their short form
}

// Call is one request.
type Call struct {
	Method string            `yaml:"method"`
	Path   string            `yaml:"path"` // {id} stands for the ERP's own key
	Query  map[string]string `yaml:"query"`
	Body   any               `yaml:"body"`   // a tree with $.field in the place of values
	Answer string            `yaml:"answer"` // dotted path to the voucher, or to the list of them
	Next   string            `yaml:"next"`   // list: dotted path to the cursor of the next page; "" = there is one page
}

// Shape says where things are in a voucher of an answer.
type Shape struct {
	ID        string            `yaml:"id"`
	Reference string            `yaml:"reference"`
	Number    string            `yaml:"number"`
	Date      string            `yaml:"date"` // its first ten characters are YYYY-MM-DD
	State     string            `yaml:"state"`
	States    map[string]string `yaml:"states"` // the ERP's word → draft, posted or cancelled
	Lines     string            `yaml:"lines"`
	Account   string            `yaml:"account"`
	Party     string            `yaml:"party"`
	Side      string            `yaml:"side"`
	Sides     map[string]string `yaml:"sides"` // the ERP's word → debit or credit
	Amount    string            `yaml:"amount"`
	Debit     string            `yaml:"debit"`
	Credit    string            `yaml:"credit"`

	Dimensions any `yaml:"dimensions"` // of a line: the path to an object of them, or a path for each by name
}

// Errors says how to read a refusal.
type Errors struct {
	Code     string            `yaml:"code"`     // dotted path to the ERP's error code
	Words    string            `yaml:"words"`    // dotted path to its text
	Codes    map[string]string `yaml:"codes"`    // the ERP's code → ours
	Statuses map[int]string    `yaml:"statuses"` // HTTP status → our code
}

// List says where a list of master data is, and its fields.
type List struct {
	Path          string `yaml:"path"`
	Answer        string `yaml:"answer"`
	ID            string `yaml:"id"`
	Code          string `yaml:"code"`
	Name          string `yaml:"name"`
	PartyRequired string `yaml:"party_required"`
	Active        string `yaml:"active"` // "" = all are
	From          string `yaml:"from"`
	To            string `yaml:"to"`
	Open          string `yaml:"open"`
	Digits        string `yaml:"digits"`
	Of            string `yaml:"of"` // of a rate: 1 unit of it is value units of in, from date on
	In            string `yaml:"in"`
	Date          string `yaml:"date"`
	Value         string `yaml:"value"`
}

// load reads a built-in mapping by its name, or a file by its path.
func load(name string) (*Mapping, error) {
	text, err := builtin.ReadFile(name + ".yaml")
	if err != nil {
		text, err = readFile(name)
	}
	if err != nil {
		return nil, bad(err)
	}
	return ParseMapping(text)
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

// ParseMapping reads a mapping and checks that it can work.
//
// Errors: Invalid erp.bad_config, with the place in the file.
func ParseMapping(text []byte) (*Mapping, error) {
	m := &Mapping{}
	if err := yaml.UnmarshalWithOptions(text, m, yaml.Strict()); err != nil {
		return nil, bad(err)
	}
	return m, m.check()
}

func (m *Mapping) check() error {
	if !slices.Contains([]string{"bearer", "basic", "none"}, m.Auth) {
		return bad(fmt.Errorf("auth is %q: bearer, basic or none", m.Auth))
	}
	for _, name := range []string{"find", "read", "create", "post"} {
		if _, ok := m.Calls[name]; !ok {
			return bad(errors.New("calls." + name + " is missing"))
		}
	}
	for name, c := range m.Calls {
		if c.Method == "" || !strings.HasPrefix(c.Path, "/") {
			return bad(errors.New("calls." + name + " needs a method and a path"))
		}
		// A rendering with empty values finds fields that nobody knows.
		if _, err := render(c.Body, sample()); err != nil {
			return bad(fmt.Errorf("calls.%s.body: %w", name, err))
		}
	}
	for word, state := range m.Voucher.States {
		if !slices.Contains([]port.State{port.Draft, port.Posted, port.Cancelled}, port.State(state)) {
			return bad(fmt.Errorf("voucher.states.%s: %q is not a state", word, state))
		}
	}
	if m.Voucher.ID == "" || m.Voucher.State == "" || m.Voucher.Lines == "" || m.Voucher.Date == "" {
		return bad(errors.New("voucher needs id, state, date and lines"))
	}
	if err := m.Voucher.checkDimensions(); err != nil {
		return err
	}
	return m.Errors.check()
}

// checkDimensions holds that dimensions are one path, or a path each.
func (s Shape) checkDimensions() error {
	switch paths := s.Dimensions.(type) {
	case nil, string:
		return nil
	case map[string]any:
		for name, path := range paths {
			if text, ok := path.(string); !ok || text == "" {
				return bad(fmt.Errorf("voucher.dimensions.%s: write the dotted path to its value", name))
			}
		}
		return nil
	}
	return bad(errors.New("voucher.dimensions: write the path to an object, or a path for each dimension by name"))
}

// told are the dimensions that a voucher of an answer has.
func (s Shape) told() []string {
	switch paths := s.Dimensions.(type) {
	case string:
		return []string{port.AnyDimension}
	case map[string]any:
		return slices.Sorted(maps.Keys(paths))
	}
	return nil
}

func (e Errors) check() error {
	for _, code := range e.Codes {
		if _, ok := port.Faults[code]; !ok {
			return bad(fmt.Errorf("errors.codes: %q is not one of our codes", code))
		}
	}
	for _, code := range e.Statuses {
		if _, ok := port.Faults[code]; !ok {
			return bad(fmt.Errorf("errors.statuses: %q is not one of our codes", code))
		}
	}
	return nil
}

func bad(err error) error {
	return port.Fault(port.CodeBadConfig, err.Error(), fault.Arg("what", "mapping"))
}

// mark tells a call from others on the wire: by what its path has behind the
// id, or else by the key of its body that holds our reference.
func (m *Mapping) mark(name string) port.Mark {
	call := m.Calls[name]
	if _, behind, ok := strings.Cut(call.Path, "{id}"); ok && behind != "" {
		return port.Mark{Method: call.Method, Text: behind}
	}
	if key := keyOf(call.Body, "$.reference"); key != "" {
		return port.Mark{Method: call.Method, Text: strconv.Quote(key)}
	}
	return port.Mark{}
}

// keyOf finds the key of a body that holds a value, "" for none.
func keyOf(tree any, value string) string {
	switch tree := tree.(type) {
	case map[string]any:
		for key, below := range tree {
			if below == value {
				return strings.TrimSuffix(key, "?")
			}
			if found := keyOf(below, value); found != "" {
				return found
			}
		}
	case []any:
		for _, below := range tree {
			if found := keyOf(below, value); found != "" {
				return found
			}
		}
	}
	return ""
}
