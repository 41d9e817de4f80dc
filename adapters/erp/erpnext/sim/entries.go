package sim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// voucherTypes are those of a Journal Entry that vouchers of ours can be.
var voucherTypes = []string{"Journal Entry", "Bank Entry", "Cash Entry", "Credit Note", "Debit Note", "Contra Entry"}

// insert validates and keeps a new entry.
func (s *Server) insert(r *http.Request) (any, *exception) {
	var d doc
	decoder := json.NewDecoder(r.Body)
	decoder.UseNumber()
	if err := decoder.Decode(&d); err != nil {
		return nil, invalid("Invalid JSON: %v", err)
	}
	if err := s.validate(d); err != nil {
		return nil, err
	}
	if reference, ok := d["custom_external_ref"]; ok && !s.options.NotUnique {
		for _, other := range s.tables["Journal Entry"] {
			if other["custom_external_ref"] == reference {
				return nil, &exception{http.StatusConflict, "UniqueValidationError",
					fmt.Sprintf("External reference must be unique: %v", reference)}
			}
		}
	}
	s.serial++
	d["name"], d["docstatus"] = fmt.Sprintf("ACC-JV-%.4s-%05d", d["posting_date"], s.serial), 0
	s.tables["Journal Entry"] = append(s.tables["Journal Entry"], d)
	return d, nil
}

// validate is what ERPNext does with every entry that is saved, a draft too.
func (s *Server) validate(d doc) *exception {
	if s.options.NoField {
		delete(d, "custom_external_ref") // a field that is not there is dropped without a word
	}
	if !slices.Contains(voucherTypes, fmt.Sprint(d["voucher_type"])) {
		return invalid("Entry Type cannot be \"%v\". It should be one of %q", d["voucher_type"], voucherTypes)
	}
	if _, err := time.Parse(time.DateOnly, fmt.Sprint(d["posting_date"])); err != nil {
		return &exception{http.StatusExpectationFailed, "InvalidDateError",
			fmt.Sprintf("%v is not a valid date", d["posting_date"])}
	}
	if s.one("Company", d["company"]) == nil {
		return missing("Company", d["company"])
	}
	rows, _ := d["accounts"].([]any)
	if len(rows) == 0 {
		return &exception{http.StatusExpectationFailed, "MandatoryError", "Accounts table cannot be blank."}
	}
	var debit, credit float
	for i, one := range rows {
		row, ok := one.(map[string]any)
		if !ok {
			return invalid("Row %d is no object", i+1)
		}
		if err := s.validateRow(i+1, row); err != nil {
			return err
		}
		debit, credit = flt(debit+row["debit"].(float)), flt(credit+row["credit"].(float))
	}
	if debit != credit {
		return invalid("Total Debit must be equal to Total Credit. The difference is %v", flt(debit-credit))
	}
	d["total_debit"], d["total_credit"] = debit, credit
	return nil
}

func (s *Server) validateRow(idx int, row doc) *exception {
	account := s.one("Account", row["account"])
	if account == nil {
		return missing(fmt.Sprintf("Row #%d: Account", idx), row["account"])
	}
	if row["cost_center"] != nil && s.one("Cost Center", row["cost_center"]) == nil {
		return missing(fmt.Sprintf("Row #%d: Cost Center", idx), row["cost_center"])
	}
	if party := row["party"]; party != nil && s.one(fmt.Sprint(row["party_type"]), party) == nil {
		return missing(fmt.Sprintf("Row #%d: Party", idx), party)
	}
	for field, doctype := range dimensions {
		if row[field] == nil {
			continue
		}
		if s.options.NoDimension && field != "project" {
			delete(row, field) // dropped without a word
		} else if s.one(doctype, row[field]) == nil {
			return missing(fmt.Sprintf("Row #%d: %s", idx, doctype), row[field])
		}
	}
	kind := account["account_type"]
	if (kind == "Payable" || kind == "Receivable") && (row["party"] == nil || row["party_type"] == nil) {
		return invalid("Row %d: Party Type and Party is required for Receivable / Payable account <strong>%v</strong>",
			idx, account["name"])
	}
	row["debit"], row["credit"] = flt(row["debit_in_account_currency"]), flt(row["credit_in_account_currency"])
	if row["debit"].(float) != 0 && row["credit"].(float) != 0 {
		return invalid("You cannot credit and debit same account at the same time")
	}
	row["idx"], row["doctype"] = idx, "Journal Entry Account"
	return nil
}

