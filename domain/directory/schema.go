package directory

import (
	"slices"
	"strconv"
	"strings"

	"github.com/countersign/countersign/domain/fault"
)

// form is what an attribute's value looks like.
type form int

const (
	text     form = iota
	boolean       // also the text "True" or "False", as Entra sends it
	complex_      // an object of texts
	several       // a list of objects
	members       // of a group
)

// attribute is one that we keep.
type attribute struct {
	name  string
	form  form
	parts []string // of complex_ and several
}

var core = map[Kind][]attribute{
	User: {
		{"userName", text, nil}, {"externalId", text, nil}, {"displayName", text, nil}, {"active", boolean, nil},
		{"preferredLanguage", text, nil}, {"locale", text, nil},
		{"name", complex_, []string{"formatted", "familyName", "givenName", "middleName"}},
		{"emails", several, []string{"value", "type", "primary", "display"}},
	},
	Group: {
		{"displayName", text, nil}, {"externalId", text, nil},
		{"members", members, []string{"value", "display", "type", "$ref"}},
	},
}

var enterprise = []attribute{
	{"employeeNumber", text, nil}, {"costCenter", text, nil}, {"department", text, nil},
	{"manager", complex_, []string{"value"}},
}

// notKept are attributes that directories send and that mean nothing here; they are
// taken and left. A password is among them, and roles: rights come by groups.
var notKept = []string{
	"nickname", "profileurl", "title", "usertype", "timezone", "password", "phonenumbers", "ims", "photos", "addresses",
	"entitlements", "roles", "x509certificates", "organization", "division", "groups", "schemas",
}

// readOnly are what only we say.
var readOnly = []string{"id", "meta"}

const coreURN = "urn:ietf:params:scim:schemas:core:2.0:"

// prefixes of attribute names, in lower case.
var (
	enterprisePrefix = strings.ToLower(Enterprise)
	corePrefixes     = []string{coreURN + "user:", coreURN + "group:"}
)

// place is where a name leads: an attribute and a part of it.
type place struct {
	extension bool // under the enterprise URN; without an attribute, all of it
	attribute attribute
	part      string
	ignored   bool // known, and not kept
	readOnly  bool
}

// locate finds what a name such as «name.givenName» or «urn:…:User:manager.value»
// means for a kind, whatever its case; false where it means nothing.
func locate(kind Kind, name string) (place, bool) {
	lower := strings.ToLower(name)
	for _, prefix := range corePrefixes {
		lower = strings.TrimPrefix(lower, prefix)
	}
	list := core[kind]
	var p place
	if rest, ok := strings.CutPrefix(lower, enterprisePrefix); ok && kind == User {
		if rest == "" {
			return place{extension: true}, true
		}
		if rest[0] != ':' && rest[0] != '.' {
			return p, false
		}
		p.extension, lower, list = true, rest[1:], enterprise
	}
	head, part, _ := strings.Cut(lower, ".")
	if slices.Contains(notKept, head) || strings.HasPrefix(head, "urn:") {
		p.ignored = true
		return p, true
	}
	if !p.extension && slices.Contains(readOnly, head) {
		p.readOnly, p.attribute.name, p.part = true, head, part
		return p, true
	}
	at := slices.IndexFunc(list, func(a attribute) bool { return strings.EqualFold(a.name, head) })
	if at < 0 {
		return p, false
	}
	p.attribute = list[at]
	if part == "" {
		return p, true
	}
	if p.part = p.attribute.canonical(part); p.part == "" {
		if p.attribute.name != "manager" && p.attribute.name != "name" {
			return p, false
		}
		p.ignored = true // manager.displayName, name.honorificPrefix
	}
	return p, true
}

// canonical is the name of a part as the schema writes it, "" where there is none.
func (a attribute) canonical(part string) string {
	at := slices.IndexFunc(a.parts, func(p string) bool { return strings.EqualFold(p, part) })
	if at < 0 {
		return ""
	}
	return a.parts[at]
}

