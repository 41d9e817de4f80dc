package tryton

import (
	"encoding/json"
	"errors"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
)

// TestErrorTable proves what each answer of Tryton, as it was recorded, asks
// the caller to do next.
func TestErrorTable(t *testing.T) {
	for _, tt := range []struct{ name, answer, code string }{
		{"posted twice", `["UserError",["You cannot modify posted move \"19\".","",null]]`, port.CodeRefused},
		{"unbalanced", `["UserError",["To post move \"19\", you must balance all its lines debits and credits.","",null]]`, port.CodeUnbalanced},
		{"closed journal period", `["UserError",["You cannot add/modify/delete lines on closed journal-period \"EXP\".","",null]]`, port.CodeClosedPeriod},
		{"closed period", `["UserError",["You cannot create a journal-period in closed period \"2025-01\".","",null]]`, port.CodeClosedPeriod},
		{"outside the period", `["UserError",["The date of move \"1\" is outside the period, you must change the date or the period.","",null]]`, port.CodeClosedPeriod},
		{"no period", `["UserError",["To continue, you must create a period for the date \"2031-01-01\".","",null]]`, port.CodeClosedPeriod},
		{"party missing", `["UserError",["To create a line on account \"2202\", you must set a party on line \"1\".","",null]]`, port.CodeUnknownParty},
		{"account closed", `["UserError",["To create a line on account \"2202\", you must set a type or unclose it.","",null]]`, port.CodeUnknownAccount},
		{"two first moves at once", `["UserError",["You can create only one journal per period.","",null]]`, port.CodeUnavailable},
		{"stale record", `["ConcurrencyException","Records were modified in the meanwhile"]`, port.CodeUnavailable},
		{"no longer logged in", `["LoginException",["password","Password for erpbot","password"]]`, port.CodeNotAllowed},
		{"unique index", `["duplicate key value violates unique constraint \"account_move_ref\"",""]`, port.CodeUnavailable},
		{"serialization", `["could not serialize access due to concurrent update",""]`, port.CodeUnavailable},
		{"its database went away", `["server closed the connection unexpectedly",""]`, port.CodeUnknown},
		{"a programming error", `["'nosuch'",""]`, port.CodeRefused},
		{"a warning", `["UserWarning",["account.move,1.cancel","The period of move \"1\" is closed.",""]]`, port.CodeRefused},
		{"nonsense", `{}`, port.CodeUnknown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := errorFault(json.RawMessage(tt.answer), true)
			require.Equal(t, tt.code, fault.CodeOf(err), "%v", err)
		})
	}
	var w *warning
	require.True(t, errors.As(errorFault(json.RawMessage(`["UserWarning",["the name","words",""]]`), true), &w))
	require.Equal(t, "the name", w.name)
}

// TestLostAnswers proves that only a connection that was never made is Busy for
// what writes, and that nothing lost is Unknown for what only reads.
func TestLostAnswers(t *testing.T) {
	dial := &net.OpError{Op: "dial", Err: errors.New("refused")}
	require.Equal(t, fault.Busy, fault.KindOf(port.Lost(dial, true)))
	require.Equal(t, fault.Unknown, fault.KindOf(port.Lost(&net.OpError{Op: "read", Err: errors.New("reset")}, true)))
	require.Equal(t, fault.Busy, fault.KindOf(port.Lost(errors.New("anything"), false)))
	for status, kind := range map[int]fault.Kind{401: fault.Forbidden, 403: fault.Forbidden, 404: fault.Busy, 429: fault.Busy,
		400: fault.Invalid, 500: fault.Unknown, 502: fault.Unknown, 503: fault.Unknown, 504: fault.Unknown} {
		require.Equal(t, kind, fault.KindOf(statusFault(status, nil, true)), status)
	}
	for _, body := range []string{"", "<html>", "{}", `{"id":1}`, `{"id":1,"result":`} {
		require.Equal(t, fault.Unknown, fault.KindOf(decode(200, []byte(body), true, nil)), body)
	}
	require.NoError(t, decode(200, []byte(`{"id":1,"result":null}`), true, nil), "post answers null")
}

func TestAmounts(t *testing.T) {
	require.Equal(t, object{"__class__": "Decimal", "decimal": "-128.50"}, decimal(money.Amount{Minor: -12850, Currency: "CNY"}))
	for _, tt := range []struct {
		text  string
		c     money.Currency
		minor int64
		fails bool
	}{
		{"128.50", "CNY", 12850, false},
		{"128.5", "CNY", 12850, false},
		{"128.5000", "CNY", 12850, false},
		{"128", "JPY", 128, false},
		{"128.00", "JPY", 128, false},
		{"-0.01", "CNY", -1, false},
		{"128.505", "CNY", 0, true},
		{"1.2E+2", "CNY", 0, true},
	} {
		got, err := (&jsonDecimal{tt.text}).amount(tt.c)
		require.Equal(t, tt.fails, err != nil, tt.text)
		require.Equal(t, tt.minor, got.Minor, tt.text)
	}
}
