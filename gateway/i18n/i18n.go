// Package i18n is what people read: one catalog a language, embedded, and the
// choice of the language. Every text in the house lives here; everywhere else
// there are keys and named arguments.
package i18n

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/goccy/go-yaml"
)

// The languages of this version.
const (
	Chinese = "zh-CN"
	English = "en"
)

// Locales lists the languages that have a catalog; the first answers where
// nobody said what they read.
var Locales = []string{English, Chinese}

//go:embed *.yaml
var catalogs embed.FS

// Translator turns keys into texts. It is a value that nothing changes after it
// was made, so any number of goroutines may use it.
type Translator struct {
	texts map[string]map[string]string // by locale, by key
}

// Shipped is the translator of the embedded catalogs. It panics where they
// cannot be read, which a test keeps from ever leaving the house.
var Shipped = sync.OnceValue(func() *Translator {
	t, err := Load(catalogs)
	if err != nil {
		panic("i18n: " + err.Error())
	}
	return t
})

// Load reads the catalogs, zh-CN.yaml, en.yaml and their parts such as
// pages.en.yaml, from a file system. A key that is written twice in one
// language is an error.
func Load(files fs.FS) (*Translator, error) {
	t := &Translator{texts: map[string]map[string]string{}}
	for _, locale := range Locales {
		t.texts[locale] = map[string]string{}
		names, err := fs.Glob(files, "*"+locale+".yaml")
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			if err := t.read(files, name, locale); err != nil {
				return nil, err
			}
		}
	}
	return t, nil
}

func (t *Translator) read(files fs.FS, name, locale string) error {
	raw, err := fs.ReadFile(files, name)
	if err != nil {
		return err
	}
	var part map[string]string
	if err := yaml.NewDecoder(bytes.NewReader(raw), yaml.Strict()).Decode(&part); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	for key, text := range part {
		if _, twice := t.texts[locale][key]; twice {
			return fmt.Errorf("%s: %s is already written elsewhere", name, key)
		}
		t.texts[locale][key] = text
	}
	return nil
}

// Text is the text of a key in a language, with its {named} arguments put in: of an
// argument that comes in several languages, such as step.en, the one of this language.
// What stands in [[brackets]] is told only where its arguments say something, and of
// {n|file|files} the first where n is 1, else the second. A language without the key
// falls back to English, and a key without any text to itself: a page with a raw key
// on it is better than no page.
func (t *Translator) Text(locale, key string, args map[string]string) string {
	text, ok := t.texts[locale][key]
	if !ok {
		text, ok = t.texts[English][key]
	}
	if !ok {
		return key
	}
	return fill(said(text, locale, args), locale, args)
}

// said leaves out the parts in brackets that an empty argument would leave a gap in.
func said(text, locale string, args map[string]string) string {
	for {
		before, after, opens := strings.Cut(text, "[[")
		part, rest, closes := strings.Cut(after, "]]")
		if !opens || !closes {
			return text
		}
		for _, name := range namesIn(part) {
			if value, _ := argOf(name, locale, args); value == "" {
				part = ""
			}
		}
		text = before + part + rest
	}
}

// argOf is an argument in a language, else as it is, if it was given at all.
func argOf(name, locale string, args map[string]string) (string, bool) {
	if value := args[name+"."+locale]; value != "" {
		return value, true
	}
	value, ok := args[name]
	return value, ok
}

// Has says whether the catalog of a language has the key.
func (t *Translator) Has(locale, key string) bool {
	_, ok := t.texts[locale][key]
	return ok
}

// Keys lists the keys of a language in order.
func (t *Translator) Keys(locale string) []string {
	return slices.Sorted(maps.Keys(t.texts[locale]))
}

// missing stands where an argument was not given.
const missing = "…"

// fill puts the arguments into a text. It scans once, so an argument that
// itself contains braces is never read as a name.
func fill(text, locale string, args map[string]string) string {
	if !strings.Contains(text, "{") {
		return text
	}
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, "{")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		name, rest, closed := strings.Cut(after, "}")
		if !closed {
			b.WriteString("{" + after)
			return b.String()
		}
		b.WriteString(filled(name, locale, args))
		text = rest
	}
}

// filled is what stands for one pair of braces: an argument, or a word in its number.
func filled(name, locale string, args map[string]string) string {
	name, forms, counted := strings.Cut(name, "|")
	value, ok := argOf(name, locale, args)
	one, many, _ := strings.Cut(forms, "|")
	switch {
	case counted && value == "1":
		return one
	case counted:
		return many
	case ok:
		return value
	}
	return missing
}

// ArgsOf lists the named arguments that a text uses, in order of appearance.
func (t *Translator) ArgsOf(locale, key string) []string {
	return namesIn(t.texts[locale][key])
}

func namesIn(text string) []string {
	var names []string
	for {
		_, after, found := strings.Cut(text, "{")
		if !found {
			return names
		}
		name, rest, closed := strings.Cut(after, "}")
		if !closed {
			return names
		}
		name, _, _ = strings.Cut(name, "|")
		names = append(names, name)
		text = rest
	}
}

// Pick chooses among texts by locale, such as a document type's title: the
// language asked for, else English, else any.
func Pick(texts map[string]string, locale string) string {
	for _, l := range append([]string{locale}, Locales...) {
		if text := texts[l]; text != "" {
			return text
		}
	}
	for _, l := range slices.Sorted(maps.Keys(texts)) {
		return texts[l]
	}
	return ""
}
