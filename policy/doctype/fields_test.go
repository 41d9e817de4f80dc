package doctype_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/policy/doctype"
)

// everyKind is a type with a field of each kind.
const everyKind = `type: all
title: { en: All, zh-CN: 全部 }
number_prefix: ALL
policy: p
payee: none
currencies: [CNY, JPY]
lines_optional: true
fields:
  - { name: words, title: { en: W, zh-CN: 词 }, kind: text, pattern: "[A-Z]{2}-[0-9]+", hint: { en: As AB-1, zh-CN: 如 AB-1 } }
  - { name: first, title: { en: F, zh-CN: 始 }, kind: date, min: today, max: "2027-12-31" }
  - { name: last, title: { en: L, zh-CN: 终 }, kind: date, after: first }
  - { name: count, title: { en: C, zh-CN: 数 }, kind: integer, min: "-5", max: "900719925474099" }
  - { name: share, title: { en: S, zh-CN: 比 }, kind: decimal, min: "0", max: "0.5" }
  - { name: sum, title: { en: M, zh-CN: 额 }, kind: money, min: "0", max: "1000" }
  - { name: way, title: { en: Y, zh-CN: 法 }, kind: choice, options: [{ id: a, title: { en: A, zh-CN: 甲 } }] }
  - { name: who, title: { en: P, zh-CN: 人 }, kind: person }
  - { name: where, title: { en: D, zh-CN: 部 }, kind: department }
  - { name: seller, title: { en: V, zh-CN: 商 }, kind: supplier }
  - { name: basis, title: { en: B, zh-CN: 据 }, kind: document, of: [contract] }
categories: [{ id: x, title: { en: X, zh-CN: 其 } }]
`

func parsed(t testing.TB, text string) *doctype.Type {
	t.Helper()
	typ, err := doctype.Parse("t.yaml", []byte(text))
	require.NoError(t, err)
	return typ
}

func filledIn(fields map[string]string) document.Content {
	return document.Content{Type: "all", Title: "t", Entity: "cn", Department: "sales", Submitter: "wu", Requester: "lin",
		Currency: "CNY", Urgency: document.Normal, Fields: fields}
}

func TestEveryKindOfField(t *testing.T) {
	typ := parsed(t, everyKind)
	require.Empty(t, faults(doctype.Validate(typ, filledIn(nil), company(), "2026-11-21")), "nothing is required")
	for _, tt := range []struct{ name, value, want, kept string }{
		{"words", "AB-12", "", "AB-12"},
		{"words", "xAB-12x", "document.bad_pattern", ""},
		{"words", "AB-1\n", "document.bad_pattern", ""},
		{"words", "a\u202eb", "document.bad_text", ""},
		{"first", "2026-11-21", "", "2026-11-21"},
		{"first", "2026-11-20", "document.below_min", ""},
		{"first", "2028-01-01", "document.above_max", ""},
		{"first", "2026-02-30", "document.bad_date", ""},
		{"first", "21.11.2026", "document.bad_date", ""},
		{"last", "1999-01-01", "", "1999-01-01"},
		{"count", "-5", "", "-5"},
		{"count", "-6", "document.below_min", ""},
		{"count", "9007199254740993", "document.bad_number", ""},
		{"count", "900719925474099", "", "900719925474099"},
		{"count", "007", "document.bad_number", ""},
		{"count", "1.0", "document.bad_number", ""},
		{"count", "1e3", "document.bad_number", ""},
		{"count", "+1", "document.bad_number", ""},
		{"count", "１２", "document.bad_number", ""},
		{"count", "-0", "document.bad_number", ""},
		{"share", "0.5", "", "0.5"},
		{"share", "0.500", "", "0.5"},
		{"share", "0.500001", "document.above_max", ""},
		{"share", "-0.000001", "document.below_min", ""},
		{"share", "-0.0", "", "0"},
		{"share", "0.", "document.bad_number", ""},
		{"share", "0.1234567", "document.bad_number", ""},
		{"share", "NaN", "document.bad_number", ""},
		{"sum", "820", "", "820.00"},
		{"sum", "1000.00", "", "1000.00"},
		{"sum", "1000.01", "document.above_max", ""},
		{"sum", "-0.01", "document.below_min", ""},
		{"sum", "1.005", "money.too_many_decimals", ""},
		{"sum", "1,000", "money.bad_amount", ""},
		{"way", "a", "", "a"},
		{"way", "b", "document.bad_choice", ""},
		{"who", "wu", "", "wu"},
		{"who", "gone", "document.unknown_person", ""},
		{"where", "sales", "", "sales"},
		{"where", "sales-de", "document.unknown_department", ""},
		{"seller", "S1", "", "S1"},
		{"seller", "S9", "document.unknown_supplier", ""},
		{"basis", "CON-2026-000001", "", "CON-2026-000001"},
		{"basis", "the contract", "document.unknown_document", ""},
		{"yacht", "yes", "document.unknown_field", ""},
	} {
		t.Run(tt.name+" "+tt.value, func(t *testing.T) {
			c := filledIn(map[string]string{tt.name: tt.value})
			found := faults(doctype.Validate(typ, c, company(), "2026-11-21"))
			if tt.want != "" {
				require.Equal(t, "fields."+tt.name+" "+tt.want, found)
				return
			}
			require.Empty(t, found)
			whole, err := doctype.Complete(typ, c, company(), nil)
			require.NoError(t, err)
			require.Equal(t, tt.kept, whole.Fields[tt.name])
			require.Len(t, whole.Fields, len(typ.Fields))
			require.Equal(t, document.Payee{}, whole.Payee)
			again, err := doctype.Complete(typ, whole, company(), nil)
			require.NoError(t, err)
			require.Equal(t, whole, again)
		})
	}
}

