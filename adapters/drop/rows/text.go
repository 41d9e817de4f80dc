package rows

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// plain is text in UTF-8: a mark at its beginning is left out, and what is no UTF-8 is
// read as GB 18030, in which spreadsheets in Chinese write CSV.
func plain(text []byte) ([]byte, error) {
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	if utf8.Valid(text) {
		return text, nil
	}
	read, err := simplifiedchinese.GB18030.NewDecoder().Bytes(text)
	if err == nil && bytes.ContainsRune(read, utf8.RuneError) { // the decoder puts it where it cannot read
		err = errors.New("neither UTF-8 nor GB 18030")
	}
	return read, err
}

// readLines reads JSON Lines: each line is an object by itself.
func readLines(text []byte, o Options) ([]Row, error) {
	text, err := plain(text)
	if err != nil {
		return nil, unreadable(1, err)
	}
	var all []Row
	number := 0
	for line := range bytes.Lines(text) {
		number++
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			continue
		}
		if len(all) == o.Rows {
			return nil, tooMany(o.Rows)
		}
		row := Row{Line: number, Body: line} // whoever reads it says whether it is an object
		if len(line) > rowMax {
			row.Body, row.Bad = nil, tooLong(number)
		}
		all = append(all, row)
	}
	return all, nil
}

// readCSV reads a table whose cells are divided by commas, semicolons or tabs, as its
// first line has it.
func readCSV(text []byte, o Options) ([]cells, error) {
	text, err := plain(text)
	if err != nil {
		return nil, unreadable(1, err)
	}
	reader := csv.NewReader(bytes.NewReader(text))
	reader.Comma = divider(text)
	reader.FieldsPerRecord = -1
	var table []cells
	for {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return table, nil
		}
		if err != nil {
			line := 1
			if at := new(csv.ParseError); errors.As(err, &at) {
				line, err = at.Line, at.Err
			}
			return nil, unreadable(line, err)
		}
		if len(table) > o.Rows { // the header is one more
			return nil, tooMany(o.Rows)
		}
		line, _ := reader.FieldPos(0)
		if strings.TrimSpace(strings.Join(record, "")) != "" {
			table = append(table, cells{line, record})
		}
	}
}

func divider(text []byte) rune {
	first, _, _ := bytes.Cut(text, []byte("\n"))
	best, most := ',', bytes.Count(first, []byte(","))
	for _, other := range []rune{';', '\t'} {
		if n := bytes.Count(first, []byte(string(other))); n > most {
			best, most = other, n
		}
	}
	return best
}
