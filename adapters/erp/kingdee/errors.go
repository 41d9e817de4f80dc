package kingdee

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"

	"github.com/countersign/countersign/adapters/erp/port"
)

// words sorts what K3Cloud says, in Chinese, into our codes; the first match
// wins. The texts are those seen in public; sites and patch levels differ.
var words = []port.Words{
	{Text: regexp.MustCompile(`已结账|已关账|已关闭的?期间|期间已关闭|不在.{0,6}期间`), Code: port.CodeClosedPeriod},
	{Text: regexp.MustCompile(`借贷不平|借贷.{0,6}不(相等|平衡)|借方.{0,8}贷方.{0,8}不`), Code: port.CodeUnbalanced},
	{Text: regexp.MustCompile(`(核算维度|供应商|客户|员工|职员|往来).{0,30}(不存在|必录|必填|不能为空|未找到|禁用)`), Code: port.CodeUnknownParty},
	{Text: regexp.MustCompile(`科目.{0,30}(不存在|禁用|未找到|无效|必录|必填|不能为空|非明细|不是明细)`), Code: port.CodeUnknownAccount},
	{Text: regexp.MustCompile(`(没有|无|缺少).{0,20}权限|未授权`), Code: port.CodeNotAllowed},
	{Text: regexp.MustCompile(`过于频繁|请求频率|超过.{0,10}(次数|频率)|限流`), Code: port.CodeRateLimited},
	{Text: regexp.MustCompile(`网络控制|网控|正在被.{0,20}(编辑|操作|使用)`), Code: port.CodeUnavailable},
}

// sessionLost is what a session is told that ended: nothing was run.
var sessionLost = regexp.MustCompile(`会话信息已丢失|请重新登录`)

// status is the ResponseStatus of an answer.
type status struct {
	IsSuccess flag
	MsgCode   json.Number
	Errors    []struct {
		FieldName string
		Message   string
	}
	SuccessEntitys []struct {
		ID     json.RawMessage `json:"Id"`
		Number string
	}
}

// flag is true, "true" or "True": old sites write text.
type flag bool

// UnmarshalJSON reads either form.
func (f *flag) UnmarshalJSON(text []byte) error {
	*f = flag(strings.EqualFold(strings.Trim(string(text), `"`), "true"))
	return nil
}

// said joins what the errors say, each once.
func (s status) said() string {
	var all []string
	seen := map[string]bool{}
	for _, e := range s.Errors {
		if text := strings.TrimSpace(e.Message); text != "" && !seen[text] {
			seen[text] = true
			all = append(all, text)
		}
	}
	if len(all) == 0 {
		return "refused without words"
	}
	return strings.Join(all, "; ")
}

// result is the answer of an operation.
type result struct {
	Result struct {
		ResponseStatus *status
		ID             json.RawMessage `json:"Id"`
		Number         string
	}
}

// statusOf finds the ResponseStatus of an operation or, two lists deep, of a
// query that failed; nil where there is none.
func statusOf(answer json.RawMessage) *status {
	answer = bytes.TrimSpace(answer)
	if len(answer) > 0 && answer[0] == '[' {
		var rows [][]json.RawMessage
		if json.Unmarshal(answer, &rows) != nil || len(rows) != 1 || len(rows[0]) != 1 {
			return nil
		}
		answer = rows[0][0]
	}
	var got result
	if json.Unmarshal(answer, &got) != nil {
		return nil
	}
	return got.Result.ResponseStatus
}

func lostSession(answer json.RawMessage) bool {
	s := statusOf(answer)
	return s != nil && !bool(s.IsSuccess) && (s.MsgCode == "1" || sessionLost.MatchString(s.said()))
}

// gatewayFault turns an HTTP status into a fault. 519 is the gateway's own, and
// comes before anything runs.
func gatewayFault(code int, body []byte, writes bool, hide func(string) string) error {
	var gateway struct {
		Code        json.Number `json:"errcode"`
		Description string      `json:"description"`
	}
	if code != 519 || json.Unmarshal(body, &gateway) != nil {
		return port.Status(code, writes)
	}
	said := hide("gateway " + gateway.Code.String() + " " + gateway.Description)
	switch gateway.Code {
	case "4002": // no AppID
		return port.Fault(port.CodeNotAllowed, said)
	case "4006": // the timestamp is too old: one of the two clocks is wrong
		return port.Fault(port.CodeNotAllowed, said+": compare the clocks")
	case "5001": // no such API: the address, or the site's patch level
		return port.Fault(port.CodeUnsupported, said)
	}
	return port.Unclear(said, writes)
}
