package booking_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/master"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/domain/voucher"
	"github.com/countersign/countersign/policy/booking"
	"github.com/countersign/countersign/policy/doctype"
)

// group has two companies with different books, and somebody in each.
func group() *org.Snapshot {
	return &org.Snapshot{
		Entities: map[string]org.LegalEntity{"cn": {ID: "cn", Currency: "CNY"}, "de": {ID: "de", Currency: "EUR"}},
		Departments: map[string]org.Department{"sales": {ID: "sales", Entity: "cn", CostCenter: "CC-SALES"},
			"board": {ID: "board", Entity: "cn"}, "berlin": {ID: "berlin", Entity: "de"}},
		People: map[string]org.Person{"lin": {ID: "lin", Entity: "cn", Active: true}, "wu": {ID: "wu", Entity: "cn", Active: true},
			"max": {ID: "max", Entity: "de", Active: true}},
		Suppliers: map[string]org.Supplier{"SUP001": {ID: "SUP001", Name: "启明"}},
	}
}

func shippedType(t *testing.T, name string) *doctype.Type {
	t.Helper()
	text, err := os.ReadFile("../../config/types/" + name + ".yaml")
	require.NoError(t, err)
	typ, err := doctype.Parse(name, text)
	require.NoError(t, err)
	return typ
}

// chartOf is master data with these open accounts.
func chartOf(accounts ...string) map[master.Key]master.Row {
	rows := map[master.Key]master.Row{}
	for _, code := range accounts {
		row := master.Row{Kind: master.Account, Code: code, Name: "account " + code, Active: true}
		rows[row.Key()] = row
	}
	return rows
}

func TestWhatShipsIsProved(t *testing.T) {
	for _, name := range []string{"expense", "payment_request", "advance"} {
		books := chartOf("6602", "2221", "2202", "1221", "1002", "6603")
		proof := booking.Prove(shippedMapping(t, name), booking.Ground{Type: shippedType(t, name), Org: group(),
			Books: map[string]map[master.Key]master.Row{"cn": books}})
		require.Empty(t, proof.Faults, name)
		require.Greater(t, proof.Vouchers, 40, name)
		require.Equal(t, []string{"de"}, proof.Unknown, "nobody read its books")
	}
}

// TestAProofFindsWhatWouldBeParked: each is one fault with its place, and an example.
func TestAProofFindsWhatWouldBeParked(t *testing.T) {
	head := "mapping: expense\ntype: expense\njournal: E\ntext: t\nadvance: \"1221\"\ncredit: \"2202\"\n"
	plain := "debit: {}\ndefault: \"6602\"\n"
	for name, tt := range map[string]struct {
		rest  string
		books map[master.Key]master.Row
		want  []string // codes
		says  map[string]string
	}{
		"a department in no table": {rest: "debit: {}\ntables: { d: { sales: \"6601\", berlin: \"1\" } }\ndefault: \"= tables.d[department]\"\n",
			want: []string{"booking.no_value", "booking.counter_example"}, says: map[string]string{"department": "board", "entity": "cn"}},
		"a person in no table": {rest: plain + "tables: { p: { lin: E1, max: E2 } }\nparty: \"= tables.p[payee]\"\n",
			want: []string{"booking.no_value", "booking.counter_example"}, says: map[string]string{"payee": "wu"}},
		"amounts of two currencies": {rest: "debit: {}\ndefault: \"= line.amount > money('1.00', 'CNY') ? '1' : '2'\"\n",
			want: []string{"booking.no_value", "booking.counter_example"}, says: map[string]string{"currency": "EUR"}},
		"a field that is none": {rest: plain + "cost_center: \"= fields.get('trip', fields.tirp)\"\n",
			want: []string{"booking.unknown_field", "booking.no_value", "booking.counter_example"}},
		"an account that is not there": {rest: plain, books: chartOf("2202", "1221"), want: []string{"booking.no_such_account"},
			says: map[string]string{"account": "6602", "line": "8"}},
		"an account that an expression comes to": {rest: "debit: {}\ndefault: \"= department == 'board' ? '6699' : '6602'\"\n",
			books: chartOf("2202", "1221", "6602"), want: []string{"booking.no_such_account"}, says: map[string]string{"account": "6699"}},
		"an account that is closed": {rest: plain, want: []string{"booking.closed_account"}, books: func() map[master.Key]master.Row {
			books := chartOf("2202", "1221", "6602")
			closed := books[master.Key{Kind: master.Account, Code: "1221"}]
			closed.Active = false
			books[closed.Key()] = closed
			return books
		}(), says: map[string]string{"account": "1221", "line": "5"}},
		"an account that wants a party": {rest: plain, want: []string{"booking.wants_party"}, books: func() map[master.Key]master.Row {
			books := chartOf("2202", "1221", "6602")
			wants := books[master.Key{Kind: master.Account, Code: "6602"}]
			wants.Attributes = map[string]string{master.PartyRequired: "true"}
			books[wants.Key()] = wants
			return books
		}(), says: map[string]string{"account": "6602"}},
	} {
		t.Run(name, func(t *testing.T) {
			ground := booking.Ground{Type: shippedType(t, "expense"), Org: group()}
			if tt.books != nil {
				ground.Books = map[string]map[master.Key]master.Row{"cn": tt.books}
			}
			proof := booking.Prove(mapping(t, head+tt.rest), ground)
			var codes []string
			for _, f := range proof.Faults {
				codes = append(codes, f.Code)
			}
			require.Equal(t, tt.want, codes, "%v", proof.Faults)
			last := proof.Faults[len(proof.Faults)-1]
			for name, value := range tt.says {
				require.Equal(t, value, last.Args[name], "%s of %v", name, last)
			}
		})
	}
}

