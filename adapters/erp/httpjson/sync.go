package httpjson

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/master"
	"github.com/countersign/countersign/domain/money"
)

// kinds are the lists that a mapping may name, and what they hold.
var kinds = map[string]master.Kind{
	"accounts": master.Account, "parties": master.Party, "periods": master.Period, "currencies": master.Currency,
	"cost_centers": master.CostCenter, "employees": master.Employee, "departments": master.Department,
	"projects": master.Project, "rates": master.Rate,
}

// kinds are what Sync reads, in the order people read them.
func (m *Mapping) kinds() []master.Kind {
	var all []master.Kind
	for _, kind := range master.Kinds() {
		for name := range m.Sync {
			if kinds[name] == kind {
				all = append(all, kind)
			}
		}
	}
	return all
}

// Sync reads the lists of master data that the mapping names, always in full.
func (p *Port) Sync(ctx context.Context, _ time.Time) (port.Master, error) {
	m := port.Master{Complete: true, AsOf: time.Now()}
	for name, list := range p.mapping.Sync {
		tree, err := p.do(ctx, exchange{call: Call{Method: http.MethodGet, Path: list.Path, Answer: list.Answer}})
		if err != nil {
			return port.Master{}, err
		}
		items, ok := tree.([]any)
		if !ok {
			return port.Master{}, port.Fault(port.CodeUnavailable, name+" is not a list")
		}
		for _, item := range items {
			list.add(&m, name, item)
		}
	}
	return m, nil
}

// add puts one row where it belongs.
func (l List) add(m *port.Master, name string, row any) {
	id, code, title := text(row, l.ID), text(row, l.Code), text(row, l.Name)
	active := l.Active == "" || text(row, l.Active) == "true"
	switch name {
	case "accounts":
		m.Accounts = append(m.Accounts, port.Account{ID: id, Code: code, Name: title, Active: active,
			PartyRequired: text(row, l.PartyRequired) == "true"})
	case "parties":
		m.Parties = append(m.Parties, port.Party{ID: id, Code: code, Name: title, Active: active})
	case "periods":
		m.Periods = append(m.Periods, port.Period{ID: id, Name: title, From: text(row, l.From), To: text(row, l.To),
			Open: text(row, l.Open) == "true"})
	case "currencies":
		digits, _ := strconv.Atoi(text(row, l.Digits))
		m.Currencies = append(m.Currencies, port.Currency{ID: id, Code: code, Digits: digits})
	case "rates":
		m.Rates = append(m.Rates, document.Rate{Currency: money.Currency(text(row, l.Of)),
			Base: money.Currency(text(row, l.In)), Date: text(row, l.Date), Value: text(row, l.Value)})
	case "employees":
		m.Employees = append(m.Employees, port.Entry{ID: id, Code: code, Name: title, Active: active})
	case "departments":
		m.Departments = append(m.Departments, port.Entry{ID: id, Code: code, Name: title, Active: active})
	case "projects":
		m.Projects = append(m.Projects, port.Entry{ID: id, Code: code, Name: title, Active: active})
	case "cost_centers":
		m.CostCenters = append(m.CostCenters, port.CostCenter{ID: id, Code: code, Name: title, Active: active})
	}
}
