package org

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/countersign/countersign/domain/fault"
)

// Limits of a table of people.
const (
	TableMax    = 100_000 // rows
	refusalsMax = 500     // rows that are told of, of those that are refused
)

// TableFaults are what may be wrong with a table of people as a table.
var TableFaults = fault.Register(map[string]fault.Entry{
	"org.table_not_utf8": {Kind: fault.Invalid},
	"org.table_empty":    {Kind: fault.Invalid},
	"org.table_broken":   {Kind: fault.Invalid, Args: []string{"line", "words"}},
	"org.table_column":   {Kind: fault.Invalid, Args: []string{"column", "known"}},
	"org.table_no_id":    {Kind: fault.Invalid},
	"org.table_too_long": {Kind: fault.Invalid, Args: []string{"max"}},
	"org.table_twice":    {Kind: fault.Invalid, Args: []string{"id"}},
	"org.table_nobody":   {Kind: fault.Invalid},
	"org.table_number":   {Kind: fault.Invalid, Args: []string{"text"}},
	"org.table_yes_no":   {Kind: fault.Invalid, Args: []string{"text"}},
})

// TableColumns are the columns of a table of people, in the order in which WriteTable
// has them. Only id is needed; a column that is not there leaves what was.
var TableColumns = []string{
	"id", "name", "email", "locale", "entity", "department", "cost_center", "manager", "grade", "left",
}

// columnSubject is a column that is read and never written: by it somebody signs in.
const columnSubject = "subject"

// Refusal is why a row of a table is not taken. 被拒绝的行
type Refusal struct {
	Line   int // of the file, from 1; 0 for the whole of it
	Column string
	Fault  *fault.Fault
}

// Table is a table of people, read into the organisation in force.
type Table struct {
	Next    Snapshot
	Refused []Refusal      // nothing of a table is taken while one row is refused
	Lines   map[string]int // by person
	More    int            // refusals that are not listed
}

// Err is everything that is refused as one error, with its line; nil for nothing.
func (t Table) Err() error {
	var faults []*fault.Fault
	for _, r := range t.Refused {
		f := *r.Fault
		if r.Line > 0 {
			f.Field = "lines[" + strconv.Itoa(r.Line) + "]"
			if r.Column != "" {
				f.Field += "." + r.Column
			}
		}
		faults = append(faults, &f)
	}
	return fault.Join(faults)
}

// Refuse adds what somebody else finds wrong with the change: a fault whose field is a row's.
func (t *Table) Refuse(faults ...*fault.Fault) {
	for _, f := range faults {
		if len(t.Refused) >= refusalsMax {
			t.More++
			continue
		}
		r := Refusal{Fault: f}
		if rest, ok := strings.CutPrefix(f.Field, "people["); ok {
			id, column, _ := strings.Cut(rest, "]")
			r.Line, r.Column = t.Lines[id], strings.TrimPrefix(column, ".")
		}
		t.Refused = append(t.Refused, r)
	}
}

// ReadTable reads a table of people (CSV in UTF-8, with a header) into an organisation:
// those in it are added or changed, everybody else stays. It is pure, and the one reader
// of such tables: what the command takes, the page takes.
func ReadTable(text []byte, before *Snapshot) Table {
	t := Table{Next: *before, Lines: map[string]int{}}
	t.Next.humans = nil
	whole := func(code string, details ...fault.Detail) Table {
		t.Next = *before
		t.Refused = []Refusal{{Fault: fault.New(fault.Invalid, code, details...)}}
		return t
	}
	if !utf8.Valid(text) {
		return whole("org.table_not_utf8")
	}
	rows := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))))
	header, err := rows.Read()
	if errors.Is(err, io.EOF) {
		return whole("org.table_empty")
	}
	if err == nil {
		if refused := readHeader(header); refused != nil {
			return whole(refused.Code, func(f *fault.Fault) { f.Args = refused.Args })
		}
		t.Next.People = maps.Clone(before.People)
		err = t.readRows(rows, header)
	}
	if err != nil {
		if f, ok := fault.As(err); ok {
			return whole(f.Code, func(into *fault.Fault) { into.Args = f.Args })
		}
		return whole("org.table_broken", brokenAt(err)...)
	}
	t.Refuse(t.Next.FaultsSince(before)...)
	slices.SortStableFunc(t.Refused, func(a, b Refusal) int { return a.Line - b.Line })
	return t
}

func readHeader(header []string) *fault.Fault {
	for i, name := range header {
		header[i] = strings.ToLower(strings.TrimSpace(name))
		known := slices.Contains(TableColumns, header[i]) || header[i] == columnSubject
		if !known || slices.Contains(header[:i], header[i]) {
			return fault.New(fault.Invalid, "org.table_column", fault.Arg("column", name),
				fault.Arg("known", strings.Join(append(slices.Clone(TableColumns), columnSubject), ", ")))
		}
	}
	if !slices.Contains(header, "id") {
		return fault.New(fault.Invalid, "org.table_no_id")
	}
	return nil
}

