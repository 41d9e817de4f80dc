package inbound

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/invoice"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/policy/expr"
)

// Name is what the source calls the thing that a message is about.
//
// Errors: Invalid inbound.no_id where it says nothing usable, and those of Make.
func (m *Mapping) Name(message Message) (string, error) {
	id, err := m.worth(placed{"id", m.raw.ID}, message, nil)
	if err != nil {
		return "", err
	}
	id = strings.TrimSpace(id)
	if id == "" || len(id) > IDMax || strings.ContainsFunc(id, unicode.IsControl) {
		return "", m.text.Fault("inbound.no_id", "id")
	}
	return id, nil
}

// Wants says whether a message is meant to become a document at all.
//
// Errors: Invalid inbound.no_value.
func (m *Mapping) Wants(message Message) (bool, error) {
	if m.raw.When == "" {
		return true, nil
	}
	wanted, err := m.formulas["when"].Holds(m.facts(message, nil))
	if err != nil {
		return false, m.noValue("when", m.raw.When, err)
	}
	return wanted, nil
}

// Make makes the content of a document, as its author would have written it. Everything
// that is wrong is told at once.
//
// Errors: Invalid inbound.no_value, inbound.not_in_table, inbound.not_text,
// inbound.not_a_list, with the place in the mapping; those of money with the line's field.
func (m *Mapping) Make(message Message) (Made, error) {
	w := &writing{mapping: m, message: message}
	d := m.raw.Document
	made := Made{
		Person: w.text(placed{"requester.person", m.raw.Requester.Person}, nil),
		Email:  w.text(placed{"requester.email", m.raw.Requester.Email}, nil),
		Content: document.Content{
			Type: m.Type, Title: w.text(placed{"document.title", d.Title}, nil),
			Reason: w.text(placed{"document.reason", d.Reason}, nil), Entity: w.text(placed{"document.entity", d.Entity}, nil),
			Department: w.text(placed{"document.department", d.Department}, nil),
			CostCenter: w.text(placed{"document.cost_center", d.CostCenter}, nil),
			Currency:   money.Currency(w.text(placed{"document.currency", d.Currency}, nil)),
			Urgency:    document.Urgency(w.text(placed{"document.urgency", d.Urgency}, nil)),
		},
	}
	if id := w.text(placed{"document.supplier", d.Supplier}, nil); id != "" {
		made.Content.Payee = document.Payee{Kind: document.PayeeSupplier, ID: id}
	}
	for _, name := range slices.Sorted(maps.Keys(m.raw.Fields)) {
		v := m.raw.Fields[name]
		if text := w.text(placed{"fields." + name, v}, nil); text != "" {
			if made.Content.Fields == nil {
				made.Content.Fields = map[string]string{}
			}
			made.Content.Fields[name] = text
		}
	}
	for i, item := range w.items() {
		made.Content.Lines = append(made.Content.Lines, w.line(i, item, made.Content.Currency))
	}
	return made, fault.Join(w.faults)
}

// writing gathers what is wrong while a content is made.
type writing struct {
	mapping *Mapping
	message Message
	faults  []*fault.Fault
}

func (w *writing) blame(err error) {
	if f, ok := fault.As(err); ok {
		w.faults = append(w.faults, f)
	}
}

func (w *writing) text(v placed, line any) string {
	text, err := w.mapping.worth(v, w.message, line)
	w.blame(err)
	return text
}

// items are what becomes the lines: those of the list, or the message itself where the
// mapping names none.
func (w *writing) items() []any {
	path := w.mapping.raw.Lines
	if path == "" {
		if w.mapping.raw.Line == (lineYAML{}) {
			return nil
		}
		return []any{map[string]any(w.message)}
	}
	list, ok := walk(map[string]any(w.message), path).([]any)
	if !ok {
		w.faults = append(w.faults, w.mapping.text.Fault("inbound.not_a_list", "lines", fault.Arg("from", path)))
	}
	return list
}

