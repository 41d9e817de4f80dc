package wecom

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
)

// The limits of a callback's XML, which has a dozen elements.
const (
	xmlBytesMax    = 256 << 10
	xmlDepthMax    = 8
	xmlElementsMax = 500
)

var errNotTheirs = errors.New("wecom: no callback is written like this")

// read reads the XML of a callback: within limits, without a document type, and with no
// field twice, of which two readers could take one each.
func read(text []byte, into any) error {
	if len(text) > xmlBytesMax {
		return errNotTheirs
	}
	decoder := xml.NewDecoder(bytes.NewReader(text))
	fields := map[string]bool{}
	depth, elements, roots := 0, 0, 0
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return xml.Unmarshal(text, into)
		}
		if err != nil {
			return err
		}
		switch token := token.(type) {
		case xml.Directive:
			return errNotTheirs
		case xml.EndElement:
			depth--
		case xml.StartElement:
			depth, elements = depth+1, elements+1
			if depth == 1 {
				roots++
			}
			if depth > xmlDepthMax || elements > xmlElementsMax || roots > 1 || depth == 2 && fields[token.Name.Local] {
				return errNotTheirs
			}
			fields[token.Name.Local] = fields[token.Name.Local] || depth == 2
		}
	}
}
