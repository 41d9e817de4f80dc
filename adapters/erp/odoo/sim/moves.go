package sim

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// create makes entries with their lines, all or none.
func (s *Server) create(c invocation) (any, *exception) {
	if c.model != "account.move" {
		return nil, denied(c.model)
	}
	list, several := c.named["vals_list"].([]any)
	if !several {
		list = []any{c.named["vals_list"]}
	}
	var prepared []entry
	for _, one := range list {
		values, _ := one.(map[string]any)
		e, err := s.prepare(values)
		if err != nil {
			return nil, err
		}
		prepared = append(prepared, e)
	}
	ids := []int64{}
	for _, e := range prepared {
		id := s.add("account.move", e.head)
		for _, l := range e.lines {
			l["move_id"] = id
			s.add("account.move.line", l)
		}
		ids = append(ids, id)
	}
	if !several {
		return ids[0], nil
	}
	return ids, nil
}

// entry is one that may be written.
type entry struct {
	head  record
	lines []record
}

func (s *Server) prepare(values map[string]any) (entry, *exception) {
	e := entry{head: record{"name": "/", "state": "draft", "company_id": int64(1), "move_type": "entry"}}
	for name, value := range values {
		if _, ok := s.shape("account.move")[name]; !ok {
			return e, raise("builtins.ValueError", fmt.Sprintf("Invalid field '%s' on model 'account.move'", name))
		}
		if model := links[name]; model != "" && value != false && s.byID(model, value) == nil {
			return e, missing(model, value)
		}
		e.head[name] = value
	}
	delete(e.head, "line_ids")
	for _, required := range []string{"date", "journal_id"} {
		if e.head[required] == nil {
			return e, raise("odoo.exceptions.ValidationError", "Missing required value for the field '"+required+"'")
		}
	}
	commands, _ := values["line_ids"].([]any)
	var debit, credit float64
	for _, command := range commands {
		line, err := s.prepareLine(command)
		if err != nil {
			return e, err
		}
		debit, credit = debit+float64(line["debit"].(float)), credit+float64(line["credit"].(float))
		e.lines = append(e.lines, line)
	}
	if cents(debit) != cents(credit) {
		return e, userError(fmt.Sprintf("An error has occurred.\n\nThe move (Draft Entry) is not balanced.\n"+
			"The total of debits equals %.2f and the total of credits equals %.2f.", cents(debit), cents(credit)))
	}
	return e, nil
}

// prepareLine reads one command [0, 0, values].
func (s *Server) prepareLine(command any) (record, *exception) {
	parts, _ := command.([]any)
	if len(parts) != 3 || fmt.Sprint(parts[0]) != "0" {
		return nil, raise("builtins.ValueError", fmt.Sprintf("Wrong command %v", command))
	}
	values, _ := parts[2].(map[string]any)
	line := record{"debit": float(0), "credit": float(0), "currency_id": int64(1)}
	for name, value := range values {
		if _, ok := s.shape("account.move.line")[name]; !ok {
			return nil, raise("builtins.ValueError", fmt.Sprintf("Invalid field '%s' on model 'account.move.line'", name))
		}
		if model := links[name]; model != "" && s.byID(model, value) == nil {
			return nil, missing(model, value)
		}
		if number, ok := value.(json.Number); ok && links[name] == "" {
			f, err := strconv.ParseFloat(number.String(), 64)
			if err != nil {
				return nil, raise("builtins.ValueError", "could not convert string to float: "+number.String())
			}
			value = float(cents(f))
		}
		line[name] = value
	}
	if over := line["analytic_distribution"]; over != nil {
		if err := s.checkSpread(over); err != nil {
			return nil, err
		}
	}
	if line["account_id"] == nil {
		return nil, raise("odoo.exceptions.ValidationError", "Missing required account on accountable line.")
	}
	if line["amount_currency"] == nil {
		line["amount_currency"] = line["debit"].(float) - line["credit"].(float)
	}
	return line, nil
}

