package filedrop

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/voucher"
	"github.com/countersign/countersign/platform/archive"
)

// template is a workbook that an importer wants filled: our columns are found by their
// titles, and everything else in it stays as it is.
type template struct {
	text   []byte // nil makes a workbook of our columns alone
	sheet  string
	header int // the row of the titles, from 1
	at     []int
}

const (
	headerMost = 100
	ownSheet   = "Sheet1"
)

// readTemplate reads the options of workbooks.
//
// Errors: Invalid erp.bad_config, naming the option and the title that is not there.
func readTemplate(options port.Options, columns []column) (template, error) {
	t := template{sheet: options["sheet"], header: 1}
	if row := options["header_row"]; row != "" {
		n, err := strconv.Atoi(row)
		if err != nil || n < 1 || n > headerMost {
			return t, port.BadOption("header_row", "is no row from 1 to "+strconv.Itoa(headerMost))
		}
		t.header = n
	}
	if options["template"] == "" {
		for i := range columns {
			t.at = append(t.at, i+1)
		}
		return t, nil
	}
	text, err := readFile(options["template"])
	if err == nil {
		err = archive.Check(bytes.NewReader(text), int64(len(text)), archive.Workbook())
	}
	if err != nil {
		return t, port.BadOption("template", "cannot be read: "+plain(err))
	}
	t.text = text
	return t, t.locate(columns)
}

// locate finds the columns by their titles.
func (t *template) locate(columns []column) error {
	book, err := t.open()
	if err != nil {
		return port.BadOption("template", "is no workbook: "+plain(err))
	}
	defer func() { _ = book.Close() }() // it was only read
	rows, err := book.GetRows(t.sheet)
	if err != nil || len(rows) < t.header {
		return port.BadOption("sheet", "has no such sheet, or no row "+strconv.Itoa(t.header))
	}
	for _, c := range columns {
		at := 0
		for i, title := range rows[t.header-1] {
			if strings.TrimSpace(title) == c.title {
				at = i + 1
			}
		}
		if at == 0 {
			return port.BadOption("columns", "names "+c.title+", which is no title of the template")
		}
		t.at = append(t.at, at)
	}
	return nil
}

func (t *template) open() (*excelize.File, error) {
	if t.text == nil {
		book := excelize.NewFile()
		t.sheet = ownSheet
		return book, nil
	}
	book, err := excelize.OpenReader(bytes.NewReader(t.text))
	if err == nil && t.sheet == "" {
		t.sheet = book.GetSheetName(0)
	}
	return book, err
}

// numbers are the fields that are written as numbers, digit by digit; everything else is
// text, which no spreadsheet takes for a formula.
var numbers = map[string]bool{"line": true, "amount": true, "base": true, "debit": true, "credit": true}

// workbook writes the voucher below the titles.
func (p *Port) workbook(v voucher.Voucher) ([]byte, error) {
	t := p.template
	book, err := t.open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = book.Close() }() // written to memory
	for i, c := range p.columns {
		if t.text == nil {
			err = set(book, t, i, 0, column{c.title, "title"}, c.title)
		}
		for n, e := range v.Entries {
			if err == nil {
				err = set(book, t, i, n+1, c, c.cell(v, n+1, e))
			}
		}
		if err != nil {
			return nil, err
		}
	}
	var out bytes.Buffer
	err = book.Write(&out)
	return out.Bytes(), err
}

// set writes one cell, below rows under the titles.
func set(book *excelize.File, t template, i, below int, c column, text string) error {
	cell, err := excelize.CoordinatesToCellName(t.at[i], t.header+below)
	if err != nil || text == "" {
		return err
	}
	if numbers[c.field] && number.MatchString(text) {
		return book.SetCellDefault(t.sheet, cell, text)
	}
	return book.SetCellStr(t.sheet, cell, text)
}