func TestFieldsThatSpeakOfEachOther(t *testing.T) {
	typ := parsed(t, everyKind)
	c := filledIn(map[string]string{"first": "2026-12-01", "last": "2026-11-30", "basis": "CON-2026-000001"})
	found := doctype.Validate(typ, c, company(), "2026-11-21")
	require.Equal(t, "fields.last document.below_min", faults(found))
	require.Equal(t, map[string]string{"value": "2026-11-30", "min": "2026-12-01"}, found[0].Args)
	require.Equal(t, []doctype.Reference{{Field: "fields.basis", Number: "CON-2026-000001", Of: []string{"contract"}}},
		doctype.References(typ, c))

	c = filledIn(map[string]string{"sum": "12.5"})
	c.Currency = "JPY"
	require.Equal(t, "fields.sum money.too_many_decimals", faults(doctype.Validate(typ, c, company(), "2026-11-21")))
	c = filledIn(nil)
	c.Payee = document.Payee{Kind: document.PayeeSupplier, ID: "S1"}
	require.Equal(t, "payee document.wrong_payee", faults(doctype.Validate(typ, c, company(), "2026-11-21")))
	c = filledIn(nil)
	c.Offset = &document.Offset{Number: "ADV-2026-000001", Amount: yuan(1)}
	require.Equal(t, "offset offset.not_for_type", faults(doctype.Validate(typ, c, company(), "2026-11-21")))
}

func TestWhatIsWrongWithAnOffset(t *testing.T) {
	typ := shipped(t, "expense")
	for _, tt := range []struct {
		offset document.Offset
		want   string
	}{
		{document.Offset{Number: "ADV-2026-000001", Amount: yuan(1)}, ""},
		{document.Offset{Number: "ADV-2026-000001", Amount: yuan(99_999_999)}, ""}, // the requester owes the rest
		{document.Offset{Amount: yuan(1)}, "offset.advance offset.unknown_advance"},
		{document.Offset{Number: "ADV-2026-000001", Amount: yuan(0)}, "offset.amount offset.not_positive"},
		{document.Offset{Number: "ADV-2026-000001", Amount: yuan(-1)}, "offset.amount offset.not_positive"},
		{document.Offset{Number: "ADV-2026-000001"}, "offset.amount offset.wrong_currency"},
	} {
		c := expense()
		c.Offset = &tt.offset
		require.Equal(t, tt.want, faults(doctype.Validate(typ, c, company(), "2026-11-21")))
	}
}

func TestAnAdvanceIsInTheBooksCurrency(t *testing.T) {
	c := expense()
	c.Type, c.Currency = "advance", "EUR"
	c.Fields = map[string]string{"needed_on": "2026-11-21", "settle_by": "2026-12-21"}
	c.Lines = []document.Line{{Category: "petty_cash", Amount: yuan(100)}}
	c.Lines[0].Amount.Currency = "EUR"
	typ := shipped(t, "advance")
	require.Equal(t, "currency document.bad_currency", faults(doctype.Validate(typ, c, company(), "2026-11-21")))
	c.Entity, c.Department = "de", "sales-de"
	require.Empty(t, faults(doctype.Validate(typ, c, company(), "2026-11-21")))
}

func TestAWrongFieldIsRefusedWhereItIsWrong(t *testing.T) {
	for _, tt := range []struct{ name, old, new, code, field string }{
		{"a bound of a text", `pattern: "[A-Z]{2}-[0-9]+"`, `min: "3"`, "type.not_for_kind", "fields[0].min"},
		{"a pattern of a date", `min: today, max`, `pattern: "x", max`, "type.not_for_kind", "fields[1].pattern"},
		{"a pattern that is none", `"[A-Z]{2}-[0-9]+"`, `"[A-Z"`, "type.bad_value", "fields[0].pattern"},
		{"a day that is none", `max: "2027-12-31"`, `max: "2027-13-31"`, "type.bad_value", "fields[1].max"},
		{"after what comes later", `min: today, max`, `after: last, max`, "type.bad_value", "fields[1].after"},
		{"after what is no date", `after: first`, `after: words`, "type.bad_value", "fields[2].after"},
		{"a number as a number", `min: "-5"`, `min: 5`, "yaml.wrong_type", "fields[3].min"},
		{"decimals of a whole number", `min: "-5"`, `min: "0.5"`, "type.bad_value", "fields[3].min"},
		{"types of a person", `kind: person }`, `kind: person, of: [contract] }`, "type.not_for_kind", "fields[7].of"},
		{"a hint in one language", `, zh-CN: 如 AB-1`, "", "type.missing_title", "fields[0].hint"},
		{"a kind of elsewhere", `kind: decimal`, `kind: float`, "type.bad_value", "fields[4].kind"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.Contains(t, everyKind, tt.old)
			_, err := doctype.Parse("t.yaml", []byte(strings.Replace(everyKind, tt.old, tt.new, 1)))
			f, ok := fault.As(err)
			require.True(t, ok, "%v", err)
			require.Equal(t, []string{tt.code, tt.field}, []string{f.Code, f.Field}, f.Error())
		})
	}
}
