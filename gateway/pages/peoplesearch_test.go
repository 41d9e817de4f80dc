package pages_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/domain/org"

	"github.com/stretchr/testify/require"
)

// project is a well-formed project that names its people as people do.
func project(key, sponsor, leader string) url.Values {
	values := expense(key, "1000.00")
	for name, value := range map[string]string{
		"lines.0.category": "staff", "fields.project_name": "Harbour", "fields.sponsor": sponsor, "fields.leader": leader,
		"fields.host_department": "sales", "fields.start_date": "2026-03-01", "fields.end_date": "2026-06-30",
	} {
		values.Set(name, value)
	}
	values.Del("lines.0.date")
	return values
}

// TestPeopleAreSearchedNotListed proves that a form names people by typing: a few letters
// find them, a name that one person has means them, and no page lists a whole house.
func TestPeopleAreSearchedNotListed(t *testing.T) {
	h := newHouse(t)
	company, err := config.DemoCompany()
	require.NoError(t, err)
	twin := company.People["wang"]
	twin.ID, twin.Email, twin.Aliases, twin.Subject = "wang2", "wang2@example.com", nil, ""
	company.People["wang2"] = twin
	_, err = h.store.ReplaceOrganisation(t.Context(), company, "twin")
	require.NoError(t, err)

	h.get("lin", "/organisation/suggest?q=zhao").is(http.StatusOK).says(`"value":"赵敏"`).saysNot("陈磊")
	h.get("lin", "/organisation/suggest?q=%E7%8E%8B%E8%8A%B3").says(`"value":"wang"`, `"value":"wang2"`).saysNot(`"value":"王芳"`)
	h.get("lin", "/organisation/suggest?q=%3Cscript%3E").is(http.StatusOK).says("[]")

	form := h.get("lin", "/new/project_initiation").is(http.StatusOK)
	form.says(`name="fields.sponsor" data-people`)
	for _, p := range []org.Person{company.People["chen"], company.People["zhao"]} {
		form.saysNot(p.Name)
	}
	h.post("lin", "/new/project_initiation", project("p1", "王芳", "赵敏")).is(http.StatusUnprocessableEntity).
		says("Did you mean:", "wang, wang2")
	at := h.post("lin", "/new/project_initiation", project("p2", "wang", "赵敏")).to()
	h.get("lin", at).is(http.StatusOK).says("王芳", "赵敏")
}
