package source

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/countersign/countersign/domain/fault"
)

// Read decodes a YAML text into a struct whose fields carry yaml tags: the key,
// and ",required" where it may not be left out. Fields are structs, slices,
// maps by text, text, int, bool, Word and Choice. A struct whose last field has the
// tag ",alone" may also be written as that field's value, without a mapping. A struct
// of two pointers, the first with the tag "key,selects", stands for one of two
// mappings: the first where the key is written, else the second. The tag mend says
// how a value of the wrong kind should have been written.
//
// Errors: faults yaml.*, all that were found (see fault.Fault.More). The Text is
// given even then.
func Read(name string, text []byte, into any) (*Text, error) {
	t := &Text{Name: name, At: Index{}}
	body, err := t.parse(text)
	if err != nil {
		return t, err
	}
	d := &decoder{text: t}
	d.value(body, "", 0, reflect.ValueOf(into).Elem())
	return t, fault.Join(d.faults)
}

func (t *Text) parse(text []byte) (ast.Node, error) {
	if len(text) > BytesMax {
		return nil, fault.New(fault.Invalid, "yaml.too_large", fault.Arg("file", t.Name),
			fault.Arg("size", strconv.Itoa(len(text))), fault.Arg("max", strconv.Itoa(BytesMax)))
	}
	if n := bytes.Count(text, []byte("\n")) + bytes.Count(text, []byte("\r")); n > LinesMax {
		return nil, t.FaultAt("yaml.too_many", "", Position{Line: LinesMax, Column: 1},
			fault.Arg("max", strconv.Itoa(LinesMax)))
	}
	if !utf8.Valid(text) {
		return nil, t.Fault("yaml.syntax", "", fault.Arg("mistake", "not_utf8"))
	}
	if line, deep := NestedTooDeep(text); deep {
		return nil, t.FaultAt("yaml.too_deep", "", Position{Line: line, Column: 1},
			fault.Arg("max", strconv.Itoa(DepthMax)))
	}
	file, err := parseSafely(text)
	if err != nil {
		return nil, t.syntax(err)
	}
	if len(file.Docs) != 1 {
		return nil, t.Fault("yaml.not_allowed", "", fault.Arg("what", fmt.Sprintf("%d documents", len(file.Docs))))
	}
	if file.Docs[0].Body == nil {
		return nil, t.Fault("yaml.syntax", "", fault.Arg("mistake", "empty"))
	}
	return file.Docs[0].Body, nil
}

// parseSafely turns a panic of the parser into an error: the text comes from a
// person, and the parser is not ours.
func parseSafely(text []byte) (file *ast.File, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("not readable as YAML: %v", p)
		}
	}()
	return parser.ParseBytes(text, 0, parser.AllowDuplicateMapKey())
}

func (t *Text) syntax(err error) error {
	var located yaml.Error
	if errors.As(err, &located) && located.GetToken() != nil && located.GetToken().Position != nil {
		p := located.GetToken().Position
		return t.FaultAt("yaml.syntax", "", Position{Line: p.Line, Column: p.Column},
			fault.Arg("words", located.GetMessage()), fault.Arg("mistake", mistake(located.GetMessage())))
	}
	return t.Fault("yaml.syntax", "", fault.Arg("words", err.Error()))
}

// mistakes are the parser's most frequent words, by the beginning that they share, and
// what they mean: the catalogs say it under yaml.mistake.
var mistakes = []struct{ words, means string }{
	{"sequence end token ']' not found", "unclosed_list"},
	{"could not find flow mapping end token", "unclosed_map"},
	{"',' or '}' must be specified", "unclosed_map"},
	{"',' or ']' must be specified", "unclosed_list"},
	{"could not find '", "unopened"},
	{"mapping value is not allowed", "colon_in_value"},
	{"value is not allowed in this context", "not_here"},
	{"non-map value is specified", "no_colon"},
	{"unexpected key name", "no_colon"},
	{"block sequence entries are not allowed", "not_here"},
	{"tab character", "tab"},
	{"found a tab character", "tab"},
	{"found character '\t'", "tab"},
	{"could not find end character of", "quote"},
	{"'@' is a reserved", "reserved"},
	{"'`' is a reserved", "reserved"},
}

// mistake is what the parser's words mean; "" where nobody put them into words.
func mistake(words string) string {
	for _, m := range mistakes {
		if strings.HasPrefix(words, m.words) {
			return m.means
		}
	}
	return ""
}

// NestedTooDeep looks at the raw text, before a recursive parser does. It counts
// brackets and leading dashes, so it may also refuse a very odd harmless text.
func NestedTooDeep(text []byte) (line int, deep bool) {
	depth := 0
	for i, row := range bytes.Split(text, []byte("\n")) {
		marks := 0
		for _, c := range row {
			if c != ' ' && c != '-' && c != '?' && c != ':' && c != '\t' {
				break
			}
			if c != ' ' && c != '\t' {
				marks++
			}
		}
		for _, c := range row {
			switch c {
			case '[', '{':
				depth++
			case ']', '}':
				depth = max(0, depth-1)
			}
			if depth > 2*DepthMax || marks > 4*DepthMax {
				return i + 1, true
			}
		}
	}
	return 0, false
}
