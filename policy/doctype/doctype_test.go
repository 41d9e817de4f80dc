package doctype_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/policy/doctype"
)

func yuan(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "CNY"} }

func company() *org.Snapshot {
	return &org.Snapshot{
		People: map[string]org.Person{
			"lin":  {ID: "lin", Name: "林晓", Active: true, Entity: "cn", Department: "sales", CostCenter: "CC-LIN"},
			"wu":   {ID: "wu", Name: "吴", Active: true, Entity: "cn", Department: "sales"},
			"gone": {ID: "gone"}},
		Departments: map[string]org.Department{"sales": {ID: "sales", Entity: "cn", CostCenter: "CC-SALES"},
			"sales-de": {ID: "sales-de", Entity: "de", CostCenter: "CC-DE"}},
		Entities:  map[string]org.LegalEntity{"cn": {ID: "cn", Currency: "CNY"}, "de": {ID: "de", Currency: "EUR"}},
		Suppliers: map[string]org.Supplier{"S1": {ID: "S1", Name: "启明", Account: "6222 0001"}, "S9": {ID: "S9", Entity: "de"}},
	}
}

func shipped(t testing.TB, name string) *doctype.Type {
	t.Helper()
	text, err := os.ReadFile("../../config/types/" + name + ".yaml")
	require.NoError(t, err)
	typ, err := doctype.Parse(name+".yaml", text)
	require.NoError(t, err)
	return typ
}

func expense() document.Content {
	return document.Content{Type: "expense", Title: "北京出差", Entity: "cn", Department: "sales", Submitter: "wu", Requester: "lin",
		Currency: "CNY", Urgency: document.Normal,
		Lines: []document.Line{
			{Category: "travel", Date: "2026-11-20", Amount: yuan(10600), Tax: yuan(600), Description: "高铁"},
			{Category: "meals", Date: "2026-11-21", Amount: yuan(1), Tax: yuan(0)},
			{Category: "other", Date: "2026-11-21", Amount: yuan(5)}}}
}

func payment() document.Content {
	c := expense()
	c.Type, c.Payee = "payment_request", document.Payee{Kind: document.PayeeSupplier, ID: "S1"}
	c.Fields = map[string]string{"payment_kind": "invoice", "due_date": "2026-12-31"}
	for i := range c.Lines {
		c.Lines[i].Category, c.Lines[i].Date = "goods", ""
	}
	return c
}

func faults(found []*fault.Fault) string {
	var rows []string
	for _, f := range found {
		rows = append(rows, f.Field+" "+f.Code)
	}
	return strings.Join(rows, "; ")
}

