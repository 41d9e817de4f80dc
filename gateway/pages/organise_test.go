package pages_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/directory"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/store"
)

// TestAnAdministratorChangesOnePerson: the form says what is wrong beside its field, keeps
// what was typed, and shows anew what somebody else changed meanwhile.
func TestAnAdministratorChangesOnePerson(t *testing.T) {
	h := newHouse(t)
	at := "/organisation/people/lin/edit"
	h.get("emma", at).is(http.StatusForbidden)
	h.get("emma", "/organisation/people/lin").is(http.StatusOK).saysNot(at)
	h.get("emma", "/organisation").is(http.StatusOK).saysNot("/organisation/table", "/edit")
	h.get("admin", "/organisation/people/lin").is(http.StatusOK).says(at, "/handover?person=lin")
	shown := h.get("admin", at).is(http.StatusOK).says("lin@example.com", "Steps to come ask whom")
	filled := func(from page, more map[string]string) url.Values {
		form := from.form(at)
		for name, value := range map[string]string{"name": "林晓", "email": "lin@example.com", "locale": "zh-CN", "entity": "acme-cn",
			"department": "sales", "cost_center": "CC-SALES", "manager": "zhao", "grade": "3"} {
			form.Set(name, value)
		}
		for name, value := range more {
			form.Set(name, value)
		}
		return form
	}
	h.post("admin", at, filled(shown, map[string]string{"email": "wang@example.com", "manager": "admin", "name": "林"})).
		is(http.StatusForbidden).says("is that of 王芳 already", "You cannot make yourself the manager", `value="wang@example.com"`, `value="林"`)
	h.post("admin", at, filled(shown, map[string]string{"grade": "high"})).is(http.StatusUnprocessableEntity).says("“high” is no number. Write")
	require.Equal(t, "/organisation/people/lin", h.post("admin", at, filled(shown, map[string]string{"manager": "Max Weber"})).to())
	h.get("max", "/notices").is(http.StatusOK).says("何静 changed the organisation: 林晓")
	h.get("admin", "/notices").is(http.StatusOK).saysNot("changed the organisation")
	stale := h.post("max", at, filled(shown, map[string]string{"manager": "sun"})).is(http.StatusConflict).
		says("Somebody changed", `value="max"`)
	require.Equal(t, "/organisation/people/lin", h.post("max", at, filled(stale, map[string]string{"manager": "sun"})).to())
	require.Equal(t, "/handover?person=lin", h.post("admin", at, filled(h.get("admin", at), map[string]string{"left": "1"})).to())
	h.get("admin", at).is(http.StatusOK).says(`name="left" value="1" checked`)

	h.get("admin", "/organisation/people/admin/edit").is(http.StatusOK)
	h.post("admin", "/organisation/people/admin/edit", filled(shown, nil)).is(http.StatusConflict)
	h.get("admin", "/organisation/people/-/edit").is(http.StatusOK).says("Add a person")
	h.locale = i18n.Chinese
	h.get("admin", "/organisation/departments/-/edit").is(http.StatusOK).says("新增部门")
	department := "/organisation/departments/sales/edit"
	form := h.get("admin", department).is(http.StatusOK).says("修改部门").form(department)
	for name, value := range map[string]string{"name_zh": "销售一部", "entity": "acme-cn", "parent": "sales", "head": "zhao"} {
		form.Set(name, value)
	}
	h.post("admin", department, form).is(http.StatusUnprocessableEntity).says("上级关系成环")
	form.Set("parent", "management")
	require.Equal(t, "/organisation?department=sales", h.post("admin", department, form).to())
	h.get("admin", "/organisation?department=sales").is(http.StatusOK).says("销售一部")
}

// TestWhomADirectoryKeepsIsChangedThere: the form says so, and takes nothing but the grade.
func TestWhomADirectoryKeepsIsChangedThere(t *testing.T) {
	h := newHouse(t)
	_, err := h.store.WriteDirectory(t.Context(), store.DirectoryWrite{Kind: directory.User, Verb: "create", Actor: "scim:test",
		Rules: directory.Rules{Department: "sales", Locale: "zh-CN"},
		Edit: func(directory.Resource) (directory.Resource, error) {
			return directory.Read(directory.User, map[string]any{"userName": "lin@example.com", "displayName": "林晓"})
		}})
	require.NoError(t, err)
	at := "/organisation/people/lin/edit"
	h.get("audit", "/organisation/people/lin").is(http.StatusOK).says("the company directory")
	form := h.get("admin", at).is(http.StatusOK).says("A company directory keeps these people").saysNot(`name="email"`, `name="left"`).form(at)
	form.Set("grade", "4")
	form.Set("name", "Other")
	require.Equal(t, "/organisation/people/lin", h.post("admin", at, form).to())
	h.get("admin", at).is(http.StatusOK).says(`value="4"`, "林晓").saysNot("Other")
	brought := h.upload("admin", "/organisation/table", url.Values{}, map[string][]byte{"file=p.csv": []byte("id,name,grade,left\nlin,Other,5,yes\n")})
	h.get("admin", brought.to()).is(http.StatusOK).says("Not taken: kept by the directory", "0 join, 1 change, 0 leave", "Has left")
}

// TestATableShowsWhatItWouldDo: a dry run with every difference or every refused row; what
// was shown is applied once; whoever audits takes the table along and brings none.
func TestATableShowsWhatItWouldDo(t *testing.T) {
	h := newHouse(t)
	sent := func(as, table string) page {
		return h.upload(as, "/organisation/table", url.Values{}, map[string][]byte{"file=people.csv": []byte(table)})
	}
	h.get("audit", "/organisation/table").is(http.StatusForbidden)
	sent("audit", "id\nlin\n").is(http.StatusForbidden)
	h.get("admin", "/organisation/table").is(http.StatusOK).says("Choose a file")
	h.post("admin", "/organisation/table", url.Values{}).is(http.StatusUnprocessableEntity).says("No file was chosen")

	at := sent("admin", "id,email,manager\nlin,wang@example.com,nobody\n").to()
	h.get("admin", at).is(http.StatusOK).says("To be mended: 2", "<td class=\"num first\" data-label=\"Line\">2", "is that of 王芳 already").
		saysNot("/organisation/table/apply")
	at = sent("admin", "id,name,manager,left\nlin,林晓,max,\nwang,王芳,liu,yes\n").to()
	shown := h.get("admin", at).is(http.StatusOK).says("0 join, 1 change, 1 leave", "Max Weber (max)", "/handover?person=wang")
	h.get("max", at).is(http.StatusNotFound)
	apply := shown.form("/organisation/table/apply")
	other := sent("max", "id,grade\nemma,4\n").to()
	h.post("max", "/organisation/table/apply", h.get("max", other).form("/organisation/table/apply")).to()
	anew := h.post("admin", "/organisation/table/apply", apply).is(http.StatusConflict).says("Somebody changed the organisation", "1 change, 1 leave")
	require.Equal(t, "/organisation", h.post("admin", "/organisation/table/apply", anew.form("/organisation/table/apply")).to())
	h.get("admin", at).is(http.StatusNotFound).says("is not there any more")
	h.get("admin", "/organisation/people/wang").is(http.StatusOK).says("has left")

	table := h.get("audit", "/organisation/table/export").is(http.StatusOK)
	require.True(t, strings.HasPrefix(table.body, "\xef\xbb\xbfid,name,email"), table.body[:40])
	h.locale = i18n.Chinese
	h.get("admin", sent("admin", table.body).to()).is(http.StatusOK).says("表中没有新的变化")
}
