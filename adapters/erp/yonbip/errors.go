package yonbip

import (
	"bytes"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"

	"github.com/countersign/countersign/adapters/erp/port"
)

// words sorts what YonBIP says into our codes; the first match wins. Only
// «账簿code不能为空» is in its documents, the rest is how its sentences go.
var words = []port.Words{
	{Text: regexp.MustCompile(`已结账|已关账|期间.{0,10}(关闭|不存在|未启用)`), Code: port.CodeClosedPeriod},
	{Text: regexp.MustCompile(`借贷不平|借贷.{0,10}不(相等|平衡)|借方.{0,12}贷方.{0,12}不`), Code: port.CodeUnbalanced},
	{Text: regexp.MustCompile(`(辅助核算|供应商|客户|人员|员工|往来).{0,40}(不存在|必输|必填|不能为空|未找到|停用|缺少)`), Code: port.CodeUnknownParty},
	{Text: regexp.MustCompile(`科目.{0,40}(不存在|停用|未找到|无效|不能为空|非末级|不是末级)`), Code: port.CodeUnknownAccount},
	{Text: regexp.MustCompile(`(没有|无|未获得|缺少).{0,20}(权限|授权)`), Code: port.CodeNotAllowed},
	// The first one is there: look again.
	{Text: regexp.MustCompile(`凭证.{0,20}(已存在|重复)|重复(提交|的?业务)`), Code: port.CodeUnavailable},
}

// What the platform says before a call reaches its service.
var platform = map[string]string{
	"310001": port.CodeNotAllowed, // no token
	"310036": port.CodeNotAllowed, // a token it does not take
	"310037": port.CodeNotAllowed, // the app may not call this interface
	"310005": port.CodeNotAllowed, // no such app
	"310404": port.CodeUnsupported,
	"310032": port.CodeRateLimited,
	"310039": port.CodeRateLimited,
	"310042": port.CodeRateLimited,
	"310046": port.CodeRateLimited,
	// Reported for a voucher that is there already.
	"310504": port.CodeUnavailable,
	"310074": port.CodeUnavailable,
}

// answered is the envelope of every answer. Its code is text or a number.
type answered struct {
	Code    json.RawMessage `json:"code"`
	Message string          `json:"message"`
	Data    json.RawMessage `json:"data"`
}

func (a answered) code() string { return strings.Trim(string(a.Code), `"`) }

// envelope reads an answer; nil for what is none.
func envelope(body []byte) *answered {
	var got answered
	if json.Unmarshal(bytes.TrimSpace(body), &got) != nil || len(got.Code) == 0 {
		return nil
	}
	return &got
}

// badToken says whether the gateway refused the token; some interfaces say so in
// plain text.
func badToken(answer port.Answer) bool {
	if got := envelope(answer.Body); got != nil {
		return got.code() == "310036" || got.code() == "310001"
	}
	return strings.TrimSpace(string(answer.Body)) == "非法token"
}

// data takes the data of a success, or turns the answer into a fault.
func (c *client) data(answer port.Answer, r request) (json.RawMessage, error) {
	got := envelope(answer.Body)
	switch {
	case badToken(answer):
		return nil, port.Fault(port.CodeNotAllowed, "the gateway takes none of our tokens")
	case got == nil && answer.Status == http.StatusOK:
		return nil, port.Unclear("not an answer of YonBIP", r.writes)
	case got == nil:
		return nil, port.Status(answer.Status, r.writes)
	}
	said := c.hide(strings.TrimSpace(got.code() + " " + got.Message))
	if code := platform[got.code()]; code != "" {
		return nil, port.Fault(code, said)
	}
	if answer.Status != http.StatusOK {
		return nil, port.Status(answer.Status, r.writes)
	}
	switch got.code() {
	case "200":
		return got.Data, nil
	case "404": // a refusal of the service, whatever the number looks like
		return nil, port.Sort(words, c.hide(got.Message))
	}
	// Any other code is an exception somewhere inside, unless its words are known.
	if err := port.Sort(words, c.hide(got.Message)); !isPlain(err) {
		return nil, err
	}
	return nil, port.Unclear(said, r.writes)
}
