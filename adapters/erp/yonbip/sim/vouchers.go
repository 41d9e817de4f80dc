package sim

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/countersign/countersign/adapters/erp/simbooks"
)

// fields are this tenant's dimensions: filedCode → name, as docType tells it.
var fields = map[string]string{"0001": "department", "0003": "employee", "0004": "supplier", "0010": "project"}

// sent is the body of addVoucher as far as this tenant reads it.
type sent struct {
	Book        string      `json:"accbookCode"`
	Type        string      `json:"voucherTypeCode"`
	Mobile      string      `json:"makerMobile"`
	Mail        string      `json:"makerEmail"`
	MakeTime    string      `json:"makeTime"`
	Period      string      `json:"period"`
	BusinessID  string      `json:"businessId"`
	Description string      `json:"description"`
	ExternalID  string      `json:"externalSourceDataId"`
	Data        any         `json:"data"`
	Bodies      []sentEntry `json:"bodies"`
}

type sentEntry struct {
	Description    string `json:"description"`
	Account        string `json:"accsubjectCode"`
	Currency       string `json:"currencyCode"`
	DebitOriginal  json.Number
	DebitOrg       json.Number
	CreditOriginal json.Number
	CreditOrg      json.Number
	RateType       string
	RateOrg        json.Number
	Auxiliary      []struct {
		Filed string `json:"filedCode"`
		Value string `json:"valueCode"`
	} `json:"clientAuxiliaryList"`
}

func (s *Server) add(body []byte) (any, string) {
	var in sent
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, "凭证保存不成功,参数格式错误 " + err.Error()
	}
	switch {
	case in.Data != nil:
		return nil, "凭证保存不成功,账簿code不能为空！" // the body has no «data» around it
	case in.Book != Book:
		return nil, "凭证保存不成功,账簿code不能为空！"
	case in.Type != Type:
		return nil, "凭证保存不成功,凭证类型不存在"
	case in.Mobile == "" && in.Mail == "":
		return nil, "凭证保存不成功,制单人手机号、邮箱不能都为空"
	case len(in.MakeTime) != 10 || in.Period != "" && in.Period != in.MakeTime[:7]:
		return nil, "凭证保存不成功,制单日期不在会计期间内"
	}
	// What YonBIP looks at is the businessId; tests count by the external id.
	v := simbooks.Voucher{Ref: in.ExternalID, Date: in.MakeTime, State: "01",
		Extra: map[string]string{"description": in.Description, "business": in.BusinessID}}
	for i, e := range in.Bodies {
		line, no := e.line()
		if no != "" {
			return nil, fmt.Sprintf("凭证保存不成功,第%d行分录%s", i+1, no)
		}
		v.Lines = append(v.Lines, line)
	}
	s.mutex.Lock() // the look and the write are one, as a unique key makes them
	defer s.mutex.Unlock()
	same := func(o simbooks.Voucher) bool { return in.BusinessID != "" && o.Extra["business"] == in.BusinessID }
	if len(s.Books.Where(same)) > 0 {
		return nil, "凭证保存不成功,凭证已存在,重复的业务唯一标识" + in.BusinessID
	}
	made, no := s.Books.Add(v, false)
	if no != nil {
		return nil, "凭证保存不成功," + sentence(no)
	}
	return made, ""
}

