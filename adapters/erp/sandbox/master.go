package sandbox

import (
	"fmt"
	"time"
)

// Account is a ledger account of the sandbox. 会计科目
type Account struct {
	Code          string `json:"code"`
	Name          string `json:"name"`
	PartyRequired bool   `json:"party_required"`
	Active        bool   `json:"active"`
}

// Party is somebody the books know. 往来单位
type Party struct {
	Code string `json:"code"`
	Name string `json:"name"`
	Kind string `json:"kind"` // employee or supplier
}

// Period is one month. 会计期间
type Period struct {
	Name string `json:"name"` // 2026-03
	From string `json:"from"`
	To   string `json:"to"`
	Open bool   `json:"open"`
}

// Currency is a currency and its decimals.
type Currency struct {
	Code   string `json:"code"`
	Digits int    `json:"digits"`
}

// CostCenter is a cost center. 成本中心
type CostCenter struct {
	Code string `json:"code"`
	Name string `json:"name"`
}

// baseCurrency is that of a voucher which names none.
const baseCurrency = "CNY"

var currencies = []Currency{{"CNY", 2}, {"EUR", 2}, {"USD", 2}, {"GBP", 2}, {"HKD", 2}, {"JPY", 0}}

// digitsOf tells the decimals of a currency.
func digitsOf(code string) (int, bool) {
	for _, c := range currencies {
		if c.Code == code {
			return c.Digits, true
		}
	}
	return 0, false
}

var costCenters = []CostCenter{
	{"CC-MGMT", "总经办 Management"}, {"CC-SALES", "销售部 Sales"}, {"CC-ENG", "研发部 Engineering"},
	{"CC-FIN", "财务部 Finance"}, {"CC-SALES-DE", "柏林销售部 Sales Berlin"},
}

// Named is an employee, a department or a project.
type Named struct {
	Code string `json:"code"`
	Name string `json:"name"`
}

// Rate is an exchange rate: from a day on, one unit of Of is Value units of In. 汇率
type Rate struct {
	Of    string `json:"of"`
	In    string `json:"in"`
	Date  string `json:"date"`
	Value string `json:"value"`
}

var (
	departments = []Named{{"mgmt", "总经办 Management"}, {"sales", "销售部 Sales"}, {"eng", "研发部 Engineering"},
		{"fin", "财务部 Finance"}}
	projects = []Named{{"P-001", "华东展会 East China fair"}, {"P-002", "新办公室 New office"}}
)

// employees are the parties who work here.
func (b *books) employees() []Named {
	var all []Named
	for _, p := range sortedValues(b.parties) {
		if p.Kind == "employee" {
			all = append(all, Named{p.Code, p.Name})
		}
	}
	return all
}

// ratesOf are the rates of a month, from its first day on.
func ratesOf(now time.Time) []Rate {
	first := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
	return []Rate{{"EUR", baseCurrency, first, "7.8125"}, {"USD", baseCurrency, first, "7.1"},
		{"JPY", baseCurrency, first, "0.0476"}}
}

func chart() map[string]Account {
	accounts := map[string]Account{}
	for _, a := range []struct {
		code, name string
		party      bool
	}{
		{"1001", "库存现金 Cash", false},
		{"1002", "银行存款 Bank", false},
		{"1122", "应收账款 Receivable", true},
		{"1123", "预付账款 Prepayments", true},
		{"1221", "其他应收款 Other receivables", true},
		{"2202", "应付账款 Payable", true},
		{"2211", "应付职工薪酬 Staff payable", true},
		{"2221", "应交税费 Taxes payable", false},
		{"222101", "应交增值税（进项税额） Input VAT", false},
		{"2241", "其他应付款 Other payables", true},
		{"6001", "主营业务收入 Revenue", false},
		{"6601", "销售费用 Selling expense", false},
		{"6602", "管理费用 Administrative expense", false},
		{"660201", "差旅费 Travel", false},
		{"660202", "业务招待费 Entertainment", false},
		{"660203", "办公费 Office", false},
		{"660204", "交通费 Transport", false},
		{"660205", "通讯费 Telecom", false},
		{"660206", "培训费 Training", false},
		{"660207", "软件与服务 Software and services", false},
		{"6603", "财务费用 Finance expense", false},
	} {
		accounts[a.code] = Account{Code: a.code, Name: a.name, PartyRequired: a.party, Active: true}
	}
	return accounts
}

func parties() map[string]Party {
	all := map[string]Party{}
	for _, p := range []Party{
		{"lin", "林晓", "employee"}, {"zhao", "赵敏", "employee"}, {"wang", "王芳", "employee"}, {"chen", "陈磊", "employee"},
		{"liu", "刘强", "employee"}, {"sun", "孙悦", "employee"}, {"admin", "何静", "employee"}, {"audit", "周明", "employee"},
		{"emma", "Emma Brown", "employee"}, {"max", "Max Weber", "employee"},
		{"SUP001", "上海启明办公用品有限公司", "supplier"}, {"SUP002", "杭州云帆信息服务有限公司", "supplier"},
		{"SUP003", "云杉投资管理有限公司", "supplier"},
	} {
		all[p.Code] = p
	}
	return all
}

// periodsAround lists the months of last year, this year and next year. The
// January of last year is closed.
func periodsAround(now time.Time) []Period {
	var all []Period
	for year := now.Year() - 1; year <= now.Year()+1; year++ {
		for month := time.January; month <= time.December; month++ {
			first := time.Date(year, month, 1, 0, 0, 0, 0, time.UTC)
			all = append(all, Period{Name: fmt.Sprintf("%d-%02d", year, month), From: first.Format(time.DateOnly),
				To: first.AddDate(0, 1, -1).Format(time.DateOnly), Open: year != now.Year()-1 || month != time.January})
		}
	}
	return all
}
