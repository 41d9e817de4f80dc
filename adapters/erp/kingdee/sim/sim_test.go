package sim_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/erp/kingdee/sim"
)

const prefix = "/k3cloud/Kingdee.BOS.WebApi.ServicesStub."

func digest(key, text string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(text))
	return base64.StdEncoding.EncodeToString([]byte(hex.EncodeToString(mac.Sum(nil))))
}

// signed is a request that the site takes, signed by hand. The client key is
// that of the vectors.
func signed(path, body, nonce string, at time.Time) *http.Request {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	timestamp, data := fmt.Sprint(at.Unix()), "62cfa6d6a2e7c1,demo,2052,0"
	for name, value := range map[string]string{
		"X-Api-ClientID": "200001", "X-Api-Auth-Version": "2.0", "x-api-timestamp": timestamp, "x-api-nonce": nonce,
		"x-api-signheaders": "x-api-timestamp,x-api-nonce", "X-Kd-Appkey": sim.AppID,
		"X-Api-Signature": digest("MDE3N2I2PzBrPzg4OD45N3IhK3B1InIk",
			"POST\n"+url.QueryEscape(path)+"\n\nx-api-nonce:"+nonce+"\nx-api-timestamp:"+timestamp+"\n"),
		"X-Kd-Appdata":   base64.StdEncoding.EncodeToString([]byte(data)),
		"X-Kd-Signature": digest("app-secret-1", sim.AppID+data),
	} {
		r.Header.Set(name, value)
	}
	return r
}

func ask(site http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	site.ServeHTTP(w, r)
	return w
}

const query = `{"data":{"FormId":"GL_VOUCHER","FieldKeys":"FVOUCHERID,FBillNo,F_CSN_REF","FilterString":"F_CSN_REF='R1'","Limit":2000}}`

// TestRefusesEachHeader proves that the site checks every header it names.
func TestRefusesEachHeader(t *testing.T) {
	path := prefix + "DynamicFormService.ExecuteBillQuery.common.kdsvc"
	require.Equal(t, http.StatusOK, ask(sim.New(), signed(path, query, "N1", time.Now())).Code)
	for _, name := range []string{"X-Api-ClientID", "X-Api-Auth-Version", "x-api-timestamp", "x-api-nonce",
		"x-api-signheaders",
		"X-Kd-Appkey", "X-Api-Signature", "X-Kd-Appdata", "X-Kd-Signature"} {
		r := signed(path, query, "N1", time.Now())
		r.Header.Set(name, r.Header.Get(name)+"x")
		require.NotEqual(t, http.StatusOK, ask(sim.New(), r).Code, name)
	}
	old := ask(sim.New(), signed(path, query, "N1", time.Now().Add(-13*time.Minute)))
	require.Equal(t, 519, old.Code)
	require.Contains(t, old.Body.String(), "4006")
	unsigned := ask(sim.New(), httptest.NewRequest(http.MethodPost, path, strings.NewReader(query)))
	require.Equal(t, 519, unsigned.Code)
	require.Contains(t, unsigned.Body.String(), "4002")
	site := sim.New()
	require.Equal(t, http.StatusOK, ask(site, signed(path, query, "N1", time.Now())).Code)
	require.Equal(t, http.StatusUnauthorized, ask(site, signed(path, query, "N1", time.Now())).Code,
		"a nonce is good once")
	elsewhere := signed(path, query, "N2", time.Now())
	elsewhere.URL.Path = prefix + "DynamicFormService.Save.common.kdsvc"
	require.Equal(t, http.StatusUnauthorized, ask(site, elsewhere).Code, "a signature is good for one path")
}

// TestRefusesPathsAndMethods proves what is no API here.
func TestRefusesPathsAndMethods(t *testing.T) {
	for _, path := range []string{"/", prefix + "DynamicFormService.Save", prefix + "Other.X.common.kdsvc",
		prefix + "DynamicFormService.Nothing.common.kdsvc", prefix + "AuthService.ValidateUser.common.kdsvc"} {
		w := ask(sim.New(), signed(path, `{"formid":"GL_VOUCHER","data":{}}`, "N1", time.Now()))
		require.Equal(t, 519, w.Code, path)
		require.Contains(t, w.Body.String(), "5001")
	}
	require.Equal(t, http.StatusMethodNotAllowed, ask(sim.New(), httptest.NewRequest(http.MethodGet, prefix, nil)).Code)
}

// TestRefusesLogins proves that LoginBySign checks each of its parameters.
func TestRefusesLogins(t *testing.T) {
	now := fmt.Sprint(time.Now().Unix())
	good := []any{"62cfa6d6a2e7c1", "demo", sim.AppID, now, "", 2052}
	login := func(parameters []any) string {
		texts := []string{}
		for _, p := range parameters {
			if s, ok := p.(string); ok {
				texts = append(texts, `"`+s+`"`)
			} else {
				texts = append(texts, fmt.Sprint(p))
			}
		}
		body := `{"format":1,"parameters":[` + strings.Join(texts, ",") + `]}`
		return ask(sim.New(), httptest.NewRequest(http.MethodPost, prefix+"AuthService.LoginBySign.common.kdsvc",
			bytes.NewReader([]byte(body)))).Body.String()
	}
	// The five parts, sorted: the account begins with 6, the AppID with 2, the time with 1 or 2.
	parts := []string{"62cfa6d6a2e7c1", "demo", sim.AppID, "app-secret-1", now}
	for i := range parts {
		for j := i + 1; j < len(parts); j++ {
			if parts[j] < parts[i] {
				parts[i], parts[j] = parts[j], parts[i]
			}
		}
	}
	sum := sha256.Sum256([]byte(strings.Join(parts, "")))
	good[4] = hex.EncodeToString(sum[:])
	require.Contains(t, login(good), `"LoginResultType":1`)
	for i, wrong := range []any{"x", "x", "x", "1700000000", "x", 1033} {
		bad := append([]any{}, good...)
		bad[i] = wrong
		require.Contains(t, login(bad), `"LoginResultType":0`, "parameter %d", i)
	}
	require.Contains(t, login(good[:5]), `"LoginResultType":0`)
	r := httptest.NewRequest(http.MethodPost, prefix+"DynamicFormService.ExecuteBillQuery.common.kdsvc",
		strings.NewReader(query))
	r.AddCookie(&http.Cookie{Name: "kdservice-sessionid", Value: "made-up"})
	require.Contains(t, ask(sim.New(), r).Body.String(), "会话信息已丢失")
}

