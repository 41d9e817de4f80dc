package config

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/policy/source"
)

// ReadCalendar reads a whole calendar that people wrote, in YAML or JSON, as
// docs/calendars.md says. Everything that is wrong is named with line and column.
//
// Errors: faults yaml.* and those of calendar.File; the field of the latter is
// file:line:column.
func ReadCalendar(name string, text []byte) (*calendar.Calendar, error) {
	var file calendar.File
	name = filepath.Base(name)
	read, err := source.Read(name, text, &file)
	if err != nil {
		return nil, err
	}
	c, err := file.Calendar()
	var first *fault.Fault
	if !errors.As(err, &first) {
		return c, err
	}
	for _, f := range append([]*fault.Fault{first}, first.More...) {
		at := read.At[f.Field]
		f.Field = fmt.Sprintf("%s:%d:%d", name, at.Line, at.Column)
	}
	return nil, first
}
