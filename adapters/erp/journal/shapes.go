package journal

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/url"
	"strconv"
	"strings"

	"github.com/countersign/countersign/adapters/erp/port"
)

// json keeps the form and the names of a JSON text. One that is cut off is kept as far
// as it came; one that is none is not kept.
func (r *redactor) json(text []byte, whole bool) (string, bool) {
	d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))))
	d.UseNumber()
	w := &jsonWriter{redactor: r, from: d}
	err := w.value("", 0)
	return w.done(err, whole)
}

// jsonWriter writes one JSON text again, masked, until there is enough of it.
type jsonWriter struct {
	*redactor
	from *json.Decoder
	to   strings.Builder
}

var errEnough = errors.New("enough")

func (w *jsonWriter) done(err error, whole bool) (string, bool) {
	return ended(w.to.String(), err, whole)
}

// ended says whether what was written may be kept, given how it ended.
func ended(text string, err error, whole bool) (string, bool) {
	cutOff := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	var broken *xml.SyntaxError
	cutOff = cutOff || errors.As(err, &broken) && strings.Contains(broken.Msg, "unexpected EOF")
	switch {
	case err == nil:
		return text, true
	case errors.Is(err, errEnough) || cutOff && !whole:
		return cut(text, excerptMax) + "…", true
	}
	return "", false
}

func (w *jsonWriter) value(name string, depth int) error {
	token, err := w.from.Token()
	if err != nil {
		return err
	}
	if depth > depthMax || w.to.Len() > excerptMax {
		return errEnough
	}
	switch token := token.(type) {
	case json.Delim:
		if port.Secretive(name) {
			w.string(mask)
			return w.skip()
		}
		return w.nested(token, name, depth+1)
	case string:
		w.text(name, token)
	case json.Number:
		w.number(name, token.String())
	case bool:
		w.to.WriteString(strconv.FormatBool(token))
	default:
		w.to.WriteString("null")
	}
	return nil
}

// nested writes a list or an object whose first mark was read.
func (w *jsonWriter) nested(open json.Delim, name string, depth int) error {
	w.to.WriteString(open.String())
	for first := true; w.from.More(); first = false {
		if !first {
			w.to.WriteByte(',')
		}
		inside := name
		if open == '{' {
			key, err := w.from.Token()
			if err != nil {
				return err
			}
			inside, _ = key.(string)
			w.string(w.key(inside))
			w.to.WriteByte(':')
		}
		if err := w.value(inside, depth); err != nil {
			return err
		}
	}
	end, err := w.from.Token()
	if err != nil {
		return err
	}
	w.to.WriteString(end.(json.Delim).String())
	return nil
}

// key is the name of a field. Names are an ERP's own words, but for maps that are
// keyed by something of somebody's.
func (w *jsonWriter) key(name string) string {
	if segment.MatchString(name) && digits(name) < tokenLeast/3 && !w.holdsHidden(name) && len(name) <= 64 {
		return name
	}
	return mask
}

// skip reads to the end of what was opened.
func (w *jsonWriter) skip() error {
	for depth := 1; depth > 0; {
		token, err := w.from.Token()
		if err != nil {
			return err
		}
		if mark, ok := token.(json.Delim); ok {
			if mark == '{' || mark == '[' {
				depth++
			} else {
				depth--
			}
		}
	}
	return nil
}

// text writes a string. Some ERPs put JSON into strings.
func (w *jsonWriter) text(name, text string) {
	trimmed := strings.TrimSpace(text)
	if strings.HasPrefix(trimmed, "{") || strings.HasPrefix(trimmed, "[") {
		if inner, ok := w.json([]byte(trimmed), true); ok && !port.Secretive(name) {
			w.string(inner)
			return
		}
	}
	w.string(w.redactor.value(name, text))
}

func (w *jsonWriter) number(name, text string) {
	if shown := w.redactor.value(name, text); shown != mask {
		w.to.WriteString(text)
		return
	}
	w.string(mask)
}

func (w *jsonWriter) string(text string) {
	var quoted bytes.Buffer
	e := json.NewEncoder(&quoted)
	e.SetEscapeHTML(false)
	_ = e.Encode(text) // a string
	w.to.Write(bytes.TrimRight(quoted.Bytes(), "\n"))
}

// xml keeps the elements of an XML text, without prefixes and without attributes that
// say nothing. There is nothing to expand: a document type ends it.
func (r *redactor) xml(text []byte, whole bool) (string, bool) {
	d := xml.NewDecoder(bytes.NewReader(text))
	d.CharsetReader = func(string, io.Reader) (io.Reader, error) { return nil, errors.New("not UTF-8") }
	var to strings.Builder
	var open []string
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) && len(open) == 0 && to.Len() > 0 {
			return to.String(), true
		}
		if err == nil && to.Len() > excerptMax {
			err = errEnough
		}
		if err != nil {
			return ended(to.String(), err, whole)
		}
		switch token := token.(type) {
		case xml.Directive:
			return "", false
		case xml.StartElement:
			if open = append(open, token.Name.Local); len(open) > depthMax {
				return "", false
			}
			r.element(&to, token)
		case xml.EndElement:
			open = open[:len(open)-1]
			to.WriteString("</" + token.Name.Local + ">")
		case xml.CharData:
			if len(open) > 0 && len(bytes.TrimSpace(token)) > 0 {
				_ = xml.EscapeText(&to, []byte(r.value(open[len(open)-1], string(token))))
			}
		}
	}
}

func (r *redactor) element(to *strings.Builder, e xml.StartElement) {
	to.WriteString("<" + e.Name.Local)
	for _, a := range e.Attr {
		if a.Name.Space == "xmlns" || a.Name.Local == "xmlns" {
			continue
		}
		to.WriteString(" " + a.Name.Local + `="`)
		_ = xml.EscapeText(to, []byte(r.value(a.Name.Local, a.Value)))
		to.WriteString(`"`)
	}
	to.WriteString(">")
}

// form keeps the names of a form.
func (r *redactor) form(text []byte, whole bool) (string, bool) {
	var shown []string
	for pair := range strings.SplitSeq(string(text), "&") {
		name, value, _ := strings.Cut(pair, "=")
		name, errName := url.QueryUnescape(name)
		value, errValue := url.QueryUnescape(value)
		if errName != nil || errValue != nil || !segment.MatchString(name) {
			return "", false
		}
		shown = append(shown, name+"="+r.value(name, value))
	}
	kept := strings.Join(shown, "&")
	if !whole {
		kept += "…"
	}
	return cut(kept, excerptMax), true
}
