package calendar

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"slices"
)

//go:embed data/*.json
var shipped embed.FS

// Shipped are the calendars that come with the program, by name:
//
//   - always: every hour of every day, in UTC.
//   - cn-office: Monday to Friday 09:00–12:00 and 13:30–18:00, Asia/Shanghai, with
//     the days off and make-up days of the State Council's notices for 2025 and 2026.
//   - de-office: Monday to Friday 09:00–12:00 and 13:00–18:00, Europe/Berlin, with
//     the public holidays of all German states for 2025 to 2027.
//
// Errors: none for the files we ship; a test holds that.
func Shipped() ([]*Calendar, error) {
	names, err := fs.Glob(shipped, "data/*.json")
	if err != nil {
		return nil, fmt.Errorf("list the shipped calendars: %w", err)
	}
	calendars := make([]*Calendar, 0, len(names))
	for _, name := range names {
		text, err := shipped.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		c, err := readShipped(text)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		calendars = append(calendars, c)
	}
	return calendars, nil
}

// readShipped reads our own files; those that people write are read with line
// and column, by package config.
func readShipped(text []byte) (*Calendar, error) {
	var f File
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&f); err != nil {
		return nil, fmt.Errorf("decode: %w", err)
	}
	return f.Calendar()
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
