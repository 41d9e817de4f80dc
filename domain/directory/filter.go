package directory

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/domain/fault"
)

// Limits of a filter.
const (
	FilterBytesMax = 2 << 10
	FilterDepthMax = 10
)

// Filter is a condition on a resource. The nil filter holds for everything.
type Filter interface {
	holds(in scope) bool
}

// scope is what the names of a filter are looked up in: a resource, or one value of
// a list within it.
type scope struct {
	resource *Resource
	object   map[string]any
}

type (
	and  struct{ a, b Filter }
	or   struct{ a, b Filter }
	not  struct{ of Filter }
	test struct { // userName eq "x"
		path  []string // from the top of the resource, or of the value
		op    string
		value any // string, bool, float64 or nil
	}
	some struct { // emails[type eq "work"].value eq "x"; op "" asks only for a value
		path []string
		of   Filter
		part string
		op   string
		want any
	}
)

// Holds says whether a filter holds for a resource.
func Holds(f Filter, r Resource) bool { return f == nil || f.holds(scope{resource: &r}) }

// ParseFilter reads a filter on resources of a kind; "" is none.
//
// Errors: Invalid scim.bad_filter with the byte it stands at, scim.filter_too_big.
func ParseFilter(kind Kind, source string) (Filter, error) {
	if strings.TrimSpace(source) == "" {
		return nil, nil
	}
	p := &parser{source: source, kind: kind}
	if len(source) > FilterBytesMax {
		return nil, p.tooBig()
	}
	f, err := p.either()
	if err != nil {
		return nil, err
	}
	if p.space(); p.at < len(source) {
		return nil, p.wrong()
	}
	return f, nil
}

// parser reads a filter from left to right.
type parser struct {
	source string
	at     int
	depth  int
	kind   Kind
	within *attribute // the names are parts of this one
}

func (p *parser) wrong() error { return bad("scim.bad_filter", "at", strconv.Itoa(p.at+1)) }

func (p *parser) tooBig() error {
	return fault.New(fault.Invalid, "scim.filter_too_big", fault.Arg("length", strconv.Itoa(FilterBytesMax)),
		fault.Arg("depth", strconv.Itoa(FilterDepthMax)))
}

func (p *parser) space() {
	for p.at < len(p.source) && p.source[p.at] == ' ' {
		p.at++
	}
}

// word takes a keyword that stands next, followed by a space or a bracket.
func (p *parser) word(want string) bool {
	p.space()
	end := p.at + len(want)
	if end > len(p.source) || !strings.EqualFold(p.source[p.at:end], want) ||
		end < len(p.source) && !strings.ContainsRune(" (", rune(p.source[end])) {
		return false
	}
	p.at = end
	return true
}

func (p *parser) mark(c byte) bool {
	p.space()
	if p.at >= len(p.source) || p.source[p.at] != c {
		return false
	}
	p.at++
	return true
}

func (p *parser) either() (Filter, error) {
	left, err := p.both()
	for err == nil && p.word("or") {
		var right Filter
		right, err = p.both()
		left = or{left, right}
	}
	return left, err
}

func (p *parser) both() (Filter, error) {
	left, err := p.one()
	for err == nil && p.word("and") {
		var right Filter
		right, err = p.one()
		left = and{left, right}
	}
	return left, err
}

func (p *parser) one() (Filter, error) {
	if p.depth++; p.depth > FilterDepthMax {
		return nil, p.tooBig()
	}
	defer func() { p.depth-- }()
	if p.word("not") {
		if p.space(); p.at >= len(p.source) || p.source[p.at] != '(' {
			return nil, p.wrong()
		}
		f, err := p.one()
		return not{f}, err
	}
	if p.mark('(') {
		f, err := p.either()
		if err == nil && !p.mark(')') {
			err = p.wrong()
		}
		return f, err
	}
	return p.comparison()
}

// comparison reads «name op value», «name pr» and «name[filter]…».
func (p *parser) comparison() (Filter, error) {
	where, err := p.name()
	if err != nil {
		return nil, err
	}
	if p.within == nil && p.mark('[') {
		return p.inside(where)
	}
	op, value, err := p.operation()
	if err != nil {
		return nil, err
	}
	if where.attribute.form == several || where.attribute.form == members {
		part := where.part
		if part == "" {
			part = "value"
		}
		return some{path: pathOf(where), part: part, op: op, want: value}, nil
	}
	path := pathOf(where)
	if where.part != "" {
		path = append(path, where.part)
	} else if where.attribute.name == "manager" {
		path = append(path, "value")
	}
	return test{path, op, value}, nil
}

func (p *parser) inside(where place) (Filter, error) {
	if where.attribute.form != several && where.attribute.form != members || where.part != "" {
		return nil, p.wrong()
	}
	p.within = &where.attribute
	of, err := p.either()
	p.within = nil
	if err != nil {
		return nil, err
	}
	if !p.mark(']') {
		return nil, p.wrong()
	}
	f := some{path: pathOf(where), of: of}
	if p.at >= len(p.source) || p.source[p.at] != '.' {
		return f, nil
	}
	p.at++
	if f.part = where.attribute.canonical(p.letters()); f.part == "" {
		return nil, p.wrong()
	}
	f.op, f.want, err = p.operation()
	return f, err
}

