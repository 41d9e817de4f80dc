package sim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/countersign/countersign/adapters/erp/simbooks"
)

// flex are this site's dimensions 核算维度.
var flex = map[string]string{"FFLEX4": "supplier", "FFLEX5": "department", "FFLEX7": "employee",
	"F100002": "project"}

// names are what the dimensions are called in refusals.
var names = map[string]string{"supplier": "供应商", "department": "部门", "employee": "员工", "project": "项目"}

// currencies are this site's numbers.
var currencies = map[string]string{"PRE001": "CNY", "PRE003": "EUR"}

// operate carries an operation out and answers with its ResponseStatus.
func (s *Server) operate(w http.ResponseWriter, operation string, r request, old bool) {
	if operation == "ExecuteBillQuery" {
		s.query(w, r.Data)
		return
	}
	if r.FormID != "GL_VOUCHER" {
		s.refuse(w, operation, "业务对象 "+r.FormID+" 不存在", 0)
		return
	}
	var v simbooks.Voucher
	var no string
	switch operation {
	case "Save":
		v, no = s.save(r.Data)
	case "Submit":
		v, no = s.move(r.Data, "AD", "B", "提交")
	case "CancelAssign":
		v, no = s.move(r.Data, "B", "A", "撤销")
	case "Audit":
		v, no = s.move(r.Data, "B", "C", "审核")
	case "Delete":
		v, no = s.move(r.Data, "ADZ", "deleted", "删除")
	default:
		gateway(w, 5001, "no such API")
		return
	}
	if no != "" {
		s.refuse(w, operation, no, 11)
		return
	}
	var success any = true
	if old {
		success = "True"
	}
	answer(w, map[string]any{"Result": map[string]any{"Id": v.ID, "Number": v.Number, "ResponseStatus": map[string]any{
		"IsSuccess": success, "MsgCode": 0, "Errors": []any{},
		"SuccessEntitys": []any{map[string]any{"Id": v.ID, "Number": v.Number, "DIndex": 0}}}}})
}

type byNumber struct{ FNumber string }

// model is the Model of Save as far as this site reads it.
type model struct {
	ID     json.Number `json:"FVOUCHERID"`
	Book   byNumber    `json:"FAccountBookID"`
	Date   string      `json:"FDate"`
	Group  byNumber    `json:"FVOUCHERGROUPID"`
	Year   int         `json:"FYEAR"`
	Period int         `json:"FPERIOD"`
	Ref    string      `json:"F_CSN_REF"`
	Lines  []entry     `json:"FEntity"`
}

type entry struct {
	Text     string              `json:"FEXPLANATION"`
	Account  byNumber            `json:"FACCOUNTID"`
	Detail   map[string]byNumber `json:"FDetailID"`
	Currency byNumber            `json:"FCURRENCYID"`
	RateType byNumber            `json:"FEXCHANGERATETYPE"`
	Rate     json.Number         `json:"FEXCHANGERATE"`
	Amount   json.Number         `json:"FAMOUNTFOR"`
	Debit    json.Number         `json:"FDEBIT"`
	Credit   json.Number         `json:"FCREDIT"`
}

func (s *Server) save(data json.RawMessage) (simbooks.Voucher, string) {
	var sent struct{ Model model }
	if err := json.Unmarshal(data, &sent); err != nil {
		return simbooks.Voucher{}, "Json 格式错误：" + err.Error()
	}
	m := sent.Model
	switch {
	case m.ID != "0":
		return simbooks.Voucher{}, "凭证 " + m.ID.String() + " 不存在"
	case m.Book.FNumber != Book:
		return simbooks.Voucher{}, "账簿是必填项"
	case m.Group.FNumber == "":
		return simbooks.Voucher{}, "凭证字是必填项"
	case len(m.Date) != 10 || fmt.Sprintf("%04d-%02d", m.Year, m.Period) != m.Date[:7]:
		return simbooks.Voucher{}, "凭证日期不在会计期间内"
	}
	v := simbooks.Voucher{Ref: m.Ref, Date: m.Date, State: "A"}
	for i, e := range m.Lines {
		line, no := e.line()
		if no != "" {
			return v, fmt.Sprintf("第%d行分录，%s", i+1, no)
		}
		v.Lines = append(v.Lines, line)
	}
	v, no := s.Books.Add(v, false)
	return v, sentence(no)
}

// line reads one entry.
func (e entry) line() (simbooks.Line, string) {
	l := simbooks.Line{Account: e.Account.FNumber, Text: e.Text, Currency: e.Currency.FNumber, Foreign: e.Amount.String(),
		Dimensions: map[string]string{}, Extra: map[string]string{"rate": e.Rate.String()}}
	if currencies[l.Currency] == "" || e.RateType.FNumber != "HLTX01_SYS" || e.Rate == "" {
		return l, "币别或汇率类型不存在"
	}
	for key, value := range e.Detail {
		dimension := flex[strings.TrimPrefix(key, "FDETAILID__")]
		if dimension == "" || !strings.HasPrefix(key, "FDETAILID__") {
			return l, "核算维度字段 " + key + " 未找到"
		}
		l.Dimensions[dimension] = value.FNumber
	}
	if (e.Debit == "") == (e.Credit == "") {
		return l, "借方金额与贷方金额必须且只能录入一个"
	}
	var ok, other bool
	l.Debit, ok = simbooks.Minor(zero(e.Debit))
	l.Credit, other = simbooks.Minor(zero(e.Credit))
	if !ok || !other {
		return l, "金额格式错误"
	}
	return l, ""
}

func zero(n json.Number) string {
	if n == "" {
		return "0"
	}
	return n.String()
}

// move takes one voucher from one document status to the next.
func (s *Server) move(data json.RawMessage, from, to, what string) (simbooks.Voucher, string) {
	var sent struct {
		Numbers []string
		IDs     string `json:"Ids"`
	}
	id, err := int64(0), json.Unmarshal(data, &sent)
	if err == nil {
		id, err = strconv.ParseInt(sent.IDs, 10, 64)
	}
	if err != nil {
		return simbooks.Voucher{}, "请传入单据内码"
	}
	v, no := s.Books.Change(id, func(v *simbooks.Voucher) *simbooks.Refusal {
		if !strings.Contains(from, v.State) {
			return &simbooks.Refusal{Why: simbooks.Final, Value: v.State}
		}
		if no := s.Books.CheckDate(v.Date); no != nil && to != "deleted" {
			return no
		}
		v.State = to
		return nil
	})
	if no != nil && no.Why == simbooks.Final {
		return v, "单据状态为 " + no.Value + "，不允许" + what
	}
	return v, sentence(no)
}

// sentence says a refusal as K3Cloud might.
func sentence(no *simbooks.Refusal) string {
	if no == nil {
		return ""
	}
	line := fmt.Sprintf("第%d行分录，", no.Line)
	switch no.Why {
	case simbooks.ClosedPeriod:
		return "凭证日期 " + no.Value + " 所在会计期间已结账，不允许操作"
	case simbooks.UnknownAccount:
		return line + "科目 " + no.Value + " 不存在"
	case simbooks.UnknownPerson:
		return line + "核算维度的值 " + no.Value + " 不存在"
	case simbooks.NotKept:
		return line + "科目未设置核算维度 " + names[no.Value]
	case simbooks.MissingPerson:
		return line + "核算维度 " + names[no.Value] + " 必录"
	case simbooks.Unbalanced:
		return "凭证借贷不平，差额 " + no.Value
	case simbooks.Empty:
		return "凭证分录至少两行"
	}
	return "单据不存在或已被删除"
}
