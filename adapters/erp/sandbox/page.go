package sandbox

import (
	_ "embed"
	"html/template"
	"net/http"
	"slices"
)

// pageMax is how many vouchers the page shows, newest first.
const pageMax = 200

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// page shows the posted vouchers to people, in both languages at once.
func (s *Server) page(w http.ResponseWriter, r *http.Request) {
	type row struct {
		Voucher
		Lines []struct {
			Line
			Name, Debit, Credit string
		}
	}
	var rows []row
	drafts := 0
	s.books.mutex.RLock()
	for _, id := range slices.Backward(s.books.order) {
		v := s.books.vouchers[id]
		if v.State == "draft" {
			drafts++
		}
		if v.State != "posted" || len(rows) >= pageMax {
			continue
		}
		shown := row{Voucher: *v}
		for _, l := range v.Lines {
			line := struct {
				Line
				Name, Debit, Credit string
			}{Line: l, Name: s.books.accounts[l.Account].Name}
			if l.Side == "debit" {
				line.Debit = l.Amount
			} else {
				line.Credit = l.Amount
			}
			shown.Lines = append(shown.Lines, line)
		}
		rows = append(rows, shown)
	}
	n := s.logs.newest()
	s.books.mutex.RUnlock()
	if err := s.logs.wait(n); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	_ = pageTemplate.Execute(w, map[string]any{"Rows": rows, "Drafts": drafts})
}
