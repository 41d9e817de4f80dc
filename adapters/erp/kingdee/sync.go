package kingdee

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/master"
)

const (
	// syncOverlap is how far AsOf lies back, for what was being saved while we read.
	syncOverlap = 5 * time.Minute
	// periodsAround is how many months before and after the current one are told.
	periodsAround = 12

	formCurrency = "BD_Currency"
)

// kinds are what Sync reads.
func (p *Port) kinds() []master.Kind {
	kinds := []master.Kind{master.Account, master.Party, master.Employee, master.Department, master.CostCenter,
		master.Period, master.Currency, master.Rate}
	if p.options["projects"] != "" {
		kinds = append(kinds, master.Project)
	}
	return kinds
}

// Sync reads accounts, suppliers, employees, departments, currencies with their rates,
// projects where the options name their form, and the account book's period. What was
// deleted is invisible to a delta: read everything once a night.
func (p *Port) Sync(ctx context.Context, since time.Time) (port.Master, error) {
	m := port.Master{Complete: since.IsZero(), AsOf: time.Now().Add(-syncOverlap)}
	changed := ""
	if !since.IsZero() { // the site's own clock, without a zone
		changed = "FModifyDate>'" + since.In(p.zone).Format(time.DateTime) + "'"
	}
	for _, list := range p.lists(&m) {
		filter := changed
		if list.form == formCurrency {
			filter = "" // rates are told by their numbers
		}
		rows, err := p.query(ctx, question{list.form, append([]string{"FNumber", "FName", "FForbidStatus"}, list.more...),
			filter, "FNumber"})
		if err != nil {
			return port.Master{}, err
		}
		for _, cells := range rows {
			list.each(cells, cells[2] != "B")
		}
	}
	if err := p.rates(ctx, &m); err != nil {
		return port.Master{}, err
	}
	return m, p.periods(ctx, &m)
}

// list is one kind of base data 基础资料; each is given number, name, forbidden, more.
type list struct {
	form string
	more []string
	each func(cells []string, active bool)
}

func (p *Port) lists(m *port.Master) []list {
	party := func(cells []string, active bool) {
		m.Parties = append(m.Parties, port.Party{ID: cells[0], Code: cells[0], Name: cells[1], Active: active})
	}
	lists := []list{
		{"BD_Account", nil, func(cells []string, active bool) {
			m.Accounts = append(m.Accounts, port.Account{ID: cells[0], Code: cells[0], Name: cells[1], Active: active,
				PartyRequired: p.dimensions.Field(cells[0], port.OfParty) != ""})
		}},
		{"BD_Supplier", nil, party},
		{"BD_Empinfo", nil, func(cells []string, active bool) {
			party(cells, active)
			m.Employees = append(m.Employees, port.Entry{ID: cells[0], Code: cells[0], Name: cells[1], Active: active})
		}},
		{"BD_Department", nil, func(cells []string, active bool) {
			m.Departments = append(m.Departments, port.Entry{ID: cells[0], Code: cells[0], Name: cells[1], Active: active})
			m.CostCenters = append(m.CostCenters, port.CostCenter{ID: cells[0], Code: cells[0], Name: cells[1], Active: active})
		}},
		{formCurrency, []string{"FCODE", "FAMOUNTDIGITS"}, func(cells []string, _ bool) {
			digits, _ := strconv.Atoi(cells[4])
			m.Currencies = append(m.Currencies, port.Currency{ID: cells[0], Code: cells[3], Digits: digits})
		}},
	}
	if form := p.options["projects"]; form != "" {
		lists = append(lists, list{form, nil, func(cells []string, active bool) {
			m.Projects = append(m.Projects, port.Entry{ID: cells[0], Code: cells[0], Name: cells[1], Active: active})
		}})
	}
	return lists
}

// periods tells the months around the account book's current one: what lies
// before it is closed 已结账. Only books by calendar months are understood.
func (p *Port) periods(ctx context.Context, m *port.Master) error {
	rows, err := p.query(ctx, question{"BD_AccountBook", []string{"FNumber", "FCurrentYear", "FCurrentPeriod"},
		"FNumber='" + p.options["account_book"] + "'", "FNumber"})
	if err != nil {
		return err
	}
	if len(rows) != 1 {
		return port.BadOption("account_book", "is "+p.options["account_book"]+", which K3Cloud does not know")
	}
	year, _ := strconv.Atoi(rows[0][1])
	month, _ := strconv.Atoi(rows[0][2])
	if year == 0 || month < 1 || month > 12 {
		return port.Fault(port.CodeUnavailable, "the account book does not tell its period")
	}
	for i := -periodsAround; i <= 2*periodsAround; i++ {
		first := time.Date(year, time.Month(month+i), 1, 0, 0, 0, 0, time.UTC)
		name := fmt.Sprintf("%d-%02d", first.Year(), first.Month())
		m.Periods = append(m.Periods, port.Period{ID: name, Name: name, From: first.Format(time.DateOnly),
			To: first.AddDate(0, 1, -1).Format(time.DateOnly), Open: i >= 0})
	}
	return nil
}
