package inbound

import (
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/policy/doctype"
	"github.com/countersign/countersign/policy/expr"
	"github.com/countersign/countersign/policy/source"
)

var (
	idText    = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,39}$`)
	pathText  = regexp.MustCompile(`^[$@](\.[^.\s\[\]]+|\[[0-9]{1,3}\])+$`)
	wholeText = regexp.MustCompile(`^\$(\.[^.\s\[\]]+|\[[0-9]{1,3}\])*$`)
)

// lineMark begins a path inside a line.
const lineMark = "@"

type reading struct {
	text   *source.Text
	m      *Mapping
	faults []*fault.Fault
}

// Parse reads a mapping strictly.
//
// Errors: faults yaml.* and inbound.*, all at once, each with file, line and column.
func Parse(name string, yaml []byte) (*Mapping, error) {
	var raw mappingYAML
	text, err := source.Read(name, yaml, &raw)
	if err != nil {
		return nil, err
	}
	r := &reading{text: text, m: &Mapping{ID: raw.Inbound, Type: raw.Type, text: text, raw: raw,
		formulas: map[string]*expr.MessageFormula{}}}
	r.match("inbound", raw.Inbound, idText)
	r.match("type", raw.Type, idText)
	r.match("lines", raw.Lines, wholeText)
	if raw.When != "" {
		r.formula("when", raw.When, expr.CompileMessageTest)
	}
	for _, v := range raw.ofMessage() {
		r.value(v, expr.OfDocument)
	}
	for _, v := range raw.Line.ofLine() {
		r.value(v, expr.OfLine)
	}
	slices.SortStableFunc(r.faults, func(a, b *fault.Fault) int { return strings.Compare(a.Field, b.Field) })
	if len(r.faults) > 0 {
		return nil, fault.Join(r.faults)
	}
	return r.m, nil
}

func (r *reading) bad(path, value, known string) {
	r.faults = append(r.faults, r.text.Fault("inbound.bad_value", path,
		fault.Arg("value", value), fault.Arg("known", known)))
}

func (r *reading) match(path, value string, pattern *regexp.Regexp) {
	if _, written := r.text.At[path]; written && !pattern.MatchString(value) {
		r.bad(path, value, pattern.String())
	}
}

func (r *reading) value(v placed, place expr.Place) {
	from, path := v.value.from(), v.path
	if _, nested := r.text.At[path+".from"]; nested {
		path += ".from"
	}
	switch {
	case strings.HasPrefix(from, "="):
		r.formula(path, from, func(text string) (*expr.MessageFormula, error) {
			return expr.CompileMessageText(place, text)
		})
		if f, ok := r.m.formulas[path]; ok {
			r.m.formulas[v.path] = f
		}
	case isPath(from) && (!pathText.MatchString(from) || place != expr.OfLine && strings.HasPrefix(from, lineMark)):
		r.bad(path, from, "$.name, $.list[0].name")
	}
	if table := v.value.Table; table != "" {
		r.tableNamed(v.path+".table", table)
	}
}

// isPath says whether a value is a path; what only begins with the sign, such as an
// amount of dollars or an e-mail address, is itself.
func isPath(from string) bool {
	return strings.HasPrefix(from, "$.") || strings.HasPrefix(from, "$[") || strings.HasPrefix(from, "@.")
}

func (r *reading) tableNamed(path, table string) {
	if _, ok := r.m.raw.Tables[table]; ok {
		return
	}
	known := slices.Sorted(maps.Keys(r.m.raw.Tables))
	r.faults = append(r.faults, r.text.Fault("inbound.unknown_table", path, fault.Arg("table", table),
		fault.Arg("nearest", source.Nearest(table, known))))
}

// formula compiles an expression, and remembers it by its path.
func (r *reading) formula(path, written string, compile func(string) (*expr.MessageFormula, error)) {
	expression := strings.TrimSpace(strings.TrimPrefix(written, "="))
	before := strings.TrimSuffix(written, expression)
	made, err := compile(expression)
	if err == nil {
		r.m.formulas[path] = made
		for _, use := range made.Tables() {
			r.tableNamed(path, use.Name)
		}
		return
	}
	line, column, words := 1, 1, err.Error()
	if where := new(expr.Error); errors.As(err, &where) {
		line, column, words = where.Line, where.Column, where.Words
	}
	if line == 1 {
		column += utf8.RuneCountInString(before)
	}
	r.faults = append(r.faults, r.text.FaultAt("inbound.bad_expression", path, r.text.Inside(path, line, column),
		fault.Arg("expression", expression), fault.Arg("words", words)))
}

// Check answers with what does not fit the document type: fields and categories that
// the type does not have. A nil type is one that nobody published.
func (m *Mapping) Check(t *doctype.Type) []*fault.Fault {
	if t == nil {
		return []*fault.Fault{m.text.Fault("inbound.unknown_type", "type", fault.Arg("type", m.Type))}
	}
	var found []*fault.Fault
	var fields, categories []string
	for _, f := range t.Fields {
		fields = append(fields, f.Name)
	}
	for _, c := range t.Categories {
		categories = append(categories, c.ID)
	}
	for _, name := range slices.Sorted(maps.Keys(m.raw.Fields)) {
		if !slices.Contains(fields, name) {
			found = append(found, m.text.Fault("inbound.unknown_field", "fields."+name, fault.Arg("name", name),
				fault.Arg("nearest", source.Nearest(name, fields))))
		}
	}
	for path, category := range m.categories() {
		if !slices.Contains(categories, category) {
			found = append(found, m.text.Fault("inbound.unknown_category", path, fault.Arg("category", category),
				fault.Arg("nearest", source.Nearest(category, categories))))
		}
	}
	slices.SortFunc(found, func(a, b *fault.Fault) int { return strings.Compare(a.Field, b.Field) })
	return found
}

// categories are those that the mapping writes as they are, by their paths.
func (m *Mapping) categories() map[string]string {
	written := map[string]string{}
	v := m.raw.Line.Category
	if from := v.from(); from != "" && !isPath(from) && !strings.HasPrefix(from, "=") && v.Table == "" {
		written["line.category"] = from
	}
	if v.Default != "" {
		written["line.category.default"] = v.Default
	}
	for from, to := range m.raw.Tables[v.Table] {
		written["tables."+v.Table+"."+from] = to
	}
	return written
}