// value makes what a client sent into what we keep. Nil is no value.
//
// Errors: Invalid scim.bad_value, scim.too_many.
func (a attribute) value(raw any) (any, error) {
	switch a.form {
	case boolean:
		return asBool(a.name, raw)
	case complex_:
		return a.object(raw)
	case several:
		return a.list(raw)
	}
	return asText(a.name, raw)
}

func asText(name string, raw any) (any, error) {
	switch v := raw.(type) {
	case nil:
		return nil, nil
	case string:
		if len(v) > TextMax || strings.ContainsRune(v, 0) {
			return nil, bad("scim.bad_value", "attribute", name)
		}
		if v = strings.TrimSpace(v); v == "" {
			return nil, nil
		}
		return v, nil
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), nil
	case []any: // one value in a list, as some mappings send it
		if len(v) == 1 {
			return asText(name, v[0])
		}
	case map[string]any:
		if inner, ok := v["value"]; ok && len(v) <= 4 {
			return asText(name, inner)
		}
	}
	return nil, bad("scim.bad_value", "attribute", name)
}

func asBool(name string, raw any) (any, error) {
	switch v := raw.(type) {
	case bool:
		return v, nil
	case string:
		switch strings.ToLower(v) {
		case "true":
			return true, nil
		case "false":
			return false, nil
		}
	case []any:
		if len(v) == 1 {
			return asBool(name, v[0])
		}
	case map[string]any:
		if inner, ok := v["value"]; ok {
			return asBool(name, inner)
		}
	}
	return nil, bad("scim.bad_value", "attribute", name)
}

// object keeps the parts of a complex value that we know. A manager may be given by
// the id alone.
func (a attribute) object(raw any) (any, error) {
	if list, ok := raw.([]any); ok && len(list) == 1 {
		raw = list[0]
	}
	switch v := raw.(type) {
	case nil:
		return nil, nil
	case string:
		if a.name != "manager" {
			break
		}
		id, err := asText(a.name, v)
		if err != nil || id == nil {
			return nil, err
		}
		return map[string]any{"value": id}, nil
	case map[string]any:
		kept := map[string]any{}
		for key, inner := range v {
			part := a.canonical(key)
			if part == "" {
				continue
			}
			value, err := a.partValue(part, inner)
			if err != nil {
				return nil, err
			}
			if value != nil {
				kept[part] = value
			}
		}
		if len(kept) == 0 {
			return nil, nil
		}
		return kept, nil
	}
	return nil, bad("scim.bad_value", "attribute", a.name)
}

func (a attribute) partValue(part string, raw any) (any, error) {
	if part == "primary" {
		if raw == nil {
			return nil, nil
		}
		return asBool(a.name+"."+part, raw)
	}
	return asText(a.name+"."+part, raw)
}

func (a attribute) list(raw any) (any, error) {
	values, ok := raw.([]any)
	if raw != nil && !ok {
		values = []any{raw}
	}
	if len(values) > ValuesMax {
		return nil, tooMany(a.name, ValuesMax)
	}
	var kept []any
	for _, v := range values {
		if plain, ok := v.(string); ok {
			v = map[string]any{"value": plain}
		}
		object, err := a.object(v)
		if err != nil {
			return nil, err
		}
		if object != nil {
			kept = append(kept, object)
		}
	}
	if len(kept) == 0 {
		return nil, nil
	}
	return kept, nil
}

func tooMany(name string, limit int) *fault.Fault {
	return fault.New(fault.Invalid, "scim.too_many", fault.Arg("attribute", name), fault.Arg("max", strconv.Itoa(limit)))
}

// Read makes a resource of the body of a POST or a PUT. What is not known is left
// out; what is read-only too.
//
// Errors: Invalid scim.bad_value, scim.too_many, scim.missing.
func Read(kind Kind, body map[string]any) (Resource, error) {
	r := Resource{Kind: kind, Attributes: map[string]any{}}
	for _, key := range sortedNames(body) {
		p, ok := locate(kind, key)
		if !ok || p.ignored || p.readOnly {
			continue
		}
		if body[key] == nil && p.attribute.form == boolean {
			continue
		}
		if err := r.put(p, body[key], false); err != nil {
			return Resource{}, err
		}
	}
	return r, r.Check()
}
