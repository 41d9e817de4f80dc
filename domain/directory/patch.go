package directory

import (
	"maps"
	"slices"
	"strings"

	"github.com/countersign/countersign/domain/fault"
)

// Operation is one step of a PATCH. Op is add, replace or remove, whatever its case.
type Operation struct {
	Op       string
	Path     string
	Value    any
	HasValue bool
}

// target is a path of a PATCH: attribute[filter].part.
type target struct {
	place
	of Filter
}

// ParsePath reads the path of an operation.
//
// Errors: Invalid scim.bad_path, scim.bad_filter, scim.filter_too_big, scim.read_only.
func parsePath(kind Kind, path string) (target, error) {
	if len(path) > FilterBytesMax {
		return target{}, (&parser{}).tooBig()
	}
	name, rest, filtered := strings.Cut(path, "[")
	p, ok := locate(kind, strings.TrimSpace(name))
	if !ok {
		return target{}, bad("scim.bad_path", "path", path)
	}
	t := target{place: p}
	if p.readOnly {
		return t, bad("scim.read_only", "attribute", p.attribute.name)
	}
	if !filtered || p.ignored {
		return t, nil
	}
	if p.attribute.form != several && p.attribute.form != members || p.part != "" {
		return t, bad("scim.bad_path", "path", path)
	}
	end := strings.LastIndexByte(rest, ']')
	if end < 0 {
		return t, bad("scim.bad_path", "path", path)
	}
	reader := &parser{source: rest[:end], kind: kind, within: &t.attribute}
	of, err := reader.either()
	if err != nil {
		return t, err
	}
	if reader.space(); reader.at < len(reader.source) {
		return t, reader.wrong()
	}
	t.of = of
	tail := rest[end+1:]
	if tail == "" {
		return t, nil
	}
	if t.part = t.attribute.canonical(strings.TrimPrefix(tail, ".")); t.part == "" || tail[0] != '.' {
		return t, bad("scim.bad_path", "path", path)
	}
	return t, nil
}

// Patch applies operations in order, all or none, and answers with the next
// resource.
//
// Errors: Invalid scim.bad_path, scim.bad_value, scim.no_target, scim.read_only, …
func (r Resource) Patch(operations []Operation) (Resource, error) {
	if len(operations) > OperationsMax {
		return r, tooMany("Operations", OperationsMax)
	}
	next := r
	next.Attributes = cloned(r.Attributes).(map[string]any)
	for _, o := range operations {
		if err := next.apply(o); err != nil {
			return r, err
		}
	}
	return next, next.Check()
}

// cloned copies a JSON value, so that nothing of the old one is changed.
func cloned(v any) any {
	switch v := v.(type) {
	case map[string]any:
		m := make(map[string]any, len(v))
		for key, inner := range v {
			m[key] = cloned(inner)
		}
		return m
	case []any:
		list := make([]any, 0, len(v))
		for _, inner := range v {
			list = append(list, cloned(inner))
		}
		return list
	}
	return v
}

func (r *Resource) apply(o Operation) error {
	op := strings.ToLower(o.Op)
	if op != "add" && op != "replace" && op != "remove" {
		return fault.New(fault.Invalid, "scim.bad_syntax")
	}
	if o.Path != "" {
		t, err := parsePath(r.Kind, o.Path)
		if err != nil || t.ignored {
			return err
		}
		if op == "remove" {
			return r.remove(t, o)
		}
		return r.set(t, o.Value, op == "add", o.Path)
	}
	values, ok := o.Value.(map[string]any)
	if !ok || op == "remove" {
		return bad("scim.no_target", "path", "")
	}
	for _, key := range sortedNames(values) {
		t, err := parsePath(r.Kind, key)
		if code := fault.CodeOf(err); code == "scim.bad_path" || code == "scim.read_only" {
			continue // Okta sends the id along; what nobody knows is left out, as in a POST
		}
		if err != nil {
			return err
		}
		if t.ignored {
			continue
		}
		if err := r.set(t, values[key], op == "add", key); err != nil {
			return err
		}
	}
	return nil
}

func (r *Resource) set(t target, value any, add bool, path string) error {
	if t.of == nil {
		return r.put(t.place, value, add)
	}
	if t.attribute.form == members { // there is nothing within a member to change
		return bad("scim.bad_path", "path", path)
	}
	return r.setWithin(t, value, path)
}

// put gives an attribute a value, or adds to it.
func (r *Resource) put(p place, raw any, add bool) error {
	if p.extension && p.attribute.name == "" {
		return r.putExtension(raw, add)
	}
	if p.attribute.form == members {
		return r.putMembers(raw, add)
	}
	holder := r.holder(p)
	name := p.attribute.name
	if p.part != "" {
		return putPart(holder, p, raw)
	}
	value, err := p.attribute.value(raw)
	if err != nil {
		return err
	}
	if value == nil {
		if !add {
			delete(holder, name)
		}
		return nil
	}
	switch p.attribute.form {
	case complex_:
		if before, ok := holder[name].(map[string]any); ok {
			maps.Copy(before, value.(map[string]any))
			return nil
		}
	case several:
		if add {
			return addValues(holder, p.attribute, value.([]any))
		}
	}
	holder[name] = value
	return nil
}