// TestWhatTheBooksCannotCarryIsRefused: a dimension that an entity's books would leave
// out is a fault with its line, that of the entity where it is the entity's own.
func TestWhatTheBooksCannotCarryIsRefused(t *testing.T) {
	m := mapping(t, `mapping: expense
type: expense
journal: E
text: t
advance: "1221"
credit: "2202"
debit: {}
default: "6602"
dimensions:
  debit: { project: "= department" }
  credit: { employee: "= payee" }
settlement: { bank: "1002", gain: "6603", loss: "6603" }
entities:
  de:
    dimensions:
      debit: { region: "= department" }
`)
	kept := voucher.Keeps{Connection: "books", Adapter: "kingdee", Accounts: []voucher.Kept{{Accounts: "66", Name: "project"},
		{Accounts: "22", Name: "employee"}}}
	prove := func(keeps map[string]voucher.Keeps) []string {
		var told []string
		for _, f := range booking.Prove(m, booking.Ground{Type: shippedType(t, "expense"), Org: group(), Keeps: keeps}).Faults {
			require.Equal(t, "booking.dimension_lost", f.Code)
			told = append(told, f.Args["entity"]+" "+f.Args["line"]+" "+f.Args["dimension"]+" "+f.Args["account"])
		}
		return told
	}
	require.Empty(t, prove(nil), "nobody knows")
	require.Empty(t, prove(map[string]voucher.Keeps{"cn": kept}))
	require.Equal(t, []string{"de 16 region 6602"}, prove(map[string]voucher.Keeps{"cn": kept, "de": kept}))
	kept.Accounts = kept.Accounts[1:]
	require.Equal(t, []string{"cn 10 project 6602"}, prove(map[string]voucher.Keeps{"cn": kept}))
	require.Equal(t, []string{"cn 10 project 6602", "cn 11 employee 2202"}, prove(map[string]voucher.Keeps{"cn": {}}))
}

// TestCautions: what books cannot do keeps nobody from publishing, but is told.
func TestCautions(t *testing.T) {
	codes := func(name string, keeps voucher.Keeps) []string {
		var all []string
		for _, f := range booking.Cautions(shippedType(t, name), group(), map[string]voucher.Keeps{"cn": keeps}) {
			all = append(all, f.Code)
		}
		return all
	}
	require.Equal(t, []string{"booking.foreign_lost", "booking.no_reversal"}, codes("expense", voucher.Keeps{}))
	require.Empty(t, codes("expense", voucher.Keeps{Foreign: true, Reverses: true}))
	require.Empty(t, booking.Cautions(shippedType(t, "expense"), group(), nil))
}

// TestNamesAreFoundInTheBooks looks codes up by the names that the books have.
func TestNamesAreFoundInTheBooks(t *testing.T) {
	rows := chartOf("6602")
	gone := master.Row{Kind: master.Party, Code: "OLD", Name: "启明", Active: true, Gone: true}
	there := master.Row{Kind: master.Party, Code: "V-9", Name: "启明贸易", Active: true}
	rows[gone.Key()], rows[there.Key()] = gone, there
	in := input()
	in.Content.Payee.Name, in.Master = "启明贸易", booking.MasterByName(rows)
	m := mapping(t, "mapping: m\ntype: expense\njournal: E\ntext: t\ncredit: \"2202\"\ndebit: { travel: \"1\", meals: \"2\" }\n"+
		"party: \"= master.parties.get(payee_name, payee)\"\n")
	require.True(t, m.ReadsMaster())
	v, err := booking.Build(m, in)
	require.NoError(t, err)
	require.Equal(t, "V-9", v.Entries[2].Party)
	in.Content.Payee.Name = "启明"
	v, err = booking.Build(m, in)
	require.NoError(t, err)
	require.Equal(t, "lin", v.Entries[2].Party, "what is gone is not found")
}
