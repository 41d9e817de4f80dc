package desk

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/google/uuid"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/platform/jsonread"
	"github.com/countersign/countersign/store"
)

// Limits of an import.
const (
	ImportRowsMax  = 20_000
	ImportBytesMax = 64 << 20
	ImportLineMax  = 256 << 10
	ImportPage     = 200

	rowKeyMax   = 200 // bytes of a row's own key
	rowDepthMax = 20
)

// What a row's content carries between the upload and its submission. The keys
// hold a dot, which no type's own field does.
const (
	rowKey   = "import.key"   // the caller's own key of the row
	rowRaw   = "import.raw"   // a row that could not be read, as it came
	rowTwice = "import.twice" // the key of a row that an earlier row of the file has
)

// Row is one document of an import: a form, and the caller's own key of it. The
// same key never becomes two documents, in whichever import it comes.
type Row struct {
	Key string `json:"key"`
	Form
}

// Formats of an import.
const (
	FormatLines = "application/x-ndjson"
	FormatCSV   = "text/csv"
)

// Import takes a body of rows to be submitted in the background. What cannot be
// read is a refused row, with its number, field and code; it holds up nobody.
//
// A row whose key an earlier row of the file has is refused as import.twice.
//
// Safe to repeat with the same key, and row by row with the rows' own keys.
// Errors: Invalid import.empty, import.too_large, import.row_too_long,
// import.unknown_column; Forbidden access.denied.
func (d *Desk) Import(ctx context.Context, who auth.Who, format string, body io.Reader, key Key) (store.Import, error) {
	if _, err := needAny(who, access.ImportCreate); err != nil {
		return store.Import{}, err
	}
	name, read := "import.jsonl", readLines
	if format == FormatCSV {
		name, read = "import.csv", readCSV
	}
	rows, err := read(body)
	if err != nil {
		return store.Import{}, err
	}
	key.Body = rows
	idem, err := key.of(who)
	if err != nil {
		return store.Import{}, err
	}
	refuseTwice(rows) // after the fingerprint, which is of the file as it came
	return d.Store.CreateImport(ctx, store.ImportInput{
		ID: idOf(who, key), Actor: who.Person.ID, Name: name, Rows: rows, Idem: idem,
	})
}

// refuseTwice marks every row whose key an earlier row of the file has: two
// documents were meant, and the key would make one of them.
func refuseTwice(rows []document.Content) {
	seen := make(map[string]bool, len(rows))
	for i, row := range rows {
		key := row.Fields[rowKey]
		if key != "" && seen[key] {
			rows[i] = document.Content{Fields: map[string]string{rowTwice: key}}
		}
		seen[key] = true
	}
}

// readLines reads JSON Lines; the row's number is the number of its line.
func readLines(body io.Reader) ([]document.Content, error) {
	scanner := bufio.NewScanner(body)
	scanner.Buffer(make([]byte, 0, 64<<10), ImportLineMax)
	var rows []document.Content
	for scanner.Scan() {
		if len(rows) == ImportRowsMax {
			return nil, tooManyRows()
		}
		rows = append(rows, readRow(scanner.Bytes()))
	}
	if errors.Is(scanner.Err(), bufio.ErrTooLong) {
		return nil, fault.New(fault.Invalid, "import.row_too_long", fault.Arg("max", "256 KB"),
			fault.Field("row "+strconv.Itoa(len(rows)+1)))
	}
	return rows, scanner.Err()
}

func tooManyRows() error {
	return fault.New(fault.Invalid, "import.too_large", fault.Arg("most", strconv.Itoa(ImportRowsMax)))
}

// readRow reads one JSON object. A row that cannot be read keeps its text, and
// is refused when its turn comes.
func readRow(raw []byte) document.Content {
	row, err := parseRow(raw)
	if err != nil {
		return document.Content{Fields: map[string]string{rowRaw: strings.ToValidUTF8(string(raw), "�")}}
	}
	return row
}

