package soapxml

import (
	"embed"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/countersign/countersign/adapters/erp/mapped"
	"github.com/countersign/countersign/adapters/erp/port"
)

//go:embed ledger.yaml
var builtin embed.FS

// The versions of SOAP.
const (
	version11 = "1.1"
	version12 = "1.2"
)

// How we say who we are.
const (
	authBasic     = "basic"
	authBearer    = "bearer"
	authWSSText   = "wss-text"
	authWSSDigest = "wss-digest"
	authNone      = "none"
)

// Mapping describes an ERP's SOAP interface; ledger.yaml shows every key.
type Mapping struct {
	Name         string              `yaml:"name"`
	Capabilities mapped.Capabilities `yaml:"capabilities"`
	SOAP         string              `yaml:"soap"` // 1.1 or 1.2
	Path         string              `yaml:"path"` // behind the connection's url
	Auth         string              `yaml:"auth"` // basic, bearer, wss-text, wss-digest or none
	Headers      map[string]string   `yaml:"headers"`
	Namespaces   map[string]string   `yaml:"namespaces"` // prefix → name, for bodies and paths
	Calls        map[string]Call     `yaml:"calls"`      // find, read, create, post; reverse, discard, list
	Voucher      mapped.Shape        `yaml:"voucher"`
	Errors       Errors              `yaml:"errors"`
	Sync         map[string]List     `yaml:"sync"` // accounts, parties … rates

	bodies map[string]*template // by call
}

// Call is one request.
type Call struct {
	Action string `yaml:"action"` // SOAPAction, or the action of SOAP 1.2
	Path   string `yaml:"path"`   // "" = the mapping's
	Body   string `yaml:"body"`   // XML with $.field in the place of values
	Answer string `yaml:"answer"` // path from the answer's body to the voucher, or to what holds the list
	Item   string `yaml:"item"`   // path from there to each of the list
	Next   string `yaml:"next"`   // list: path from the answer's body to the cursor of the next page
}

// List is how a list of master data is asked for, and where its fields are.
type List struct {
	Call           `yaml:",inline"`
	mapped.Columns `yaml:",inline"`
}

// Errors says how to read a refusal.
type Errors struct {
	Detail   string            `yaml:"detail"`   // path from a fault's detail to the ERP's error code
	Code     string            `yaml:"code"`     // path from an answer's body to its error code, for a no without a fault
	Success  []string          `yaml:"success"`  // what stands there when all is well, beside nothing
	Words    string            `yaml:"words"`    // path from an answer's body to its text; a fault has its own
	Codes    map[string]string `yaml:"codes"`    // the ERP's code, or that of the fault without prefix → ours
	Statuses map[int]string    `yaml:"statuses"` // HTTP status without a SOAP answer → our code
}

// ParseMapping reads a mapping and checks that it can work.
//
// Errors: Invalid erp.bad_config, with line and column in the file.
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

// calls are all, those that read master data too.
func (m *Mapping) calls() map[string]Call {
	all := maps.Clone(m.Calls)
	if all == nil {
		all = map[string]Call{}
	}
	for name, l := range m.Sync {
		all[mapped.OfMaster+name] = l.Call
	}
	return all
}

// Check holds that the mapping can work, and reads the bodies.
func (m *Mapping) Check() error {
	if m.SOAP != version11 && m.SOAP != version12 {
		return mapped.At("soap", fmt.Errorf(`is %q: write "1.1" or "1.2"`, m.SOAP))
	}
	ways := []string{authBasic, authBearer, authWSSText, authWSSDigest, authNone}
	if !slices.Contains(ways, m.Auth) {
		return mapped.At("auth", fmt.Errorf("is %q: write %s", m.Auth, strings.Join(ways, ", ")))
	}
	if m.Path != "" && !strings.HasPrefix(m.Path, "/") {
		return mapped.At("path", errors.New("begins with /"))
	}
	for prefix, name := range m.Namespaces {
		if name == "" || slices.Contains([]string{ownPrefix, soapPrefix, "xml", "xmlns", "*"}, prefix) {
			return mapped.At("namespaces."+prefix, errors.New("is taken, or has no name"))
		}
	}
	if err := m.shared().Check(func(call string) bool { _, ok := m.Calls[call]; return ok }); err != nil {
		return err
	}
	m.bodies = map[string]*template{}
	all := m.calls()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if err := m.checkCall(name, all[name]); err != nil {
			return err
		}
	}
	if err := m.checkPaths(); err != nil {
		return err
	}
	if err := mapped.CheckCodes("errors.codes", m.Errors.Codes); err != nil {
		return err
	}
	return mapped.CheckCodes("errors.statuses", m.Errors.Statuses)
}

func (m *Mapping) checkCall(name string, c Call) error {
	at := name
	if !strings.HasPrefix(name, mapped.OfMaster) {
		at = "calls." + name
	}
	if c.Path != "" && !strings.HasPrefix(c.Path, "/") {
		return mapped.At(at+".path", errors.New("begins with /"))
	}
	if strings.ContainsAny(c.Action, "\"\r\n") {
		return mapped.At(at+".action", errors.New("has a quotation mark or a line break"))
	}
	body, err := parseTemplate(c.Body, m.Namespaces)
	if err == nil { // a rendering with empty values finds fields that nobody knows
		_, err = body.render(mapped.Sample(name))
	}
	var there *placed
	if errors.As(err, &there) {
		return &mapped.Misplaced{Key: at + ".body", Line: there.line, Err: err}
	}
	if err != nil {
		return mapped.At(at+".body", err)
	}
	m.bodies[name] = body
	lists := name == mapped.CallFind || name == mapped.CallList || strings.HasPrefix(name, mapped.OfMaster)
	if lists != (c.Item != "") {
		return mapped.At(at+".item", errors.New("belongs to find, list and sync, and to them only"))
	}
	if c.Answer == "" {
		return mapped.At(at+".answer", errors.New("is missing: without it an empty answer could not be told from another's"))
	}
	for key, path := range map[string]string{"answer": c.Answer, "item": c.Item, "next": c.Next} {
		if _, err := m.steps(path); err != nil {
			return mapped.At(at+"."+key, err)
		}
	}
	return nil
}

// checkPaths holds that every prefix of a path is known.
func (m *Mapping) checkPaths() error {
	if _, object := m.Voucher.Dimensions.(string); object {
		return mapped.At("voucher.dimensions", errors.New("write a path for each dimension by name"))
	}
	groups := map[string]map[string]string{"voucher": m.Voucher.Paths(),
		"errors": {"detail": m.Errors.Detail, "code": m.Errors.Code, "words": m.Errors.Words}}
	for name, l := range m.Sync {
		groups[mapped.OfMaster+name] = l.Paths()
	}
	for group, paths := range groups {
		for key, path := range paths {
			if _, err := m.steps(path); err != nil {
				return mapped.At(group+"."+key, err)
			}
		}
	}
	return nil
}

// mark tells a call from others on the wire, by the first element of its body.
func (m *Mapping) mark(name string) port.Mark {
	for other, body := range m.bodies {
		if other != name && body.name == m.bodies[name].name {
			return port.Mark{}
		}
	}
	return port.Mark{Method: http.MethodPost, Text: "<" + m.bodies[name].name + " "}
}
