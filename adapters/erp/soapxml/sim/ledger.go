package sim

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/countersign/countersign/adapters/erp/simbooks"
)

// do does what was asked, and says what came of it.
func (s *Server) do(asked *element) (string, *fault) {
	switch asked.XMLName.Local {
	case "FindVouchers":
		return s.list(s.Books.Where(func(v simbooks.Voucher) bool { return v.Ref == asked.value("reference") })), nil
	case "ListVouchers":
		return s.page(asked)
	case "CreateVoucher":
		return s.create(asked)
	case "ListMaster":
		return s.master(asked.value("list"))
	case "ReverseVoucher":
		return s.reverse(asked)
	}
	id, err := strconv.ParseInt(asked.value("id"), 10, 64)
	if err != nil {
		return "", client("the id is no number")
	}
	v, no := s.Books.Change(id, func(v *simbooks.Voucher) *simbooks.Refusal {
		becomes := map[string]string{"PostVoucher": "posted", "DiscardVoucher": "deleted"}[asked.XMLName.Local]
		if becomes == "" { // only read
			return nil
		}
		if v.State != "draft" {
			return &simbooks.Refusal{Why: simbooks.Final, Value: v.State}
		}
		v.State = becomes
		return nil
	})
	if no != nil {
		return "", refusal(*no, nil)
	}
	if asked.XMLName.Local == "DiscardVoucher" {
		return "", nil
	}
	return s.voucher(v), nil
}

func (s *Server) create(asked *element) (string, *fault) {
	v := simbooks.Voucher{Ref: asked.value("reference"), Date: asked.value("date"), State: "draft"}
	if asked.value("currency") != "CNY" {
		return "", client("the books are kept in CNY")
	}
	for _, e := range asked.Children {
		if e.XMLName.Local != "line" {
			continue
		}
		l, no := s.line(e)
		if no != nil {
			return "", no
		}
		v.Lines = append(v.Lines, l)
	}
	made, no := s.Books.Add(v, false)
	if no != nil {
		return "", refusal(*no, v.Lines)
	}
	return s.voucher(made), nil
}

// line reads an entry: a debit or a credit, and a party where the account wants one.
func (s *Server) line(e *element) (simbooks.Line, *fault) {
	l := simbooks.Line{Account: e.value("account"), Text: e.value("text"), Dimensions: map[string]string{}}
	debit, credit := e.value("debit"), e.value("credit")
	minor, ok := simbooks.Minor(debit + credit)
	if !ok || debit != "" && credit != "" || minor <= 0 {
		return l, client("a line has a debit or a credit, with a decimal point")
	}
	if l.Debit = minor; credit != "" {
		l.Debit, l.Credit = 0, minor
	}
	if foreign := e.child(Space, "foreign"); foreign.Text != "" {
		l.Currency, l.Foreign = foreign.attr("", "currency"), foreign.Text
		if _, ok := simbooks.Minor(l.Foreign); !ok || len(l.Currency) != 3 {
			return l, client("a foreign amount has a currency")
		}
	}
	if wants := s.Books.Accounts[l.Account].Wants; wants != "" && e.value("party") != "" {
		l.Dimensions[wants] = e.value("party")
	}
	for name, dimension := range map[string]string{"costCenter": "department", "project": "project", "order": "order"} {
		if code := e.value(name); code != "" {
			l.Dimensions[dimension] = code
		}
	}
	return l, nil
}

func (s *Server) reverse(asked *element) (string, *fault) {
	found := s.Books.Where(func(v simbooks.Voucher) bool { return fmt.Sprint(v.ID) == asked.value("id") })
	if len(found) != 1 || found[0].State != "posted" {
		return "", &fault{"Client", "not_posted", "voucher " + asked.value("id") + " is not posted"}
	}
	opposite := simbooks.Voucher{Ref: asked.value("reference"), Date: asked.value("date"), State: "draft"}
	for _, l := range found[0].Lines {
		l.Debit, l.Credit = l.Credit, l.Debit
		opposite.Lines = append(opposite.Lines, l)
	}
	made, no := s.Books.Add(opposite, false)
	if no != nil {
		return "", refusal(*no, opposite.Lines)
	}
	return s.voucher(made), nil
}

