package desk

import (
	"bufio"
	"context"
	"encoding/csv"
	"io"
	"strconv"

	"github.com/xuri/excelize/v2"

	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/store"
)

// reportMost is how many differences one file holds.
const reportMost = 50_000

// Report is a comparison with all that it found, and the words of its table.
type Report struct {
	Run   store.Reconciliation
	Found []store.FoundDifference
	Heads []string                               // of the columns
	Cells func(d store.FoundDifference) []string // in the reader's words
}

// ReportOn reads a whole comparison.
//
// Errors: as Reconciliation.
func (d *Desk) ReportOn(ctx context.Context, who auth.Who, id string) (Report, error) {
	run, err := d.Reconciliation(ctx, who, id)
	if err != nil {
		return Report{}, err
	}
	report := Report{Run: run}
	filter := store.DifferenceFilter{Run: id, Limit: store.PageMost}
	for len(report.Found) < reportMost {
		page, err := d.Differences(ctx, who, filter)
		if err != nil {
			return Report{}, err
		}
		report.Found = append(report.Found, page.Items...)
		if page.Next == "" {
			break
		}
		if filter.After, err = strconv.ParseInt(page.Next, 10, 64); err != nil {
			return Report{}, err
		}
	}
	return report, nil
}

// WriteCSV writes the report as a table. A cell that a spreadsheet would take for a
// formula begins with an apostrophe.
func (r Report) WriteCSV(to io.Writer) error {
	out := bufio.NewWriter(to)
	if _, err := out.WriteString(byteOrderMark); err != nil {
		return err
	}
	table := csv.NewWriter(out)
	if err := table.Write(r.Heads); err != nil {
		return err
	}
	for _, d := range r.Found {
		cells := r.Cells(d)
		for i, cell := range cells {
			cells[i] = inert(cell)
		}
		if err := table.Write(cells); err != nil {
			return err
		}
	}
	table.Flush()
	if err := table.Error(); err != nil {
		return err
	}
	return out.Flush()
}

// Widths of the columns of a sheet, in characters.
const (
	sheetNarrow = 18
)

// WriteXLSX writes the report as a workbook of one sheet. Every cell is text, so a
// spreadsheet takes none for a formula.
func (r Report) WriteXLSX(to io.Writer, title string) (err error) {
	book := excelize.NewFile()
	defer func() {
		if closed := book.Close(); err == nil {
			err = closed
		}
	}()
	const sheet = "Sheet1"
	stream, err := book.NewStreamWriter(sheet)
	if err != nil {
		return err
	}
	bold, err := book.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	if err != nil {
		return err
	}
	if err := stream.SetColWidth(1, len(r.Heads), sheetNarrow); err != nil {
		return err
	}
	if err := stream.SetRow("A1", []any{excelize.Cell{StyleID: bold, Value: title}}); err != nil {
		return err
	}
	if err := stream.SetRow("A3", asCells(r.Heads, bold)); err != nil {
		return err
	}
	for i, d := range r.Found {
		if err := stream.SetRow("A"+strconv.Itoa(i+4), asCells(r.Cells(d), 0)); err != nil {
			return err
		}
	}
	if err := stream.Flush(); err != nil {
		return err
	}
	return book.Write(to)
}

func asCells(texts []string, style int) []any {
	cells := make([]any, 0, len(texts))
	for _, text := range texts {
		cells = append(cells, excelize.Cell{StyleID: style, Value: text})
	}
	return cells
}