func (e sentEntry) line() (simbooks.Line, string) {
	l := simbooks.Line{Account: e.Account, Text: e.Description, Currency: e.Currency, Dimensions: map[string]string{},
		Extra: map[string]string{"rate": e.RateOrg.String(), "debit": e.DebitOriginal.String(),
			"credit": e.CreditOriginal.String()}}
	if e.Description == "" {
		return l, "摘要不能为空"
	}
	if e.Currency != "" && e.Currency != "CNY" && (e.RateType != "02" || e.RateOrg == "") {
		return l, "汇率不能为空"
	}
	debit, credit := e.DebitOriginal != "" && e.DebitOrg != "", e.CreditOriginal != "" && e.CreditOrg != ""
	if debit == credit || (e.DebitOrg == "") != (e.DebitOriginal == "") ||
		(e.CreditOrg == "") != (e.CreditOriginal == "") {
		return l, "借贷不能同时填写；原币和本币都要填写"
	}
	var ok, other bool
	l.Debit, ok = simbooks.Minor(orZero(e.DebitOrg))
	l.Credit, other = simbooks.Minor(orZero(e.CreditOrg))
	if !ok || !other || l.Debit < 0 || l.Credit < 0 {
		return l, "金额格式错误"
	}
	for _, a := range e.Auxiliary {
		if fields[a.Filed] == "" || a.Value == "" {
			return l, "辅助核算项" + a.Filed + "不存在"
		}
		l.Dimensions[fields[a.Filed]] = a.Value
	}
	return l, ""
}

func orZero(n json.Number) string {
	if n == "" {
		return "0"
	}
	return n.String()
}

func sentence(no *simbooks.Refusal) string {
	line := fmt.Sprintf("第%d行分录", no.Line)
	switch no.Why {
	case simbooks.ClosedPeriod:
		return "会计期间" + no.Value + "已结账"
	case simbooks.UnknownAccount:
		return line + "科目" + no.Value + "不存在"
	case simbooks.UnknownPerson:
		return line + "辅助核算的值" + no.Value + "不存在"
	case simbooks.NotKept:
		return line + "科目没有设置辅助核算" + no.Value
	case simbooks.MissingPerson:
		return line + "缺少辅助核算" + no.Value + "，辅助核算必输"
	case simbooks.Unbalanced:
		return "借贷不平"
	case simbooks.Empty:
		return "分录不能少于两行"
	}
	return "未找到相应凭证"
}

// saved is what addVoucher answers.
func saved(v simbooks.Voucher) any {
	return map[string]any{"voucherId": id(v), "voucherStatus": v.State, "period": v.Date[:7], "billCode": v.ID - 100000}
}

func id(v simbooks.Voucher) string { return strconv.FormatInt(v.ID, 10) }

func (s *Server) list(body []byte) (any, string) {
	q := struct {
		Pager struct {
			PageIndex, PageSize int
		}
		AccbookCode                string
		PeriodStart, PeriodEnd     string
		MakeTimeStart, MakeTimeEnd string
		VoucherTypeCodeList        []string
	}{PeriodStart: s.Now().Format("2006-01"), PeriodEnd: s.Now().Format("2006-01")}
	if json.Unmarshal(body, &q) != nil || q.AccbookCode != Book {
		return nil, "账簿code不能为空！"
	}
	size, page := q.Pager.PageSize, q.Pager.PageIndex
	if size < 1 || size > 1000 || page < 1 {
		return nil, "每页最多1000"
	}
	found := s.Books.Where(func(v simbooks.Voucher) bool {
		return q.PeriodStart <= v.Date[:7] && v.Date[:7] <= q.PeriodEnd && q.MakeTimeStart <= v.Date &&
			(q.MakeTimeEnd == "" || v.Date <= q.MakeTimeEnd) &&
			(len(q.VoucherTypeCodeList) == 0 || slices.Contains(q.VoucherTypeCodeList, Type))
	})
	records := []any{}
	for _, v := range found[min((page-1)*size, len(found)):min(page*size, len(found))] {
		records = append(records, map[string]any{"header": map[string]any{"id": id(v), "billcode": v.ID - 100000,
			"displayname": "记-" + id(v), "description": v.Extra["description"], "voucherstatus": v.State, "period": v.Date[:7],
			"maketime": v.Date}, "body": []any{}})
	}
	return map[string]any{"pageIndex": page, "pageSize": size, "recordCount": len(found), "recordList": records}, ""
}

