package httpjson

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/erp/mapped"
	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/voucher"
)

func TestRender(t *testing.T) {
	cny, eur := money.Amount{Minor: 78125, Currency: "CNY"}, money.Amount{Minor: 10000, Currency: "EUR"}
	v := voucher.Voucher{Reference: "v:1:accrual:1", Date: "2026-03-31", Entries: []voucher.Entry{
		{Side: voucher.Debit, Account: "6602", Amount: eur, Base: cny, Text: `a "quoted" 摘要`, Dimensions: map[string]string{"project": "P1"}},
		{Side: voucher.Credit, Account: "2202", Amount: eur, Base: cny, Party: "lin"}}}
	tree := map[string]any{"ref": "$.reference", "period": "$.month", "fixed": "x", "n": uint64(1), "entries": map[string]any{
		"$each": "entries", "$as": map[string]any{"acc": "$.account", "party?": "$.party", "debit?": "$.debit",
			"credit": "$.credit_number", "cur": "$.foreign_currency", "amt": "$.foreign_amount", "t?": "$.text",
			"dims?": "$.dimensions", "project?": "$.dimension.project"}}}
	got, err := render(tree, mapped.Of(v, v.Reference))
	require.NoError(t, err)
	text, err := json.Marshal(got)
	require.NoError(t, err)
	require.JSONEq(t, `{"ref":"v:1:accrual:1","period":"03","fixed":"x","n":1,"entries":[
		{"acc":"6602","debit":"781.25","credit":0,"cur":"EUR","amt":"100.00","t":"a \"quoted\" 摘要","dims":{"project":"P1"},"project":"P1"},
		{"acc":"2202","party":"lin","credit":781.25,"cur":"EUR","amt":"100.00"}]}`, string(text))
	require.Len(t, port.Capabilities{Dimensions: []string{"department"}}.Keeps().Lost(v), 1)
	require.Empty(t, port.Capabilities{Dimensions: []string{port.AnyDimension}}.Keeps().Lost(v))
	for _, wrong := range []any{"$.nosuch", "$.dimension.project", map[string]any{"$each": "nosuch"}, []any{map[string]any{"a": "$.b"}}} {
		_, err := render(wrong, mapped.Sample(mapped.CallCreate))
		require.Error(t, err)
	}
}

func TestDottedPaths(t *testing.T) {
	tree, err := decode([]byte(`{"a":{"b":[{"c":"found"},{"c":7}]},"yes":true}`))
	require.NoError(t, err)
	require.Equal(t, "found", text(tree, "a.b.0.c"))
	require.Equal(t, "7", text(tree, "a.b.1.c"))
	require.Equal(t, "true", text(tree, "yes"))
	for _, path := range []string{"a.b.2.c", "a.b.x", "a.nope", "yes.no", ""} {
		require.Equal(t, "", text(tree, path), path)
	}
}

// TestTwoColumns reads an ERP that keeps debit and credit in two columns, with
// bare numbers.
func TestTwoColumns(t *testing.T) {
	s := mapped.Shape{ID: "key", State: "st", States: map[string]string{"1": "posted"}, Date: "d", Lines: "rows",
		Account: "acc.code", Debit: "dr", Credit: "cr"}
	tree, err := decode([]byte(`{"key":17,"st":1,"d":"2026-03-31T00:00:00Z","rows":[
		{"acc":{"code":"6602"},"dr":128.50,"cr":0},{"acc":{"code":"2202"},"dr":null,"cr":"128.5"}]}`))
	require.NoError(t, err)
	f, err := s.Found(node{tree}, "CNY")
	require.NoError(t, err)
	require.Equal(t, "17", f.ID)
	require.Equal(t, "2026-03-31", f.Date)
	require.Equal(t, port.Totals{Debit: money.Amount{Minor: 12850, Currency: "CNY"}, Credit: money.Amount{Minor: 12850, Currency: "CNY"}}, f.Totals)
	_, err = s.Found(node{map[string]any{"key": "1", "st": "strange"}}, "CNY")
	require.Error(t, err)
}

// TestErrorTable proves what an answer asks the caller to do next.
func TestErrorTable(t *testing.T) {
	m := &Mapping{}
	err := mapped.Load(builtin, "sandbox", m)
	require.NoError(t, err)
	for _, tt := range []struct {
		status int
		body   string
		code   string
	}{
		{422, `{"error":{"code":"closed_period","message":"period 2025-01 is closed"}}`, port.CodeClosedPeriod},
		{422, `{"error":{"code":"something_new","message":"no"}}`, port.CodeRefused},
		{401, ``, port.CodeNotAllowed},
		{429, `slow down`, port.CodeRateLimited},
		{408, ``, port.CodeUnknown},
		{500, `{"error":{"code":"injected"}}`, port.CodeUnknown},
		{503, ``, port.CodeUnknown},
		{302, ``, port.CodeRefused},
	} {
		require.Equal(t, tt.code, fault.CodeOf(m.Errors.fault(tt.status, []byte(tt.body), true)), "%d %s", tt.status, tt.body)
	}
	f, _ := fault.As(m.Errors.fault(422, []byte(`{"error":{"code":"unbalanced","message":"debit 1, credit 2"}}`), true))
	require.Equal(t, "debit 1, credit 2", f.Args["words"])
}
