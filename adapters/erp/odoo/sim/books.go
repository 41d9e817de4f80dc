package sim

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// botID is the user behind the key.
const botID = 2

// record is one row of a model. A link is its id; many2one fields are known by
// their names.
type record map[string]any

// invocation is one call of a method, in either dialect.
type invocation struct {
	model, method string
	ids           []any
	named         map[string]any
	context       map[string]any
}

// ofModel says whether the method belongs to the model, not to records of it.
func (c invocation) ofModel() bool {
	return c.method == "create" || c.method == "search_read" || c.method == "fields_get"
}

// arguments are the names that each method takes.
var arguments = map[string][]string{
	"create": {"vals_list"}, "search_read": {"domain", "fields", "offset", "limit", "order"},
	"fields_get": {"allfields", "attributes"}, "action_post": nil, "unlink": nil,
}

// links are the many2one fields and their models.
var links = map[string]string{"company_id": "res.company", "currency_id": "res.currency",
	"account_id": "account.account", "partner_id": "res.partner", "journal_id": "account.journal",
	"move_id": "account.move", "reversed_entry_id": "account.move", "plan_id": "account.analytic.plan",
	"work_contact_id": "res.partner"}

func (s *Server) invoke(c invocation) (any, *exception) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if _, ok := s.tables[c.model]; !ok {
		return nil, raise("werkzeug.exceptions.NotFound", "the model '"+c.model+"' does not exist")
	}
	takes, ok := arguments[c.method]
	if !ok || (c.method == "action_post" && c.model != "account.move") {
		return nil, raise("werkzeug.exceptions.NotFound", "The method '"+c.model+"."+c.method+"' does not exist")
	}
	for name := range c.named {
		if !slices.Contains(takes, name) {
			return nil, raise("werkzeug.exceptions.UnprocessableEntity", "got an unexpected keyword argument '"+name+"'")
		}
	}
	if e, ok := s.broken[c.method]; ok {
		delete(s.broken, c.method)
		return nil, &e
	}
	switch c.method {
	case "fields_get":
		return s.fieldsGet(c), nil
	case "search_read":
		return s.searchRead(c)
	case "create":
		return s.create(c)
	case "action_post":
		return nil, s.each(c, s.mayPost, s.post)
	}
	if c.model != "account.move" {
		return nil, denied(c.model)
	}
	if err := s.each(c, s.mayUnlink, s.unlink); err != nil {
		return nil, err
	}
	return true, nil
}

// fieldsGet tells the fields of a model, of its first record's shape.
func (s *Server) fieldsGet(c invocation) any {
	all, _ := c.named["allfields"].([]any)
	got := map[string]any{}
	for name := range s.shape(c.model) {
		if len(all) == 0 || slices.Contains(all, any(name)) {
			got[name] = map[string]any{"type": "char"}
		}
	}
	return got
}

// shape is a record with every field that the model has.
func (s *Server) shape(model string) record {
	switch model {
	case "account.move":
		return record{"id": 0, "name": "", "ref": "", "state": "", "date": "", "journal_id": 0, "company_id": 0,
			"move_type": "", "reversed_entry_id": 0, "line_ids": 0, "write_date": "", "payment_state": "", "partner_id": 0,
			"currency_id": 0, "invoice_date": "", "invoice_date_due": "", "amount_total": 0, "amount_tax": 0}
	case "account.move.line":
		r := record{"id": 0, "move_id": 0, "account_id": 0, "partner_id": 0, "name": "", "debit": 0, "credit": 0,
			"currency_id": 0, "amount_currency": 0, "write_date": ""}
		if s.options.Version >= 16 {
			r["analytic_distribution"] = nil
		}
		return r
	}
	return s.tables[model][0]
}

