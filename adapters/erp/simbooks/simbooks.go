// Package simbooks are the books behind the simulators of ERPs: what any ledger
// holds, and refuses, whichever protocol it speaks. It knows no connector, and
// no simulator takes its words from here: each says no in its ERP's own way.
package simbooks

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

// Why the books refuse.
const (
	ClosedPeriod   = "closed period"
	UnknownAccount = "unknown account"
	UnknownPerson  = "unknown dimension value" // 核算维度的值不存在
	MissingPerson  = "missing dimension value" // 核算维度必录
	NotKept        = "dimension not kept"      // 科目没有这个核算维度
	Unbalanced     = "unbalanced"
	Empty          = "too few lines"
	Missing        = "no such voucher"
	Final          = "not in that state any more"
	Duplicate      = "duplicate reference"
)

// Refusal is a no, with nothing written.
type Refusal struct {
	Why   string // one of the above
	Line  int    // from 1; 0 = the voucher
	Value string // what was wrong: an account, a date, a code
}

// Line is one entry; amounts are minor units of two decimals, and 红字 are negative.
type Line struct {
	Account    string
	Text       string
	Currency   string
	Dimensions map[string]string // employee, supplier, department, project → code
	Debit      int64
	Credit     int64
	Foreign    string            // as it was sent
	Extra      map[string]string // what only one protocol knows
}

// Voucher is a voucher, in whatever states its ERP has.
type Voucher struct {
	ID     int64
	Number string
	Ref    string
	Date   string
	State  string
	Lines  []Line
	Extra  map[string]string
}

// Account is a ledger account; Wants is the dimension it cannot do without, Takes lists
// others that it keeps.
type Account struct {
	Code, Name, Wants string
	Takes             []string
}

// Period is one month.
type Period struct {
	Year, Month int
	From, To    string
	Open        bool
}

// Books are the vouchers and the master data of one company. Its methods are
// safe for many callers; what they return is a copy.
type Books struct {
	Accounts map[string]Account
	Values   map[string]map[string]string // dimension → code → name
	Periods  []Period
	Since    time.Time // when the master data was last changed

	mutex    sync.Mutex
	vouchers []Voucher
}

// New makes books with a small chart, whose January of last year is closed.
func New() *Books {
	b := &Books{Accounts: map[string]Account{}, Since: time.Now()}
	costs := []string{"department", "project", "profit", "order"}
	for _, a := range []Account{{"1002", "银行存款", "", nil}, {"1221", "其他应收款", "employee", nil},
		{"2202", "应付账款", "supplier", nil}, {"2241", "其他应付款", "employee", nil}, {"6602", "管理费用", "", costs},
		{"660201", "差旅费", "", costs}, {"222101", "进项税额", "", nil}} {
		b.Accounts[a.Code] = a
	}
	b.Values = map[string]map[string]string{
		"employee":   {"lin": "林晓", "zhao": "赵敏"},
		"supplier":   {"SUP001": "上海启明办公用品有限公司", "SUP002": "杭州云帆信息服务有限公司"},
		"department": {"CC-SALES": "销售部", "CC-FIN": "财务部"},
		"project":    {"P-001": "华东展会", "P-002": "新办公室"},
		"profit":     {"PC-EAST": "华东", "PC-WEST": "华西"},
		"order":      {"400001": "展台", "400002": "印刷"},
	}
	for year := time.Now().Year() - 1; year <= time.Now().Year()+1; year++ {
		for month := 1; month <= 12; month++ {
			first := time.Date(year, time.Month(month), 1, 0, 0, 0, 0, time.UTC)
			b.Periods = append(b.Periods, Period{year, month, first.Format(time.DateOnly),
				first.AddDate(0, 1, -1).Format(time.DateOnly), year != time.Now().Year()-1 || month != 1})
		}
	}
	return b
}

// Add checks a voucher and keeps it; unique refuses a second one under its reference.
func (b *Books) Add(v Voucher, unique bool) (Voucher, *Refusal) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if unique && v.Ref != "" && slices.ContainsFunc(b.vouchers, func(o Voucher) bool { return o.Ref == v.Ref }) {
		return v, &Refusal{Why: Duplicate, Value: v.Ref}
	}
	if no := b.check(v); no != nil {
		return v, no
	}
	v.ID = int64(100001 + len(b.vouchers))
	v.Number = fmt.Sprintf("%s-%06d", v.Date[:7], len(b.vouchers)+1)
	b.vouchers = append(b.vouchers, clone(v))
	return v, nil
}

// Change alters one voucher, as do says; a refusal leaves it as it was.
func (b *Books) Change(id int64, do func(v *Voucher) *Refusal) (Voucher, *Refusal) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	at := slices.IndexFunc(b.vouchers, func(v Voucher) bool { return v.ID == id && v.State != "deleted" })
	if at < 0 {
		return Voucher{}, &Refusal{Why: Missing, Value: fmt.Sprint(id)}
	}
	changed := clone(b.vouchers[at])
	if no := do(&changed); no != nil {
		return clone(b.vouchers[at]), no
	}
	b.vouchers[at] = changed
	return clone(changed), nil
}

// Where lists the vouchers that match, oldest first, without deleted ones.
func (b *Books) Where(match func(Voucher) bool) []Voucher {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	var found []Voucher
	for _, v := range b.vouchers {
		if v.State != "deleted" && match(v) {
			found = append(found, clone(v))
		}
	}
	return found
}

// Count says how many vouchers under a reference are in the state, and how many are not.
func (b *Books) Count(reference, state string) (others, these int) {
	for _, v := range b.Where(func(v Voucher) bool { return v.Ref == reference }) {
		if v.State == state {
			these++
		} else {
			others++
		}
	}
	return others, these
}

// CheckDate refuses a date outside the open periods.
func (b *Books) CheckDate(date string) *Refusal {
	for _, p := range b.Periods {
		if p.From <= date && date <= p.To && p.Open && len(date) == len(p.From) {
			return nil
		}
	}
	return &Refusal{Why: ClosedPeriod, Value: date}
}

func (b *Books) check(v Voucher) *Refusal {
	if no := b.CheckDate(v.Date); no != nil {
		return no
	}
	if len(v.Lines) < 2 {
		return &Refusal{Why: Empty}
	}
	var balance int64
	for i, l := range v.Lines {
		if no := b.checkLine(l); no != nil {
			no.Line = i + 1
			return no
		}
		balance += l.Debit - l.Credit
	}
	if balance != 0 {
		return &Refusal{Why: Unbalanced, Value: Text(balance)}
	}
	return nil
}

func (b *Books) checkLine(l Line) *Refusal {
	account, ok := b.Accounts[l.Account]
	if !ok {
		return &Refusal{Why: UnknownAccount, Value: l.Account}
	}
	if account.Wants != "" && l.Dimensions[account.Wants] == "" {
		return &Refusal{Why: MissingPerson, Value: account.Wants}
	}
	for _, dimension := range slices.Sorted(maps.Keys(l.Dimensions)) {
		if dimension != account.Wants && !slices.Contains(account.Takes, dimension) && b.Values[dimension] != nil {
			return &Refusal{Why: NotKept, Value: dimension}
		}
		if _, known := b.Values[dimension][l.Dimensions[dimension]]; !known {
			return &Refusal{Why: UnknownPerson, Value: l.Dimensions[dimension]}
		}
	}
	return nil
}

func clone(v Voucher) Voucher {
	v.Lines, v.Extra = slices.Clone(v.Lines), maps.Clone(v.Extra)
	return v
}