func (s *Server) one(body []byte) (any, string) {
	var q struct{ VoucherID string }
	_ = json.Unmarshal(body, &q)
	found := s.Books.Where(func(v simbooks.Voucher) bool { return id(v) == q.VoucherID })
	if len(found) != 1 {
		return nil, "未找到相应凭证！"
	}
	v := found[0]
	bodies := []any{}
	for _, l := range v.Lines {
		auxiliary := []any{}
		for _, dimension := range slices.Sorted(maps.Keys(l.Dimensions)) {
			auxiliary = append(auxiliary, map[string]any{"dataType": "doc", "docType": dimension,
				"code": l.Dimensions[dimension],
				"name": s.Books.Values[dimension][l.Dimensions[dimension]]})
		}
		bodies = append(bodies, map[string]any{"accSubject": "ACC-" + l.Account, "description": l.Text,
			"debitOrg": json.Number(simbooks.Text(l.Debit)), "creditOrg": json.Number(simbooks.Text(l.Credit)),
			"debitGlobal":    "",
			"debitOriginal":  json.Number(orZero(json.Number(l.Extra["debit"]))),
			"creditOriginal": json.Number(orZero(json.Number(l.Extra["credit"]))), "clientAuxiliary": auxiliary})
	}
	return map[string]any{"id": id(v), "externalSourceDataId": v.Ref, "periodUnion": v.Date[:7], "billCode": v.ID - 100000,
		"makeTime": v.Date, "displayName": "记-" + id(v), "voucherStatus": v.State, "description": v.Extra["description"],
		"bodies": bodies}, ""
}

func (s *Server) remove(body []byte) (any, string) {
	var q struct{ Ids []string }
	if json.Unmarshal(body, &q) != nil || len(q.Ids) != 1 {
		return nil, "目前只支持单个ID删除"
	}
	key, _ := strconv.ParseInt(q.Ids[0], 10, 64)
	_, no := s.Books.Change(key, func(v *simbooks.Voucher) *simbooks.Refusal {
		if !strings.Contains("00 01 02", v.State) {
			return &simbooks.Refusal{Why: simbooks.Final}
		}
		v.State = "deleted"
		return nil
	})
	if no != nil {
		return nil, "凭证删除异常，未找到相应凭证！"
	}
	return map[string]any{}, ""
}

func sorted(names map[string]string) []string { return slices.Sorted(maps.Keys(names)) }

func rows(prefix string, names map[string]string) []any {
	all := []any{}
	for _, code := range sorted(names) {
		all = append(all, map[string]any{"id": prefix + code, "code": code, "name": names[code]})
	}
	return all
}

// page cuts rows: pageIndex counts from one.
func page(body []byte, all []any) ([]any, string) {
	var q struct{ PageIndex, PageSize int }
	if json.Unmarshal(body, &q) != nil || q.PageIndex < 1 || q.PageSize < 1 {
		return nil, "查询失败：缺少分页参数"
	}
	return all[min((q.PageIndex-1)*q.PageSize, len(all)):min(q.PageIndex*q.PageSize, len(all))], ""
}

func (s *Server) accounts(body []byte) (any, string) {
	names := map[string]string{}
	for code, a := range s.Books.Accounts {
		names[code] = a.Name
	}
	return page(body, rows("ACC-", names))
}

func (s *Server) periods(body []byte) (any, string) {
	names := map[string]string{}
	for _, p := range s.Books.Periods {
		names[p.From[:7]] = p.From[:7]
	}
	return page(body, rows("P-", names))
}

func (s *Server) vendors(body []byte) (any, string) {
	found, no := page(body, rows("V-", s.Books.Values["supplier"]))
	return map[string]any{"recordList": found}, no
}

// head is the department above all others.
const head = "HQ"

func (s *Server) departments([]byte) (any, string) {
	below := maps.Clone(s.Books.Values["department"])
	delete(below, head)
	return []any{map[string]any{"id": "D-0", "code": head, "name": s.Books.Values["department"][head],
		"children": rows("D-", below)}}, ""
}
