package sim

// employ fills hr.employee from Odoo 17 on, whose source has the field; before, the module
// is not there. Whether it is there at all is a site's choice.
func (s *Server) employ(company, known, nameless int64) {
	if s.options.Version < 17 {
		return
	}
	s.tables["hr.employee"] = nil
	for _, e := range []record{
		{"name": "林晓 (left)", "active": false, "work_contact_id": known},
		{"name": "林晓", "active": true, "work_contact_id": known},
		{"name": "No code", "active": true, "work_contact_id": nameless},
		{"name": "No contact", "active": true, "work_contact_id": nil},
	} {
		e["company_id"] = company
		s.add("hr.employee", e)
	}
}