func brokenAt(err error) []fault.Detail {
	var wrong *csv.ParseError
	if errors.As(err, &wrong) {
		return []fault.Detail{fault.Arg("line", strconv.Itoa(wrong.Line)), fault.Arg("words", wrong.Err.Error())}
	}
	return []fault.Detail{fault.Arg("line", "1"), fault.Arg("words", err.Error())}
}

func (t *Table) readRows(rows *csv.Reader, header []string) error {
	for n := 0; ; n++ {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			if n == 0 {
				return fault.New(fault.Invalid, "org.table_empty")
			}
			return nil
		}
		if err != nil {
			return err
		}
		if n == TableMax {
			return fault.New(fault.Invalid, "org.table_too_long", fault.Arg("max", strconv.Itoa(TableMax)))
		}
		line, _ := rows.FieldPos(0)
		t.readRow(line, header, row)
	}
}

func (t *Table) readRow(line int, header, row []string) {
	refuse := func(column, code string, details ...fault.Detail) {
		if len(t.Refused) >= refusalsMax {
			t.More++
			return
		}
		t.Refused = append(t.Refused, Refusal{line, column, fault.New(fault.Invalid, code, details...)})
	}
	id := cell(row[slices.Index(header, "id")])
	if _, twice := t.Lines[id]; twice || id == "" {
		if id == "" {
			refuse("id", "org.table_nobody")
			return
		}
		refuse("id", "org.table_twice", fault.Arg("id", id))
		return
	}
	t.Lines[id] = line
	was, known := t.Next.People[id]
	p := was
	p.Active = was.Active || !known
	for i, name := range header {
		if code := p.set(name, cell(row[i])); code != "" {
			refuse(name, code, fault.Arg("text", cell(row[i])))
		}
	}
	if of, ok := t.Next.Departments[p.Department]; ok && p.Department != was.Department {
		if !slices.Contains(header, "entity") {
			p.Entity = of.Entity
		}
		if !slices.Contains(header, "cost_center") {
			p.CostCenter = of.CostCenter
		}
	}
	t.Next.People[id] = p
}

// set takes one cell of a row, and answers with the code of what is wrong with it.
func (p *Person) set(column, value string) string {
	switch column {
	case "id":
		p.ID = value
	case "name":
		p.Name = value
	case "email":
		p.Email = value
	case "locale":
		p.Locale = value
	case "entity":
		p.Entity = value
	case "department":
		p.Department = value
	case "cost_center":
		p.CostCenter = value
	case "manager":
		p.Manager = value
	case columnSubject:
		p.Subject = value
	case "grade":
		return p.setGrade(value)
	case "left":
		return p.setLeft(value)
	}
	return ""
}

func (p *Person) setGrade(value string) string {
	if value == "" {
		return ""
	}
	grade, err := strconv.Atoi(value)
	if err != nil {
		return "org.table_number"
	}
	p.Grade = grade
	return ""
}

func (p *Person) setLeft(value string) string {
	switch strings.ToLower(value) {
	case "", "false", "no", "0", "否":
		p.Active = true
	case "true", "yes", "1", "是":
		p.Active = false
	default:
		return "org.table_yes_no"
	}
	return ""
}

// formula is how a cell begins that a spreadsheet would take for a formula.
const formula = "=+-@\t\r\n|%"

// cell is what a cell says: the mark that keeps a spreadsheet from taking it for a formula is none of it.
func cell(text string) string {
	text = strings.TrimSpace(text)
	if rest, ok := strings.CutPrefix(text, "'"); ok && rest != "" && strings.ContainsRune(formula, rune(rest[0])) {
		return rest
	}
	return text
}

// WriteTable writes people as a table that ReadTable reads; no cell is a formula.
func WriteTable(to io.Writer, people []Person) error {
	if _, err := io.WriteString(to, "\xef\xbb\xbf"); err != nil {
		return err
	}
	table := csv.NewWriter(to)
	if err := table.Write(TableColumns); err != nil {
		return err
	}
	for _, p := range people {
		left := ""
		if !p.Active {
			left = "yes"
		}
		cells := []string{
			p.ID, p.Name, p.Email, p.Locale, p.Entity, p.Department, p.CostCenter, p.Manager, strconv.Itoa(p.Grade), left,
		}
		for i := range cells {
			if cells[i] != "" && strings.ContainsRune(formula, rune(cells[i][0])) {
				cells[i] = "'" + cells[i]
			}
		}
		if err := table.Write(cells); err != nil {
			return err
		}
	}
	table.Flush()
	return table.Error()
}
