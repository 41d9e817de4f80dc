package kingdee

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
)

// TestVectors holds the signatures against vectors made apart from this code;
// the last one is published by the vendor, for a sister gateway.
func TestVectors(t *testing.T) {
	const appID = "200001_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
	client, key, err := clientKey(appID)
	require.NoError(t, err)
	require.Equal(t, [2]string{"200001", "MDE3N2I2PzBrPzg4OD45N3IhK3B1InIk"}, [2]string{client, key})
	h := http.Header{}
	signer{appID: appID, appSecret: "app-secret-1", clientID: client, clientKey: key, account: "62cfa6d6a2e7c1",
		user:  "demo",
		orgID: "0"}.sign(h, "/k3cloud/Kingdee.BOS.WebApi.ServicesStub.DynamicFormService.Save.common.kdsvc", "1700000000",
		"N1")
	for name, want := range map[string]string{
		"X-Api-Signature": "ZDkwYWQzMDAxZTMxN2FjZjkxMDJkNWY1NmNjYzViZDk3YzZmYmI0YzlmMDkxMThhODBiZTJjMTQ2ZGZlZTE3Yw==",
		"X-Kd-Appdata":    "NjJjZmE2ZDZhMmU3YzEsZGVtbywyMDUyLDA=",
		"X-Kd-Signature":  "MTE1M2I5YTRhNGZhYWNiOGQyMDkyZDY5MmVmYjViNzI0Y2NhMDE4OTRmMzg0OWMxNTcwMzQ2YTY5ODY4Y2VkNg==",
		"X-Api-Clientid":  "200001", "X-Kd-Appkey": appID, "X-Api-Timestamp": "1700000000", "X-Api-Nonce": "N1",
		"X-Api-Signheaders": "x-api-timestamp,x-api-nonce", "X-Api-Auth-Version": "2.0",
	} {
		require.Equal(t, want, h.Get(name), name)
	}
	require.Equal(t, "99e30322add464bbf7f0fba0d8b4535b9430e153a029c1b9a70c9c607419331d",
		loginSign("62cfa6d6a2e7c1", "demo", "200001_ABCDEFGHIJ", "app-secret-1", "1700000000"))
	require.Equal(t, "ZDljMTI3NGIyNTE1MTRkYzlkNjc1MDNhYjUzMzgzNWMyY2M4YTdjMzdmNmM3YTVlNDkxMTkzNjdiOTFjNzUyZQ==",
		hexThenBase64("abc123", "abc"))
	for _, wrong := range []string{"", "200001", "_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX", "200001_AAEC", "200001_!!!!"} {
		_, _, err := clientKey(wrong)
		require.Error(t, err, wrong)
	}
}

// TestErrorTable proves what each answer asks the caller to do next.
func TestErrorTable(t *testing.T) {
	same := func(words string) string { return words }
	for _, tt := range []struct {
		status int
		body   string
		code   string
	}{
		{519, `{"errcode":4002,"description":"app id empty"}`, "erp.not_allowed"},
		{519, `{"errcode":"4006"}`, "erp.not_allowed"},
		{519, `{"errcode":5001}`, "erp.unsupported"},
		{519, `{"errcode":9999}`, "erp.unknown"},
		{519, `<html>`, "erp.unknown"},
		{500, ``, "erp.unknown"}, {502, ``, "erp.unknown"}, {408, ``, "erp.unknown"},
		{401, ``, "erp.not_allowed"}, {429, ``, "erp.rate_limited"}, {404, ``, "erp.unavailable"}, {302, ``, "erp.refused"},
	} {
		require.Equal(t, tt.code, fault.CodeOf(gatewayFault(tt.status, []byte(tt.body), true, same)), "%d %s", tt.status,
			tt.body)
	}
	require.True(t, lostSession([]byte(`[[{"Result":{"ResponseStatus":{"IsSuccess":"False","MsgCode":1,"Errors":[]}}}]]`)))
	require.False(t, lostSession([]byte(`[[1,"x"]]`)))
	require.False(t, lostSession([]byte(`{"Result":{"ResponseStatus":{"IsSuccess":"true","MsgCode":1}}}`)))
}

func TestRate(t *testing.T) {
	for _, tt := range []struct {
		amount, base money.Amount
		want         string
	}{
		{money.Amount{Minor: 10000, Currency: "EUR"}, money.Amount{Minor: 78125, Currency: "CNY"}, "7.8125"},
		{money.Amount{Minor: 1000, Currency: "JPY"}, money.Amount{Minor: 4870, Currency: "CNY"}, "0.0487"},
		{money.Amount{Minor: 300, Currency: "EUR"}, money.Amount{Minor: 100, Currency: "CNY"}, "0.3333333333"},
		{money.Amount{Minor: 5, Currency: "CNY"}, money.Amount{Minor: 5, Currency: "CNY"}, "1"},
		{money.Amount{Minor: 100, Currency: "USD"}, money.Amount{Minor: 1000, Currency: "CNY"}, "10"},
	} {
		require.Equal(t, tt.want, rate(tt.amount, tt.base).String())
	}
	require.Equal(t, "-128.50", turned("128.50").String())
	require.Equal(t, "128.50", turned("-128.50").String())
}
