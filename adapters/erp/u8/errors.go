package u8

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"

	"github.com/countersign/countersign/adapters/erp/port"
)

// words sorts what U8 says into our codes; the first match wins. U8's codes say
// little, and its documents list no sentence: these are how they go.
var words = []port.Words{
	{Text: regexp.MustCompile(`已结账|已记账的期间|会计期间.{0,12}(不存在|错误|关闭)|不在.{0,6}期间`), Code: port.CodeClosedPeriod},
	{Text: regexp.MustCompile(`借贷不平|借贷.{0,8}不(相等|平衡)|借方.{0,12}贷方.{0,12}不`), Code: port.CodeUnbalanced},
	{Text: regexp.MustCompile(`(辅助核算|供应商|客户|人员|职员|个人|往来).{0,30}(不存在|不能为空|必须|未录入|停用|非法)`), Code: port.CodeUnknownParty},
	{Text: regexp.MustCompile(`科目.{0,30}(不存在|不能为空|非末级|不是末级|停用|非法|封存)`), Code: port.CodeUnknownAccount},
	{Text: regexp.MustCompile(`(没有|无|未).{0,16}(权限|授权)`), Code: port.CodeNotAllowed},
	{Text: regexp.MustCompile(`频率|超过.{0,10}次数|过于频繁|调用次数`), Code: port.CodeRateLimited},
	{Text: regexp.MustCompile(`(?i)biz_?id.{0,20}(已存在|重复|已使用)|重复(提交|请求)`), Code: port.CodeUnavailable}, // look again
	{Text: regexp.MustCompile(`互斥|正在(结账|记账)|任务冲突|被.{0,10}(占用|锁定)`), Code: port.CodeUnavailable},
}

// tokenEnded is what a token is told that is not taken (any more).
var tokenEnded = regexp.MustCompile(`(?i)token.{0,80}(过期|失效|无效|不存在|非法|错误|invalid|expired)`)

// head is what begins every answer. errcode is text or a number.
type head struct {
	Code    json.RawMessage `json:"errcode"`
	Message string          `json:"errmsg"`
}

func (h head) code() string { return strings.Trim(string(h.Code), `"`) }

func said(answer port.Answer) (head, bool) {
	var h head
	err := json.Unmarshal(answer.Body, &h)
	return h, err == nil && len(h.Code) > 0
}

func badToken(answer port.Answer) bool {
	h, ok := said(answer)
	return ok && h.code() != "0" && tokenEnded.MatchString(h.Message)
}

// check turns an answer that is no success into a fault.
func (c *client) check(answer port.Answer, writes bool) error {
	h, ok := said(answer)
	switch {
	case answer.Status != http.StatusOK:
		return port.Status(answer.Status, writes)
	case !ok:
		return port.Unclear("not an answer of U8", writes)
	case h.code() == "0":
		return nil
	case badToken(answer):
		return port.Fault(port.CodeNotAllowed, "the gateway takes none of our tokens")
	}
	message := c.hide(strings.TrimSpace(h.Message))
	if strings.Contains(message, "超时") || strings.Contains(message, "连接") {
		return port.Unclear(message, writes) // the gateway lost the U8 behind it, at whatever point
	}
	return port.Sort(words, message)
}
