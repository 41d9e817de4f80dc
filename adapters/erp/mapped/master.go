package mapped

import (
	"strconv"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/master"
	"github.com/countersign/countersign/domain/money"
)

// OfMaster begins the call that reads a list of master data.
const OfMaster = "sync."

// Columns say where the fields of a row of master data are.
type Columns struct {
	ID            string `yaml:"id"`
	Code          string `yaml:"code"`
	Name          string `yaml:"name"`
	PartyRequired string `yaml:"party_required"`
	Active        string `yaml:"active"` // "" = all are
	From          string `yaml:"from"`
	To            string `yaml:"to"`
	Open          string `yaml:"open"`
	Digits        string `yaml:"digits"`
	Of            string `yaml:"of"` // of a rate: 1 unit of it is value units of in, from date on
	In            string `yaml:"in"`
	Date          string `yaml:"date"`
	Value         string `yaml:"value"`
}

// Paths are all that they name, by what they are of.
func (c Columns) Paths() map[string]string {
	return map[string]string{"id": c.ID, "code": c.Code, "name": c.Name, "party_required": c.PartyRequired,
		"active": c.Active, "from": c.From, "to": c.To, "open": c.Open, "digits": c.Digits, "of": c.Of, "in": c.In,
		"date": c.Date, "value": c.Value}
}

// kinds are the lists that a mapping may name, and what they hold.
var kinds = map[string]master.Kind{
	"accounts": master.Account, "parties": master.Party, "periods": master.Period, "currencies": master.Currency,
	"cost_centers": master.CostCenter, "employees": master.Employee, "departments": master.Department,
	"projects": master.Project, "rates": master.Rate,
}

// kinds are what Sync reads, in the order people read them.
func (m Mapping) kinds() []master.Kind {
	var all []master.Kind
	for _, kind := range master.Kinds() {
		for name := range m.Lists {
			if kinds[name] == kind {
				all = append(all, kind)
			}
		}
	}
	return all
}

// add puts one row where it belongs.
func (c Columns) add(m *port.Master, name string, row Node) {
	id, code, title := row.Text(c.ID), row.Text(c.Code), row.Text(c.Name)
	active := c.Active == "" || row.Text(c.Active) == "true"
	switch name {
	case "accounts":
		m.Accounts = append(m.Accounts, port.Account{ID: id, Code: code, Name: title, Active: active,
			PartyRequired: row.Text(c.PartyRequired) == "true"})
	case "parties":
		m.Parties = append(m.Parties, port.Party{ID: id, Code: code, Name: title, Active: active})
	case "periods":
		m.Periods = append(m.Periods, port.Period{ID: id, Name: title, From: row.Text(c.From), To: row.Text(c.To),
			Open: row.Text(c.Open) == "true"})
	case "currencies":
		digits, _ := strconv.Atoi(row.Text(c.Digits))
		m.Currencies = append(m.Currencies, port.Currency{ID: id, Code: code, Digits: digits})
	case "rates":
		m.Rates = append(m.Rates, document.Rate{Currency: money.Currency(row.Text(c.Of)),
			Base: money.Currency(row.Text(c.In)), Date: row.Text(c.Date), Value: row.Text(c.Value)})
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
