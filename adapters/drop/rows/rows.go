// Package rows reads the rows of files that other systems leave: JSON Lines, CSV and
// XLSX. Each row becomes one JSON object, as if it had been sent alone.
package rows

import (
	"encoding/json"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/countersign/countersign/domain/fault"
)

// The limits of a file.
const (
	RowsMax    = 20_000
	BytesMax   = 32 << 20
	columnsMax = 200
	cellMax    = 32 << 10
	rowMax     = 256 << 10 // bytes of one object
)

// Row is one row of a file, or several that belong together.
type Row struct {
	Line int          // where it begins, for people
	Body []byte       // a JSON object; nil where it cannot be read
	Bad  *fault.Fault // why not
}

// Options say how a file is read.
type Options struct {
	Sheet   string // of a workbook; "" = its first
	GroupBy string // column whose equal values make one object of many rows; "" = each row is its own
	Rows    int    // at most; 0 = RowsMax
}

// Codes are the faults of files that cannot be read.
var _ = fault.Register(map[string]fault.Entry{
	"rows.unknown_format": {Kind: fault.Invalid, Args: []string{"name"}},
	"rows.unreadable":     {Kind: fault.Invalid, Args: []string{"line", "words"}},
	"rows.too_many":       {Kind: fault.Invalid, Args: []string{"most"}},
	"rows.bad_header":     {Kind: fault.Invalid, Args: []string{"column"}},
	"rows.no_column":      {Kind: fault.Invalid, Args: []string{"column"}},
	"rows.too_long":       {Kind: fault.Invalid, Args: []string{"line"}},
	"rows.empty":          {Kind: fault.Invalid},
})

// Read reads a file by the end of its name.
//
// Errors: Invalid rows.*; a row that is wrong by itself is told beside the others.
func Read(name string, text []byte, o Options) ([]Row, error) {
	if o.Rows == 0 {
		o.Rows = RowsMax
	}
	switch strings.ToLower(path.Ext(name)) {
	case ".jsonl", ".ndjson":
		return found(readLines(text, o))
	case ".csv", ".tsv", ".txt":
		table, err := readCSV(text, o)
		return o.objects(table, err)
	case ".xlsx", ".xlsm":
		table, err := readWorkbook(text, o)
		return o.objects(table, err)
	}
	return nil, fault.New(fault.Invalid, "rows.unknown_format", fault.Arg("name", name))
}

func found(all []Row, err error) ([]Row, error) {
	if err == nil && len(all) == 0 {
		err = fault.New(fault.Invalid, "rows.empty")
	}
	return all, err
}

// cells is one row of a table.
type cells struct {
	line  int
	cells []string
}

// objects makes JSON of a table: its first row names the columns.
func (o Options) objects(table []cells, err error) ([]Row, error) {
	if err != nil || len(table) == 0 {
		return found(nil, err)
	}
	header, err := headerOf(table[0].cells)
	if err != nil {
		return nil, err
	}
	by := slices.Index(header, o.GroupBy)
	if o.GroupBy != "" && by < 0 {
		return nil, fault.New(fault.Invalid, "rows.no_column", fault.Arg("column", o.GroupBy))
	}
	var all []Row
	for _, group := range groups(table[1:], by) {
		all = append(all, object(header, group, by >= 0))
	}
	return found(all, nil)
}

func headerOf(first []string) ([]string, error) {
	var header []string
	for i, name := range first {
		name = strings.TrimSpace(name)
		if name == "" || slices.Contains(header, name) || i == columnsMax {
			return nil, fault.New(fault.Invalid, "rows.bad_header", fault.Arg("column", strconv.Itoa(i+1)+" "+name))
		}
		header = append(header, name)
	}
	return header, nil
}

// groups puts rows with the same value together, in the order in which the first came.
// Rows without a value stay alone.
func groups(table []cells, by int) [][]cells {
	var all [][]cells
	place := map[string]int{}
	for _, row := range table {
		key := ""
		if by >= 0 && by < len(row.cells) {
			key = strings.TrimSpace(row.cells[by])
		}
		if n, there := place[key]; there && key != "" {
			all[n] = append(all[n], row)
			continue
		}
		place[key] = len(all)
		all = append(all, []cells{row})
	}
	return all
}

// object is the JSON of one row; of many it is the first one's, with all of them in rows.
func object(header []string, group []cells, grouped bool) Row {
	row := Row{Line: group[0].line}
	whole := map[string]any{}
	var lines []any
	for _, one := range group {
		line := map[string]any{}
		if len(one.cells) > len(header) && strings.TrimSpace(strings.Join(one.cells[len(header):], "")) != "" {
			row.Bad = fault.New(fault.Invalid, "rows.unreadable", fault.Arg("line", strconv.Itoa(one.line)),
				fault.Arg("words", "more cells than columns"))
			return row
		}
		for i, name := range header {
			value := ""
			if i < len(one.cells) {
				value = strings.TrimSpace(one.cells[i])
			}
			if len(value) > cellMax {
				row.Bad = tooLong(one.line)
				return row
			}
			line[name] = value
			if _, there := whole[name]; !there {
				whole[name] = value
			}
		}
		lines = append(lines, line)
	}
	if grouped {
		whole["rows"] = lines
	}
	body, _ := json.Marshal(whole) // texts only
	if row.Body = body; len(body) > rowMax {
		row.Body, row.Bad = nil, tooLong(row.Line)
	}
	return row
}

func tooLong(line int) *fault.Fault {
	return fault.New(fault.Invalid, "rows.too_long", fault.Arg("line", strconv.Itoa(line)))
}

func unreadable(line int, err error) error {
	return fault.New(fault.Invalid, "rows.unreadable", fault.Arg("line", strconv.Itoa(line)),
		fault.Arg("words", err.Error()))
}

func tooMany(most int) error {
	return fault.New(fault.Invalid, "rows.too_many", fault.Arg("most", strconv.Itoa(most)))
}
