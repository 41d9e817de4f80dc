package httpjson

import (
	"embed"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/countersign/countersign/adapters/erp/mapped"
	"github.com/countersign/countersign/adapters/erp/port"
)

//go:embed sandbox.yaml
var builtin embed.FS

// Mapping describes an ERP's HTTP/JSON interface; sandbox.yaml shows every key.
type Mapping struct {
	Name              string              `yaml:"name"`
	Capabilities      mapped.Capabilities `yaml:"capabilities"`
	Auth              string              `yaml:"auth"` // bearer, basic or none
	Headers           map[string]string   `yaml:"headers"`
	IdempotencyHeader string              `yaml:"idempotency_header"`
	Calls             map[string]Call     `yaml:"calls"` // find, read, create, post; reverse, discard, list
	Voucher           mapped.Shape        `yaml:"voucher"`
	Errors            Errors              `yaml:"errors"`
	Sync              map[string]List     `yaml:"sync"` // accounts, parties … rates: see kinds
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

// Errors says how to read a refusal.
type Errors struct {
	Code     string            `yaml:"code"`     // dotted path to the ERP's error code
	Words    string            `yaml:"words"`    // dotted path to its text
	Codes    map[string]string `yaml:"codes"`    // the ERP's code → ours
	Statuses map[int]string    `yaml:"statuses"` // HTTP status → our code
}

// List says where a list of master data is, and its fields.
type List struct {
	Path           string `yaml:"path"`
	Answer         string `yaml:"answer"`
	mapped.Columns `yaml:",inline"`
}

// ParseMapping reads a mapping and checks that it can work.
//
// Errors: Invalid erp.bad_config, with the place in the file.
func ParseMapping(text []byte) (*Mapping, error) {
	m := &Mapping{}
	return m, mapped.Parse(text, m)
}

// shared is what it says whatever the wire.
func (m *Mapping) shared() mapped.Mapping {
	lists := map[string]mapped.Columns{}
	for name, l := range m.Sync {
		lists[name] = l.Columns
	}
	return mapped.Mapping{Capabilities: m.Capabilities, Voucher: m.Voucher, Lists: lists}
}

// call is one by its name, those that read master data too.
func (m *Mapping) call(name string) (Call, bool) {
	if list, ok := strings.CutPrefix(name, mapped.OfMaster); ok {
		l, known := m.Sync[list]
		return Call{Method: http.MethodGet, Path: l.Path, Answer: l.Answer}, known
	}
	c, known := m.Calls[name]
	return c, known
}

// Check holds that the mapping can work.
func (m *Mapping) Check() error {
	if !slices.Contains([]string{"bearer", "basic", "none"}, m.Auth) {
		return mapped.At("auth", fmt.Errorf("auth is %q: bearer, basic or none", m.Auth))
	}
	if err := m.shared().Check(func(call string) bool { _, ok := m.Calls[call]; return ok }); err != nil {
		return err
	}
	for name, c := range m.Calls {
		at := "calls." + name
		if c.Method == "" || !strings.HasPrefix(c.Path, "/") {
			return mapped.At(at, errors.New("needs a method and a path"))
		}
		// A rendering with empty values finds fields that nobody knows.
		if _, err := render(c.Body, mapped.Sample(name)); err != nil {
			return mapped.At(at+".body", err)
		}
		for key, value := range c.Query {
			if _, err := mapped.Sample(name).Substitute(value); err != nil {
				return mapped.At(at+".query."+key, err)
			}
		}
	}
	if err := mapped.CheckCodes("errors.codes", m.Errors.Codes); err != nil {
		return err
	}
	return mapped.CheckCodes("errors.statuses", m.Errors.Statuses)
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
