package soapxml

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/countersign/countersign/adapters/erp/mapped"
	"github.com/countersign/countersign/platform/xmlread"
)

// ownPrefix is that of the two attributes of a template which are for us: cs:each="entries"
// repeats an element, cs:if="$.party" leaves it out where the value is empty.
const ownPrefix = "cs"

// templates bound one body.
var templates = xmlread.Limits{Bytes: 256 << 10, Depth: 32, Parts: 10_000}

// template is an element of a body. Values go into it when it is written, escaped: they are
// never part of its text.
type template struct {
	name     string // with its prefix, as it was written
	attrs    [][2]string
	each, on string // cs:each, cs:if
	text     string // where it has no children
	children []*template
	line     int
}

// placed is a mistake at a line of a body.
type placed struct {
	line, column int
	err          error
}

func (p *placed) Error() string {
	return fmt.Sprintf("line %d, column %d: %v", p.line, p.column, p.err)
}

func (p *placed) Unwrap() error { return p.err }

// parseTemplate reads a body; its first element declares the namespaces.
func parseTemplate(text string, namespaces map[string]string) (*template, error) {
	if strings.TrimSpace(text) == "" {
		return nil, errors.New("is empty: write the first element of the message")
	}
	if err := xmlread.Decode([]byte(text), new(element), templates); err != nil {
		var broken *xml.SyntaxError
		if errors.As(err, &broken) {
			return nil, &placed{broken.Line, 1, errors.New(broken.Msg)}
		}
		return nil, err
	}
	d := xml.NewDecoder(strings.NewReader(text))
	declared := []map[string]bool{{ownPrefix: true, "xml": true}}
	for prefix := range namespaces {
		declared[0][prefix] = true
	}
	top := &template{}
	open := []*template{top}
	for {
		line, column := d.InputPos()
		token, err := d.RawToken() // prefixes stay as they were written
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, &placed{line, column, err}
		}
		last := open[len(open)-1]
		switch token := token.(type) {
		case xml.StartElement:
			one, scope, err := newTemplate(token, declared[len(declared)-1])
			if err != nil {
				return nil, &placed{line, column, err}
			}
			one.line = line
			last.children = append(last.children, one)
			open, declared = append(open, one), append(declared, scope)
		case xml.EndElement:
			if len(last.children) > 0 && strings.TrimSpace(last.text) != "" {
				return nil, &placed{last.line, 1, fmt.Errorf("<%s> has both text and elements", last.name)}
			}
			open, declared = open[:len(open)-1], declared[:len(declared)-1]
		case xml.CharData:
			last.text += string(token)
		}
	}
	root := top.children[0]
	if root.each != "" || root.on != "" {
		return nil, &placed{root.line, 1, errors.New("the first element is always there, once")}
	}
	for _, prefix := range slices.Sorted(maps.Keys(namespaces)) {
		if !slices.ContainsFunc(root.attrs, func(a [2]string) bool { return a[0] == "xmlns:"+prefix }) {
			root.attrs = append(root.attrs, [2]string{"xmlns:" + prefix, namespaces[prefix]})
		}
	}
	return root, nil
}

func newTemplate(token xml.StartElement, above map[string]bool) (*template, map[string]bool, error) {
	scope := maps.Clone(above)
	for _, a := range token.Attr {
		if a.Name.Space == "xmlns" {
			scope[a.Name.Local] = true
		}
	}
	one := &template{name: written(token.Name)}
	if p := token.Name.Space; p != "" && !scope[p] || p == ownPrefix {
		return nil, nil, fmt.Errorf("the prefix of <%s> is not among the namespaces", one.name)
	}
	for _, a := range token.Attr {
		switch name := written(a.Name); {
		case name == ownPrefix+":each":
			one.each = a.Value
		case name == ownPrefix+":if":
			one.on = a.Value
		case a.Name.Space == ownPrefix:
			return nil, nil, fmt.Errorf("%s is not known; there are cs:each and cs:if", name)
		case a.Name.Space != "" && a.Name.Space != "xmlns" && !scope[a.Name.Space]:
			return nil, nil, fmt.Errorf("the prefix of %s is not among the namespaces", name)
		default:
			one.attrs = append(one.attrs, [2]string{name, a.Value})
		}
	}
	return one, scope, nil
}

func written(name xml.Name) string {
	if name.Space == "" {
		return name.Local
	}
	return name.Space + ":" + name.Local
}

// render writes the element with its values.
func (t *template) render(v mapped.Values) ([]byte, error) {
	var to bytes.Buffer
	err := t.write(&to, v)
	return to.Bytes(), err
}

func (t *template) write(to *bytes.Buffer, v mapped.Values) error {
	if t.on != "" {
		value, err := t.value(t.on, v)
		if err != nil || value == "" {
			return err
		}
	}
	to.WriteString("<" + t.name)
	for _, a := range t.attrs {
		value, err := t.value(a[1], v)
		if err != nil {
			return err
		}
		to.WriteString(" " + a[0] + `="`)
		_ = xml.EscapeText(to, []byte(value)) // a buffer
		to.WriteByte('"')
	}
	to.WriteByte('>')
	if len(t.children) == 0 {
		value, err := t.value(strings.TrimSpace(t.text), v)
		if err != nil {
			return err
		}
		_ = xml.EscapeText(to, []byte(value))
	}
	for _, child := range t.children {
		if err := child.writeEach(to, v); err != nil {
			return err
		}
	}
	to.WriteString("</" + t.name + ">")
	return nil
}

func (t *template) writeEach(to *bytes.Buffer, v mapped.Values) error {
	if t.each == "" {
		return t.write(to, v)
	}
	items, ok := v.Lists[t.each]
	if !ok {
		return &placed{t.line, 1, fmt.Errorf("no list is called %s", t.each)}
	}
	for _, item := range items {
		if err := t.write(to, item); err != nil {
			return err
		}
	}
	return nil
}

// value is a text of the template, or what it asks for.
func (t *template) value(text string, v mapped.Values) (string, error) {
	value, err := v.Substitute(text)
	if err != nil {
		return "", &placed{t.line, 1, fmt.Errorf("<%s>: %w", t.name, err)}
	}
	switch value := value.(type) {
	case nil:
		if strings.HasPrefix(text, "$.") && text != "$.dimensions" {
			return "", nil
		}
	case string:
		return value, nil
	case map[string]string:
	default:
		return fmt.Sprint(value), nil
	}
	return "", &placed{t.line, 1, fmt.Errorf("<%s>: %s are several; name one, as in $.dimension.project", t.name, text)}
}
