package httpjson

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/voucher"
)

// values are what a body may ask for, by name; lists hold one set an item.
type values struct {
	fields map[string]any
	lists  map[string][]values
}

// fieldsOf offers a voucher to the templates.
func fieldsOf(v voucher.Voucher, reference string) values {
	entries := make([]values, 0, len(v.Entries))
	for i, e := range v.Entries {
		entries = append(entries, entryFields(i+1, e))
	}
	base := ""
	if len(v.Entries) > 0 {
		base = string(port.Base(v.Entries[0]).Currency)
	}
	return values{lists: map[string][]values{"entries": entries}, fields: map[string]any{
		"reference": reference, "short": v.Short, "document": v.Document, "number": v.Number, "kind": string(v.Kind),
		"revision": v.Revision, "entity": v.Entity, "journal": v.Journal, "date": v.Date, "text": v.Text,
		"base_currency": base, "year": part(v.Date, 0, 4), "month": part(v.Date, 5, 7)}}
}

// entryFields offers one entry. Amounts are decimal text; those ending in
// _number are JSON numbers, for ERPs that want them.
func entryFields(no int, e voucher.Entry) values {
	base := port.Base(e)
	fields := map[string]any{"no": no, "account": e.Account, "side": string(e.Side), "text": e.Text, "party": e.Party,
		"cost_center": e.CostCenter, "tax": e.Tax, "base": base.Text(), "base_number": json.Number(base.Text()),
		"base_currency": string(base.Currency), "amount": e.Amount.Text(), "amount_number": json.Number(e.Amount.Text()),
		"currency": string(e.Amount.Currency), "foreign_currency": "", "foreign_amount": "",
		"debit": "", "credit": "", "debit_number": json.Number("0"), "credit_number": json.Number("0")}
	fields["dimensions"] = nil
	if len(e.Dimensions) > 0 {
		fields["dimensions"] = e.Dimensions
	}
	fields[string(e.Side)], fields[string(e.Side)+"_number"] = base.Text(), json.Number(base.Text())
	if e.Amount.Currency != base.Currency {
		fields["foreign_currency"], fields["foreign_amount"] = string(e.Amount.Currency), e.Amount.Text()
	}
	return values{fields: fields}
}

// sample has every field there is, to check a mapping with.
func sample() values {
	return fieldsOf(voucher.Voucher{Entries: []voucher.Entry{{Side: voucher.Debit}}}, "")
}

func part(text string, from, to int) string {
	if len(text) < to {
		return ""
	}
	return text[from:to]
}

// render puts values into a tree: "$.name" becomes the value, {$each: list,
// $as: tree} a list, and a key that ends in ? goes where its value is empty.
func render(tree any, v values) (any, error) {
	switch node := tree.(type) {
	case string:
		return substitute(node, v)
	case []any:
		list := make([]any, 0, len(node))
		for _, item := range node {
			rendered, err := render(item, v)
			if err != nil {
				return nil, err
			}
			list = append(list, rendered)
		}
		return list, nil
	case map[string]any:
		if each, ok := node["$each"].(string); ok {
			return renderEach(each, node["$as"], v)
		}
		return renderObject(node, v)
	}
	return tree, nil
}

func renderObject(node map[string]any, v values) (any, error) {
	object := make(map[string]any, len(node))
	for _, key := range slices.Sorted(maps.Keys(node)) {
		rendered, err := render(node[key], v)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		name, optional := strings.CutSuffix(key, "?")
		if optional && (rendered == "" || rendered == nil) {
			continue
		}
		object[name] = rendered
	}
	return object, nil
}

func renderEach(name string, tree any, v values) (any, error) {
	items, ok := v.lists[name]
	if !ok {
		return nil, fmt.Errorf("no list is called %s", name)
	}
	list := make([]any, 0, len(items))
	for _, item := range items {
		rendered, err := render(tree, item)
		if err != nil {
			return nil, err
		}
		list = append(list, rendered)
	}
	return list, nil
}

// substitute resolves one string. What does not begin with "$." is itself.
func substitute(text string, v values) (any, error) {
	name, ok := strings.CutPrefix(text, "$.")
	if !ok {
		return text, nil
	}
	value, ok := v.fields[name]
	if one, dimension := strings.CutPrefix(name, "dimension."); !ok && dimension && one != "" {
		if _, ok = v.fields["dimensions"]; ok { // of an entry
			all, _ := v.fields["dimensions"].(map[string]string)
			return all[one], nil
		}
	}
	if !ok {
		return nil, fmt.Errorf("no field is called %s", name)
	}
	return value, nil
}