// parseRow reads one JSON object strictly.
//
// Errors: Invalid import.bad_row, and the faults of the form.
func parseRow(raw []byte) (document.Content, error) {
	if err := jsonread.Check(raw, jsonread.Limits{Depth: rowDepthMax, Folded: true}); err != nil &&
		!errors.Is(err, jsonread.ErrNoJSON) { // the decoder says better what is no JSON
		return document.Content{}, fault.New(fault.Invalid, "import.bad_row", fault.Arg("words", err.Error()))
	}
	var row Row
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&row); err != nil {
		return document.Content{}, badRow(err)
	}
	if decoder.More() {
		return document.Content{}, fault.New(fault.Invalid, "import.bad_row", fault.Arg("words", "more than one object"))
	}
	content, err := row.Content()
	if err != nil {
		return document.Content{}, err
	}
	if err := checkRowKey(row); err != nil {
		return document.Content{}, err
	}
	if row.Key != "" {
		content.Fields = maps.Clone(content.Fields)
		if content.Fields == nil {
			content.Fields = map[string]string{}
		}
		content.Fields[rowKey] = row.Key
	}
	return content, nil
}

// checkRowKey refuses a key that cannot be kept, since it is part of an index,
// and one that comes in by the back door.
//
// Errors: Invalid request.too_long, document.bad_text, document.unknown_field.
func checkRowKey(row Row) error {
	switch _, sly := row.Fields[rowKey]; {
	case sly:
		return fault.New(fault.Invalid, "document.unknown_field", fault.Field("fields."+rowKey), fault.Arg("field", rowKey))
	case len(row.Key) > rowKeyMax:
		return fault.New(fault.Invalid, "request.too_long", fault.Field("key"), fault.Arg("max", strconv.Itoa(rowKeyMax)))
	case strings.ContainsFunc(row.Key, unicode.IsControl):
		return fault.New(fault.Invalid, "document.bad_text", fault.Field("key"))
	}
	return nil
}

// badRow names the field where the decoder does.
func badRow(err error) error {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return fault.New(fault.Invalid, "request.wrong_type", fault.Field(wrong.Field),
			fault.Arg("expected", wrong.Type.String()))
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return fault.New(fault.Invalid, "request.unknown_property", fault.Field(strings.Trim(name, `"`)))
	}
	return fault.New(fault.Invalid, "import.bad_row", fault.Arg("words", strings.TrimPrefix(err.Error(), "json: ")))
}

// columns of a CSV import: one line of a document a row, and rows with the same
// key following each other are one document.
var columns = []string{
	"key", "type", "title", "reason", "entity", "department", "cost_center", "requester", "payee_kind", "payee_id",
	"currency", "urgency", "category", "description", "date", "amount", "tax", "line_cost_center", "invoice",
	"city", "units",
}

// fieldColumn begins the name of a column that holds one of the type's own fields.
const fieldColumn = "field_"

// readCSV reads a table with a header. The number of a row is that of the
// document in the table.
func readCSV(body io.Reader) ([]document.Content, error) {
	table := csv.NewReader(skipMark(body))
	table.ReuseRecord = true
	header, err := table.Read()
	if errors.Is(err, io.EOF) {
		return nil, fault.New(fault.Invalid, "import.empty")
	}
	if err != nil {
		return nil, badTable(err)
	}
	header = slices.Clone(header)
	for i := range header {
		header[i] = strings.ToLower(strings.TrimSpace(header[i]))
		if !slices.Contains(columns, header[i]) && !strings.HasPrefix(header[i], fieldColumn) {
			return nil, fault.New(fault.Invalid, "import.unknown_column", fault.Arg("column", header[i]))
		}
	}
	var rows []Row
	for {
		record, err := table.Read()
		if errors.Is(err, io.EOF) {
			return contentsOf(rows)
		}
		if err != nil {
			return nil, badTable(err)
		}
		rows = gather(rows, header, record)
		if len(rows) > ImportRowsMax {
			return nil, tooManyRows()
		}
	}
}

func contentsOf(rows []Row) ([]document.Content, error) {
	var contents []document.Content
	for _, row := range rows {
		raw, err := json.Marshal(row)
		if err != nil {
			return nil, err
		}
		contents = append(contents, readRow(raw))
	}
	return contents, nil
}

