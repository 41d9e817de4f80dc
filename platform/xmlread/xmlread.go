// Package xmlread reads XML from outside.
package xmlread

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
)

// Limits bound one text.
type Limits struct {
	Bytes int
	Depth int
	Parts int  // tags, texts and the rest
	Once  bool // no two children of the root have one name: two readers could take one each
}

// attributesMax bounds those of one element.
const attributesMax = 100

// Decode reads one element into a value. No document type is taken, so that there are no
// entities to expand, nor an instruction but that it is XML.
func Decode(text []byte, into any, most Limits) error {
	if len(text) > most.Bytes {
		return errors.New("too long")
	}
	d := xml.NewDecoder(bytes.NewReader(text))
	children, depth, roots := map[string]bool{}, 0, 0
	for range most.Parts {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return xml.Unmarshal(text, into)
		}
		if err != nil {
			return err
		}
		switch token := token.(type) {
		case xml.Directive:
			return errors.New("a document type is not taken")
		case xml.ProcInst:
			if token.Target != "xml" {
				return errors.New("an instruction is not taken")
			}
		case xml.EndElement:
			depth--
		case xml.StartElement:
			depth++
			name := token.Name.Local
			if err := attributes(token.Attr); err != nil {
				return err
			}
			switch {
			case depth > most.Depth:
				return errors.New("too deep")
			case depth == 1:
				roots++
			case depth == 2 && most.Once && children[name]:
				return errors.New("there twice: " + name)
			case depth == 2:
				children[name] = true
			}
			if roots > 1 {
				return errors.New("more than one element")
			}
		}
	}
	return errors.New("too many parts")
}

// attributes refuses one that is there twice, which is no XML: the decoder takes the last,
// others the first.
func attributes(all []xml.Attr) error {
	if len(all) > attributesMax {
		return errors.New("too many attributes")
	}
	for i, a := range all {
		for _, before := range all[:i] {
			if before.Name == a.Name {
				return errors.New("there twice: " + a.Name.Local)
			}
		}
	}
	return nil
}
