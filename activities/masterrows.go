package activities

import (
	"strconv"

	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/master"
)

// rowsOfMaster is what a port read, as rows.
func rowsOfMaster(came erp.Master) []master.Row {
	var rows []master.Row
	for _, a := range came.Accounts {
		row := master.Row{Kind: master.Account, Code: a.Code, Name: a.Name, ID: a.ID, Active: a.Active}
		if a.PartyRequired {
			row.Attributes = map[string]string{master.PartyRequired: "true"}
		}
		rows = append(rows, row)
	}
	for _, p := range came.Parties {
		rows = append(rows, master.Row{Kind: master.Party, Code: p.Code, Name: p.Name, ID: p.ID, Active: p.Active})
	}
	for _, c := range came.CostCenters {
		rows = append(rows, master.Row{Kind: master.CostCenter, Code: c.Code, Name: c.Name, ID: c.ID, Active: c.Active})
	}
	for _, p := range came.Periods {
		rows = append(rows, master.Row{Kind: master.Period, Code: p.Name, Name: p.Name, ID: p.ID, Active: p.Open,
			Attributes: map[string]string{master.From: p.From, master.To: p.To}})
	}
	for _, c := range came.Currencies {
		rows = append(rows, master.Row{Kind: master.Currency, Code: c.Code, Name: c.Code, ID: c.ID, Active: true,
			Attributes: map[string]string{master.Digits: strconv.Itoa(c.Digits)}})
	}
	for kind, entries := range map[master.Kind][]port.Entry{
		master.Employee: came.Employees, master.Department: came.Departments, master.Project: came.Projects,
	} {
		for _, e := range entries {
			rows = append(rows, master.Row{Kind: kind, Code: e.Code, Name: e.Name, ID: e.ID, Active: e.Active})
		}
	}
	for _, r := range came.Rates {
		rows = append(rows, master.RateRow(r))
	}
	return rows
}
