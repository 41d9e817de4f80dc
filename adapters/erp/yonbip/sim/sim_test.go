package sim_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/erp/yonbip/sim"
)

func ask(tenant http.Handler, method, target, body string) string {
	w := httptest.NewRecorder()
	tenant.ServeHTTP(w, httptest.NewRequest(method, target, strings.NewReader(body)))
	return fmt.Sprint(w.Code, " ", w.Body.String())
}

func tokenAddress(key, secret string, at time.Time) string {
	stamp := fmt.Sprint(at.UnixMilli())
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("appKey" + key + "timestamp" + stamp))
	return "/iuap-api-auth/open-auth/selfAppAuth/base/v1/getAccessToken?" + url.Values{"appKey": {key},
		"timestamp": {stamp},
		"signature": {base64.StdEncoding.EncodeToString(mac.Sum(nil))}}.Encode()
}

// TestRefusesLogins proves that the token service checks what it is sent.
func TestRefusesLogins(t *testing.T) {
	tenant := sim.New()
	require.Contains(t, ask(tenant, "GET", tokenAddress("ak1", "secret1", time.Now()), ""), `"code":"00000"`)
	for name, address := range map[string]string{
		"10018":  tokenAddress("other", "secret1", time.Now()),
		"签名错误":   tokenAddress("ak1", "secret2", time.Now()),
		"时间戳已过期": tokenAddress("ak1", "secret1", time.Now().Add(-time.Hour)),
	} {
		require.Contains(t, ask(tenant, "GET", address, ""), name)
	}
	require.Contains(t, ask(tenant, "POST", tokenAddress("ak1", "secret1", time.Now()), ""), "405")
	require.Contains(t, ask(tenant, "GET", "/open-auth/dataCenter/getGatewayAddress?tenantId=x", ""), "租户不存在")
	const gateway = "/iuap-api-gateway/yonbip/fi/ficloud/openapi/voucher/queryVouchers"
	require.Contains(t, ask(tenant, "POST", gateway, "{}"), "310001")
	require.Contains(t, ask(tenant, "POST", gateway+"?access_token=x", "{}"), "310036")
	require.Contains(t, ask(tenant, "POST", "/iuap-api-gateway/yonbip/nothing", "{}"), `404 {"code":"310404"`)
	require.Contains(t, ask(tenant, "GET", gateway, ""), "405")
}

// caller calls business interfaces with a token.
func caller(t *testing.T, tenant http.Handler) func(path, body string) string {
	t.Helper()
	var token struct {
		Data struct {
			AccessToken string `json:"access_token"`
		}
	}
	_, body, _ := strings.Cut(ask(tenant, "GET", tokenAddress("ak1", "secret1", time.Now()), ""), " ")
	require.NoError(t, json.Unmarshal([]byte(body), &token))
	return func(path, body string) string {
		return ask(tenant, "POST", "/iuap-api-gateway"+path+"?access_token="+url.QueryEscape(token.Data.AccessToken), body)
	}
}

// TestRefusesPages proves that the lists of the digital model want both words of a page, and
// that a page holds what it is asked for.
func TestRefusesPages(t *testing.T) {
	tenant := sim.New()
	call := caller(t, tenant)
	const staff, projects, rates = "/yonbip/digitalModel/staff/listForApi", "/yonbip/digitalModel/basedoc/project/batchQueryDetail",
		"/yonbip/digitalModel/basedoc/exchangerate/batchQueryDetail"
	for _, path := range []string{staff, projects, rates} {
		for body, no := range map[string]string{`{"pageSize":10}`: "pageIndex不能为空", `{"pageIndex":1}`: "pageSize不能为空",
			`{"pageIndex":0,"pageSize":10}`: "pageIndex不能为空", `{"pageIndex":1,"pageSize":0}`: "pageSize不能为空",
			`{"pageIndex":"1","pageSize":10}`: "参数格式错误", `[]`: "参数格式错误"} {
			require.Contains(t, call(path, body), `200 {"code":"404"`, path+body)
			require.Contains(t, call(path, body), no, path+body)
		}
		require.Contains(t, call(path, `{"pageIndex":9,"pageSize":10}`), `"recordList":[]`)
		require.Contains(t, ask(tenant, "POST", "/iuap-api-gateway"+path, "{}"), "310001")
	}
	require.Contains(t, call(staff, `{"pageIndex":1,"pageSize":501}`), "pageSize不能大于500")
	require.Contains(t, call(staff, `{"pageIndex":1,"pageSize":10,"enable":1}`), "参数格式错误", "a list of numbers")
	require.Contains(t, call(staff, `{"pageIndex":1,"pageSize":500}`), `"recordCount":2`, "those in use")
	require.Contains(t, call(staff, `{"pageIndex":1,"pageSize":500,"enable":[0,2]}`), `"recordCount":2`)
	require.Contains(t, call(projects, `{"pageIndex":1,"pageSize":501}`), `"recordCount":3`)
	require.Contains(t, call(rates, `{"pageIndex":2,"pageSize":5}`), `"id":"R-6"`)
	require.Contains(t, call(rates, `{"pageIndex":2,"pageSize":5}`), `"recordCount":12`)
	tenant.RatesMost = 3
	require.Contains(t, call(rates, `{"pageIndex":2,"pageSize":500}`), `"pageSize":3,"recordCount":12,"recordList":[{`)
	require.Contains(t, call(rates, `{"pageIndex":4,"pageSize":500}`), `"id":"R-12"`)
}

