package yonbip

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
)

// TestVectors holds the signature against a vector made apart from this code.
func TestVectors(t *testing.T) {
	values := url.Values{"timestamp": {"1700000000000"}, "appKey": {"ak1"}}
	sign := signature("secret1", values)
	require.Equal(t, "oHmBL7Wd1T5p2FsGPjEV2EH/zjT2i20/XrQ2idU2lW4=", sign)
	values.Set("signature", sign)
	require.Contains(t, values.Encode(), "signature=oHmBL7Wd1T5p2FsGPjEV2EH%2FzjT2i20%2FXrQ2idU2lW4%3D", "encoded once")
}

// TestErrorTable proves what each answer asks the caller to do next.
func TestErrorTable(t *testing.T) {
	c := &client{secret: "hidden-secret"}
	for _, tt := range []struct {
		status int
		body   string
		code   string
	}{
		{200, `{"code":200,"message":"OK","data":{}}`, ""},
		{200, `{"code":"200","data":{}}`, ""},
		{404, `{"code":"310404","message":"网关上没有注册此API"}`, port.CodeUnsupported},
		{200, `{"code":"310046","message":"限流"}`, port.CodeRateLimited},
		{200, `{"code":"310504","message":"凭证已存在"}`, port.CodeUnavailable},
		{200, `{"code":"404","message":"账簿code不能为空！"}`, port.CodeRefused},
		{200, `{"code":"999","message":"服务端逻辑异常"}`, port.CodeUnknown},
		{200, `{"code":"999","message":"凭证保存不成功,借贷不平"}`, port.CodeUnbalanced},
		{200, `非法token`, port.CodeNotAllowed},
		{200, `<html>`, port.CodeUnknown},
		{502, ``, port.CodeUnknown},
		{429, ``, port.CodeRateLimited},
	} {
		_, err := c.data(port.Answer{Status: tt.status, Body: []byte(tt.body)}, request{writes: true})
		require.Equal(t, tt.code, fault.CodeOf(err), "%d %s", tt.status, tt.body)
	}
	_, err := c.data(port.Answer{Status: 200, Body: []byte(`{"code":"404","message":"bad hidden-secret"}`)}, request{})
	require.NotContains(t, err.Error(), "hidden-secret")
}