func (r *Resource) putExtension(raw any, add bool) error {
	values, ok := raw.(map[string]any)
	if !ok && raw != nil {
		return bad("scim.bad_value", "attribute", Enterprise)
	}
	for _, key := range sortedNames(values) {
		p, known := locate(r.Kind, Enterprise+":"+key)
		if !known || p.ignored {
			continue
		}
		if err := r.put(p, values[key], add); err != nil {
			return err
		}
	}
	return nil
}

// holder is the object an attribute lies in: the resource, or its extension.
func (r *Resource) holder(p place) map[string]any {
	if !p.extension {
		return r.Attributes
	}
	extension, ok := r.Attributes[Enterprise].(map[string]any)
	if !ok {
		extension = map[string]any{}
		r.Attributes[Enterprise] = extension
	}
	return extension
}

func putPart(holder map[string]any, p place, raw any) error {
	if p.attribute.form != complex_ {
		return bad("scim.bad_path", "path", p.attribute.name+"."+p.part)
	}
	value, err := p.attribute.partValue(p.part, raw)
	if err != nil {
		return err
	}
	object, ok := holder[p.attribute.name].(map[string]any)
	if !ok {
		object = map[string]any{}
	}
	if value == nil {
		delete(object, p.part)
	} else {
		object[p.part] = value
	}
	if len(object) == 0 {
		delete(holder, p.attribute.name)
	} else {
		holder[p.attribute.name] = object
	}
	return nil
}

func addValues(holder map[string]any, a attribute, more []any) error {
	list, _ := holder[a.name].([]any)
	for _, v := range more {
		object := v.(map[string]any)
		same := func(other any) bool { return strings.EqualFold(valueOf(other), valueOf(object)) }
		if at := slices.IndexFunc(list, same); at >= 0 {
			list[at] = object
			continue
		}
		list = append(list, object)
	}
	if len(list) > ValuesMax {
		return tooMany(a.name, ValuesMax)
	}
	holder[a.name] = list
	return nil
}

func valueOf(v any) string {
	object, _ := v.(map[string]any)
	value, _ := object["value"].(string)
	return value
}

// setWithin changes the values of a list that a filter chooses. Entra sets
// emails[type eq "work"].value before there is one: it makes one then.
func (r *Resource) setWithin(t target, raw any, path string) error {
	holder := r.holder(t.place)
	list, _ := holder[t.attribute.name].([]any)
	change := map[string]any{}
	if t.part != "" {
		value, err := t.attribute.partValue(t.part, raw)
		if err != nil {
			return err
		}
		change[t.part] = value
	} else {
		value, err := t.attribute.object(raw)
		if err != nil {
			return err
		}
		if value == nil {
			return bad("scim.bad_value", "attribute", t.attribute.name)
		}
		change = value.(map[string]any)
	}
	found := false
	for _, v := range list {
		object, ok := v.(map[string]any)
		if !ok || !t.of.holds(scope{object: object}) {
			continue
		}
		found = true
		merge(object, change)
	}
	if found {
		return nil
	}
	only, ok := t.of.(test)
	if !ok || only.op != "eq" {
		return bad("scim.no_target", "path", path)
	}
	object := map[string]any{only.path[0]: only.value}
	merge(object, change)
	return addValues(holder, t.attribute, []any{object})
}

// merge puts the parts of a change in; nil takes a part away.
func merge(object, change map[string]any) {
	for part, value := range change {
		if value == nil {
			delete(object, part)
		} else {
			object[part] = value
		}
	}
}

func (r *Resource) remove(t target, o Operation) error {
	if t.attribute.form == members && t.attribute.name != "" {
		return r.removeMembers(t, o)
	}
	if t.extension && t.attribute.name == "" {
		delete(r.Attributes, Enterprise)
		return nil
	}
	if t.attribute.name == "active" {
		return bad("scim.missing", "attribute", "active") // nobody comes back by an attribute going away
	}
	holder := r.holder(t.place)
	if t.of == nil {
		if t.part != "" {
			return putPart(holder, t.place, nil)
		}
		delete(holder, t.attribute.name)
		return nil
	}
	list, _ := holder[t.attribute.name].([]any)
	kept := slices.DeleteFunc(slices.Clone(list), func(v any) bool {
		object, ok := v.(map[string]any)
		if !ok || !t.of.holds(scope{object: object}) {
			return false
		}
		if t.part != "" {
			delete(object, t.part)
		}
		return t.part == ""
	})
	holder[t.attribute.name] = kept
	if len(kept) == 0 {
		delete(holder, t.attribute.name)
	}
	return nil
}
