// Package sim is a small ERPNext for tests: Frappe's REST interface, its sign-in
// and errors, and the rules that a Journal Entry meets, and no more.
//
// Written from the facts in documentation and source, not from the adapter, of
// which it imports nothing. No real ERPNext has answered here yet.
//
// Read in the documentation or source of Frappe and ERPNext:
//   - /api/resource/<DocType>[/<name>] with token <key>:<secret>; filters, fields,
//     order_by, limit_start and limit_page_length (20 without); the answer in data;
//     DELETE answers 202.
//   - An exception answers with its class's status (validation 417, sign-in 401,
//     permission 403, missing 404, duplicate 409, rate limit 429) and exc_type,
//     exception and _server_messages, a JSON list of JSON texts.
//   - Validating (also of a draft): party on receivable and payable accounts, one
//     side a row, both sums equal. Submitting: fiscal year, Period Closing Voucher,
//     a cost center on income and expense. Docstatus goes 0 to 1 to 2 only.
//   - A unique custom field refuses a second entry; numbers are Python floats.
//
// From general knowledge, not checked against a site: the exact words of link,
// uniqueness and docstatus errors; that the sums in company currency are computed
// from those in account currency at rate 1; the naming series of the entries.
package sim

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Options are how the simulator is set up; a zero value is a default.
type Options struct {
	Key, Secret string // sim-key, sim-secret
	Closed      string // books are closed up to this day by a Period Closing Voucher; "" = open
	Year        int    // the fiscal year there is, and the one before it
	NoField     bool   // the custom field for references was not made
	NotUnique   bool   // it was made, but may repeat
	NoDimension bool   // the Accounting Dimension for regions was not made
}

// doc is one document.
type doc = map[string]any

// Server answers as one site with one company.
type Server struct {
	options Options

	mutex  sync.Mutex
	tables map[string][]doc
	serial int
	broken *exception
}

// New sets up the demo company: accounts 6602, 1002 and payable 2202, the supplier
// lin and the employee HR-EMP-1, CNY and EUR, the cost center CC-SALES.
func New(o Options) *Server {
	o.Key, o.Secret = cmp.Or(o.Key, "sim-key"), cmp.Or(o.Secret, "sim-secret")
	s := &Server{options: o}
	s.demo()
	return s
}

// rate is a Currency Exchange of the last day of a year.
func rate(year int, from string, buying int, value float64) doc {
	day := fmt.Sprintf("%d-12-31", year)
	return doc{"name": day + "-" + from + "-CNY-" + strconv.Itoa(buying), "date": day, "from_currency": from,
		"to_currency": "CNY", "exchange_rate": value, "for_buying": buying, "for_selling": 1 - buying}
}

