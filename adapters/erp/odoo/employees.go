package odoo

import (
	"context"
	"slices"
	"time"

	"github.com/countersign/countersign/adapters/erp/port"
)

// employees are those of the company whose work contact has an internal reference: that
// is the party by which vouchers name them. They are read whole each time, for a changed
// contact does not touch the employee.
//
// Only with the option employees, for the module hr may not be there, and its records are
// for those who have rights in it.
func (p *Port) employees(ctx context.Context, at company) ([]port.Entry, error) {
	if !p.staff {
		return nil, nil
	}
	var all []row
	domain := []any{[]any{"company_id", "in", []any{false, at.id}}, []any{"work_contact_id", "!=", false}}
	err := p.pages(ctx, at, table{"hr.employee", domain, []string{"name", "active", "work_contact_id"},
		func(r row) { all = append(all, r) }}, time.Time{})
	if err != nil {
		return nil, err
	}
	var employees []port.Entry
	kept := map[string]int{} // by code: who left and came back has two records, and the open one counts
	for some := range slices.Chunk(all, pageSize) {
		var contacts []int64
		for _, r := range some {
			contacts = append(contacts, r.Contact.id)
		}
		var rows []row // past the cache: their references change
		err := p.search(ctx, at.all(), query{model: "res.partner", domain: []any{[]any{"id", "in", contacts}},
			limit: len(contacts), fields: []string{"ref"}}, &rows)
		if err != nil {
			return nil, err
		}
		codes := map[int64]string{}
		for _, r := range rows {
			codes[r.ID] = string(r.Ref)
		}
		for _, r := range some {
			one := port.Entry{ID: id(r), Code: codes[r.Contact.id], Name: string(r.Name), Active: r.active()}
			switch i, known := kept[one.Code]; {
			case one.Code == "":
			case !known:
				kept[one.Code] = len(employees)
				employees = append(employees, one)
			case one.Active && !employees[i].Active:
				employees[i] = one
			}
		}
	}
	return employees, nil
}