// page lists vouchers by day and beginning of the reference, after a cursor.
func (s *Server) page(asked *element) (string, *fault) {
	limit, err := strconv.Atoi(asked.value("limit"))
	after, errCursor := strconv.ParseInt("0"+asked.value("cursor"), 10, 64)
	if err != nil || errCursor != nil || limit < 1 || len(asked.value("from")) != 10 || len(asked.value("until")) != 10 {
		return "", client("from, until, limit or cursor is wrong")
	}
	found := s.Books.Where(func(v simbooks.Voucher) bool {
		return v.ID > after && asked.value("from") <= v.Date && v.Date <= asked.value("until") &&
			strings.HasPrefix(v.Ref, asked.value("prefix"))
	})
	if len(found) <= limit {
		return s.list(found), nil
	}
	found = found[:limit]
	return s.list(found) + fmt.Sprintf("<l:next>%d</l:next>", found[limit-1].ID), nil
}

func (s *Server) list(all []simbooks.Voucher) string {
	var text strings.Builder
	for _, v := range all {
		text.WriteString(s.voucher(v))
	}
	return "<l:vouchers>" + text.String() + "</l:vouchers>"
}

// voucher writes one.
func (s *Server) voucher(v simbooks.Voucher) string {
	var text strings.Builder
	fmt.Fprintf(&text, `<l:voucher id="%d">`, v.ID)
	number := v.Number
	if v.State == "draft" {
		number = ""
	}
	for _, one := range [][2]string{{"reference", v.Ref}, {"number", number}, {"date", v.Date}, {"state", v.State}} {
		tell(&text, one[0], one[1])
	}
	for _, l := range v.Lines {
		text.WriteString("<l:line>")
		amounts := map[bool][2]string{true: {"debit", simbooks.Text(l.Debit)}, false: {"credit", simbooks.Text(l.Credit)}}
		amount := amounts[l.Debit != 0]
		for _, one := range [][2]string{{"account", l.Account}, {"text", l.Text},
			{"party", l.Dimensions["employee"] + l.Dimensions["supplier"]}, {"costCenter", l.Dimensions["department"]},
			{"project", l.Dimensions["project"]}, {"order", l.Dimensions["order"]}, amount} {
			tell(&text, one[0], one[1])
		}
		text.WriteString("</l:line>")
	}
	text.WriteString("</l:voucher>")
	return text.String()
}

func tell(to *strings.Builder, name, value string) {
	if value != "" {
		to.WriteString("<l:" + name + ">" + escaped(value) + "</l:" + name + ">")
	}
}

// refusal is what the books' no is called here.
func refusal(no simbooks.Refusal, lines []simbooks.Line) *fault {
	code, words := "refused", no.Why+": "+no.Value
	switch no.Why {
	case simbooks.ClosedPeriod:
		code, words = "closed_period", "the period of "+no.Value+" is closed"
	case simbooks.UnknownAccount:
		code, words = "unknown_account", "there is no account "+no.Value
	case simbooks.MissingPerson:
		code, words = "unknown_party", "the account wants a party"
	case simbooks.Unbalanced:
		code, words = "unbalanced", "debit less credit is "+no.Value
	case simbooks.UnknownPerson:
		code, words = "unknown_dimension", no.Value+" is not known"
		of := lines[no.Line-1].Dimensions
		if of["employee"] == no.Value || of["supplier"] == no.Value {
			code = "unknown_party"
		}
	}
	return &fault{"Client", code, words}
}

// master lists one kind of master data.
func (s *Server) master(list string) (string, *fault) {
	var text strings.Builder
	row := func(values ...string) { // name, value, name, value …
		text.WriteString("<l:row>")
		for i := 0; i < len(values); i += 2 {
			tell(&text, values[i], values[i+1])
		}
		text.WriteString("</l:row>")
	}
	values := func(dimensions ...string) {
		for _, d := range dimensions {
			for _, code := range slices.Sorted(maps.Keys(s.Books.Values[d])) {
				row("code", code, "name", s.Books.Values[d][code])
			}
		}
	}
	switch list {
	case "accounts":
		for _, code := range slices.Sorted(maps.Keys(s.Books.Accounts)) {
			a := s.Books.Accounts[code]
			row("code", a.Code, "name", a.Name, "partyRequired", strconv.FormatBool(a.Wants != ""))
		}
	case "parties":
		values("employee", "supplier")
	case "costCenters":
		values("department")
	case "projects":
		values("project")
	case "currencies":
		row("code", "CNY", "digits", "2")
		row("code", "EUR", "digits", "2")
	case "periods":
		for _, p := range s.Books.Periods {
			row("code", fmt.Sprintf("%d-%02d", p.Year, p.Month), "name", fmt.Sprintf("%d-%02d", p.Year, p.Month),
				"from", p.From, "to", p.To, "open", strconv.FormatBool(p.Open))
		}
	default:
		return "", client("there is no list " + list)
	}
	return "<l:rows>" + text.String() + "</l:rows>", nil
}
