package erpnext

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
)

// cacheMax bounds the cache; a full one is emptied.
const cacheMax = 5000

// record is what the look-ups and Sync read, of any DocType.
type record struct {
	Name          string `json:"name"`
	AccountNumber string `json:"account_number"`
	AccountName   string `json:"account_name"`
	AccountType   string `json:"account_type"`
	Currency      string `json:"account_currency"`
	Disabled      int    `json:"disabled"`
	SupplierName  string `json:"supplier_name"`
	CustomerName  string `json:"customer_name"`
	EmployeeName  string `json:"employee_name"`
	Status        string `json:"status"` // of an employee
	Number        string `json:"cost_center_number"`
	CenterName    string `json:"cost_center_name"`
	Starts        string `json:"year_start_date"`
	Ends          string `json:"year_end_date"`
	PeriodEnds    string `json:"period_end_date"`

	DepartmentName string      `json:"department_name"`
	ProjectName    string      `json:"project_name"`
	From           string      `json:"from_currency"`
	Date           string      `json:"date"`
	Rate           json.Number `json:"exchange_rate"`
	Buying         int         `json:"for_buying"`
}

// wantsParty says whether ERPNext wants a party on the account.
func (r record) wantsParty() bool { return r.AccountType == "Receivable" || r.AccountType == "Payable" }

// company is the company we book in.
type company struct {
	name, center string // center: the default cost center
	currency     money.Currency
}

// where says which company we book in, and that the reference can be kept; both
// are looked up once.
func (p *Port) where(ctx context.Context) (company, error) {
	p.mutex.Lock()
	at := p.company
	p.mutex.Unlock()
	if at.name != "" {
		return at, nil
	}
	if err := p.checkField(ctx); err != nil {
		return company{}, err
	}
	at, err := p.findCompany(ctx)
	if err != nil {
		return company{}, err
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.company = at
	return at, nil
}

// findCompany finds the one that is configured, or the only one.
func (p *Port) findCompany(ctx context.Context) (company, error) {
	var rows []struct {
		Name     string `json:"name"`
		Currency string `json:"default_currency"`
		Center   string `json:"cost_center"`
	}
	filters := []any{}
	if p.config.Company != "" {
		filters = append(filters, []any{"name", "=", p.config.Company})
	}
	err := p.client.list(ctx, listing{doctype: "Company", filters: filters, limit: 2,
		fields: []string{"default_currency", "cost_center"}}, &rows)
	if err != nil {
		return company{}, err
	}
	if len(rows) != 1 {
		return company{}, port.Fault(port.CodeBadConfig, "set company to the name of one that the API key sees: "+
			"there is none, or more than one, for \""+p.config.Company+"\"", fault.Arg("what", "company"))
	}
	at := company{name: rows[0].Name, center: rows[0].Center, currency: money.Currency(rows[0].Currency)}
	if want := p.config.Currency; want != "" && want != at.currency {
		return company{}, port.Fault(port.CodeBadConfig, "the company keeps its books in "+string(at.currency),
			fault.Arg("what", "currency"))
	}
	return at, nil
}

// checkField holds that the reference's field is there and unique. A user who may
// not read the custom fields is believed to have it.
func (p *Port) checkField(ctx context.Context) error {
	var rows []struct {
		Unique int `json:"unique"`
	}
	err := p.client.list(ctx, listing{doctype: "Custom Field", limit: 1, fields: []string{"unique"},
		filters: []any{[]any{"dt", "=", journalEntry}, []any{"fieldname", "=", p.reference}}}, &rows)
	switch {
	case fault.CodeOf(err) == port.CodeNotAllowed:
		return nil
	case err != nil:
		return err
	case len(rows) == 0:
		return port.BadOption("reference_field", "names "+p.reference+", which the Journal Entry does not have: "+
			"make a custom field of type Data, unique")
	case rows[0].Unique != 1:
		return port.BadOption("reference_field", "names "+p.reference+
			", which is not unique: tick Unique in the custom field")
	}
	return p.checkDimensions(ctx)
}

// builtIn are the fields of an entry's rows that ERPNext has without an Accounting Dimension.
var builtIn = []string{"project"}

// checkDimensions holds that the rows of an entry have the fields that dimensions go
// into: Frappe drops what it does not know without a word.
func (p *Port) checkDimensions(ctx context.Context) error {
	for _, name := range slices.Sorted(maps.Keys(p.dimensions)) {
		field := p.dimensions[name]
		if slices.Contains(builtIn, field) {
			continue
		}
		var rows []record
		err := p.client.list(ctx, listing{doctype: "Custom Field", limit: 1,
			filters: []any{[]any{"dt", "=", "Journal Entry Account"}, []any{"fieldname", "=", field}}}, &rows)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return port.BadOption("dimensions", "puts "+name+" into "+field+
				", which the rows of a Journal Entry do not have: make an Accounting Dimension")
		}
	}
	return nil
}

