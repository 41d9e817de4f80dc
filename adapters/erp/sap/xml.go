package sap

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
)

const (
	xmlMax    = 4 << 20 // bytes of one answer
	depthMax  = 32
	tokensMax = 200_000
)

// readXML decodes XML from outside. No document type is taken, so that there are
// no entities to expand; depth, size and number of parts have their limits.
func readXML(text []byte, into any) error {
	if len(text) > xmlMax {
		return errors.New("too long")
	}
	depth := 0
	d := xml.NewDecoder(bytes.NewReader(text))
	for range tokensMax {
		token, err := d.RawToken()
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
		case xml.StartElement:
			if depth++; depth > depthMax {
				return errors.New("too deep")
			}
		case xml.EndElement:
			depth--
		}
	}
	return errors.New("too many parts")
}