// dimensions are the fields of a row that a dimension goes into, and their DocTypes: one
// that ERPNext has, and one that an Accounting Dimension made.
var dimensions = map[string]string{"project": "Project", "region": "Region"}

func (s *Server) one(doctype string, name any) doc {
	for _, d := range s.tables[doctype] {
		if d["name"] == name {
			return d
		}
	}
	return nil
}

func missing(what string, name any) *exception {
	return &exception{http.StatusExpectationFailed, "LinkValidationError",
		fmt.Sprintf("Could not find %s: %v", what, name)}
}

// update changes the docstatus of an entry; nothing else is asked here.
func (s *Server) update(r *http.Request, d doc) (any, *exception) {
	var change struct {
		Docstatus *int `json:"docstatus"`
	}
	if err := json.NewDecoder(r.Body).Decode(&change); err != nil || change.Docstatus == nil {
		return nil, invalid("only docstatus can be changed here")
	}
	from, to := d["docstatus"].(int), *change.Docstatus
	switch {
	case from == 2:
		return nil, invalid("Cannot edit cancelled document")
	case from == 0 && to == 1:
		if err := s.submit(d); err != nil {
			return nil, err
		}
	case from == 0 && to == 2:
		return nil, &exception{http.StatusExpectationFailed, "DocstatusTransitionError",
			"Cannot change docstatus from 0 (Draft) to 2 (Cancelled)"}
	case to < from:
		return nil, &exception{http.StatusExpectationFailed, "DocstatusTransitionError",
			"Cannot change docstatus from 1 (Submitted) to 0 (Draft)"}
	}
	d["docstatus"] = to
	return d, nil
}

// submit is what making ledger entries refuses.
func (s *Server) submit(d doc) *exception {
	date := fmt.Sprint(d["posting_date"])
	inYear := slices.ContainsFunc(s.tables["Fiscal Year"], func(y doc) bool {
		return fmt.Sprint(y["year_start_date"]) <= date && date <= fmt.Sprint(y["year_end_date"])
	})
	if !inYear {
		return &exception{http.StatusExpectationFailed, "FiscalYearError",
			"Date <b>" + date + "</b> is not in any active Fiscal Year"}
	}
	if closed := s.options.Closed; date <= closed {
		return invalid("Books have been closed till the period ending on %s</br >"+
			"You cannot create/amend any accounting entries till this date.", closed)
	}
	for _, one := range d["accounts"].([]any) {
		row := one.(map[string]any)
		root := s.one("Account", row["account"])["root_type"]
		if (root == "Expense" || root == "Income") && row["cost_center"] == nil {
			return invalid("Cost Center is required for 'Profit and Loss' account %v", row["account"])
		}
		if row["account"] == "1009 - 美元 Dollars - DC" {
			return invalid("Account %v: exchange rate is mandatory", row["account"])
		}
	}
	return nil
}

// remove deletes a draft or a cancelled entry.
func (s *Server) remove(at int) (any, *exception) {
	if s.tables["Journal Entry"][at]["docstatus"] == 1 {
		return nil, invalid("Submitted Record cannot be deleted. You must <a>Cancel</a> it first.")
	}
	s.tables["Journal Entry"] = slices.Delete(s.tables["Journal Entry"], at, at+1)
	return "ok", nil
}
