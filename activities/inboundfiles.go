package activities

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"slices"
	"strconv"
	"strings"

	"github.com/countersign/countersign/adapters/drop"
	"github.com/countersign/countersign/adapters/drop/rows"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/store"
)

const (
	filesAtOnce = 20  // that one reading begins with; the next takes the others
	namesAtOnce = 500 // whose messages are looked up at once
	resultEnd   = ".result.csv"
	fileNameMax = 120 // bytes of a file's own name that ours keeps
)

// files takes the files that are finished, and keeps their rows. What an earlier reading
// left before it died is taken again.
func (b *Inbounds) files(ctx context.Context, source InboundSource) (Collected, error) {
	var got Collected
	came, err := source.Place.List(ctx, drop.Incoming)
	if err != nil {
		return got, err
	}
	taken := 0
	for _, f := range came {
		if taken == filesAtOnce || !f.Finished(b.now(), source.Quiet) {
			continue
		}
		err := source.Place.Move(ctx, drop.Incoming, f.Name, drop.Working, b.stamped(f.Name, taken))
		if fault.CodeOf(err) == "drop.not_found" {
			continue // somebody took it away again
		}
		if err != nil {
			return got, err
		}
		taken++
	}
	waiting, err := source.Place.List(ctx, drop.Working)
	if err != nil {
		return got, err
	}
	for _, f := range waiting[:min(len(waiting), filesAtOnce)] {
		items, err := b.rows(ctx, source, f.Name)
		if err != nil {
			return got, err
		}
		got.Files, got.Items = append(got.Files, f.Name), got.Items+items
	}
	return got, nil
}

// stamped is the name of a file from now on: no other file ever has it.
func (b *Inbounds) stamped(name string, n int) string {
	for len(name) > fileNameMax {
		_, name, _ = strings.Cut(name, string([]rune(name)[0])) // its end tells what it is
	}
	return b.now().UTC().Format("20060102-150405.000000") + "-" + strconv.Itoa(n) + "-" + name
}

// rows keeps the rows of one file. A file that cannot be read has none: its result says
// why.
func (b *Inbounds) rows(ctx context.Context, source InboundSource, name string) (int, error) {
	all, err := read(ctx, source, name)
	if fault.KindOf(err) == fault.Invalid {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	seen := map[string]bool{}
	for _, row := range all {
		if row.Bad != nil {
			continue
		}
		reference := InboundOf(source.ID, source.Mapping, row.Body).Origin.Reference
		if seen[reference] {
			continue // its result says so
		}
		seen[reference] = true
		if err := b.receive(ctx, source, row.Body, false); err != nil {
			return 0, err
		}
	}
	return len(all), nil
}

func read(ctx context.Context, source InboundSource, name string) ([]rows.Row, error) {
	text, err := source.Place.Read(ctx, drop.Working, name, cmp.Or(source.BytesMax, rows.BytesMax))
	if err != nil {
		return nil, err
	}
	return rows.Read(name, text, source.Rows)
}

// AnswerInput says which file's result is wanted.
type AnswerInput struct {
	Source string `json:"source"`
	File   string `json:"file"`
	Last   bool   `json:"last,omitempty"` // tell what is known by now, even where rows are not settled
}

// AnswerInbound writes what became of each row of a file beside it, once every row is
// settled, and puts both away; false where some are not.
//
// Safe to repeat. Errors: Busy, to be tried again.
func (b *Inbounds) AnswerInbound(ctx context.Context, in AnswerInput) (bool, error) {
	defer alive(ctx)()
	source, known := b.Sources[in.Source]
	if !known {
		return true, nil
	}
	done, err := b.answerFile(ctx, source, in)
	if fault.CodeOf(err) == "drop.not_found" {
		return true, nil // it was put away before
	}
	return done, answer(ctx, err)
}

func (b *Inbounds) answerFile(ctx context.Context, source InboundSource, in AnswerInput) (bool, error) {
	all, err := read(ctx, source, in.File)
	var results []result
	if f, ok := fault.As(err); ok && f.Kind == fault.Invalid {
		results = []result{{state: store.InboundRefused, bad: f}}
	} else if err != nil {
		return false, err
	} else if results, err = b.results(ctx, source, all); err != nil {
		return false, err
	}
	settled := !slices.ContainsFunc(results, func(r result) bool { return r.state == store.InboundReceived })
	if !settled && !in.Last {
		return false, nil
	}
	err = source.Place.Write(ctx, drop.Done, in.File+resultEnd, b.sheet(source.Language, results))
	if err != nil && fault.CodeOf(err) != "drop.exists" {
		return false, err
	}
	return true, source.Place.Move(ctx, drop.Working, in.File, drop.Done, in.File)
}

// result is what became of one row.
type result struct {
	line                     int
	reference, state, number string
	bad                      *fault.Fault
}

// results look up what became of the rows, many at a time.
func (b *Inbounds) results(ctx context.Context, source InboundSource, all []rows.Row) ([]result, error) {
	results := make([]result, 0, len(all))
	seen := map[string]bool{}
	for part := range slices.Chunk(all, namesAtOnce) {
		var names []string
		meant := make([]store.InboundInput, len(part))
		for i, row := range part {
			if row.Bad == nil {
				meant[i] = InboundOf(source.ID, source.Mapping, row.Body)
				names = append(names, meant[i].Origin.Reference)
			}
		}
		kept, err := b.Book.InboundNamed(ctx, source.ID, names)
		if err != nil {
			return nil, err
		}
		for i, row := range part {
			results = append(results, resultOf(row, meant[i], kept, seen))
		}
	}
	return results, nil
}

func resultOf(row rows.Row, meant store.InboundInput, kept map[string]store.Inbound, seen map[string]bool) result {
	r := result{line: row.Line, reference: meant.Origin.Reference, state: store.InboundRefused, bad: row.Bad}
	if row.Bad != nil {
		return r
	}
	if seen[r.reference] {
		r.bad = fault.New(fault.Invalid, "inbound.twice", fault.Arg("id", r.reference))
		return r
	}
	seen[r.reference] = true
	m, there := kept[r.reference]
	switch {
	case !there:
		r.state = store.InboundReceived
	case m.Hash == meant.Hash:
		r.state, r.number, r.bad = m.State, m.Number, m.Fault
	case m.State == store.InboundSubmitted:
		r.bad = fault.New(fault.Conflict, "inbound.changed", fault.Arg("id", r.reference), fault.Arg("number", m.Number))
	default:
		r.bad = fault.New(fault.Busy, "inbound.underway", fault.Arg("id", r.reference))
	}
	if r.state != store.InboundRefused {
		r.bad = nil
	}
	return r
}

// sheet is the result as a table that opens in a spreadsheet, in the source's language.
func (b *Inbounds) sheet(language string, results []result) []byte {
	out := bytes.NewBufferString("\xef\xbb\xbf")
	w := csv.NewWriter(out)
	w.UseCRLF = true
	header := make([]string, 0, 5)
	for _, key := range []string{"line", "reference", "state", "document", "reason"} {
		header = append(header, b.Words.Text(language, "inbound.result."+key))
	}
	_ = w.Write(header) // into memory
	for _, r := range results {
		why, line := "", ""
		if r.bad != nil {
			why = b.Words.Fault(language, r.bad)
		}
		if r.line > 0 {
			line = strconv.Itoa(r.line)
		}
		_ = w.Write([]string{line, inertCell(r.reference), b.Words.Text(language, "inbound.state."+r.state), r.number,
			inertCell(why)})
	}
	w.Flush()
	return out.Bytes()
}

// inertCell keeps a text that others wrote from becoming a formula.
func inertCell(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}