func badTable(err error) error {
	var where *csv.ParseError
	if errors.As(err, &where) {
		return fault.New(fault.Invalid, "import.bad_row", fault.Arg("words", where.Err.Error()),
			fault.Field("row "+strconv.Itoa(where.Line)))
	}
	return err
}

// gather adds one table row: a further line of the document before it where the
// key is the same, else a new document.
func gather(rows []Row, header, record []string) []Row {
	cell := map[string]string{}
	for i, name := range header {
		cell[name] = unescaped(strings.TrimSpace(record[i]))
	}
	if n := len(rows); n > 0 && cell["key"] != "" && rows[n-1].Key == cell["key"] {
		rows[n-1].Lines = append(rows[n-1].Lines, lineOf(cell))
		return rows
	}
	row := Row{Key: cell["key"], Form: Form{
		Type: cell["type"], Title: cell["title"], Reason: cell["reason"], Entity: cell["entity"],
		Department: cell["department"], CostCenter: cell["cost_center"], Requester: cell["requester"],
		Currency: cell["currency"], Urgency: cell["urgency"], Lines: []FormLine{lineOf(cell)},
	}}
	if cell["payee_id"] != "" {
		row.Payee = &FormPayee{Kind: cell["payee_kind"], ID: cell["payee_id"]}
	}
	for name, value := range cell {
		if field, ok := strings.CutPrefix(name, fieldColumn); ok && value != "" {
			if row.Fields == nil {
				row.Fields = map[string]string{}
			}
			row.Fields[field] = value
		}
	}
	return append(rows, row)
}

func lineOf(cell map[string]string) FormLine {
	line := FormLine{
		Category: cell["category"], Description: cell["description"], Date: cell["date"],
		CostCenter: cell["line_cost_center"], Invoice: cell["invoice"],
		City: cell["city"], Units: Units(cell["units"]),
	}
	if cell["amount"] != "" {
		line.Amount = &Money{Amount: cell["amount"], Currency: cell["currency"]}
	}
	if cell["tax"] != "" {
		line.Tax = &Money{Amount: cell["tax"], Currency: cell["currency"]}
	}
	return line
}

// unescaped takes off the quote that our own exports put before a text that a
// spreadsheet would calculate.
func unescaped(cell string) string {
	if len(cell) > 1 && cell[0] == '\'' && strings.ContainsRune("=+-@", rune(cell[1])) {
		return cell[1:]
	}
	return cell
}

// skipMark passes over the byte order mark that spreadsheets begin a file with.
func skipMark(body io.Reader) io.Reader {
	const mark = "\xef\xbb\xbf"
	buffered := bufio.NewReader(body)
	if head, err := buffered.Peek(len(mark)); err == nil && string(head) == mark {
		_, _ = buffered.Discard(len(mark)) // they were just seen
	}
	return buffered
}

// ImportState is how far an import is.
type ImportState struct {
	store.Import
	Refused []store.ImportRow // a page of the rows that failed
	After   int               // the row to go on after; 0 at the end
}

// ImportState tells how far an import of one's own is, and which rows after a
// given one were refused.
func (d *Desk) ImportState(ctx context.Context, who auth.Who, id string, after int) (ImportState, error) {
	missing := fault.New(fault.NotFound, "import.not_found")
	if _, err := needAny(who, access.ImportCreate); err != nil {
		return ImportState{}, err
	}
	if uuid.Validate(id) != nil {
		return ImportState{}, missing
	}
	found, err := d.Store.Import(ctx, id)
	if err != nil {
		return ImportState{}, err
	}
	if found.Actor != who.Person.ID {
		return ImportState{}, missing
	}
	state := ImportState{Import: found}
	for len(state.Refused) < ImportPage {
		rows, err := d.Store.ImportRows(ctx, id, after, ImportPage)
		if err != nil {
			return ImportState{}, err
		}
		for _, row := range rows {
			after = row.N
			if row.Fault != nil {
				state.Refused = append(state.Refused, row)
			}
		}
		if len(rows) == 0 || after >= found.Total {
			return state, nil
		}
	}
	state.After = after
	return state, nil
}
