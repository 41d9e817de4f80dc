package odoo

import (
	"context"
	"slices"
	"strconv"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
)

// cacheMax bounds each cache; a full one is emptied.
const cacheMax = 5000

// company is the company we book in, and which fields its version has.
type company struct {
	id       int64 // 0 = not looked up yet
	currency money.Currency
	fields   fields
}

// context is what every call carries: refusals must come in English to be sorted.
func (c company) context() object {
	return object{"lang": "en_US", "allowed_company_ids": []int64{c.id}}
}

// all is the context of a search that sees what was archived too.
func (c company) all() object {
	o := c.context()
	o["active_test"] = false
	return o
}

// fields are the names that differ between versions; "" where there is none.
type fields struct {
	accountKind    string   // says which accounts are receivable or payable
	accountRetired string   // active, or its opposite deprecated
	accountCompany string   // of an account, one company or several
	analytic       string   // of a line, its spread over analytic accounts
	locks          []string // of the company, the dates up to which its books are locked
}

// fieldsOf asks the models which of our candidates they have.
func (p *Port) fieldsOf(ctx context.Context) (fields, error) {
	var f fields
	account, err := p.known(ctx, "account.account", "account_type", "internal_type", "active", "deprecated",
		"company_ids", "company_id")
	if err != nil {
		return f, err
	}
	line, err := p.known(ctx, "account.move.line", "analytic_distribution")
	if err != nil {
		return f, err
	}
	own, err := p.known(ctx, "res.company", "user_hard_lock_date", "user_fiscalyear_lock_date", "hard_lock_date",
		"fiscalyear_lock_date", "period_lock_date")
	if err != nil {
		return f, err
	}
	f.accountKind = first(account, "account_type", "internal_type")
	f.accountRetired = first(account, "deprecated", "active")
	f.accountCompany, f.analytic = first(account, "company_ids", "company_id"), first(line, "analytic_distribution")
	f.locks = own
	if slices.Contains(own, "user_fiscalyear_lock_date") { // these know of exceptions made for our user
		f.locks = slices.DeleteFunc(own, func(name string) bool { return len(name) < 5 || name[:5] != "user_" })
	}
	return f, nil
}

// known returns those of the names that are fields of the model.
func (p *Port) known(ctx context.Context, model string, names ...string) ([]string, error) {
	var got map[string]any
	err := p.client.call(ctx, call{model: model, method: "fields_get", context: object{"lang": "en_US"},
		named: object{"allfields": names, "attributes": []string{"type"}}}, &got)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(names, func(name string) bool { return got[name] == nil }), nil
}

func first(have []string, names ...string) string {
	for _, name := range names {
		if slices.Contains(have, name) {
			return name
		}
	}
	return ""
}