func (s *Server) demo() {
	account := func(number, name, kind, root string) doc {
		return doc{"name": number + " - " + name + " - DC", "account_number": number, "account_name": name,
			"account_type": kind, "root_type": root, "account_currency": "CNY", "company": "Demo Co",
			"is_group": 0, "disabled": 0}
	}
	center := func(name string, number any, short string) doc {
		return doc{"name": name, "cost_center_number": number, "cost_center_name": short, "company": "Demo Co",
			"is_group": 0, "disabled": 0}
	}
	closed := []doc{}
	if s.options.Closed != "" {
		closed = append(closed, doc{"name": "ACC-PCV-1", "company": "Demo Co", "docstatus": 1,
			"period_end_date": s.options.Closed})
	}
	year := func(y int) doc {
		return doc{"name": strconv.Itoa(y), "year_start_date": fmt.Sprintf("%d-01-01", y),
			"year_end_date": fmt.Sprintf("%d-12-31", y), "disabled": 0}
	}
	field := []doc{{"name": "Journal Entry-custom_external_ref", "dt": "Journal Entry",
		"fieldname": "custom_external_ref", "unique": 1}}
	if s.options.NotUnique {
		field[0]["unique"] = 0
	}
	if s.options.NoField {
		field = nil
	}
	if !s.options.NoDimension {
		field = append(field, doc{"name": "Journal Entry Account-region", "dt": "Journal Entry Account",
			"fieldname": "region", "unique": 0})
	}
	s.tables = map[string][]doc{
		"Company": {{"name": "Demo Co", "default_currency": "CNY", "abbr": "DC", "cost_center": "Main - DC"}},
		"Account": {account("6602", "差旅费 Travel", "Expense Account", "Expense"),
			account("2202", "应付账款 Payable", "Payable", "Liability"),
			account("1002", "银行存款 Bank", "Bank", "Asset"), account("1009", "美元 Dollars", "Bank", "Asset")},
		"Supplier": {{"name": "lin", "supplier_name": "林 Lin", "disabled": 0},
			{"name": "gone", "supplier_name": "Gone", "disabled": 1}},
		"Customer": {{"name": "kai", "customer_name": "Kai", "disabled": 0}},
		"Employee": {{"name": "HR-EMP-1", "employee_name": "Wu", "status": "Active", "company": "Demo Co"}},
		"Currency": {{"name": "CNY", "enabled": 1}, {"name": "EUR", "enabled": 1},
			{"name": "USD", "enabled": 0}},
		"Cost Center": {center("Main - DC", nil, "Main"), center("CC-SALES - Sales - DC", "CC-SALES", "Sales")},
		"Project": {{"name": "P-001", "project_name": "Fair", "status": "Open", "company": "Demo Co"},
			{"name": "P-000", "project_name": "Old fair", "status": "Completed", "company": "Demo Co"}},
		"Department": {{"name": "Sales - DC", "department_name": "Sales", "disabled": 0, "company": "Demo Co"}},
		"Currency Exchange": {rate(s.options.Year, "EUR", 1, 7.8125), rate(s.options.Year, "EUR", 0, 7.9),
			rate(s.options.Year-5, "USD", 1, 6.5)},
		"Region":                 {{"name": "EAST"}},
		"Fiscal Year":            {year(s.options.Year - 1), year(s.options.Year)},
		"Period Closing Voucher": closed, "Custom Field": field, "Journal Entry": {},
		"Purchase Invoice": {},
	}
	s.tables["Account"][3]["account_currency"] = "USD"
}

// Counted says how many drafts and submitted entries carry a reference, past the wire.
func (s *Server) Counted(reference string) (drafts, posted int) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, d := range s.tables["Journal Entry"] {
		switch {
		case d["custom_external_ref"] != reference:
		case d["docstatus"] == 1:
			posted++
		case d["docstatus"] == 0:
			drafts++
		}
	}
	return drafts, posted
}

// FailNext makes the next request that writes raise an exception of a class, such
// as QueryDeadlockError, before it does anything.
func (s *Server) FailNext(status int, class, message string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.broken = &exception{status, class, message}
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	data, err := s.answer(r)
	if err != nil {
		err.write(w)
		return
	}
	status := http.StatusOK
	if r.Method == http.MethodDelete {
		status = http.StatusAccepted
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"data": data})
}

func (s *Server) answer(r *http.Request) (any, *exception) {
	if r.Header.Get("Authorization") != "token "+s.options.Key+":"+s.options.Secret {
		return nil, &exception{http.StatusUnauthorized, "AuthenticationError", "Authentication failed"}
	}
	path, ok := strings.CutPrefix(r.URL.EscapedPath(), "/api/resource/")
	doctype, name, one := strings.Cut(path, "/")
	doctype, _ = url.PathUnescape(doctype)
	name, _ = url.PathUnescape(name)
	if _, known := s.tables[doctype]; !ok || !known {
		return nil, &exception{http.StatusNotFound, "DoesNotExistError", "DocType " + doctype + " not found"}
	}
	if r.Method == http.MethodGet && !one {
		return s.list(doctype, r.URL.Query())
	}
	if r.Method != http.MethodGet {
		if doctype != "Journal Entry" {
			return nil, &exception{http.StatusForbidden, "PermissionError", "Insufficient Permission for " + doctype}
		}
		if e := s.broken; e != nil {
			s.broken = nil
			return nil, e
		}
	}
	if r.Method == http.MethodPost {
		return s.insert(r)
	}
	at := slices.IndexFunc(s.tables[doctype], func(d doc) bool { return d["name"] == name })
	if at < 0 {
		return nil, &exception{http.StatusNotFound, "DoesNotExistError", doctype + " " + name + " not found"}
	}
	switch r.Method {
	case http.MethodPut:
		return s.update(r, s.tables[doctype][at])
	case http.MethodDelete:
		return s.remove(at)
	}
	return s.tables[doctype][at], nil
}