func (s *Server) searchRead(c invocation) (any, *exception) {
	domain, _ := c.named["domain"].([]any)
	fields, _ := c.named["fields"].([]any)
	shape := s.shape(c.model)
	for _, f := range fields {
		if _, ok := shape[fmt.Sprint(f)]; !ok {
			return nil, raise("builtins.ValueError", fmt.Sprintf("Invalid field '%v' on model '%s'", f, c.model))
		}
	}
	if err := s.checkDomain(c.model, domain); err != nil {
		return nil, err
	}
	rows := []map[string]any{}
	offset, limit := count(c.named["offset"]), count(c.named["limit"])
	for _, r := range s.tables[c.model] {
		if r["active"] == false && c.context["active_test"] != false || !s.matches(r, domain) {
			continue // what is archived is not seen, unless one says so
		}
		if offset > 0 {
			offset--
			continue
		}
		if limit > 0 && len(rows) == limit {
			break
		}
		row := map[string]any{"id": r["id"]}
		for _, f := range fields {
			row[fmt.Sprint(f)] = s.shown(fmt.Sprint(f), r[fmt.Sprint(f)])
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func count(v any) int {
	n, _ := v.(json.Number)
	i, _ := n.Int64()
	return int(i)
}

// shown is a value as search_read tells it: a link as [id, name], nothing as false.
func (s *Server) shown(field string, value any) any {
	if value == nil {
		return false
	}
	model, ok := links[field]
	if !ok {
		return value
	}
	r := s.byID(model, value)
	if r == nil {
		return false
	}
	if code, ok := r["code"].(string); ok && model == "account.account" {
		return []any{r["id"], code + " " + r["name"].(string)}
	}
	return []any{r["id"], r["name"]}
}

func (s *Server) byID(model string, id any) record {
	for _, r := range s.tables[model] {
		if r["id"] == idOf(id) {
			return r
		}
	}
	return nil
}

// idOf reads an id, 0 where it is none.
func idOf(v any) int64 {
	switch v := v.(type) {
	case int64:
		return v
	case json.Number:
		id, _ := v.Int64()
		return id
	}
	return 0
}

// checkDomain refuses what is no domain, or names no field.
func (s *Server) checkDomain(model string, domain []any) *exception {
	shape := s.shape(model)
	for _, leaf := range domain {
		l, ok := leaf.([]any)
		if !ok || len(l) != 3 {
			return raise("builtins.ValueError", fmt.Sprintf("Malformed domain %v", domain))
		}
		name, _, _ := strings.Cut(fmt.Sprint(l[0]), ".") // a link's own field stands behind a dot
		if _, ok := shape[name]; !ok {
			return raise("builtins.ValueError", fmt.Sprintf("Invalid field %s.%v in leaf", model, l[0]))
		}
	}
	return nil
}

// matches holds a record against all conditions of a domain.
func (s *Server) matches(r record, domain []any) bool {
	for _, leaf := range domain {
		l, _ := leaf.([]any)
		name, behind, dotted := strings.Cut(fmt.Sprint(l[0]), ".")
		have := r[name]
		if dotted {
			have = s.byID(links[name], have)[behind]
		}
		if !holds(have, fmt.Sprint(l[1]), l[2]) {
			return false
		}
	}
	return true
}

func holds(have any, operator string, want any) bool {
	switch operator {
	case "=":
		return equal(have, want)
	case "!=":
		return !equal(have, want)
	case "in":
		list, _ := want.([]any)
		if several, ok := have.([]any); ok {
			return slices.ContainsFunc(several, func(one any) bool { return holds(one, "in", want) })
		}
		return slices.ContainsFunc(list, func(one any) bool { return equal(have, one) })
	case "=like":
		text, _ := have.(string)
		begin, _ := strings.CutSuffix(fmt.Sprint(want), "%")
		return text != "" && strings.HasPrefix(text, begin)
	case ">":
		return compare(have, want) > 0
	case ">=":
		return compare(have, want) >= 0
	case "<=":
		return compare(have, want) <= 0
	}
	return false
}

// compare orders ids as numbers and days as texts.
func compare(a, b any) int {
	if id, ok := a.(int64); ok {
		return cmp.Compare(id, idOf(b))
	}
	return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b))
}

// equal takes false, null and a missing value for the same.
func equal(a, b any) bool {
	if one, ok := a.(string); ok {
		if other, ok := b.(string); ok {
			return one == other
		}
	}
	empty := func(v any) bool { return v == nil || v == false || v == "" }
	return empty(a) && empty(b) || fmt.Sprint(a) == fmt.Sprint(b)
}

// add puts a record into a table and gives it an id.
func (s *Server) add(model string, r record) int64 {
	s.serial[model]++
	r["id"] = s.serial[model]
	r["write_date"] = s.options.Now().UTC().Format("2006-01-02 15:04:05")
	s.tables[model] = append(s.tables[model], r)
	return s.serial[model]
}

// demo fills the tables.
func (s *Server) demo() {
	s.tables["account.move"], s.tables["account.move.line"] = nil, nil
	cny := s.add("res.currency", record{"name": "CNY", "decimal_places": 2, "active": true})
	s.add("res.currency", record{"name": "EUR", "decimal_places": 2, "active": true})
	s.add("res.currency", record{"name": "USD", "decimal_places": 2, "active": false})
	s.tables["res.currency.rate"] = nil
	company := s.add("res.company", s.companyRecord(cny))
	s.rate(2, "2026-01-01", "0.128", company)
	for _, a := range []struct{ code, name, kind string }{{"6602", "Travel 差旅费", "expense"},
		{"2202", "Payable 应付账款", "liability_payable"}, {"1002", "Bank 银行存款", "asset_cash"},
		{"6999", "Old 停用", "expense"}} {
		s.add("account.account", s.accountRecord(company, record{"code": a.code, "name": a.name, "kind": a.kind}))
	}
	lin := s.add("res.partner", record{"ref": "lin", "name": "林 Lin", "active": true, "company_id": nil})
	nameless := s.add("res.partner", record{"ref": nil, "name": "No code", "active": true, "company_id": nil})
	s.employ(company, lin, nameless)
	s.add("account.journal", record{"code": "EXP", "name": "Expenses", "type": "general", "company_id": company})
	s.add("account.journal", record{"code": "MISC", "name": "Miscellaneous", "type": "general", "company_id": company})
	for _, a := range []struct{ code, name, plan string }{{"CC-SALES", "Sales 销售部", "Departments"},
		{"P-001", "Fair 华东展会", "Projects"}, {"P-002", "Office 新办公室", "Projects"}} {
		r := record{"code": a.code, "name": a.name, "active": true, "company_id": nil}
		if s.options.Version >= 16 { // before, analytic accounts were in groups
			r["plan_id"] = s.planOf(a.plan)
		}
		s.add("account.analytic.account", r)
	}
}

// rate quotes a currency on a day; company 0 is all of them.
func (s *Server) rate(currency int64, day, units string, company int64) {
	r := record{"name": day, "rate": json.Number(units), "currency_id": currency, "company_id": nil}
	if company != 0 {
		r["company_id"] = company
	}
	s.add("res.currency.rate", r)
}

// Rate quotes a currency on a day, past the wire: one unit of the reference currency is
// units of it, for the company alone or for all.
func (s *Server) Rate(currency, day, units string, own bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	company := int64(0)
	if own {
		company = idOf(s.tables["res.company"][0]["id"])
	}
	for _, c := range s.tables["res.currency"] {
		if c["name"] == currency {
			s.rate(idOf(c["id"]), day, units, company)
		}
	}
}

// planOf is the analytic plan of a name, made where there is none.
func (s *Server) planOf(name string) int64 {
	for _, r := range s.tables["account.analytic.plan"] {
		if r["name"] == name {
			return idOf(r["id"])
		}
	}
	return s.add("account.analytic.plan", record{"name": name})
}

func (s *Server) companyRecord(currency int64) record {
	r := record{"name": "Demo Co", "currency_id": currency, "fiscalyear_lock_date": false}
	if s.options.Version >= 18 {
		r["hard_lock_date"] = false
	} else {
		r["period_lock_date"] = false
	}
	r[s.lockField()] = orFalse(s.options.Locked)
	return r
}

func (s *Server) lockField() string {
	if s.options.Version >= 18 {
		return "hard_lock_date"
	}
	return "fiscalyear_lock_date"
}

// accountRecord names the fields of an account as the version does.
func (s *Server) accountRecord(company int64, r record) record {
	kind := r["kind"].(string)
	delete(r, "kind")
	if s.options.Version >= 16 {
		r["account_type"] = kind
	} else {
		r["internal_type"] = map[string]string{"liability_payable": "payable", "asset_cash": "liquidity"}[kind]
	}
	retired := strings.HasPrefix(r["name"].(string), "Old")
	if s.options.Version >= 19 {
		r["active"] = !retired
	} else {
		r["deprecated"] = retired
	}
	if s.options.Version >= 18 {
		r["company_ids"] = []any{company}
	} else {
		r["company_id"] = company
	}
	return r
}

// dayAfter is the day after a date.
func dayAfter(date string) string {
	t, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return date
	}
	return t.AddDate(0, 0, 1).Format(time.DateOnly)
}

// without returns the table without some records.
func without(table []record, gone func(record) bool) []record {
	return slices.DeleteFunc(slices.Clone(table), gone)
}