func pathOf(where place) []string {
	if where.extension {
		return []string{Enterprise, where.attribute.name}
	}
	return []string{where.attribute.name}
}

func (p *parser) letters() string {
	p.space()
	from := p.at
	for p.at < len(p.source) && nameByte(p.source[p.at]) {
		p.at++
	}
	return p.source[from:p.at]
}

func nameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("$-_.:", c) >= 0
}

// name reads an attribute's name: of the resource, or of a value within brackets.
func (p *parser) name() (place, error) {
	p.space()
	from := p.at
	name := p.letters()
	if name == "" {
		return place{}, p.wrong()
	}
	if p.within != nil {
		part := p.within.canonical(name)
		if part == "" {
			p.at = from
			return place{}, p.wrong()
		}
		return place{attribute: attribute{name: part}}, nil
	}
	where, ok := locate(p.kind, name)
	if !ok || where.extension && where.attribute.name == "" {
		p.at = from
		return place{}, p.wrong()
	}
	if where.readOnly && where.part != "" {
		where.part = map[string]string{"created": "created", "lastmodified": "lastModified",
			"resourcetype": "resourceType"}[where.part]
	}
	return where, nil
}

var operators = []string{"eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le", "pr"}

func (p *parser) operation() (op string, value any, err error) {
	from := p.at
	op = strings.ToLower(p.letters())
	if !slices.Contains(operators, op) {
		p.at = from
		return "", nil, p.wrong()
	}
	if op == "pr" {
		return op, nil, nil
	}
	value, err = p.literal()
	return op, value, err
}

// literal reads a JSON string, number, true, false or null.
func (p *parser) literal() (any, error) {
	p.space()
	from, end := p.at, p.at
	if end < len(p.source) && p.source[end] == '"' {
		for end++; end < len(p.source) && p.source[end] != '"'; end++ {
			if p.source[end] == '\\' {
				end++
			}
		}
		end++
	} else {
		for end < len(p.source) && strings.IndexByte(" )]", p.source[end]) < 0 {
			end++
		}
	}
	if end > len(p.source) {
		return nil, p.wrong()
	}
	raw := p.source[from:end]
	if raw != "" && raw[0] != '"' && raw[0] != '{' && raw[0] != '[' {
		raw = strings.ToLower(raw) // True, as Entra may write it
	}
	var value any
	if err := json.Unmarshal([]byte(raw), &value); err != nil {
		return nil, p.wrong()
	}
	switch value.(type) {
	case map[string]any, []any:
		return nil, p.wrong()
	}
	p.at = end
	return value, nil
}

func (f and) holds(in scope) bool { return f.a.holds(in) && f.b.holds(in) }
func (f or) holds(in scope) bool  { return f.a.holds(in) || f.b.holds(in) }
func (f not) holds(in scope) bool { return !f.of.holds(in) }

func (f test) holds(in scope) bool {
	return compare(in.lookup(f.path), f.op, f.value, exact(f.path[len(f.path)-1]))
}

func (f some) holds(in scope) bool {
	for _, object := range in.objects(f.path) {
		inner := scope{object: object}
		if f.of != nil && !f.of.holds(inner) {
			continue
		}
		if f.op == "" || compare(object[f.part], f.op, f.want, f.path[0] == "members") {
			return true
		}
	}
	return f.of == nil && f.op == "ne" && len(in.objects(f.path)) == 0
}

// exact says whether case matters: in ids it does.
func exact(name string) bool { return slices.Contains([]string{"id", "externalId", "$ref"}, name) }

func (s scope) lookup(path []string) any {
	if s.resource == nil {
		return s.object[path[0]]
	}
	switch path[0] {
	case "id":
		return s.resource.ID
	case "meta":
		return s.resource.meta(path[1:])
	}
	var at any = s.resource.Attributes
	for _, name := range path {
		object, _ := at.(map[string]any)
		at = object[name]
	}
	return at
}

func (r Resource) meta(path []string) any {
	if len(path) == 0 {
		return nil
	}
	switch path[0] {
	case "created":
		return r.Created.UTC().Format(time.RFC3339Nano)
	case "lastModified":
		return r.Modified.UTC().Format(time.RFC3339Nano)
	case "resourceType":
		return string(r.Kind)
	}
	return nil
}

// objects are the values of a list.
func (s scope) objects(path []string) []map[string]any {
	var objects []map[string]any
	if path[0] == "members" {
		for _, id := range s.resource.Members {
			objects = append(objects, map[string]any{"value": id, "type": string(User)})
		}
		return objects
	}
	list, _ := s.lookup(path).([]any)
	for _, v := range list {
		if object, ok := v.(map[string]any); ok {
			objects = append(objects, object)
		}
	}
	return objects
}
