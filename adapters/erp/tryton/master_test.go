package tryton_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/adapters/erp/tryton/server"
	"github.com/countersign/countersign/adapters/erp/tryton/trytontest"
)

// ask calls a method of Tryton past our connector, and answers with its result.
func ask(t *testing.T, books *server.Server, method string, params ...any) any {
	t.Helper()
	body, err := json.Marshal(map[string]any{"id": 1, "method": method, "params": params})
	require.NoError(t, err)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, books.URL+"/"+books.Database+"/", bytes.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	r.SetBasicAuth(books.User, books.Password)
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer answer.Body.Close()
	var got struct{ Result, Error any }
	require.NoError(t, json.NewDecoder(answer.Body).Decode(&got), "%s: %s", method, answer.Status)
	require.Nil(t, got.Error, method)
	return got.Result
}

// object is one record, or any other JSON object of Tryton's protocol.
type object = map[string]any

var inCompany = object{"company": 1}

// idOf is the id of the one record that a search finds.
func idOf(t *testing.T, books *server.Server, model string, domain ...any) any {
	t.Helper()
	found := ask(t, books, "model."+model+".search", domain, 0, 2, nil, inCompany).([]any)
	require.Len(t, found, 1, "%s %v", model, domain)
	return found[0]
}

// TestMasterData reads rates and employees of a real Tryton: rates in the company's
// currency, as Tryton itself converts, and of a delta what changed alone.
func TestMasterData(t *testing.T) {
	books := trytontest.Start(t)
	p, err := erp.Open(config(books, books.URL))
	require.NoError(t, err)
	all, err := p.Sync(t.Context(), time.Time{})
	require.NoError(t, err)
	rates := func(m erp.Master) map[string]string {
		told := map[string]string{}
		for _, r := range m.Rates {
			require.Equal(t, "CNY", string(r.Base))
			told[string(r.Currency)+" "+r.Date] = r.Value
		}
		return told
	}
	require.Equal(t, map[string]string{"EUR 2000-01-01": "7.8125", "USD 2000-01-01": "7.142857142857",
		"JPY 2000-01-01": "0.047619047619"}, rates(all))

	date := func(y, m, d int) object { return object{"__class__": "date", "year": y, "month": m, "day": d} }
	decimal := func(text string) object { return object{"__class__": "Decimal", "decimal": text} }
	currency := func(code string) any { return idOf(t, books, "currency.currency", []any{"code", "=", code}) }
	ask(t, books, "model.currency.currency.rate.create", []any{
		object{"currency": currency("CNY"), "date": date(2026, 11, 1), "rate": decimal("2")},
		object{"currency": currency("EUR"), "date": date(2026, 11, 2), "rate": decimal("0.25")},
	}, inCompany)
	today := time.Now().UTC()
	require.NoError(t, books.Employ(t.Context(), "lin", ""))
	require.NoError(t, books.Employ(t.Context(), "zhao", fmt.Sprintf("%d-12-31", today.Year()-1)))
	later, err := p.Sync(t.Context(), today.Add(-time.Minute))
	require.NoError(t, err)
	require.Equal(t, "8", rates(later)["EUR 2026-11-02"], "crossed with the company's own rate of that day")
	require.False(t, later.Complete)
	active := map[string]bool{}
	for _, e := range later.Employees {
		require.NotEmpty(t, e.Name)
		active[e.Code] = e.Active
	}
	require.Equal(t, map[string]bool{"lin": true, "zhao": false}, active)
}