func TestWhatIsWrongWithADocument(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*document.Content)
		want   string
	}{
		{"nothing", func(*document.Content) {}, ""},
		{"another type", func(c *document.Content) { c.Type = "x" }, "type document.wrong_type"},
		{"no title", func(c *document.Content) { c.Title = " " }, "title document.missing"},
		{"a title of 120 characters", func(c *document.Content) { c.Title = strings.Repeat("字", 120) }, ""},
		{"a longer title", func(c *document.Content) { c.Title = strings.Repeat("字", 121) }, "title document.text_too_long"},
		{"a title that turns around", func(c *document.Content) { c.Title = "a\u202eb" }, "title document.bad_text"},
		{"a reason that is not UTF-8", func(c *document.Content) { c.Reason = "\xff" }, "reason document.bad_text"},
		{"a currency of elsewhere", func(c *document.Content) { c.Currency = "KWD" },
			"currency document.bad_currency; lines[0].amount line.wrong_currency; lines[0].tax line.wrong_currency; " +
				"lines[1].amount line.wrong_currency; lines[1].tax line.wrong_currency; lines[2].amount line.wrong_currency"},
		{"no urgency", func(c *document.Content) { c.Urgency = "" }, "urgency document.bad_urgency"},
		{"an unknown entity", func(c *document.Content) { c.Entity = "us" }, "entity document.unknown_entity; department document.unknown_department"},
		{"another entity's department", func(c *document.Content) { c.Department = "sales-de" }, "department document.unknown_department"},
		{"an unknown requester", func(c *document.Content) { c.Requester = "nobody" }, "requester document.unknown_person"},
		{"a submitter who left", func(c *document.Content) { c.Submitter = "gone" }, "submitter document.unknown_person"},
		{"paid to another", func(c *document.Content) { c.Payee.ID = "wu" }, "payee document.wrong_payee"},
		{"paid to a supplier", func(c *document.Content) { c.Payee = document.Payee{Kind: document.PayeeSupplier, ID: "S1"} }, "payee document.wrong_payee"},
		{"no lines", func(c *document.Content) { c.Lines = nil }, "lines document.no_lines"},
		{"too many lines", func(c *document.Content) { c.Lines = make([]document.Line, 201) }, "lines document.too_many_lines"},
		{"an unknown category", func(c *document.Content) { c.Lines[1].Category = "yacht" }, "lines[1].category line.unknown_category"},
		{"a zero", func(c *document.Content) { c.Lines[1].Amount.Minor = 0 }, "lines[1].amount line.not_positive"},
		{"a negative", func(c *document.Content) { c.Lines[2].Amount.Minor = -5 }, "lines[2].amount line.not_positive"},
		{"a negative tax", func(c *document.Content) { c.Lines[0].Tax.Minor = -1 }, "lines[0].tax line.negative_tax"},
		{"all tax", func(c *document.Content) { c.Lines[0].Tax.Minor = 10600 }, "lines[0].tax line.tax_too_high"},
		{"tax of another currency", func(c *document.Content) { c.Lines[0].Tax.Currency = "EUR" }, "lines[0].tax line.wrong_currency"},
		{"no date", func(c *document.Content) { c.Lines[0].Date = "" }, "lines[0].date line.missing_date"},
		{"no day", func(c *document.Content) { c.Lines[0].Date = "2026-02-30" }, "lines[0].date line.bad_date"},
		{"a date written otherwise", func(c *document.Content) { c.Lines[0].Date = "2026/11/20" }, "lines[0].date line.bad_date"},
		{"tomorrow", func(c *document.Content) { c.Lines[0].Date = "2026-11-22" }, "lines[0].date line.future_date"},
		{"too much", func(c *document.Content) { c.Lines[0].Amount.Minor = 1_000_000_000 }, "lines document.too_much"},
		{"more than fits", func(c *document.Content) {
			c.Lines[0].Amount.Minor, c.Lines[1].Amount.Minor = 1<<62, 1<<62
		}, "lines money.too_large"},
		{"a field of its own", func(c *document.Content) { c.Fields = map[string]string{"trip": "x", "z": "", "a": "1"} },
			"fields.a document.unknown_field; fields.z document.unknown_field"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := expense()
			tt.change(&c)
			require.Equal(t, tt.want, faults(doctype.Validate(shipped(t, "expense"), c, company(), "2026-11-21")))
		})
	}
}

