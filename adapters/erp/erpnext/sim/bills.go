package sim

import "maps"

// Bill puts a Purchase Invoice of the supplier lin into the books, past the wire:
// submitted, of 106 with a tax of 6, nothing paid; other fields as they are given.
func (s *Server) Bill(name, modified string, other map[string]any) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	d := doc{"name": name, "company": "Demo Co", "docstatus": 1, "is_return": 0, "supplier": "lin",
		"supplier_name": "林 Lin", "bill_no": "INV-" + name, "posting_date": "2026-11-01", "due_date": "2026-12-01",
		"currency": "CNY", "grand_total": float(106), "total_taxes_and_charges": float(6), "base_grand_total": float(106),
		"outstanding_amount": float(106), "modified": modified, "remarks": "No Remarks"}
	maps.Copy(d, other)
	s.tables["Purchase Invoice"] = append(s.tables["Purchase Invoice"], d)
}
