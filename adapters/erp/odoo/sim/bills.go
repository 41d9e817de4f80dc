package sim

import (
	"encoding/json"
	"maps"
)

// Bill puts a vendor bill of the contact lin into the books, past the wire: posted, of
// 106 with a tax of 6, nothing paid; other fields as they are given.
func (s *Server) Bill(name, changed string, other map[string]any) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	r := record{"name": name, "ref": "INV-" + name, "move_type": "in_invoice", "state": "posted",
		"payment_state": "not_paid",
		"company_id":    s.tables["res.company"][0]["id"], "partner_id": s.tables["res.partner"][0]["id"],
		"currency_id": s.tables["res.currency"][0]["id"], "date": "2026-11-01", "invoice_date": "2026-11-01",
		"invoice_date_due": "2026-12-01", "amount_total": json.Number("106.0"), "amount_tax": json.Number("6.0")}
	s.add("account.move", r)
	r["write_date"] = changed
	maps.Copy(r, other)
}
