package rows

import (
	"bytes"
	"errors"
	"regexp"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/countersign/countersign/platform/archive"
)

// readWorkbook reads one sheet. Numbers come as they are stored, not as they are shown,
// so that no amount is rounded; days come as 2026-12-01. A formula is what it came to
// when the workbook was saved.
func readWorkbook(text []byte, o Options) ([]cells, error) {
	most := archive.Workbook()
	if err := archive.Check(bytes.NewReader(text), int64(len(text)), most); err != nil {
		return nil, unreadable(1, err)
	}
	book, err := excelize.OpenReader(bytes.NewReader(text),
		excelize.Options{UnzipSizeLimit: most.Bytes, UnzipXMLSizeLimit: most.Bytes})
	if err != nil {
		return nil, unreadable(1, err)
	}
	defer func() { _ = book.Close() }() // nothing was written
	sheet := o.Sheet
	if sheet == "" {
		sheet = book.GetSheetName(0)
	}
	stored, err := book.Rows(sheet)
	if err != nil {
		return nil, unreadable(1, err)
	}
	shown, err := book.Rows(sheet)
	if err != nil {
		return nil, unreadable(1, err)
	}
	from1904 := false
	if props, err := book.GetWorkbookProps(); err == nil && props.Date1904 != nil {
		from1904 = *props.Date1904
	}
	return sheetRows(stored, shown, o, from1904)
}

func sheetRows(stored, shown *excelize.Rows, o Options, from1904 bool) ([]cells, error) {
	var table []cells
	for line := 1; stored.Next() && shown.Next(); line++ {
		raw, err := stored.Columns(excelize.Options{RawCellValue: true})
		seen, other := shown.Columns()
		if err := errors.Join(err, other); err != nil {
			return nil, unreadable(line, err)
		}
		if line > emptyMost || len(table) > o.Rows {
			return nil, tooMany(o.Rows)
		}
		if strings.TrimSpace(strings.Join(raw, "")) == "" {
			continue
		}
		for i := range min(len(raw), len(seen)) {
			raw[i] = day(raw[i], seen[i], from1904)
		}
		table = append(table, cells{line, raw})
	}
	return table, errors.Join(stored.Error(), shown.Error())
}

// emptyMost is how many rows are looked at, empty ones too.
const emptyMost = 200_000

// dayShown is how a spreadsheet shows days, whatever the country.
var dayShown = regexp.MustCompile(`^([0-9]{4}[-/.年][0-9]{1,2}[-/.月]?` +
	`|[0-9]{1,2}[-/. ][0-9A-Za-z]{1,3}[-/. ][0-9]{2,4}|[0-9]{1,2}-[A-Z][a-z]{2}|[A-Z][a-z]{2}-[0-9]{2}|[0-9]{1,2}月)`)

// day makes a day of a number that is shown as one.
func day(stored, shown string, from1904 bool) string {
	number, err := strconv.ParseFloat(stored, 64)
	if err != nil || stored == shown || !dayShown.MatchString(shown) {
		return stored
	}
	at, err := excelize.ExcelDateToTime(number, from1904)
	if err != nil {
		return stored
	}
	if number == float64(int64(number)) {
		return at.Format("2006-01-02")
	}
	return at.Format("2006-01-02T15:04:05")
}