// where says which company we book in; it is looked up once.
func (p *Port) where(ctx context.Context) (company, error) {
	p.mutex.Lock()
	at := p.company
	p.mutex.Unlock()
	if at.id != 0 {
		return at, nil
	}
	at, err := p.findCompany(ctx)
	if err != nil {
		return company{}, err
	}
	if at.fields, err = p.fieldsOf(ctx); err != nil {
		return company{}, err
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.company = at
	return at, nil
}

// findCompany finds the one that is configured by id or name, or the only one.
func (p *Port) findCompany(ctx context.Context) (company, error) {
	domain := []any{}
	if id, err := strconv.ParseInt(p.config.Company, 10, 64); err == nil {
		domain = append(domain, []any{"id", "=", id})
	} else if p.config.Company != "" {
		domain = append(domain, []any{"name", "=", p.config.Company})
	}
	var rows []row
	err := p.search(ctx, object{"lang": "en_US"}, query{model: "res.company", domain: domain, limit: 2,
		fields: []string{"name", "currency_id"}}, &rows)
	if err != nil {
		return company{}, err
	}
	if len(rows) != 1 {
		return company{}, port.Fault(port.CodeBadConfig, "set company to the id or the name of one that "+p.config.User+
			" sees: there is none, or more than one, for \""+p.config.Company+"\"", fault.Arg("what", "company"))
	}
	at := company{id: rows[0].ID, currency: money.Currency(rows[0].Currency.name)}
	if want := p.config.Currency; want != "" && want != at.currency {
		return company{}, port.Fault(port.CodeBadConfig, "the company keeps its books in "+string(at.currency),
			fault.Arg("what", "currency"))
	}
	return at, nil
}

// account is what a voucher needs to know of a ledger account.
type account struct {
	id        int64
	wantParty bool
}

// account finds an account by its code. What Odoo calls receivable and payable
// is settled party by party, so we want one there, though Odoo would do without.
func (p *Port) account(ctx context.Context, at company, code string) (account, error) {
	if a, ok := p.cache.account(code); ok {
		return a, nil
	}
	domain := []any{[]any{"code", "=", code}}
	if at.fields.accountCompany != "" {
		domain = append(domain, []any{at.fields.accountCompany, "in", []int64{at.id}})
	}
	if at.fields.accountRetired == "deprecated" {
		domain = append(domain, []any{"deprecated", "=", false})
	}
	r, err := p.one(ctx, at, "account.account", domain, at.fields.accountKind)
	if err != nil {
		return account{}, err
	}
	if r == nil {
		return account{}, port.Fault(port.CodeUnknownAccount, "no such account in use", fault.Arg("account", code))
	}
	a := account{id: r.ID, wantParty: r.wantsParty()}
	p.cache.keepAccount(code, a)
	return a, nil
}

func (p *Port) party(ctx context.Context, at company, code string) (int64, error) {
	id, err := p.byCode(ctx, at, lookup{"res.partner", "ref", code, []any{"company_id", "in", []any{false, at.id}}})
	return id, orMissing(id, err, port.Fault(port.CodeUnknownParty, "no contact has that internal reference",
		fault.Arg("party", code)))
}

func (p *Port) journal(ctx context.Context, at company, code string) (int64, error) {
	id, err := p.byCode(ctx, at, lookup{"account.journal", "code", code, []any{"company_id", "=", at.id}})
	return id, orMissing(id, err, port.Fault(port.CodeRefused, "no journal with the short code "+code))
}

func (p *Port) currency(ctx context.Context, at company, code money.Currency) (int64, error) {
	id, err := p.byCode(ctx, at, lookup{"res.currency", "name", string(code), []any{"active", "=", true}})
	return id, orMissing(id, err, port.Fault(port.CodeRefused, "currency "+string(code)+" is not active"))
}

// analytic finds a cost center's analytic account, 0 for none.
func (p *Port) analytic(ctx context.Context, at company, code string) (int64, error) {
	return p.byCode(ctx, at, lookup{"account.analytic.account", "code", code,
		[]any{"company_id", "in", []any{false, at.id}}})
}

func orMissing(id int64, err, missing error) error {
	if err != nil || id != 0 {
		return err
	}
	return missing
}

// lookup is one record by its code.
type lookup struct {
	model, field, code string
	also               []any // a second condition
}

// byCode finds the id behind a code, 0 for none.
func (p *Port) byCode(ctx context.Context, at company, l lookup) (int64, error) {
	if id, ok := p.cache.id(l.model, l.code); ok {
		return id, nil
	}
	r, err := p.one(ctx, at, l.model, []any{[]any{l.field, "=", l.code}, l.also}, "")
	if err != nil || r == nil {
		return 0, err
	}
	p.cache.keepID(l.model, l.code, r.ID)
	return r.ID, nil
}

// one reads the first record of a search, nil for none.
func (p *Port) one(ctx context.Context, at company, model string, domain []any, field string) (*row, error) {
	names := []string{"id"}
	if field != "" {
		names = append(names, field)
	}
	var rows []row
	err := p.search(ctx, at.context(), query{model: model, domain: domain, limit: 1, fields: names}, &rows)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

// query is one search_read.
type query struct {
	model         string
	domain        []any
	offset, limit int
	fields        []string
}

func (p *Port) search(ctx context.Context, around object, q query, into any) error {
	return p.client.call(ctx, call{model: q.model, method: "search_read", context: around, named: object{
		"domain": q.domain, "fields": q.fields, "offset": q.offset, "limit": q.limit, "order": "id"}}, into)
}
