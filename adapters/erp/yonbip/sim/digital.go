package sim

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"
)

// staffMost is how many employees a page has at most.
const staffMost = 500

// What of the rates is this tenant's own.
const (
	RateType = "E001"
	Scheme   = "G001ZM0000DEFAULTRATESCHEME00001"
)

// Rate is one rate 汇率. Direct and Indirect are numbers as they are written.
type Rate struct {
	Source, Target, Day, Scheme, Type string
	Direct, Indirect                  string
	Method, Enable                    int
}

// rates are those of a tenant that keeps its books in CNY, with some that nobody may count with.
func rates(now time.Time) []Rate {
	day := func(back int) string { return now.UTC().AddDate(0, 0, -back).Format(time.DateOnly) }
	all := []Rate{
		{Source: "EUR", Day: day(900), Direct: "7.1", Indirect: "0.140845"},   // the next one replaced it long ago
		{Source: "EUR", Day: day(500), Direct: "7.5", Indirect: "0.133333"},   // held when the reading begins
		{Source: "EUR", Day: day(10), Direct: "7.80", Indirect: "0.12820513"}, // holds
		{Source: "JPY", Day: day(30), Direct: "20.4", Indirect: "0.049", Method: 2},
		{Source: "GBP", Day: day(5), Direct: "123456.123456789012", Indirect: "0.0000081"}, // a float has not as many digits
		{Source: "USD", Day: day(2000), Direct: "6.9", Indirect: "0.144928"},               // old, and holds
		{Source: "CHF", Day: day(3), Direct: "8.2", Indirect: "0.12195", Method: 3},
		{Source: "HKD", Day: day(3), Direct: "0.9", Indirect: "1.1111", Enable: 2},
		{Source: "EUR", Day: day(2), Direct: "9.9", Indirect: "0.1010", Enable: 2},
		{Source: "EUR", Day: day(1), Direct: "7.9", Indirect: "0.1266", Type: "E002"},
		{Source: "EUR", Target: "USD", Day: day(1), Direct: "1.1", Indirect: "0.9091"},
		{Source: "CNY", Target: "EUR", Day: day(1), Direct: "0.128", Indirect: "7.8125"},
	}
	for i := range all {
		r := &all[i]
		r.Scheme = Scheme
		if r.Target == "" {
			r.Target = "CNY"
		}
		if r.Type == "" {
			r.Type = RateType
		}
		if r.Method == 0 {
			r.Method = 1
		}
		if r.Enable == 0 {
			r.Enable = 1
		}
	}
	return all
}

// sheet is one page, as the digital model answers.
func sheet(index, size int, all []any) map[string]any {
	return map[string]any{"pageIndex": index, "pageSize": size, "recordCount": len(all),
		"pageCount":  strconv.Itoa((len(all) + size - 1) / size),
		"recordList": all[min((index-1)*size, len(all)):min(index*size, len(all))]}
}

// asked reads the page that a body asks for; most 0 = any size.
func asked(body []byte, most int) (index, size int, no string) {
	var q struct{ PageIndex, PageSize *int }
	switch {
	case json.Unmarshal(body, &q) != nil:
		return 0, 0, "参数格式错误"
	case q.PageIndex == nil || *q.PageIndex < 1:
		return 0, 0, "pageIndex不能为空"
	case q.PageSize == nil || *q.PageSize < 1:
		return 0, 0, "pageSize不能为空"
	case most > 0 && *q.PageSize > most:
		return 0, 0, "pageSize不能大于" + strconv.Itoa(most)
	}
	return *q.PageIndex, *q.PageSize, ""
}

func (s *Server) listRates(body []byte) (any, string) {
	index, size, no := asked(body, 0)
	if no != "" {
		return nil, no
	}
	if s.RatesMost > 0 {
		size = min(size, s.RatesMost)
	}
	all := []any{}
	for i, r := range s.Rates {
		all = append(all, map[string]any{"id": "R-" + strconv.Itoa(i+1),
			"sourceCurrencyId": "C-" + r.Source, "sourceCurrencyId___code": r.Source,
			"sourceCurrencyId___name": languages(r.Source),
			"targetCurrencyId":        "C-" + r.Target, "targetCurrencyId___code": r.Target,
			"targetCurrencyId___name": languages(r.Target),
			"quotationDate":           r.Day, "exchangerateSchemeId": r.Scheme, "exchangeRateType": "T-" + r.Type,
			"exchangeRateType___code": r.Type, "exchangeRate": json.Number(r.Direct),
			"indirectExchangeRate": json.Number(r.Indirect), "exchangeConversionMethod": r.Method, "enable": r.Enable,
			"pubts": r.Day + " 08:00:00"})
	}
	return sheet(index, size, all), ""
}

func languages(name string) map[string]any {
	return map[string]any{"zh_CN": name, "en_US": nil, "zh_TW": nil}
}

// staff are the employees of the books, one who left and one who has not begun.
func (s *Server) staff(body []byte) (any, string) {
	index, size, no := asked(body, staffMost)
	if no != "" {
		return nil, no
	}
	q := struct{ Enable []int }{Enable: []int{1}}
	if json.Unmarshal(body, &q) != nil {
		return nil, "参数格式错误"
	}
	all := []any{}
	add := func(code, name string, enable int) {
		if slices.Contains(q.Enable, enable) {
			all = append(all, map[string]any{"id": "S-" + code, "code": code, "name": name, "enable": enable, "email": "",
				"mobile": ""})
		}
	}
	for _, code := range sorted(s.Books.Values["employee"]) {
		add(code, s.Books.Values["employee"][code], 1)
	}
	add("qian", "钱离", 2)
	add("sun", "孙新", 0)
	return sheet(index, size, all), ""
}

// projects are those of the books, and one that is over.
func (s *Server) projects(body []byte) (any, string) {
	index, size, no := asked(body, 0)
	if no != "" {
		return nil, no
	}
	all := []any{}
	for _, code := range sorted(s.Books.Values["project"]) {
		all = append(all, map[string]any{"id": "PRJ-" + code, "code": code,
			"name": languages(s.Books.Values["project"][code]), "enable": 1})
	}
	all = append(all, map[string]any{"id": "PRJ-P-OLD", "code": "P-OLD", "name": languages("旧办公室"), "enable": 2})
	return sheet(index, size, all), ""
}