// checkSpread holds a distribution against the analytic accounts there are: of each plan
// a line may be given away once.
func (s *Server) checkSpread(over any) *exception {
	shares, ok := over.(map[string]any)
	if !ok {
		return raise("builtins.ValueError", fmt.Sprintf("Invalid analytic distribution %v", over))
	}
	given := map[int64]float64{}
	for key, share := range shares {
		part, err := strconv.ParseFloat(fmt.Sprint(share), 64)
		if err != nil {
			return raise("builtins.ValueError", "could not convert string to float: "+fmt.Sprint(share))
		}
		for id := range strings.SplitSeq(key, ",") {
			account := s.byText("account.analytic.account", id)
			if account == nil {
				return missing("account.analytic.account", id)
			}
			given[idOf(account["plan_id"])] += part
		}
	}
	for _, part := range given {
		if part != 100 {
			return userError("One or more lines require a 100% analytic distribution.")
		}
	}
	return nil
}

// denied is what a bookkeeper hears who would change master data.
func denied(model string) *exception {
	return raise("odoo.exceptions.AccessError", "You are not allowed to modify '"+model+
		"' records.\n\nContact your administrator to request access if necessary.")
}

func missing(model string, id any) *exception {
	return raise("odoo.exceptions.MissingError",
		fmt.Sprintf("Record does not exist or has been deleted.\n(Record: %s(%v,), User: %d)", model, id, botID))
}

// cents rounds to the currency, as Odoo does with what it is given.
func cents(f float64) float64 { return math.Round(f*100) / 100 }

// each checks every record of an invocation, and changes them if all may be.
func (s *Server) each(c invocation, check func(record) *exception, change func(record)) *exception {
	var all []record
	for _, id := range c.ids {
		r := s.byID(c.model, id)
		if r == nil {
			return missing(c.model, id)
		}
		if err := check(r); err != nil {
			return err
		}
		all = append(all, r)
	}
	for _, r := range all {
		change(r)
	}
	return nil
}

// mayPost says why an entry cannot be made effective.
func (s *Server) mayPost(m record) *exception {
	if m["state"] == "posted" {
		return userError("The entry " + fmt.Sprint(m["name"]) + " (id " + fmt.Sprint(m["id"]) + ") must be in draft.")
	}
	for _, l := range s.linesOf(m) {
		if a := s.byID("account.account", l["account_id"]); a["deprecated"] == true || a["active"] == false {
			return userError("A line of this move is using a deprecated account, you cannot post it.")
		}
	}
	if locked := s.options.Locked; s.options.Version < 14 && fmt.Sprint(m["date"]) <= locked {
		return userError("You cannot add/modify entries prior to and inclusive of the lock date " + locked + ".")
	}
	return nil
}

func (s *Server) linesOf(m record) []record {
	var lines []record
	for _, l := range s.tables["account.move.line"] {
		if idOf(l["move_id"]) == idOf(m["id"]) {
			lines = append(lines, l)
		}
	}
	return lines
}

// post makes an entry effective. One on a locked date goes to the first open
// day, which is what Odoo does since 14.
func (s *Server) post(m record) {
	date := fmt.Sprint(m["date"])
	if locked := s.options.Locked; date <= locked {
		date = dayAfter(locked)
	}
	journal := s.byID("account.journal", m["journal_id"])
	month := fmt.Sprint(journal["code"]) + "/" + date[:4] + "/" + date[5:7]
	s.named[month]++
	m["date"], m["state"], m["name"] = date, "posted", fmt.Sprintf("%s/%04d", month, s.named[month])
}

// mayUnlink refuses to delete an entry that is posted.
func (s *Server) mayUnlink(m record) *exception {
	if m["state"] == "posted" {
		return userError("You cannot delete an entry which has been posted once.")
	}
	return nil
}

// unlink deletes an entry with its lines.
func (s *Server) unlink(m record) {
	id := idOf(m["id"])
	s.tables["account.move"] = without(s.tables["account.move"], func(r record) bool { return idOf(r["id"]) == id })
	s.tables["account.move.line"] = without(s.tables["account.move.line"],
		func(r record) bool { return idOf(r["move_id"]) == id })
}