// TestRefusesBodies proves that Save, Audit and queries are read strictly.
func TestRefusesBodies(t *testing.T) {
	site, n := sim.New(), 0
	call := func(operation, body string) string {
		n++
		return ask(site, signed(prefix+"DynamicFormService."+operation+".common.kdsvc", body, fmt.Sprint(n),
			time.Now())).Body.String()
	}
	year := time.Now().Year()
	good := fmt.Sprintf(`{"formid":"GL_VOUCHER","data":{"Model":{"FVOUCHERID":0,"FAccountBookID":{"FNumber":"001"},
		"FDate":"%d-03-31","FVOUCHERGROUPID":{"FNumber":"PRE001"},"FYEAR":%d,"FPERIOD":3,"F_CSN_REF":"R1","FEntity":[
		{"FEXPLANATION":"t","FACCOUNTID":{"FNumber":"6602"},"FCURRENCYID":{"FNumber":"PRE001"},
		 "FEXCHANGERATETYPE":{"FNumber":"HLTX01_SYS"},"FEXCHANGERATE":1,"FAMOUNTFOR":128.50,"FDEBIT":128.50},
		{"FEXPLANATION":"t","FACCOUNTID":{"FNumber":"2241"},"FDetailID":{"FDETAILID__FFLEX7":{"FNumber":"lin"}},
		 "FCURRENCYID":{"FNumber":"PRE001"},"FEXCHANGERATETYPE":{"FNumber":"HLTX01_SYS"},"FEXCHANGERATE":1,
		 "FAMOUNTFOR":128.50,"FCREDIT":128.50}]}}}`, year, year)
	for _, change := range [][2]string{
		{`"FNumber":"001"`, `"FNumber":"002"`}, {`"FPERIOD":3`, `"FPERIOD":4`}, {`-03-31"`, `-03-31T"`},
		{`"FVOUCHERGROUPID":{"FNumber":"PRE001"}`, `"FVOUCHERGROUPID":{}`}, {`"FVOUCHERID":0`, `"FVOUCHERID":7`},
		{`"6602"`, `"9999"`}, {`"lin"`, `"nobody"`}, {`FFLEX7`, `FFLEX99`},
		{`"FDetailID":{"FDETAILID__FFLEX7":{"FNumber":"lin"}},`, ``},
		{`"FDEBIT":128.50`, `"FDEBIT":128.51`}, {`"FDEBIT":128.50`, `"FDEBIT":128.505`}, {`"FDEBIT":128.50`,
			`"FDEBIT":1.285e2`},
		{`"FDEBIT":128.50`, `"FDEBIT":128.50,"FCREDIT":1`}, {`HLTX01_SYS`, `NONE`}, {`"FCURRENCYID":{"FNumber":"PRE001"}`,
			`"FCURRENCYID":{"FNumber":"CNY"}`},
		{`GL_VOUCHER`, `GL_OTHER`}, {fmt.Sprint(year), fmt.Sprint(year - 30)},
	} {
		changed := strings.Replace(good, change[0], change[1], 1)
		require.NotEqual(t, good, changed, change[0])
		require.NotContains(t, call("Save", changed), `"IsSuccess":true`, change[1])
	}
	require.Contains(t, call("Audit", `{"formid":"GL_VOUCHER","data":{"Ids":"100001"}}`), "不存在")
	require.Contains(t, call("Save", good), `"Id":100001`)
	for _, operation := range []string{"Audit", "CancelAssign"} {
		require.Contains(t, call(operation, `{"formid":"GL_VOUCHER","data":{"Ids":"100001"}}`), "不允许", operation)
	}
	for _, operation := range []string{"Submit", "Audit"} {
		require.Contains(t, call(operation, `{"formid":"GL_VOUCHER","data":{"Ids":"100001"}}`), `"IsSuccess":true`, operation)
	}
	for _, operation := range []string{"Submit", "Audit", "Delete"} {
		require.Contains(t, call(operation, `{"formid":"GL_VOUCHER","data":{"Ids":"100001"}}`), "不允许", operation)
	}
	require.Equal(t,
		`[[100001,"`+fmt.Sprint(year)+`-03-000001","R1"],[100001,"`+fmt.Sprint(year)+`-03-000001","R1"]]`+"\n",
		call("ExecuteBillQuery", query))
	for _, change := range [][2]string{{`FBillNo`, `FNope`}, {`='R1'`, `='R1`}, {`='R1'`, `='R1' or '1'='1'`}, {`2000`,
		`2001`},
		{`F_CSN_REF='`, `FNope='`}, {`GL_VOUCHER`, `GL_OTHER`}} {
		require.Contains(t, call("ExecuteBillQuery", strings.Replace(query, change[0], change[1], 1)), `"IsSuccess":false`,
			change[1])
	}
}
