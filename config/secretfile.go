package config

import (
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
)

const (
	fileSuffix    = "_file"  // beside a secret's key: the path of a file that holds it
	fileReference = "file:"  // in a secret's place: the path of a file that holds it
	secretMax     = 64 << 10 // bytes of such a file
)

var secretType = reflect.TypeFor[Secret]()

// secretFiles hides the text of secrets, and turns <key>_file beside a secret into
// a file: reference in its place, wherever a section is decoded.
func secretFiles(_, to reflect.Type, data any) (any, error) {
	if text, ok := data.(string); ok && to == secretType {
		return NewSecret(text), nil
	}
	section, ok := data.(map[string]any)
	if !ok || to.Kind() != reflect.Struct {
		return data, nil
	}
	for i := range to.NumField() {
		field := to.Field(i)
		name := field.Tag.Get("mapstructure")
		path, given := section[name+fileSuffix]
		if field.Type != secretType || !given {
			continue
		}
		if already, ok := section[name].(string); ok && already != "" {
			return nil, Problem{Key: name, Text: "and " + name + fileSuffix + " are both set", Mend: "keep one of them"}
		}
		section[name] = fileReference + fmt.Sprint(path)
		delete(section, name+fileSuffix)
	}
	return section, nil
}

// resolve reads the files that secrets refer to.
func resolve(v reflect.Value, key string) error {
	switch {
	case v.Type() == secretType:
		path, ok := strings.CutPrefix(v.Interface().(Secret).Reveal(), fileReference)
		if !ok {
			return nil
		}
		text, err := readSecret(path)
		if err != nil {
			return Problem{Key: key, Text: err.Error(), Mend: "name a readable file that holds only the secret"}
		}
		v.Set(reflect.ValueOf(NewSecret(text)))
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			if err := resolve(v.Field(i), below(key, v.Type().Field(i))); err != nil {
				return err
			}
		}
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			if err := resolve(v.Index(i), fmt.Sprintf("%s[%d]", key, i)); err != nil {
				return err
			}
		}
	}
	return nil
}

// readSecret reads a secret from a file, without the line's end.
func readSecret(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }() // nothing was written
	text, err := io.ReadAll(io.LimitReader(file, secretMax+1))
	if err != nil {
		return "", err
	}
	if len(text) > secretMax {
		return "", fmt.Errorf("%s is larger than %d bytes", path, secretMax)
	}
	secret := strings.TrimRight(string(text), "\r\n")
	if secret == "" {
		return "", fmt.Errorf("%s is empty", path)
	}
	return secret, nil
}