// TestRefusesBodies proves that addVoucher and the queries are read strictly.
func TestRefusesBodies(t *testing.T) {
	call := caller(t, sim.New())
	const add, one, list = "/yonbip/fi/ficloud/openapi/voucher/addVoucher", "/yonbip/EFI/openapi/voucher/queryVoucherById",
		"/yonbip/fi/ficloud/openapi/voucher/queryVouchers"
	date := fmt.Sprintf("%d-03-31", time.Now().Year())
	good := `{"accbookCode":"BOOK01","voucherTypeCode":"01","makerEmail":"a@b.c","makeTime":"` + date + `","businessId":"b1",
		"externalSourceDataId":"R1","description":"R1 t","bodies":[
		{"description":"t","accsubjectCode":"6602","debitOriginal":128.50,"debitOrg":128.50},
		{"description":"t","accsubjectCode":"2202","creditOriginal":128.50,"creditOrg":128.50,
		 "clientAuxiliaryList":[{"filedCode":"0004","valueCode":"SUP001"}]}]}`
	for _, change := range [][2]string{
		{"BOOK01", "BOOK02"}, {`"voucherTypeCode":"01"`, `"voucherTypeCode":"09"`}, {"makerEmail", "maker"}, {date,
			"1999-01-01"},
		{`"makeTime"`, `"period":"1999-01","makeTime"`}, {`{"accbookCode"`, `{"data":{},"accbookCode"`},
		{"6602", "9999"}, {"SUP001", "nobody"}, {"0004", "0099"},
		{`"clientAuxiliaryList":[{"filedCode":"0004","valueCode":"SUP001"}]`, `"x":1`},
		{`"debitOrg":128.50`, `"debitOrg":128.51`}, {`"debitOrg":128.50`, `"debitOrg":1.285e2`}, {`,"debitOrg":128.50`, ``},
		{`"debitOrg":128.50`, `"debitOrg":128.50,"creditOrg":1`}, {`"debitOrg":128.50`,
			`"debitOrg":128.50,"currencyCode":"EUR"`},
		{`"description":"t","accsubjectCode":"6602"`, `"accsubjectCode":"6602"`},
	} {
		changed := strings.Replace(good, change[0], change[1], 1)
		require.NotEqual(t, good, changed, change[0])
		require.Contains(t, call(add, changed), `200 {"code":"404"`, change[1])
	}
	require.Contains(t, call(add, good), `"voucherStatus":"01"`)
	require.Contains(t, call(add, good), "已存在", "a businessId is good once")
	require.Contains(t, call(list,
		`{"accbookCode":"BOOK01","pager":{"pageIndex":1,"pageSize":10},"periodStart":"`+date[:7]+
			`","periodEnd":"`+date[:7]+`"}`), `"recordCount":1`)
	require.Contains(t, call(list,
		`{"accbookCode":"BOOK01","pager":{"pageIndex":1,"pageSize":10},"periodStart":"1999-01","periodEnd":"1999-01"}`),
		`"recordCount":0`)
	require.Contains(t, call(list, `{"pager":{"pageIndex":1,"pageSize":10}}`), "账簿code不能为空")
	require.Contains(t, call(list, `{"accbookCode":"BOOK01","pager":{"pageIndex":1,"pageSize":1001}}`), `"code":"404"`)
	require.Contains(t, call(one, `{"voucherId":"100001"}`), `"externalSourceDataId":"R1"`)
	require.Contains(t, call(one, `{"voucherId":"7"}`), `"code":"404"`)
	require.Contains(t, call("/yonbip/fi/voucher/del", `{"ids":["7"]}`), `"code":"404"`)
	require.Contains(t, call("/yonbip/fi/voucher/del", `{"ids":["100001","100002"]}`), `"code":"404"`)
	require.Contains(t, call("/yonbip/fi/voucher/del", `{"ids":["100001"]}`), `"code":"200"`)
}