func TestWhatIsWrongWithAPayment(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*document.Content, *doctype.Type)
		want   string
	}{
		{"nothing", func(*document.Content, *doctype.Type) {}, ""},
		{"an unknown supplier", func(c *document.Content, _ *doctype.Type) { c.Payee.ID = "S2" }, "payee document.unknown_supplier"},
		{"nobody is paid", func(c *document.Content, _ *doctype.Type) { c.Payee.ID = "" }, "payee document.missing"},
		{"another entity's supplier", func(c *document.Content, _ *doctype.Type) { c.Payee.ID = "S9" }, "payee document.unknown_supplier"},
		{"an employee", func(c *document.Content, _ *doctype.Type) { c.Payee.Kind = document.PayeeEmployee }, "payee document.wrong_payee"},
		{"a missing choice", func(c *document.Content, _ *doctype.Type) { delete(c.Fields, "payment_kind") }, "fields.payment_kind document.missing"},
		{"a wrong choice", func(c *document.Content, _ *doctype.Type) { c.Fields["payment_kind"] = "gift" }, "fields.payment_kind document.bad_choice"},
		{"no day", func(c *document.Content, _ *doctype.Type) { c.Fields["due_date"] = "soon" }, "fields.due_date document.bad_date"},
		{"a missing file", func(_ *document.Content, typ *doctype.Type) { typ.Attachments = doctype.AttachmentsRequired }, "attachments document.needs_attachment"},
		{"a missing invoice", func(_ *document.Content, typ *doctype.Type) { typ.Categories[0].NeedsInvoice = true },
			"lines[0].invoice line.needs_invoice; lines[1].invoice line.needs_invoice; lines[2].invoice line.needs_invoice"},
		{"a tax of 6 per cent", func(_ *document.Content, typ *doctype.Type) { typ.Categories[0].TaxRates = []string{"3", "6"} }, ""},
		{"a tax of another rate", func(_ *document.Content, typ *doctype.Type) { typ.Categories[0].TaxRates = []string{"3", "13"} }, "lines[0].tax line.bad_tax_rate"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, typ := payment(), shipped(t, "payment_request")
			tt.change(&c, typ)
			require.Equal(t, tt.want, faults(doctype.Validate(typ, c, company(), "2026-11-21")))
		})
	}
}

func TestCompleteKnowsBetter(t *testing.T) {
	c := expense()
	c.Payee = document.Payee{Name: "Somebody", Account: "elsewhere"}
	c.Total, c.BaseTotal, c.Rate = yuan(1), yuan(1), &document.Rate{Value: "9"}
	c.Lines[0].No = 7
	got, err := doctype.Complete(shipped(t, "expense"), c, company(), nil)
	require.NoError(t, err)
	require.Equal(t, document.Payee{Kind: document.PayeeEmployee, ID: "lin", Name: "林晓"}, got.Payee)
	require.Equal(t, []money.Amount{yuan(10606), yuan(10606)}, []money.Amount{got.Total, got.BaseTotal})
	require.Nil(t, got.Rate)
	require.Equal(t, map[string]string{"trip": ""}, got.Fields)
	require.Equal(t, "CC-LIN", got.CostCenter)
	require.Equal(t, []int{1, 2, 3}, []int{got.Lines[0].No, got.Lines[1].No, got.Lines[2].No})
	require.Equal(t, yuan(0), got.Lines[2].Tax)
	require.Equal(t, 7, c.Lines[0].No, "the content given is not changed")

	paid, err := doctype.Complete(shipped(t, "payment_request"), payment(), company(), nil)
	require.NoError(t, err)
	require.Equal(t, document.Payee{Kind: document.PayeeSupplier, ID: "S1", Name: "启明", Account: "6222 0001"}, paid.Payee)
}

func TestTheRateIsFrozen(t *testing.T) {
	c := expense()
	c.Entity, c.Department = "de", "sales-de"
	rates := func(from, to money.Currency) (document.Rate, bool) {
		return document.Rate{Value: "0.125", Source: "ECB", Date: "2026-11-20"}, from == "CNY" && to == "EUR"
	}
	got, err := doctype.Complete(shipped(t, "expense"), c, company(), rates)
	require.NoError(t, err)
	require.Equal(t, money.Amount{Minor: 1326, Currency: "EUR"}, got.BaseTotal)
	require.Equal(t, &document.Rate{Currency: "CNY", Base: "EUR", Value: "0.125", Source: "ECB", Date: "2026-11-20"}, got.Rate)
	require.Equal(t, "CC-DE", got.CostCenter)
	_, err = doctype.Complete(shipped(t, "expense"), c, company(), nil)
	require.Equal(t, "document.no_rate", fault.CodeOf(err))
}

