package desk

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/store"
)

// Found hands out events page by page.
type Found func(each func([]store.RecordedEvent) error) error

// recordColumns head the table of an export.
var recordColumns = []string{
	"at", "actor", "on_behalf_of", "kind", "document", "number", "type", "entity", "title", "round", "revision",
	"content_hash", "cause", "stream", "seq", "hash", "data",
}

// byteOrderMark tells spreadsheets that the file is UTF-8.
const byteOrderMark = "\xef\xbb\xbf"

// WriteRecordCSV writes what was found as a table. A cell that a spreadsheet would
// take for a formula begins with an apostrophe.
func WriteRecordCSV(to io.Writer, found Found) error {
	out := bufio.NewWriter(to)
	table := csv.NewWriter(out)
	begun := false
	begin := func() error {
		if begun {
			return nil
		}
		begun = true
		if _, err := out.WriteString(byteOrderMark); err != nil {
			return err
		}
		return table.Write(recordColumns)
	}
	err := found(func(events []store.RecordedEvent) error {
		if err := begin(); err != nil {
			return err
		}
		for _, e := range events {
			if err := table.Write(recordCells(e)); err != nil {
				return err
			}
		}
		table.Flush()
		return table.Error()
	})
	if err == nil {
		err = begin()
	}
	if err != nil {
		return err
	}
	table.Flush()
	if err := table.Error(); err != nil {
		return err
	}
	return out.Flush()
}

func recordCells(e store.RecordedEvent) []string {
	cells := []string{
		e.At.UTC().Format(time.RFC3339Nano), e.Actor, e.OnBehalfOf, e.Kind, e.Document, e.Number, e.Type, e.Entity, e.Title,
		strconv.Itoa(e.Round), strconv.Itoa(e.Revision), e.ContentHash, e.Cause, e.Stream, strconv.FormatInt(e.Seq, 10),
		e.Hash, string(e.Data),
	}
	for i, cell := range cells {
		cells[i] = inert(cell)
	}
	return cells
}

// inert keeps a spreadsheet from taking a text for a formula.
func inert(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r\n|%", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

// WriteRecordLines writes what was found as JSON Lines: each event's envelope, byte for
// byte as it was hashed.
func WriteRecordLines(to io.Writer, found Found) error {
	out := bufio.NewWriter(to)
	err := found(func(events []store.RecordedEvent) error {
		for _, e := range events {
			line, err := json.Marshal(e.Event)
			if err != nil {
				return err
			}
			if _, err := out.Write(append(line, '\n')); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return out.Flush()
}
