package config

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/countersign/countersign/policy/source"
)

// leaf is one key that holds a value, not a section.
type leaf struct {
	key    string
	secret bool
}

// Keys lists every key that the environment and flags may set, in order of the
// file.
func Keys() []string {
	var keys []string
	for _, l := range leaves(reflect.TypeFor[Config](), "") {
		keys = append(keys, l.key)
	}
	return keys
}

// EnvName is the environment variable that sets a key.
func EnvName(key string) string {
	return Prefix + "_" + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}

func leaves(t reflect.Type, prefix string) []leaf {
	var found []leaf
	for i := range t.NumField() {
		field := t.Field(i)
		key := below(prefix, field)
		switch {
		case field.Type == secretType:
			found = append(found, leaf{key: key, secret: true})
		case field.Type.Kind() == reflect.Struct:
			found = append(found, leaves(field.Type, key)...)
		case field.Type.Kind() == reflect.Slice && field.Type.Elem().Kind() == reflect.Struct:
			// a list of sections: in the file only
		default:
			found = append(found, leaf{key: key})
		}
	}
	return found
}

func below(prefix string, field reflect.StructField) string {
	name := field.Tag.Get("mapstructure")
	if prefix == "" {
		return name
	}
	return prefix + "." + name
}

// unknownKeys finds what a file sets and nobody reads, most often a slip of the
// pen, with the nearest key that exists.
func unknownKeys(settings map[string]any, t reflect.Type, prefix string) []error {
	fields := map[string]reflect.Type{}
	for i := range t.NumField() {
		field := t.Field(i)
		name := field.Tag.Get("mapstructure")
		fields[name] = field.Type
		if field.Type == secretType {
			fields[name+fileSuffix] = secretType
		}
	}
	var unknown []error
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		key := strings.TrimPrefix(prefix+"."+name, ".")
		known, ok := fields[name]
		if !ok {
			unknown = append(unknown, Problem{Key: key, Text: "is no key", Mend: suggestion(name, fields)})
			continue
		}
		unknown = append(unknown, unknownBelow(settings[name], known, key)...)
	}
	return unknown
}

func unknownBelow(value any, t reflect.Type, key string) []error {
	switch value := value.(type) {
	case map[string]any:
		if t.Kind() == reflect.Struct {
			return unknownKeys(value, t, key)
		}
	case []any:
		if t.Kind() != reflect.Slice || t.Elem().Kind() != reflect.Struct {
			return nil
		}
		var unknown []error
		for i, element := range value {
			unknown = append(unknown, unknownBelow(element, t.Elem(), fmt.Sprintf("%s[%d]", key, i))...)
		}
		return unknown
	default:
		if t.Kind() == reflect.Struct && t != secretType {
			return []error{Problem{Key: key, Text: "is a section and has a value", Mend: "indent its keys below it"}}
		}
	}
	return nil
}

// suggestion names the nearest key of the same section, if one is near.
func suggestion(name string, fields map[string]reflect.Type) string {
	best := source.Nearest(name, slices.Sorted(maps.Keys(fields)))
	if best == "" {
		return "remove it, or look it up in config.example.yaml"
	}
	return "did you mean " + best + "?"
}