// TestACompleteContentIsStable holds that completing twice changes nothing, so
// its hash does not either.
func TestACompleteContentIsStable(t *testing.T) {
	typ, s := shipped(t, "expense"), company()
	rapid.Check(t, func(t *rapid.T) {
		c := expense()
		c.Lines = nil
		for range rapid.IntRange(1, 20).Draw(t, "lines") {
			minor := rapid.Int64Range(2, 1_000_000).Draw(t, "amount")
			c.Lines = append(c.Lines, document.Line{Category: "travel", Date: "2026-11-20", Amount: yuan(minor),
				Tax: yuan(rapid.Int64Range(0, minor-1).Draw(t, "tax"))})
		}
		once, err := doctype.Complete(typ, c, s, nil)
		require.NoError(t, err)
		require.Empty(t, doctype.Validate(typ, once, s, "2026-11-21"))
		twice, err := doctype.Complete(typ, once, s, nil)
		require.NoError(t, err)
		require.Equal(t, once, twice)
		var sum int64
		for _, l := range once.Lines {
			sum += l.Amount.Minor
		}
		require.Equal(t, yuan(sum), once.Total)
	})
}

func TestAWrongTypeIsRefusedWhereItIsWrong(t *testing.T) {
	raw, err := os.ReadFile("../../config/types/payment_request.yaml")
	require.NoError(t, err)
	text := string(raw)
	for _, tt := range []struct{ name, old, new, code, field string }{
		{"a mistyped key", "number_prefix", "number_prefx", "yaml.unknown_key", "number_prefx"},
		{"a wrong prefix", "PAY", "pay", "type.bad_value", "number_prefix"},
		{"a wrong payee", "payee: supplier", "payee: vendor", "type.bad_value", "payee"},
		{"a wrong currency", "HKD", "RMB", "type.bad_value", "currencies[3]"},
		{"a currency twice", "HKD", "EUR", "type.duplicate", "currencies[3]"},
		{"a wrong kind", "kind: date", "kind: day", "type.bad_value", "fields[2].kind"},
		{"a choice of nothing", "kind: text", "kind: choice", "type.options", "fields[0]"},
		{"options of a text", "kind: choice", "kind: text", "type.options", "fields[1]"},
		{"an option twice", "id: deposit", "id: invoice", "type.duplicate", "fields[1].options[2]"},
		{"a category twice", "id: rent", "id: goods", "type.duplicate", "categories[2]"},
		{"a title in one language", "{ en: Goods, zh-CN: 货款 }", "{ en: Goods }", "type.missing_title", "categories[0].title"},
		{"an amount as a number", `"100000000"`, "100000000", "yaml.wrong_type", "limits.max_amount"},
		{"a limit with cents of yen", `"100000000"`, `"0.50"`, "type.bad_value", "limits.max_amount"},
		{"no lines at all", "max_lines: 200", "max_lines: 0", "type.bad_value", "limits.max_lines"},
		{"too many lines", "max_lines: 200", "max_lines: 201", "type.bad_value", "limits.max_lines"},
		{"attachments perhaps", "attachments: optional", "attachments: perhaps", "type.bad_value", "attachments"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.Contains(t, text, tt.old)
			_, err := doctype.Parse("t.yaml", []byte(strings.Replace(text, tt.old, tt.new, 1)))
			f, ok := fault.As(err)
			require.True(t, ok, "%v", err)
			require.Equal(t, []string{tt.code, tt.field}, []string{f.Code, f.Field}, f.Error())
			require.NotEmpty(t, f.Args["line"])
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range []string{"expense", "payment_request", "advance", "contract"} {
		text, err := os.ReadFile("../../config/types/" + name + ".yaml")
		require.NoError(f, err)
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		typ, err := doctype.Parse("f.yaml", text)
		if err != nil {
			require.NotEmpty(t, fault.CodeOf(err))
			return
		}
		doctype.Validate(typ, payment(), company(), "2026-11-21")
	})
}
