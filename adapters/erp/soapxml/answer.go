package soapxml

import (
	"encoding/xml"
	"errors"
	"fmt"
	"strings"

	"github.com/countersign/countersign/adapters/erp/mapped"
	"github.com/countersign/countersign/platform/xmlread"
)

// answers bound the XML of one answer.
var answers = xmlread.Limits{Bytes: 4 << 20, Depth: 32, Parts: 200_000}

// element is an element of an answer.
type element struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Text     string     `xml:",chardata"`
	Children []*element `xml:",any"`
}

// step is one part of a path: a child by its name, or, last, an attribute.
type step struct {
	space, local string // space "*" = any
	attr         bool
}

// steps reads a path such as l:lines/l:line/@id. A name without a prefix is in no
// namespace; *:name is in any.
func (m *Mapping) steps(path string) ([]step, error) {
	if path == "" {
		return nil, nil
	}
	parts := strings.Split(path, "/")
	all := make([]step, 0, len(parts))
	for i, part := range parts {
		name, attr := strings.CutPrefix(part, "@")
		prefix, local, prefixed := strings.Cut(name, ":")
		s := step{local: local, attr: attr}
		if !prefixed {
			s.local, prefix = prefix, ""
		}
		switch {
		case s.local == "" || attr && i < len(parts)-1:
			return nil, fmt.Errorf("%s is no path: write names between slashes, an attribute last, as in l:line/@id", path)
		case prefix == "*":
			s.space = "*"
		case prefixed && m.Namespaces[prefix] == "":
			return nil, fmt.Errorf("the prefix %s of %s is not among the namespaces", prefix, path)
		case prefixed:
			s.space = m.Namespaces[prefix]
		}
		all = append(all, s)
	}
	return all, nil
}

func (s step) is(name xml.Name) bool {
	return s.local == name.Local && (s.space == "*" || s.space == name.Space)
}

// node is a place in an answer, with the prefixes of its mapping.
type node struct {
	*element

	mapping *Mapping
}

// all are the elements at a path.
func (n node) all(path string) []*element {
	steps, _ := n.mapping.steps(path) // was checked
	found := []*element{n.element}
	for _, s := range steps {
		if s.attr {
			break
		}
		var below []*element
		for _, e := range found {
			for _, child := range e.Children {
				if s.is(child.XMLName) {
					below = append(below, child)
				}
			}
		}
		found = below
	}
	return found
}

// texts are the values at a path.
func (n node) texts(path string) []string {
	if path == "" {
		return nil
	}
	steps, _ := n.mapping.steps(path)
	last := steps[len(steps)-1]
	var values []string
	for _, e := range n.all(path) {
		if !last.attr {
			values = append(values, strings.TrimSpace(e.Text))
			continue
		}
		for _, a := range e.Attrs {
			if last.is(a.Name) {
				values = append(values, strings.TrimSpace(a.Value))
			}
		}
	}
	return values
}

// Text is the value at a path. Whoever cut the answer has seen that there is only one.
func (n node) Text(path string) string {
	if all := n.texts(path); len(all) > 0 {
		return all[0]
	}
	return ""
}

// Items are the elements at a path.
func (n node) Items(path string) []mapped.Node {
	var items []mapped.Node
	for _, e := range n.all(path) {
		items = append(items, node{e, n.mapping})
	}
	return items
}

// Names are none: a dimension has a path of its own.
func (n node) Names(string) []string { return nil }

// single holds that nothing stands twice where one value is read: two readers could take
// one each.
func (n node) single(paths map[string]string) error {
	for name, path := range paths {
		if name != "lines" && len(n.texts(path)) > 1 {
			return fmt.Errorf("%s (%s) is there more than once", name, path)
		}
	}
	return nil
}

// readable holds that a voucher, or a row of master data, has each of its values once.
func (n node) readable(call string) error {
	if list, ok := strings.CutPrefix(call, mapped.OfMaster); ok {
		return n.single(n.mapping.Sync[list].Paths())
	}
	paths := n.mapping.Voucher.Paths()
	if err := n.single(paths); err != nil {
		return err
	}
	for _, line := range n.all(n.mapping.Voucher.Lines) {
		if err := (node{line, n.mapping}).single(paths); err != nil {
			return err
		}
	}
	return nil
}

// payload reads an envelope: what its body holds, or its fault.
func payload(text []byte, version string) (body, fault *element, err error) {
	var envelope element
	if err := xmlread.Decode(text, &envelope, answers); err != nil {
		return nil, nil, fmt.Errorf("not the XML of an answer: %w", err)
	}
	space := envelope.XMLName.Space
	if envelope.XMLName.Local != "Envelope" || space != envelopes[version11] && space != envelopes[version12] {
		return nil, nil, errors.New("not a SOAP envelope: <" + envelope.XMLName.Local + ">")
	}
	for _, e := range envelope.Children {
		if e.XMLName != (xml.Name{Space: space, Local: "Body"}) {
			continue
		}
		if body != nil {
			return nil, nil, errors.New("a SOAP envelope with two bodies")
		}
		body = e
	}
	if body == nil {
		return nil, nil, errors.New("a SOAP envelope without a body")
	}
	for _, e := range body.Children {
		if e.XMLName == (xml.Name{Space: space, Local: "Fault"}) {
			return nil, e, nil
		}
	}
	if space != envelopes[version] {
		return nil, nil, errors.New("an answer in another version of SOAP")
	}
	return body, nil, nil
}
