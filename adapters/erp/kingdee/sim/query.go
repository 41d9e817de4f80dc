package sim

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/adapters/erp/simbooks"
)

const limitMax = 2000

// question is the data of ExecuteBillQuery.
type question struct {
	FormID       string `json:"FormId"`
	FieldKeys    string
	FilterString string
	StartRow     int
	Limit        int
}

// comparison is the only kind of condition this site understands.
var comparison = regexp.MustCompile(`^\s*([A-Za-z_.]+)\s*(>=|<=|=|>| like )\s*('(?:[^']|'')*'|\d+)\s*$`)

// query answers with rows of bare cells in the order of the keys.
func (s *Server) query(w http.ResponseWriter, data json.RawMessage) {
	var q question
	if json.Unmarshal(data, &q) != nil || q.Limit < 1 || q.Limit > limitMax {
		s.refuse(w, "ExecuteBillQuery", "查询参数错误：每页最多 2000 行", 0)
		return
	}
	rows := s.rows(q.FormID)
	if rows == nil {
		s.refuse(w, "ExecuteBillQuery", "业务对象 "+q.FormID+" 不存在", 0)
		return
	}
	found := []any{}
	for _, row := range rows {
		matches, no := filtered(row, q.FilterString)
		if no == "" && matches {
			var cells []any
			if cells, no = pick(row, q.FieldKeys); no == "" {
				found = append(found, cells)
			}
		}
		if no != "" {
			s.refuse(w, "ExecuteBillQuery", no, 0)
			return
		}
	}
	found = found[min(q.StartRow, len(found)):]
	answer(w, found[:min(q.Limit, len(found))])
}

// row is one row by upper-case field key.
type row map[string]any

// filtered holds a row against conditions joined by «and»; text compares without case.
func filtered(r row, filter string) (bool, string) {
	if strings.TrimSpace(filter) == "" {
		return true, ""
	}
	for _, part := range strings.Split(filter, " and ") {
		c := comparison.FindStringSubmatch(part)
		if c == nil {
			return false, "过滤条件语法错误：" + part
		}
		cell, ok := r[strings.ToUpper(c[1])]
		if !ok {
			return false, "字段 " + c[1] + " 不存在"
		}
		if !holds(cell, c[2], strings.ReplaceAll(strings.Trim(c[3], "'"), "''", "'")) {
			return false, ""
		}
	}
	return true, ""
}

// holds compares as a database does: text without case, dates with their day alone.
func holds(cell any, how, want string) bool {
	have := fmt.Sprint(cell)
	if number, ok := cell.(int64); ok {
		have, want = fmt.Sprintf("%020d", number), fmt.Sprintf("%020s", want)
	}
	if len(have) == len("2006-01-02T15:04:05") && len(want) == len("2006-01-02") {
		want += "T00:00:00"
	}
	switch how {
	case "=":
		return strings.EqualFold(have, want)
	case ">":
		return have > want
	case ">=":
		return have >= want
	case "<=":
		return have <= want
	}
	start, open := strings.CutSuffix(want, "%")
	return open && strings.HasPrefix(strings.ToLower(have), strings.ToLower(start))
}

func pick(r row, keys string) ([]any, string) {
	var cells []any
	for _, key := range strings.Split(keys, ",") {
		cell, ok := r[strings.ToUpper(strings.TrimSpace(key))]
		if !ok {
			return nil, "字段 " + key + " 不存在"
		}
		cells = append(cells, cell)
	}
	return cells, ""
}

// rows are all rows of a form; nil for one that is not there.
func (s *Server) rows(form string) []row {
	switch form {
	case "GL_VOUCHER":
		rows := []row{}
		for _, v := range s.Books.Where(func(simbooks.Voucher) bool { return true }) {
			for _, l := range v.Lines {
				rows = append(rows, voucherRow(v, l))
			}
		}
		return rows
	case "BD_Account":
		names := map[string]string{}
		for code, a := range s.Books.Accounts {
			names[code] = a.Name
		}
		return s.base(names)
	case "BD_Supplier":
		return s.base(s.Books.Values["supplier"])
	case "BD_Empinfo":
		return s.base(s.Books.Values["employee"])
	case "BD_Department":
		return s.base(s.Books.Values["department"])
	case "BD_Currency":
		rows := s.base(map[string]string{"PRE001": "人民币", "PRE003": "欧元"})
		for _, r := range rows {
			r["FCODE"], r["FAMOUNTDIGITS"] = currencies[r["FNUMBER"].(string)], 2
		}
		return rows
	case "BD_Rate":
		return rates(time.Now())
	case "BD_Project":
		return s.base(s.Books.Values["project"])
	case "BD_AccountBook":
		rows := s.base(map[string]string{Book: "主账簿"})
		for _, p := range slices.Backward(s.Books.Periods) {
			if p.Open { // the oldest open one is the book's current one
				rows[0]["FCURRENTYEAR"], rows[0]["FCURRENTPERIOD"] = p.Year, p.Month
			}
		}
		return rows
	}
	return nil
}

// base are the rows of one kind of base data.
func (s *Server) base(names map[string]string) []row {
	rows := []row{}
	for _, code := range slices.Sorted(maps.Keys(names)) {
		rows = append(rows, row{"FNUMBER": code, "FNAME": names[code], "FFORBIDSTATUS": "A",
			"FMODIFYDATE": s.Books.Since.In(shanghai).Format(time.DateTime)})
	}
	return rows
}

// shanghai is the site's clock.
var shanghai = time.FixedZone("CST", 8*3600)

func voucherRow(v simbooks.Voucher, l simbooks.Line) row {
	r := row{"FVOUCHERID": v.ID, "FBILLNO": v.Number, "FDOCUMENTSTATUS": v.State, "FDATE": v.Date + "T00:00:00",
		Reference: v.Ref, "FACCOUNTBOOKID.FNUMBER": Book, "FACCOUNTID.FNUMBER": l.Account, "FEXPLANATION": l.Text,
		"FCURRENCYID.FNUMBER": l.Currency, "FEXCHANGERATE": json.Number(l.Extra["rate"]),
		"FAMOUNTFOR": json.Number(l.Foreign), "FDEBIT": decimals(l.Debit), "FCREDIT": decimals(l.Credit)}
	for field, dimension := range flex {
		r["FDETAILID."+field+".FNUMBER"] = l.Dimensions[dimension]
	}
	return r
}

// decimals writes an amount with the ten decimals that the database keeps.
func decimals(minor int64) json.Number { return json.Number(simbooks.Text(minor) + "00000000") }

// With matches the vouchers that carry a reference, for Books.Where.
func With(reference string) func(simbooks.Voucher) bool {
	return func(v simbooks.Voucher) bool { return v.Ref == reference }
}
