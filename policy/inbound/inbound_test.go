package inbound_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/policy/doctype"
	"github.com/countersign/countersign/policy/inbound"
)

const mapping = `inbound: oa
type: payment_request
id: = message.system + "-" + string(message.no)
when: has(message.done) && message.done
requester: { person: { from: $.who, default: lin } }
document:
  title: $.title
  entity: { from: $.company, table: companies, default: acme-cn }
  currency: { from: $.currency, default: CNY }
  supplier: SUP001
fields:
  payment_kind: invoice
  due_date: = message.due.substring(0, 10)
lines: $.items
line:
  category: { from: "@.kind", table: kinds }
  description: = line.text + " " + message.title
  amount: "@.price[0]"
  tax: "@.tax"
tables:
  companies: { "01": acme-de }
  kinds: { a: goods, b: services }
`

const message = `{"system":"oa","no":7,"done":true,"title":"Paper","company":"01","due":"2026-12-01T00:00:00Z","who":null,
	"items":[{"kind":"a","text":"A4","price":[820.10]},{"kind":"b","text":"Cut","price":["9"],"tax":1}]}`

// TestAMessageBecomesADocument by paths, expressions, tables and defaults; amounts are
// taken letter by letter.
func TestAMessageBecomesADocument(t *testing.T) {
	m, err := inbound.Parse("oa.yaml", []byte(mapping))
	require.NoError(t, err)
	read, err := inbound.Read([]byte(message))
	require.NoError(t, err)
	name, err := m.Name(read)
	require.NoError(t, err)
	assert.Equal(t, "oa-7", name)
	wanted, err := m.Wants(read)
	require.NoError(t, err)
	assert.True(t, wanted)
	made, err := m.Make(read)
	require.NoError(t, err)
	assert.Equal(t, "lin", made.Person)
	assert.Equal(t, "acme-de", made.Content.Entity)
	assert.Equal(t, "2026-12-01", made.Content.Fields["due_date"])
	require.Len(t, made.Content.Lines, 2)
	assert.Equal(t, "820.10", made.Content.Lines[0].Amount.Text())
	assert.Equal(t, "goods", made.Content.Lines[0].Category)
	assert.Equal(t, "Cut Paper", made.Content.Lines[1].Description)
	assert.Equal(t, "1.00", made.Content.Lines[1].Tax.Text())
}

// TestWhatIsWrongIsToldWithItsPlace: of a mapping before it is used, of a message with
// the place in the mapping that it does not fit.
func TestWhatIsWrongIsToldWithItsPlace(t *testing.T) {
	for _, tt := range []struct{ old, new, code, line, column string }{
		{"title: $.title", "title: $.title x", "inbound.bad_value", "7", "10"},
		{"title: $.title", `title: "@.title"`, "inbound.bad_value", "7", "11"},
		{"message.system +", "mesage.system +", "inbound.bad_expression", "3", "7"},
		{"when: has(message.done) && message.done", "when: 1 + 1", "inbound.bad_expression", "4", "7"},
		{"table: kinds", "table: kind", "inbound.unknown_table", "16", "38"},
		{"requester:", "requster:", "yaml.unknown_key", "5", "1"},
		{"  title: $.title\n", "", "yaml.missing_key", "7", "3"},
		{"lines: $.items", "lines: items", "inbound.bad_value", "14", "8"},
	} {
		_, err := inbound.Parse("oa.yaml", []byte(strings.Replace(mapping, tt.old, tt.new, 1)))
		f, ok := fault.As(err)
		require.True(t, ok, tt.new)
		assert.Equal(t, []string{tt.code, tt.line, tt.column}, []string{f.Code, f.Args["line"], f.Args["column"]}, "%s: %v", tt.new, f)
	}
	m, err := inbound.Parse("oa.yaml", []byte(mapping))
	require.NoError(t, err)
	for _, tt := range []struct{ old, new, code, field string }{
		{`"kind":"a"`, `"kind":"z"`, "inbound.not_in_table", "line.category"},
		{`"title":"Paper"`, `"title":{}`, "inbound.not_text", "document.title"},
		{`"items":[`, `"items":null,"others":[`, "inbound.not_a_list", "lines"},
		{`"due":"2026-12-01T00:00:00Z",`, ``, "inbound.no_value", "fields.due_date"},
		{`820.10`, `820.101`, "money.too_many_decimals", "lines[0].amount"},
		{`820.10`, `8.2e2`, "money.bad_amount", "lines[0].amount"},
	} {
		read, err := inbound.Read([]byte(strings.Replace(message, tt.old, tt.new, 1)))
		require.NoError(t, err, tt.new)
		_, err = m.Make(read)
		f, ok := fault.As(err)
		require.True(t, ok, tt.new)
		assert.Equal(t, []string{tt.code, tt.field}, []string{f.Code, f.Field}, tt.new)
	}
	read, err := inbound.Read([]byte(`{"system":"","no":"` + strings.Repeat("x", inbound.IDMax) + `"}`))
	require.NoError(t, err)
	_, err = m.Name(read)
	assert.Equal(t, "inbound.no_id", fault.CodeOf(err))
}

// TestMessagesAreReadStrictly: nothing that two readers could take for two things.
func TestMessagesAreReadStrictly(t *testing.T) {
	for _, text := range []string{
		`[]`, `"x"`, `{`, `{"a":1}{"b":2}`, `{"a":1,"a":2}`, `{"a":{"b":1,"b":2}}`, `{"a":1} x`, ``,
		strings.Repeat(`{"a":`, 30) + `1` + strings.Repeat(`}`, 30), strings.Repeat(" ", inbound.BytesMax+1),
	} {
		_, err := inbound.Read([]byte(text))
		assert.Equal(t, "inbound.bad_message", fault.CodeOf(err), "%.40s", text)
	}
}

// TestShippedMappingsFitTheirTypes: what comes with the program can be used as it is.
func TestShippedMappingsFitTheirTypes(t *testing.T) {
	files, err := config.Shipped.ReadDir("inbound")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		text, err := config.Shipped.ReadFile("inbound/" + file.Name())
		require.NoError(t, err)
		m, err := inbound.Parse(file.Name(), text)
		require.NoError(t, err, file.Name())
		shape, err := config.Shipped.ReadFile("types/" + m.Type + ".yaml")
		require.NoError(t, err)
		of, err := doctype.Parse(m.Type+".yaml", shape)
		require.NoError(t, err)
		assert.Empty(t, m.Check(of), file.Name())
	}
	m, err := inbound.Parse("oa.yaml", []byte(strings.Replace(mapping, "a: goods", "a: gods", 1)))
	require.NoError(t, err)
	text, err := config.Shipped.ReadFile("types/payment_request.yaml")
	require.NoError(t, err)
	of, err := doctype.Parse("payment_request.yaml", text)
	require.NoError(t, err)
	found := m.Check(of)
	require.Len(t, found, 1)
	assert.Equal(t, "goods", found[0].Args["nearest"])
}