// account finds an account in use by its number.
func (p *Port) account(ctx context.Context, at company, code string) (record, error) {
	r, err := p.one(ctx, "account:"+code, listing{doctype: "Account",
		fields:  []string{"account_number", "account_type", "account_currency"},
		filters: []any{[]any{"account_number", "=", code}, []any{"company", "=", at.name}, leaf, enabled}})
	if err == nil && r.Name == "" {
		err = port.Fault(port.CodeUnknownAccount, "no account in use has that number", fault.Arg("account", code))
	}
	return r, err
}

var (
	enabled = []any{"disabled", "=", 0}
	leaf    = []any{"is_group", "=", 0}
)

// partyTypes are the kinds of party of an account's type, in the order they are tried.
var partyTypes = map[string][]string{"Payable": {"Supplier", "Employee"}, "Receivable": {"Customer", "Employee"}}

// party finds which kind of party a code names.
func (p *Port) party(ctx context.Context, accountType, code string) (string, error) {
	for _, doctype := range partyTypes[accountType] {
		active := enabled
		if doctype == "Employee" {
			active = []any{"status", "=", "Active"}
		}
		r, err := p.one(ctx, doctype+":"+code, listing{doctype: doctype, filters: []any{[]any{"name", "=", code}, active}})
		if err != nil {
			return "", err
		}
		if r.Name != "" {
			return doctype, nil
		}
	}
	return "", port.Fault(port.CodeUnknownParty, "no party in use has that name", fault.Arg("party", code))
}

// center finds a cost center by its number or its name, "" for none.
func (p *Port) center(ctx context.Context, at company, code string) (string, error) {
	for _, field := range []string{"cost_center_number", "cost_center_name"} {
		r, err := p.one(ctx, field+":"+code, listing{doctype: "Cost Center",
			filters: []any{[]any{field, "=", code}, []any{"company", "=", at.name}, leaf, enabled}})
		if err != nil || r.Name != "" {
			return r.Name, err
		}
	}
	return "", nil
}

// number finds the number of an account by its name.
func (p *Port) number(ctx context.Context, name string) (string, error) {
	r, err := p.one(ctx, "name:"+name, listing{doctype: "Account", fields: []string{"account_number"},
		filters: []any{[]any{"name", "=", name}}})
	return cmp.Or(r.AccountNumber, name), err
}

// one answers from the cache, or finds the first record and keeps it; the zero
// record for none, which is not kept.
func (p *Port) one(ctx context.Context, key string, l listing) (record, error) {
	p.mutex.Lock()
	r, ok := p.cache[key]
	p.mutex.Unlock()
	if ok {
		return r, nil
	}
	var rows []record
	l.limit = 1
	if err := p.client.list(ctx, l, &rows); err != nil || len(rows) == 0 {
		return record{}, err
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if len(p.cache) >= cacheMax {
		clear(p.cache)
	}
	p.cache[key] = rows[0]
	return rows[0], nil
}

func (p *Port) forget() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	clear(p.cache)
}
