package config

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/countersign/countersign/domain/org"
)

// peopleMax is how many rows a table of people may have.
const peopleMax = 100_000

// peopleColumns are the columns of a table of people. Only id is needed; a column that
// is not there leaves what was.
var peopleColumns = map[string]func(p *org.Person, value string) error{
	"id":          func(p *org.Person, v string) error { p.ID = v; return nil },
	"name":        func(p *org.Person, v string) error { p.Name = v; return nil },
	"email":       func(p *org.Person, v string) error { p.Email = v; return nil },
	"locale":      func(p *org.Person, v string) error { p.Locale = v; return nil },
	"entity":      func(p *org.Person, v string) error { p.Entity = v; return nil },
	"department":  func(p *org.Person, v string) error { p.Department = v; return nil },
	"cost_center": func(p *org.Person, v string) error { p.CostCenter = v; return nil },
	"manager":     func(p *org.Person, v string) error { p.Manager = v; return nil },
	"subject":     func(p *org.Person, v string) error { p.Subject = v; return nil },
	"grade": func(p *org.Person, v string) (err error) {
		if v != "" {
			p.Grade, err = strconv.Atoi(v)
		}
		return err
	},
	"left": func(p *org.Person, v string) error {
		switch strings.ToLower(v) {
		case "", "false", "no", "0", "否":
			p.Active = true
		case "true", "yes", "1", "是":
			p.Active = false
		default:
			return errors.New("is neither yes nor no")
		}
		return nil
	},
}

// ReadPeople reads a table of people (CSV in UTF-8, a header of peopleColumns) into an
// organisation: those in it are added or changed, everybody else stays.
//
// Errors: all of one kind at once, each with its line.
func ReadPeople(text []byte, before org.Snapshot) (org.Snapshot, error) {
	if !utf8.Valid(text) {
		return before, errors.New("people file: it is not UTF-8; save it as «CSV UTF-8»")
	}
	table := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))))
	header, err := table.Read()
	if err != nil {
		return before, fmt.Errorf("people file: %w", err)
	}
	for i, name := range header {
		header[i] = strings.ToLower(strings.TrimSpace(name))
		if peopleColumns[header[i]] == nil || slices.Contains(header[:i], header[i]) {
			return before, fmt.Errorf("people file: the column %q is unknown or there twice; known are %s", name,
				strings.Join(slices.Sorted(maps.Keys(peopleColumns)), ", "))
		}
	}
	if !slices.Contains(header, "id") {
		return before, errors.New("people file: there is no column id")
	}
	next := before
	next.People = maps.Clone(before.People)
	var wrong []error
	seen := map[string]bool{}
	for len(seen) <= peopleMax {
		row, err := table.Read()
		if errors.Is(err, io.EOF) {
			return next, errors.Join(append(wrong, newlyWrong(before, next)...)...)
		}
		if err != nil {
			return before, fmt.Errorf("people file: %w", err)
		}
		line, _ := table.FieldPos(0)
		if err := readPerson(next, header, row, seen); err != nil {
			wrong = append(wrong, fmt.Errorf("people file, line %d: %w", line, err))
		}
	}
	return before, fmt.Errorf("people file: it has more than %d people", peopleMax)
}

// newlyWrong is what a table makes wrong; what was so before, such as managers in a
// circle that a directory told of, holds up nobody.
func newlyWrong(before, next org.Snapshot) []error {
	known := map[string]bool{}
	for _, line := range linesOf(checkCompany(before)) {
		known[line] = true
	}
	var wrong []error
	for _, line := range linesOf(checkCompany(next)) {
		if !known[line] {
			wrong = append(wrong, errors.New(line))
		}
	}
	return wrong
}

func linesOf(err error) []string {
	if err == nil {
		return nil
	}
	return strings.Split(err.Error(), "\n")
}

func readPerson(next org.Snapshot, header, row []string, seen map[string]bool) error {
	id := strings.TrimSpace(row[slices.Index(header, "id")])
	if id == "" || seen[id] {
		return fmt.Errorf("the id %q is empty or comes twice", id)
	}
	seen[id] = true
	p, known := next.People[id]
	was := p
	if !known {
		p.Active = true
	}
	for i, name := range header {
		if err := peopleColumns[name](&p, strings.TrimSpace(row[i])); err != nil {
			return fmt.Errorf("%s %q: %w", name, row[i], err)
		}
	}
	if of, ok := next.Departments[p.Department]; ok && p.Department != was.Department {
		if !slices.Contains(header, "entity") {
			p.Entity = of.Entity
		}
		if !slices.Contains(header, "cost_center") {
			p.CostCenter = of.CostCenter
		}
	}
	next.People[id] = p
	return nil
}
