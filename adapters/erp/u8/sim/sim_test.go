package sim_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/erp/u8/sim"
)

// TestRefuses proves that the gateway checks every parameter and the body.
func TestRefuses(t *testing.T) {
	gateway := sim.New()
	ask := func(method, target, body string) string {
		w := httptest.NewRecorder()
		gateway.ServeHTTP(w, httptest.NewRequest(method, target, strings.NewReader(body)))
		return w.Body.String()
	}
	const login = "/system/token?from_account=openapi_dev&app_key=opa1&app_secret=u8-secret-1"
	var got struct{ Token struct{ ID string } }
	require.NoError(t, json.Unmarshal([]byte(ask("GET", login, "")), &got))
	require.NotEmpty(t, got.Token.ID)
	for _, change := range [][2]string{{"openapi_dev", "x"}, {"opa1", "x"}, {"u8-secret-1", "x"}} {
		require.Contains(t, ask("GET", strings.Replace(login, change[0], change[1], 1), ""), `"10002"`)
	}
	require.Contains(t, ask("POST", login, ""), `"10002"`)

	date := fmt.Sprintf("%d-03-31", time.Now().Year())
	target := "/api/voucher/add?from_account=openapi_dev&to_account=openapi_ent&app_key=opa1&ds_sequence=1&sync=1&biz_id=b1&token=" +
		got.Token.ID
	good := `{"voucher":{"voucher_type":"记","fiscal_year":"` + date[:4] + `","accounting_period":"3","date":"` + date + `","enter":"demo",
		"voucher_making_system":"CDM","reserve2":"R1",
		"debit":{"entry":[{"entry_id":"1","account_code":"6602","abstract":"t","currency":"人民币","natural_debit_currency":"128.50","primary_debit_amount":"128.50"}]},
		"credit":{"entry":[{"entry_id":"2","account_code":"2241","abstract":"t","currency":"人民币","natural_credit_currency":"128.50","primary_credit_amount":"128.50","auxiliary":{"personnel_id":"lin"}}]}}}`
	for _, change := range [][2]string{{"openapi_dev", "x"}, {"openapi_ent", "x"}, {"opa1", "x"}, {"token=", "token=x"},
		{"ds_sequence=1", "ds_sequence=2"}, {"sync=1", "sync=0"}, {"&biz_id=b1", ""}, {"biz_id=b1", "biz_id=b1&tradeid=t"},
		{"voucher/add", "voucher/nothing"}, {"/api/", "/apx/"}} {
		changed := strings.Replace(target, change[0], change[1], 1)
		require.NotEqual(t, target, changed)
		require.NotContains(t, ask("POST", changed, good), `"errcode":"0"`, change[1])
	}
	for _, change := range [][2]string{{`"记"`, `""`}, {"demo", ""}, {"CDM", "GL"}, {`"3"`, `"4"`}, {`"3"`, `"x"`},
		{"6602", "9999"},
		{"lin", "nobody"}, {"personnel_id", "colour"},
		{`"personnel_id":"lin"`, `"personnel_id":"lin","item_id":"P-001"`},
		{`"abstract":"t"`, `"abstract":"t","auxiliary":{"item_id":"P-009"}`}, {`,"auxiliary":{"personnel_id":"lin"}`, ``}, {"人民币", "CNY"},
		{`"natural_debit_currency":"128.50"`, `"natural_debit_currency":"128.51"`}, {`"primary_debit_amount":"128.50"`,
			`"primary_debit_amount":"1"`},
		{`"128.50"`, `"1.285e2"`}, {`"128.50"`, `128.50`}, {date, "1999-03-31"}, {`"entry_id":"1"`, `"entry_id":""`}, {`{`,
			``}} {
		changed := strings.Replace(good, change[0], change[1], 1)
		require.NotEqual(t, good, changed)
		require.NotContains(t, ask("POST", target, changed), `"errcode":"0"`, change[1])
	}
	require.Contains(t, ask("GET", target, ""), "接口不存在")
	require.Contains(t, ask("POST", target, good), `"errcode":"0"`)
	require.Contains(t, ask("POST", target, good), "已存在", "a biz_id is good once")
	find := strings.Replace(target, "voucher/add", "voucherdetails/batch_get", 1)
	require.Contains(t, ask("GET", find+"&coutno_id=R1", ""), `"md":128.5000`)
	require.Contains(t, ask("GET", find+"&coutno_id=R2", ""), `"voucherdetails":[]`)
	require.Contains(t, ask("GET", find, ""), `"voucherdetails":[]`)
	require.Contains(t, ask("GET", find+"&date_begin="+date+"&date_end="+date, ""), `"md":128.5000`)
	require.NotContains(t, ask("GET", find+"&date_begin="+date+"&date_end="+date, ""), "R1", "no list tells a reference")
	require.Contains(t, ask("GET", find+"&date_begin=1999-01-01&date_end=1999-12-31", ""), `"voucherdetails":[]`)
	require.Contains(t, ask("GET", find+"&coutno_id=R1&page_index=2&rows_per_page=1", ""), `"page_count":"2"`)
	require.Contains(t, ask("GET", strings.Replace(find, "voucherdetails", "nothing", 1), ""), "接口不存在")
}