func (w *writing) line(i int, item any, currency money.Currency) document.Line {
	l := w.mapping.raw.Line
	line := document.Line{
		No: i + 1, Category: w.text(placed{"line.category", l.Category}, item),
		Description: w.text(placed{"line.description", l.Description}, item),
		Date:        w.text(placed{"line.date", l.Date}, item),
		CostCenter:  w.text(placed{"line.cost_center", l.CostCenter}, item),
		Invoice:     invoice.Plain(w.text(placed{"line.invoice", l.Invoice}, item)),
		City:        w.text(placed{"line.city", l.City}, item),
		Tax:         money.Zero(currency),
	}
	field := "lines[" + strconv.Itoa(i) + "]."
	w.amount(&line.Amount, w.text(placed{"line.amount", l.Amount}, item), currency, field+"amount")
	w.amount(&line.Tax, w.text(placed{"line.tax", l.Tax}, item), currency, field+"tax")
	if units := w.text(placed{"line.units", l.Units}, item); units != "" {
		n, err := strconv.ParseInt(units, 10, 32)
		if err != nil {
			n = -1 // that no category takes
		}
		line.Units = n
	}
	return line
}

func (w *writing) amount(into *money.Amount, text string, currency money.Currency, field string) {
	if text == "" {
		return
	}
	read, err := money.Parse(text, currency)
	if f, ok := fault.As(err); ok {
		at := *f
		at.Field = field
		w.faults = append(w.faults, &at)
		return
	}
	*into = read
}

func (m *Mapping) facts(message Message, line any) expr.MessageFacts {
	return expr.MessageFacts{Message: map[string]any(message), Line: line, Tables: m.raw.Tables}
}

// worth is what a value comes to: taken, looked up, else its default.
func (m *Mapping) worth(v placed, message Message, line any) (string, error) {
	text, err := m.taken(v, message, line)
	if err != nil {
		return "", err
	}
	if v.value.Table == "" || text == "" {
		return orDefault(text, v.value.Default), nil
	}
	found, ok := m.raw.Tables[v.value.Table][text]
	if !ok && v.value.Default == "" {
		return "", m.text.Fault("inbound.not_in_table", v.path, fault.Arg("value", shown(text)),
			fault.Arg("table", v.value.Table))
	}
	return orDefault(found, v.value.Default), nil
}

func orDefault(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func (m *Mapping) taken(v placed, message Message, line any) (string, error) {
	from := v.value.from()
	if formula, ok := m.formulas[v.path]; ok {
		text, err := formula.Text(m.facts(message, line))
		if err != nil {
			return "", m.noValue(v.path, from, err)
		}
		return strings.TrimSpace(text), nil
	}
	if !isPath(from) {
		return from, nil
	}
	var top any = map[string]any(message)
	if strings.HasPrefix(from, lineMark) {
		top = line
	}
	switch found := walk(top, from).(type) {
	case nil:
		return "", nil
	case string:
		return strings.TrimSpace(found), nil
	case int64:
		return strconv.FormatInt(found, 10), nil
	case bool:
		return strconv.FormatBool(found), nil
	}
	return "", m.text.Fault("inbound.not_text", v.path, fault.Arg("from", from))
}

func (m *Mapping) noValue(path, expression string, err error) error {
	return m.text.Fault("inbound.no_value", path, fault.Arg("words", shown(err.Error())),
		fault.Arg("expression", strings.TrimSpace(strings.TrimPrefix(expression, "="))))
}

// walk follows a path; nil where nothing is there.
func walk(top any, path string) any {
	steps := strings.NewReplacer("[", ".", "]", "").Replace(path[1:])
	for _, step := range strings.Split(strings.TrimPrefix(steps, "."), ".") {
		if step == "" {
			continue
		}
		switch here := top.(type) {
		case map[string]any:
			top = here[step]
		case []any:
			n, err := strconv.Atoi(step)
			if err != nil || n < 0 || n >= len(here) {
				return nil
			}
			top = here[n]
		default:
			return nil
		}
	}
	return top
}

func shown(text string) string {
	const most = 120
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}
